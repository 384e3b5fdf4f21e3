"""The meetings of a program, and which of them a batch of steps shows.

A *pair* is two conditions of one function that are both true in one call of it. A *decision* of three or more terms has
a meeting for each term and value: all other terms are such that this one, being so, decides alone.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from verification.meetings.evaluate import FALSE, TRUE
from verification.meetings.formula import Packed, Prover, atoms, evaluated
from verification.meetings.program import Collected, Decision, Tap
from verification.meetings.sites import Site

PAIR, DECIDES = "pair", "decides"
TERMS = 3
"""The fewest terms of a decision that is looked at as a whole: two are a pair."""


@dataclass
class Meeting:
    """One meeting, by its name, which has no line numbers, so that it is the same after edits elsewhere.

    * `where`: the same for people, with lines.
    * `pairs`: its two conditions in each call of the function; `turns`: (decision's number, atom) in each.
    """

    name: str
    kind: str
    where: str
    held: bool = True
    pairs: list[tuple[Tap, Tap]] = field(default_factory=list)
    turns: list[tuple[int, int]] = field(default_factory=list)


@dataclass(frozen=True)
class _Parts:
    """A decision with the taps of its atoms."""

    decision: Decision
    atoms: dict[int, Tap]


class Meetings:
    """All meetings of a program. `unjudged`: decisions of values that are not all watched (arrays, other sources)."""

    def __init__(self, collected: Collected) -> None:
        self.collected = collected
        self._at = {(tap.region, tap.expression): tap for tap in reversed(collected.taps)}
        found: dict[str, Meeting] = {}
        self._calls = self._grouped()
        for group in self._calls:
            for place, first in enumerate(group):
                for second in group[place + 1 :]:
                    if first.site.place == second.site.place or first.expression == second.expression:
                        continue
                    one, two = sorted((first, second), key=lambda tap: tap.site.place)
                    texts = [_quoted(tap.site.text) for tap in (one, two)]
                    name = f"{_function(one.site)}: {texts[0]} and {texts[1]}"
                    where = f"{one.site.place}: {texts[0]} and, line {two.site.place.line}, {texts[1]}"
                    found.setdefault(name, Meeting(name, PAIR, where)).pairs.append((one, two))
        self.parts: list[_Parts] = []
        self.unjudged = 0
        for decision in collected.decisions:
            self._decide(decision, found)
        self.every = list(found.values())

    def _grouped(self) -> list[list[Tap]]:
        groups: dict[tuple, dict[tuple, Tap]] = defaultdict(dict)
        for tap in self.collected.taps:
            if tap.condition:
                own = groups[tap.site.calls, tap.site.function]
                own.setdefault((tap.site.place, tap.expression, tap.region), tap)
        return [list(group.values()) for group in groups.values()]

    def _decide(self, decision: Decision, found: dict[str, Meeting]) -> None:
        names = atoms(self.collected, decision.expression)
        if len(names) < TERMS:
            return
        watched: dict[int, Tap] = {}
        for atom in names:
            tap = self._tap(atom, decision.region)
            if tap is None or atom not in self.collected.scalars:
                self.unjudged += 1
                return
            watched[atom] = tap
        number = len(self.parts)
        self.parts.append(_Parts(decision, watched))
        for atom, tap in watched.items():
            for held in (True, False):
                value = "true" if held else "false"
                terms = f"{_function(decision.site)}: {_quoted(decision.site.text)}"
                name = f"{terms} by {_quoted(tap.site.text)} of {tap.site.place.function} being {value}"
                where = (
                    f"{decision.site.place}: {_quoted(decision.site.text)}, of {len(names)} terms, is decided by "
                    f"{_quoted(tap.site.text)} ({tap.site.place}) being {value}"
                )
                meeting = found.setdefault(name, Meeting(name, DECIDES, where, held))
                meeting.turns.append((number, atom))

    def _tap(self, expression: int, region: int | None) -> Tap | None:
        while region is not None:
            tap = self._at.get((region, expression))
            if tap is not None:
                return tap
            region = self.collected.regions[region].parent
        return None

    def shown(self, bits: NDArray[np.bool_], wanted: Sequence[bool]) -> dict[int, int]:
        """Number of a meeting → a case of the batch that shows it, of the `wanted` ones (by number)."""
        lanes, rounds = bits.shape[2:]
        flat = bits.reshape(2, bits.shape[1], lanes * rounds)
        found: dict[int, int] = {}
        packed = np.packbits(flat, axis=2)
        for number, meeting in enumerate(self.every):
            if wanted[number] and meeting.kind == PAIR:
                row = self._pair(meeting, packed)
                if row >= 0:
                    found[number] = row // rounds
        by_turn: dict[tuple[int, int], list[int]] = defaultdict(list)
        for number, meeting in enumerate(self.every):
            if wanted[number]:
                for turn in meeting.turns:
                    by_turn[turn].append(number)
        for (part, atom), numbers in by_turn.items():
            decisive, held = self._decisive(self.parts[part], atom, packed)
            for number in numbers:
                if number not in found:
                    row = _first(decisive & (held if self.every[number].held else ~held))
                    if row >= 0:
                        found[number] = row // rounds
        return found

    @staticmethod
    def _pair(meeting: Meeting, packed: Packed) -> int:
        for one, two in meeting.pairs:
            row = _first(packed[TRUE, one.slot] & packed[TRUE, two.slot])
            if row >= 0:
                return row
        return -1

    def _decisive(self, parts: _Parts, atom: int, packed: Packed) -> tuple[Packed, Packed]:
        """The cases where the atom alone decides, and those where it is true."""
        values = {name: packed[TRUE, tap.slot] for name, tap in parts.atoms.items()}
        ran = np.full(packed.shape[2], 255, np.uint8)
        for tap in parts.atoms.values():
            ran = ran & (packed[TRUE, tap.slot] | packed[FALSE, tap.slot])
        slot = self._slot(parts.decision.region)
        ran = ran if slot is None else ran & packed[TRUE, slot]
        ones = np.full_like(ran, 255)
        expression = parts.decision.expression
        high = evaluated(self.collected, expression, {**values, atom: ones}, ones)
        low = evaluated(self.collected, expression, {**values, atom: ~ones}, ones)
        return (high ^ low) & ran, values[atom]

    def _slot(self, region: int | None) -> int | None:
        while region is not None:
            if self.collected.regions[region].slot is not None:
                return self.collected.regions[region].slot
            region = self.collected.regions[region].parent
        return None

    def _guards(self, region: int | None) -> list[int]:
        found = []
        while region is not None:
            guard = self.collected.regions[region].guard
            if guard is not None:
                found.append(guard)
            region = self.collected.regions[region].parent
        return found

    def impossible(self, meeting: Meeting, prover: Prover) -> bool:
        """True if it is proved, in every call, that the meeting cannot be."""
        if meeting.kind == PAIR:
            return all(
                prover.never_together(
                    [one.expression, two.expression, *self._guards(one.region), *self._guards(two.region)]
                )
                for one, two in meeting.pairs
            )
        return all(
            prover.never_decides(
                self.parts[part].decision.expression,
                atom,
                meeting.held,
                self._guards(self.parts[part].decision.region),
            )
            for part, atom in meeting.turns
        )


def _function(site: Site) -> str:
    return f"{site.place.file} {site.place.function}"


def _quoted(text: str) -> str:
    return f"`{text}`"


def _first(packed: Packed) -> int:
    """The first bit that is set, −1 for none."""
    byte = packed.astype(bool).argmax()
    if not packed[byte]:
        return -1
    return int(byte) * 8 + int(np.unpackbits(packed[byte : byte + 1]).argmax())
