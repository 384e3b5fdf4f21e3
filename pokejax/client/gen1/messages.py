"""Messages of Showdown's protocol, read one by one into the facts of both sides.

Source: PROTOCOL.md and SIM-PROTOCOL.md of Showdown, and what its Gen 1 really sends.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from pokejax.client.errors import ProtocolError
from pokejax.client.gen1.facts import (
    BOOSTS,
    NO_MOVE,
    Member,
    Side,
    Stand,
    Step,
    numbered,
    status_number,
    type_number,
)
from pokejax.client.gen1.moves import Message, hides, use_move
from pokejax.gen1.dex import Status, species_number, to_id

FLAGS = {
    "Substitute": "substitute",
    "confusion": "confusion",
    "Leech Seed": "leech_seed",
    "Reflect": "reflect",
    "Light Screen": "light_screen",
    "Mist": "mist",
    "Focus Energy": "focus_energy",
    "Bide": "bide",
    "Toxic counter": "toxic",
}
"""Names in ``|-start|`` and ``|-end|``, and those of an observation's ``volatiles``."""
COPIED_PP = 5
_TIES = ("Endless Battle Clause activated", "You have hit the turn limit")
_NOTHING_SELECTED = "thawed from freeze and no move has been selected"
_SILENT = "[silent]"


def details_of(text: str) -> tuple[int, int]:
    """Species and level of "Mr. Mime, L77, M"."""
    name, *details = text.split(", ")
    try:
        species = species_number(name)
    except ValueError as error:
        raise ProtocolError(f"{error}: is this a Gen 1 battle?") from error
    return species, next((int(one[1:]) for one in details if one[:1] == "L" and one[1:].isdigit()), 100)


def read(sides: dict[str, Side], lines: Sequence[str], turn: int) -> int:
    """Take in the messages of one step; returns the turn that it is then. `ProtocolError` for an unknown one."""
    split = [line.split("|")[1:] for line in lines if line.startswith("|")]
    before, nameless = turn, False
    for side in sides.values():
        side.step = Step()
    for place, (kind, *values) in enumerate(split):
        if kind == "turn":
            turn = int(values[0])
        elif kind == "teamsize":
            sides[values[0]].size = int(values[1])
        elif kind == "-clearallboost":
            for side in sides.values():
                side.stand.boosts.clear()
        elif kind in ("message", "-message") and any(reason in values[0] for reason in _TIES):
            turn = before + 1  # the turn that would have begun counts, and is never announced
        elif kind == "-hint":
            nameless = nameless or _NOTHING_SELECTED in values[0]
        elif kind in _READERS:
            ident = values[0][:2]
            if ident not in sides:
                raise ProtocolError(f"message {'|'.join(['', kind, *values])!r} is of neither p1 nor p2")
            foe = sides["p2" if ident == "p1" else "p1"]
            names_none = nameless and kind == "move"
            nameless = nameless and kind != "move"
            _READERS[kind](Message(sides[ident], foe, values, split[place + 1 :], names_none))
        elif kind.startswith("-") and kind not in _IDLE:
            raise ProtocolError(
                f"message {'|'.join(['', kind, *values])!r}: Gen 1 of Showdown 0.11.11 sends none of that kind; "
                "play on a server of that version"
            )
    return turn


_IDLE = {
    *("-supereffective", "-resisted", "-crit", "-miss", "-fail", "-immune", "-ohko", "-hitcount", "-message"),
    *("-notarget", "-nothing", "-fieldactivate", "-anim", "-hint"),
}
"""Messages of a move that tell nothing that an observation holds."""


def _switch(message: Message) -> None:
    side = message.side
    name = message.values[0].partition(": ")[2]
    species, level = details_of(message.values[1])
    member = side.named(name)
    if member is None:
        if side.own:
            raise ProtocolError(f"{side.id}: {name} comes in, and the first request did not name it")
        member = Member(name, species, level)
        side.team.append(member)
    side.active, member.seen = member, True
    member.set_condition(message.values[2])
    side.stand = Stand(species=species)
    side.open -= {"copies", "recharge", "thrash"}
    message.foe.stand.last_move = NO_MOVE


def _prepare(message: Message) -> None:
    stand = message.side.stand
    stand.charging, stand.payer = numbered(to_id(message.what)), stand.chosen
    if hides(stand.charging):
        stand.flags.add("invulnerable")


def _cant(message: Message) -> None:
    side, stand, why = message.side, message.side.stand, message.what
    if why == "slp":
        side.member.slept += not side.member.counted
        side.member.counted = False
    if why in ("slp", "frz"):
        stand.last_move = NO_MOVE
    if why in ("par", "Disable"):
        stand.stop()
    if why == "par":
        stand.flags -= {"bide", "thrash"}  # no message says so; who is under ground stays there
    if why in ("recharge", "flinch"):
        stand.flags.discard("must_recharge")
    if why == "flinch":
        side.step.flinched = True


def _hp(message: Message) -> None:
    stand = message.side.stand
    message.side.member.set_condition(message.values[1])
    if message.source in ("psn", "brn", "leechseed") and "toxic" in stand.flags:
        stand.toxic += 1


def _activate(message: Message) -> None:
    if message.what == "confusion" and not _acts_after_all(message):
        # It hurt itself, or its foe's Substitute: what was under way is over, and no message says so.
        message.side.stand.stop()
        message.side.stand.flags -= {"bide", "thrash", "invulnerable"}


