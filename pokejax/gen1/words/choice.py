"""Choices as Showdown writes them: "move 1", "move thunderbolt", "switch 3", "switch pikachu", "default".

`parse` takes and refuses what Showdown does, with its messages, down to its spellings of other generations ("move 1
mega" is a move that Gen 1 cannot make mega, not one that does not exist). A test compares the two on random positions.

Source: ``choose``, ``chooseMove``, ``chooseSwitch``, ``choosePass`` in sim/side.js.
"""

from __future__ import annotations

import difflib
import re
from typing import NoReturn

from pokejax.gen1.choices import FIRST_MOVE
from pokejax.gen1.dex import to_id
from pokejax.gen1.words.request import MOVE, SWITCH, Entry, Request, action_of_entry

TEST_FIGHT = "testfight"
_OVER, _WAITS = "The game is over", "It's not your turn"
_EVENTS = {
    "mega": "mega",
    "megax": "megax",
    "megay": "megay",
    "zmove": "zmove",
    "ultra": "ultra",
    "dynamax": "dynamax",
    "gigantamax": "dynamax",
    "max": "dynamax",
    "terastal": "terastallize",
    "terastallize": "terastallize",
}
_TARGET = re.compile(r"\s[-+]?[1-3]\Z")
_BLANKS = (
    "\t\n\v\f\r \u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a"
    "\u2028\u2029\u202f\u205f\u3000\ufeff"
)
"""Characters that JavaScript's ``trim`` takes off."""


class ChoiceError(ValueError):
    """A choice that the player does not have; the message is Showdown's, and the nearest one that there is."""


def parse(request: Request, text: str) -> int:
    """The action that a choice stands for; `ChoiceError` for one that Showdown refuses."""
    try:
        return action_of(request, text)
    except ChoiceError as error:
        raise ChoiceError(f"{error}{_remedy(request, text)}") from None


def legal_choices(request: Request) -> list[str]:
    """All choices of a player, one spelling each, moves first: by name where that is enough, else by number."""
    found = []
    for place, entry in enumerate(request.entries, 1):
        if request.legal[action_of_entry(place - 1)]:
            found.append(_shortest(request, f"move {entry.id}", f"move {place}"))
    if request.kind:
        for place, member in enumerate(request.members, 1):
            if request.legal[member.slot]:
                found.append(_shortest(request, f"switch {member.species_id}", f"switch {place}"))
    return found


def numbered(request: Request, action: int) -> str:
    """The choice of a legal action by number: what an input log holds."""
    if action >= FIRST_MOVE:
        return f"move {action - FIRST_MOVE + 1}"
    return f"switch {[member.slot for member in request.members].index(action) + 1}"


def _shortest(request: Request, name: str, number: str) -> str:
    """The name if it stands for the same as the number, which is not so where two bear it."""
    try:
        return name if action_of(request, name) == action_of(request, number) else number
    except ChoiceError:
        return number


def _remedy(request: Request, text: str) -> str:
    legal = legal_choices(request)
    if not legal:
        return ""
    spelled = {choice.lower(): choice for choice in legal}
    spelled |= {numbered(request, action_of(request, choice)): choice for choice in legal}
    wanted = text.strip().lower()
    like = {key: choice for key, choice in spelled.items() if key.split()[0] == wanted.split(" ")[0]} or spelled
    close = difflib.get_close_matches(wanted, like, n=1, cutoff=0)
    nearest = like[close[0]]
    return f"; did you mean {nearest!r}? Possible now: {', '.join(legal)}"


def _fail(message: str) -> NoReturn:
    raise ChoiceError(message)


def action_of(request: Request, text: str) -> int:
    """As `parse`, with Showdown's message alone."""
    if not request.kind:
        _fail(f"Can't do anything: {_OVER if request.over else _WAITS}")
    parts = [text] if text.startswith("team ") else text.split(",")
    if len(parts) > 1:
        _fail(f"Can't make choices: You sent choices for {len(parts)} Pokémon, but this is a singles game!")
    kind, _, data = text.strip(_BLANKS).partition(" ")
    data = data.strip(_BLANKS)
    if kind == TEST_FIGHT:
        kind, data = MOVE, TEST_FIGHT
    match kind:
        case "move":
            return _move(request, data)
        case "switch":
            return _switch(request, data)
        case "auto" | "default":
            return _move(request, "") if request.kind == MOVE else _switch(request, "")
        case "pass" | "skip":
            if data:
                _fail(f'Unrecognized data after "pass": {data}')
            if request.kind == SWITCH:
                _fail(f"Can't pass: You need to switch in a Pokémon to replace {request.active}")
            _fail(f"Can't pass: Your {request.active} must make a move (or switch)")
        case "shift":
            if data:
                _fail(f'Unrecognized data after "shift": {data}')
            phase = request.kind == MOVE
            _fail(f"Can't shift: You can only shift {'to the center in triples' if phase else 'during a move phase'}")
        case "team":
            _fail("Can't choose for Team Preview: You're not in a Team Preview phase")
    _fail(f"Unrecognized choice: {text}")


