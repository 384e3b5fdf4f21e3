"""Search for steps that show a meeting which no case has shown: states in which a part of it holds are crossed.

For a pair, a state where one condition holds takes over fields from one where the other holds. For a term that is to
decide alone, a state in which it decides with the other value takes over fields from one where it has the wanted
value. The fields are those that the condition depends on, or all below a common name. Half of the new states are made
by the plugin's own injection instead. What the reference cannot be put into is dropped.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from references.protocol import Batch
from verification.batches import row, stack
from verification.meetings.evaluate import FALSE, TRUE
from verification.meetings.meetings import PAIR, Meetings
from verification.meetings.traced import Watched

_KEPT = 12
"""States kept for each condition and value."""
_MOST_COPIED = 24


@dataclass
class Search:
    """Cases so far, and what of each meeting they show.

    `finish(rng, snapshots, labels)`: changed states made consistent, those that the reference cannot be put into
    dropped, with legal actions and labels; `inject(rng, snapshots, count)`: the plugin's.
    """

    watched: Watched
    meetings: Meetings
    finish: Callable[[np.random.Generator, Batch, list[str]], tuple[Batch, Batch, list[str]]]
    inject: Callable[[np.random.Generator, Batch, int], tuple[Batch, Batch, list[str]]] | None = None
    crossed: bool = True
    open: list[bool] = field(default_factory=list)
    cases: list[tuple[Batch, Batch, str]] = field(default_factory=list)
    shown: dict[int, int] = field(default_factory=dict)
    _holds: dict[tuple[int, int], list[dict]] = field(default_factory=dict)
    _deciding: dict[tuple[int, int, bool], dict] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """At first every meeting is open."""
        self.open = [True] * len(self.meetings.every)

    def see(self, rng: np.random.Generator, snapshots: Batch, actions: Batch, labels: list[str]) -> int:
        """Note what a batch shows; returns how many meetings it is the first to show."""
        bits = self.watched.bits(snapshots, actions)
        found = self.meetings.shown(bits, self.open)
        place: dict[int, int] = {}
        for number, case in sorted(found.items()):
            if case not in place:
                place[case] = len(self.cases)
                self.cases.append((row(snapshots, case), row(actions, case), labels[case]))
            self.shown[number] = place[case]
            self.open[number] = False
            meeting = self.meetings.every[number]
            for part, atom in meeting.turns:
                self._deciding.setdefault((part, atom, meeting.held), row(snapshots, case))
        self._keep(rng, snapshots, np.asarray(bits.any(axis=3)))
        return len(found)

    def _keep(self, rng: np.random.Generator, snapshots: Batch, bits: NDArray[np.bool_]) -> None:
        """A few states for each condition and value that an open meeting needs."""
        for value in (TRUE, FALSE):
            for slot in sorted(self._needed()):
                kept = self._holds.setdefault((slot, value), [])
                if len(kept) < _KEPT:
                    there = np.flatnonzero(bits[value, slot])
                    if len(there):
                        chosen = rng.choice(there, min(len(there), _KEPT - len(kept)), replace=False)
                        kept.extend(row(snapshots, int(case)) for case in chosen)

    def _needed(self) -> set[int]:
        slots: set[int] = set()
        for number, meeting in enumerate(self.meetings.every):
            if self.open[number]:
                slots.update(tap.slot for pair in meeting.pairs for tap in pair)
                slots.update(self.meetings.parts[part].atoms[atom].slot for part, atom in meeting.turns)
        return slots

    def seek(self, rng: np.random.Generator, count: int) -> int:
        """One round: `count` new states towards open meetings; returns how many meetings they are the first to show."""
        targets = [number for number, is_open in enumerate(self.open) if is_open]
        children: list[Batch] = []
        parents: list[Batch] = []
        for number in rng.permutation(targets * (count // max(len(targets), 1) + 1))[: 2 * count].tolist():
            made = self._towards(rng, number)
            if made is not None and not self.crossed:
                parents.append(made)
            elif made is not None:
                (children if len(children) <= len(parents) or self.inject is None else parents).append(made)
            if len(children) + len(parents) >= count:
                break
        found = 0
        if children:
            found += self._try(rng, *self.finish(rng, stack(children), ["searched"] * len(children)))
        if parents and self.inject is not None:
            found += self._try(rng, *self.inject(rng, stack(parents), len(parents)))
        return found

    def _try(self, rng: np.random.Generator, snapshots: Batch, actions: Batch, labels: list[str]) -> int:
        return self.see(rng, snapshots, actions, labels) if labels else 0

    def _towards(self, rng: np.random.Generator, number: int) -> dict | None:
        """A new state between two that each show a part of the meeting; None where there is no such state yet."""
        meeting = self.meetings.every[number]
        if meeting.kind == PAIR:
            one, two = meeting.pairs[rng.integers(len(meeting.pairs))]
            if rng.random() < 0.5:
                one, two = two, one
            first, second = (self._holds.get((tap.slot, TRUE)) for tap in (one, two))
            if not first or not second:
                return None
            into, source = first[rng.integers(len(first))], second[rng.integers(len(second))]
            return self._crossed(rng, into, source, self.watched.inputs(two.expression))
        part, atom = meeting.turns[rng.integers(len(meeting.turns))]
        tap = self.meetings.parts[part].atoms[atom]
        holds = self._holds.get((tap.slot, TRUE if meeting.held else FALSE))
        into = self._deciding.get((part, atom, not meeting.held))
        if not holds:
            return None
        source = holds[rng.integers(len(holds))]
        if into is None:
            # Nothing decides by it yet: the other terms come from a state in which one of them does.
            others = [found for (p, a, _), found in self._deciding.items() if p == part and a != atom]
            if not others:
                return source
            into = others[rng.integers(len(others))]
        return self._crossed(rng, into, source, self.watched.inputs(atom))

    def _crossed(self, rng: np.random.Generator, into: dict, source: dict, paths: list[str]) -> dict:
        if not self.crossed:
            return into if rng.random() < 0.5 else source
        names = [path for path in paths if path in into and path in source]
        child = dict(into)
        if not names:
            return child
        if len(names) <= _MOST_COPIED and rng.random() < 0.5:
            copied = names
        elif rng.random() < 0.5:
            name = names[rng.integers(len(names))]
            parts = name.split(".")
            stem = ".".join(parts[: rng.integers(1, len(parts) + 1)])
            copied = [path for path in into if path == stem or path.startswith(stem + ".")]
        else:
            copied = [path for path in names if rng.random() < rng.random()]
        child.update((path, source[path]) for path in copied if path in source)
        return child

    def batch(self) -> tuple[Batch, Batch, list[str]]:
        """The cases that were the first to show a meeting."""
        snapshots, actions, labels = zip(*self.cases, strict=True)
        return stack(list(snapshots)), stack(list(actions)), list(labels)