def _acts_after_all(message: Message) -> bool:
    """True if the next action is that of the confused Pokémon."""
    for kind, *values in message.later:
        values = [*values, "", ""]
        if kind in ("move", "cant", "-end") or (kind == "-activate" and values[1] in ("Bide", "confusion")):
            return values[0] == message.values[0] and not (kind == "-end" and values[1] == "Substitute")
        if kind in ("", "upkeep", "turn"):
            return False
    return False


def _status(message: Message) -> None:
    side, member, stand = message.side, message.side.member, message.side.stand
    if message.what == "slp":
        frozen = member.status == Status.FRZ
        recharges = "must_recharge" in stand.flags and not stand.last_move and not frozen
        held = frozen or (side.step.flinched and not stand.last_move and not recharges)
        member.status, member.slept, member.rests = int(Status.SLP), int(held), message.source == "rest"
        member.counted = held or recharges
        side.step.held_asleep = held
        stand.flags.discard("must_recharge")
    else:
        member.set_status(status_number(message.what))
    if message.what == "tox":
        stand.flags.add("toxic")
        stand.toxic = 0


def _cure(message: Message) -> None:
    side = message.side
    member = side.named(message.values[0].partition(": ")[2])
    if member is None:
        return
    aloud = _SILENT not in message.values  # Haze cures silently
    side.step.thawed = aloud and member.status == Status.FRZ
    if aloud and member.status == Status.SLP and member is side.active:
        side.stand.last_move = NO_MOVE
    member.set_status(0)


def _faint(message: Message) -> None:
    foe, side = message.foe, message.side
    if foe.step.held_asleep and foe.active is not None:
        # Where one faints, nothing in the battle says that the other's action has gone by.
        foe.active.slept, foe.active.counted = 0, False
    side.member.set_condition("0 fnt")
    side.stand = Stand(species=side.member.species)
    side.open -= {"copies", "recharge", "thrash"}


def _boost(message: Message, sign: int) -> None:
    boosts, stat = message.side.stand.boosts, message.what
    boosts[stat] = max(-6, min(6, boosts.get(stat, 0) + sign * int(message.values[2])))


def _start(message: Message) -> None:
    stand, what = message.side.stand, message.what
    if what in FLAGS:
        stand.flags.add(FLAGS[what])
        if what == "confusion" and _SILENT in message.values:
            stand.flags.discard("thrash")  # it is the end of Thrash
    elif what == "Disable":
        stand.disabled = numbered(to_id(message.values[2]))
        copies = [move for move, _ in stand.copied] if stand.copied is not None else stand.mimicked.values()
        stand.disabled_copy = stand.disabled in copies
    elif what == "Mimic":
        _mimic(message, numbered(to_id(message.values[2])))
    elif what == "typechange":
        stand.types = tuple(type_number(name) for name in message.values[2].split("/"))
    else:
        raise ProtocolError(f"{message.side.id}: {what!r} starts, which Gen 1 of Showdown 0.11.11 does not have")


def _mimic(message: Message, move: int) -> None:
    """The move that Mimic was chosen by is another one now (Metronome may have called Mimic)."""
    side, stand, foe = message.side, message.side.stand, message.foe.stand
    if foe.copied is None and move not in foe.mimicked.values():
        side.step.mimics.append(move)
    if stand.copied is not None:
        for copy in stand.copied:
            if copy[0] == stand.chosen:
                copy[0] = move
                break
        return
    slots = [slot for slot, now in stand.mimicked.items() if now == stand.chosen] or [stand.chosen]
    if len(slots) > 1 or not stand.chosen:  # no move was chosen: a thaw repeats another Pokémon's Mimic
        side.open.add("moves")
    else:
        stand.mimicked[slots[0]] = move


def _end(message: Message) -> None:
    stand, what = message.side.stand, message.what
    if what == "Disable":
        stand.disabled = NO_MOVE
    elif what in FLAGS:
        stand.flags.discard(FLAGS[what])
        if what == "Toxic counter":
            stand.toxic = 0


def _transform(message: Message) -> None:
    side, stand, foe = message.side, message.side.stand, message.foe.stand
    stand.species, stand.types, stand.boosts = foe.species, foe.types, dict(foe.boosts)
    stand.flags.add("transformed")
    side.step.transformed = foe.copied is None  # the copy of a copy says nothing of the foe's own moves
    stand.lent = tuple(foe.mimicked.values())
    # The own request will list the own moves; the foe has all that the own Pokémon has now.
    stand.copied = [] if side.own else [[move, COPIED_PP] for move, _ in message.foe.moves_now()]


def _recharge(message: Message) -> None:
    message.side.stand.flags.add("must_recharge")


_READERS: dict[str, Callable[[Message], None]] = {
    "switch": _switch,
    "drag": _switch,
    "move": use_move,
    "-prepare": _prepare,
    "cant": _cant,
    "-damage": _hp,
    "-heal": _hp,
    "-sethp": _hp,
    "-activate": _activate,
    "-status": _status,
    "-curestatus": _cure,
    "faint": _faint,
    "-boost": lambda message: _boost(message, 1),
    "-unboost": lambda message: _boost(message, -1),
    "-start": _start,
    "-end": _end,
    "-transform": _transform,
    "-mustrecharge": _recharge,
}

__all__ = ["BOOSTS", "COPIED_PP", "FLAGS", "details_of", "read"]