def _move(request: Request, data: str) -> int:
    name, target, event = _modifiers(data)
    if request.kind != MOVE:
        _fail(f"Can't move: You need a {request.kind} response")
    entry, place, choosable = _find(request, name)
    tests = entry is None
    label = "testfight" if entry is None else entry.name
    if event == "zmove":
        _fail(f"Can't move: {request.active} can't use {label} as a Z-move")
    if event == "dynamax" and entry is not None and not entry.has_max_move:
        _fail(f"Can't move: {request.active} can't use {label} as a Max Move")
    if name and not tests and target:
        if not choosable:
            _fail(f"Can't move: You can't choose a target for {label}")
        if target != 1:
            _fail(f"Can't move: Invalid target for {label}")
    if request.decided and (entry is None or not request.legal[action_of_entry(place)]):
        return FIRST_MOVE + request.legal[FIRST_MOVE:].index(True)
    if request.decided:
        return action_of_entry(place)
    if entry is None:
        # Where the move may be decided, Showdown answers with another request, which tells that it is not.
        known = "" if request.maybe_locked else "known to be "
        _fail(f"Can't move: {request.active}'s Fight button is {known}safe")
    if event == "dynamax":
        _fail("Can't move: Dynamaxing doesn't outside of Gen 8.")
    if not entry.usable:
        _fail(f"Can't move: {request.active}'s {label} is disabled")
    if event:
        verb = {"megax": "mega evolve X", "megay": "mega evolve Y", "mega": "mega evolve", "ultra": "ultra burst"}
        _fail(f"Can't move: {request.active} can't {verb.get(event, 'Terastallize.')}")
    return action_of_entry(place)


def _modifiers(data: str) -> tuple[str, int, str]:
    """The rest of "thunderbolt 1 mega", its target (0 none) and its event."""
    original, target, event = data, None, ""
    while True:
        word = next((word for word in _EVENTS if data.endswith(f" {word}")), None)
        if _TARGET.search(data) and to_id(data) != "conversion2":
            if target is not None:
                _fail(f'Conflicting arguments for "move": {original}')
            target, data = int(data[-2:]), data[:-2].strip(_BLANKS)
        elif word:
            if event:
                _fail(f'Conflicting arguments for "move": {original}')
            event, data = _EVENTS[word], data[: -len(word) - 1]
        else:
            return data, target or 0, event


def _find(request: Request, name: str) -> tuple[Entry | None, int, bool]:
    """The entry that is meant, its place, and that a target may be named. No entry for ``testfight``."""
    entries = request.entries
    if not name:
        place = next((place for place, entry in enumerate(entries) if entry.usable), 0)
        return entries[place], place, False
    if re.fullmatch(r"[0-9]+", name):
        place = int(name) - 1
        if not 0 <= place < len(entries):
            _fail(f"Can't move: Your {request.active} doesn't have a move {place + 1}")
        return entries[place], place, bool(entries[place].choosable)
    wanted = to_id(name)
    if wanted.startswith("hiddenpower"):
        wanted = "hiddenpower"
    for place, entry in enumerate(entries):
        if entry.id == wanted:
            # A request that tells no target is read as one of a usual move.
            return entry, place, entry.choosable is not False
    if wanted != TEST_FIGHT:
        _fail(f"Can't move: Your {request.active} doesn't have a move matching {wanted}")
    return None, 0, False


def _switch(request: Request, data: str) -> int:
    members = request.members
    if not data:
        if request.kind != SWITCH:
            _fail("Can't switch: You need to select a Pokémon to switch in")
        place = next(place for place, member in enumerate(members) if place and not member.fainted)
    else:
        number = _leading_integer(data)
        place = -1 if number is None else number - 1
    if place < 0:
        named = (
            place
            for place, member in enumerate(members)
            if data.lower() == member.name.lower() or to_id(data) == member.species_id
        )
        place = next(named, -1)
        if place < 0:
            _fail(f'Can\'t switch: You do not have a Pokémon named "{data}" to switch to')
    if place >= len(members):
        _fail(f"Can't switch: You do not have a Pokémon in slot {place + 1} to switch to")
    if place == 0:
        _fail("Can't switch: You can't switch to an active Pokémon")
    if members[place].fainted:
        _fail("Can't switch: You can't switch to a fainted Pokémon")
    if request.kind == MOVE and request.locked:
        _fail("Can't switch: The active Pokémon is trapped")
    return members[place].slot


def _leading_integer(text: str) -> int | None:
    """JavaScript's ``parseInt``: "3 pikachu" is 3, "0x2" is 2; None for NaN."""
    found = re.match(r"([-+]?)(?:0[xX]([0-9a-fA-F]+)|([0-9]+))", text)
    if not found:
        return None
    sign, hexadecimal, decimal = found.groups()
    value = int(hexadecimal, 16) if hexadecimal else int(decimal)
    return -value if sign == "-" else value
