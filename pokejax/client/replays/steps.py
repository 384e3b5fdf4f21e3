"""A log parted at the points where the battle waited for choices, and the way in which it ended."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterable, Sequence

from pokejax.client.errors import ProtocolError
from pokejax.client.protocol import FORFEIT, TIMEOUT, given_up

PLAYED_OUT, CUT_SHORT = "played out", "cut short"
ENDINGS = (PLAYED_OUT, FORFEIT, TIMEOUT, CUT_SHORT)
SEATS = ("p1", "p2")
_READ = frozenset(
    ["", "turn", "teamsize", "start", "switch", "drag", "move", "cant", "faint", "win", "tie", "upkeep", "message"]
)
_WITH_HP = ("switch", "drag", "-damage", "-heal", "-sethp")
_BARS = 48
"""Pixels of the HP bars that a spectator is shown without the HP Percentage Mod."""


@dataclasses.dataclass(frozen=True)
class Battle:
    """One battle for a spectator.

    * ``steps``: the messages up to each decision, then those up to the end. Decision ``n`` follows ``steps[n]`` and led
      to ``steps[n + 1]``; the last one of a log that is cut short led to an unknown.
    * ``ending``: one of `ENDINGS`. ``winner``: "p1", "p2", or "" for a tie and an unknown end.
    """

    steps: tuple[tuple[str, ...], ...]
    ending: str
    winner: str

    @property
    def decisions(self) -> int:
        """Points at which the battle waited."""
        return len(self.steps) - 1


def part(lines: Sequence[str], name: str) -> Battle:
    """The battle of a spectator's log; `ProtocolError` where it has no first turn."""
    parting = _Parting()
    ending, winner, players = CUT_SHORT, "", {}
    for line in _public(lines):
        kind, _, rest = line[1:].partition("|")
        if kind == "player" and rest[:2] in SEATS:
            players.setdefault(rest.split("|")[1], rest[:2])
            continue
        if kind in ("-message", "message") and (reason := given_up(rest)):
            ending = reason
            parting.give_up()
        parting.take(kind, rest, line)
        if kind in ("win", "tie"):
            ending = PLAYED_OUT if ending == CUT_SHORT else ending
            winner = players.get(rest, "") if kind == "win" else ""
            if kind == "win" and not winner:
                raise ProtocolError(f"{name}: {rest!r} wins and is no |player| of it; give the whole log")
            break
    else:
        ending = CUT_SHORT
    if len(parting.steps) == 1:
        raise ProtocolError(f"{name}: stops before the first turn, so there is nothing to learn from; leave it out")
    return Battle(tuple(tuple(step) for step in parting.steps), ending, winner)


class _Parting:
    """Messages as they come, parted: after ``|turn|``, and before a replacement of who has fainted."""

    def __init__(self) -> None:
        self.steps: list[list[str]] = [[]]
        self._fainted: set[str] = set()

    def take(self, kind: str, rest: str, line: str) -> None:
        now = self.steps[-1]
        if kind == "faint":
            self._fainted.add(rest[:2])
        elif kind == "switch" and rest[:2] in self._fainted and now and now[-1] == "|" and len(now) > 1:
            self.steps.append([now.pop()])
            self._fainted.clear()
        self.steps[-1].append(line)
        if kind == "turn":
            self.steps.append([])
            self._fainted.clear()

    def give_up(self) -> None:
        """A decision waits, unless one does already: also that of a replacement which never came."""
        if any(line != "|" for line in self.steps[-1]):
            self.steps.append([])


def _public(lines: Iterable[str]) -> Iterable[str]:
    """The messages that a battle is followed by, as a spectator is sent them."""
    split: list[str] = []
    for line in lines:
        if not line.startswith("|"):
            continue
        kind = line[1:].partition("|")[0]
        if split and split.pop(0) == "drop":
            continue
        if kind == "split":
            split = ["drop", "take"]
        elif kind == "player" or kind in _READ or kind.startswith("-"):
            yield _in_percent(kind, line) if kind in _WITH_HP else line


def _in_percent(kind: str, line: str) -> str:
    """A message with HP as the HP Percentage Mod shows them."""
    values = line.split("|")
    place = 4 if kind in ("switch", "drag") else 3
    if len(values) <= place:
        return line
    share, space, status = values[place].partition(" ")
    now, slash, most = share.partition("/")
    if not slash or most == "100":
        return line
    if int(most) == _BARS:
        raise ProtocolError(
            f"{line!r} gives HP in bars of {_BARS}, without the HP Percentage Mod, whose percents the observation holds"
        )
    percent = math.ceil(100 * int(now) / int(most))
    percent = 99 if percent == 100 and int(now) < int(most) else percent
    values[place] = f"{percent}/100{space}{status}"
    return "|".join(values)
