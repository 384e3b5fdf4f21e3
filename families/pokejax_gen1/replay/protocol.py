"""Showdown's protocol log in plain English, a block of lines for each decision point.

Source: sim/SIM-PROTOCOL.md of the reference and the messages that data/mods/gen1 and sim/ send.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

STATUS = {
    "brn": "burned",
    "par": "paralyzed",
    "slp": "asleep",
    "frz": "frozen",
    "psn": "poisoned",
    "tox": "badly poisoned",
}
_STATS = {
    "atk": "Attack",
    "def": "Defense",
    "spa": "Special",
    "spd": "Special",
    "spe": "Speed",
    "accuracy": "accuracy",
    "evasion": "evasiveness",
}
_CANNOT = {
    "slp": "is asleep",
    "frz": "is frozen",
    "par": "is fully paralyzed",
    "flinch": "flinched",
    "recharge": "must recharge",
    "partiallytrapped": "is trapped and cannot move",
    "Disable": "cannot use a disabled move",
    "nopp": "has no PP left for its move",
}
_CAUSES = {"brn": "its burn", "psn": "poison", "tox": "poison"}
_SILENT = {"teamsize", "-mustrecharge", "-hint", "upkeep", "t:", "", "debug", "-anim", "split"}
_ORIGIN = "[from] "


@dataclasses.dataclass(frozen=True)
class Line:
    """A sentence, and how much it stands out: "turn", "action", "effect" or "result"."""

    kind: str
    text: str


def blocks(log: str) -> list[list[str]]:
    """The log cut where the simulator played on: the players and rules, the start, then one block a joint step."""
    found: list[list[str]] = [[]]
    for line in log.splitlines():
        if line.startswith("|t:|"):
            found.append([])
        found[-1].append(line)
    return found[1:]  # a log begins with a time stamp


def describe(lines: list[str]) -> list[Line]:
    """The lines of a block that a reader wants, in order. A message this module does not know is kept as it is."""
    out = []
    for line in lines:
        _, _, message = line.partition("|")
        kind, *words = message.split("|")
        if kind in _SILENT:
            continue
        arguments = [word for word in words if not word.startswith("[")]
        tags = [word for word in words if word.startswith("[")]
        said = _sentence(kind, arguments, tags)
        if said:
            out.append(said)
    return out


def _sentence(kind: str, arguments: list[str], tags: list[str]) -> Line | None:
    known = _SENTENCES.get(kind)
    if known is None:
        return Line("effect", "|".join([kind, *arguments, *tags]))
    try:
        return known(arguments, tags)
    except IndexError:
        return Line("effect", "|".join([kind, *arguments, *tags]))


def _name(ident: str) -> str:
    """ "p1a: Muk" is Red's Muk; the players' names are given in the page."""
    seat, _, name = ident.partition(": ")
    return f"{_PLAYERS[seat[:2]]}’s {name}" if seat[:2] in _PLAYERS else ident


_PLAYERS = {"p1": "Red", "p2": "Blue"}
PLAYER_NAMES = (_PLAYERS["p1"], _PLAYERS["p2"])


def _plain(effect: str) -> str:
    return effect.removeprefix("move: ")


def _origin(tags: list[str]) -> str:
    source = next((_plain(tag.removeprefix(_ORIGIN)) for tag in tags if tag.startswith(_ORIGIN)), "")
    return _CAUSES.get(source, source)


def _move(a: list[str], tags: list[str]) -> Line:
    text = f"{_name(a[0])} used {a[1]}"
    called_by = _origin(tags)
    if called_by == a[1]:  # a partial trapping move goes on
        text = f"{_name(a[0])} keeps using {a[1]}"
    elif called_by:
        text += f" (by {called_by})"
    return Line("action", f"{text}.")


def _health(verb: str) -> Callable[[list[str], list[str]], Line]:
    def sentence(a: list[str], tags: list[str]) -> Line:
        cause = _origin(tags)
        now = a[1].split(" ")[0]
        return Line("effect", f"{_name(a[0])} {verb}{f' by {cause}' if cause else ''}: {now} HP.")

    return sentence


def _stage(verb: str) -> Callable[[list[str], list[str]], Line | None]:
    def sentence(a: list[str], tags: list[str]) -> Line | None:
        if a[1] == "spd":  # Special is one stat in Gen 1; Showdown announces both halves
            return None
        if a[2] == "0":
            return Line("effect", f"{_name(a[0])}’s {_STATS.get(a[1], a[1])} cannot change further.")
        return Line("effect", f"{_name(a[0])}’s {_STATS.get(a[1], a[1])} {verb} by {a[2]}.")

    return sentence


def _condition(verb: str) -> Callable[[list[str], list[str]], Line]:
    def sentence(a: list[str], tags: list[str]) -> Line:
        detail = f" ({', '.join(a[2:])})" if a[2:] else ""
        return Line("effect", f"{_name(a[0])}: {_plain(a[1])}{detail} {verb}.")

    return sentence


_SENTENCES: dict[str, Callable[[list[str], list[str]], Line | None]] = {
    "turn": lambda a, t: Line("turn", f"Turn {a[0]}"),
    "start": lambda a, t: Line("turn", "The battle begins"),
    "switch": lambda a, t: Line("action", f"{_name(a[0]).replace('’s ', ' sends out ', 1)} ({a[2].split(' ')[0]} HP)."),
    "move": _move,
    "cant": lambda a, t: Line("action", f"{_name(a[0])} {_CANNOT.get(a[1], f'cannot move: {a[1]}')}."),
    "faint": lambda a, t: Line("result", f"{_name(a[0])} fainted."),
    "win": lambda a, t: Line("result", f"{a[0]} wins."),
    "tie": lambda a, t: Line("result", "The battle is a tie."),
    "-damage": _health("was hurt"),
    "-heal": _health("recovered"),
    "-sethp": _health("changed"),
    "-status": lambda a, t: None if "[silent]" in t else Line("effect", f"{_name(a[0])} is {STATUS.get(a[1], a[1])}."),
    "-curestatus": lambda a, t: Line("effect", f"{_name(a[0])} is no longer {STATUS.get(a[1], a[1])}."),
    "-crit": lambda a, t: Line("effect", "A critical hit!"),
    "-supereffective": lambda a, t: Line("effect", "It is super effective."),
    "-resisted": lambda a, t: Line("effect", "It is not very effective."),
    "-immune": lambda a, t: Line("effect", f"It does not affect {_name(a[0])}."),
    "-miss": lambda a, t: Line("effect", "It missed."),
    "-fail": lambda a, t: Line("effect", "But it failed."),
    "-notarget": lambda a, t: Line("effect", "There is no target."),
    "-nothing": lambda a, t: Line("effect", "Nothing happened."),
    "-ohko": lambda a, t: Line("effect", "A one-hit knockout!"),
    "-hitcount": lambda a, t: Line("effect", f"It hit {a[1]} times."),
    "-boost": _stage("rose"),
    "-unboost": _stage("fell"),
    "-clearallboost": lambda a, t: Line("effect", "All stat changes were reset."),
    "-prepare": lambda a, t: Line("effect", f"{_name(a[0])} prepares {a[1]}."),
    "-transform": lambda a, t: Line("effect", f"{_name(a[0])} transformed into {_name(a[1])}."),
    "-start": _condition("began"),
    "-end": _condition("ended"),
    "-activate": _condition("takes effect"),
    "-message": lambda a, t: Line("effect", a[0]),
    "message": lambda a, t: Line("effect", a[0]),
}
