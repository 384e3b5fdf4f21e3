"""Smaller counterexamples: one step from a snapshot, fewer state fields, then Hypothesis and ddmin on the actions."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from references.protocol import OUTCOME, Batch, Env, Restorable, Snapshot
from verification import cases
from verification.batches import is_over, random_actions, restore_many, rows, size, stack, step_pair, undefined
from verification.cases import Case
from verification.fields import FieldTable
from verification.plugin import Plugin
from verification.repeatable import no_constants_of_modules

Item = TypeVar("Item")
MOST_STEPS = 20_000
"""Steps that a case is played over, all attempts together, before the smallest one so far is taken."""


@dataclass
class Shrunk:
    """The smaller case, what it shows, and how it got there. `fields`: state fields that differ from a plain start."""

    case: Case
    first_field: str
    steps: int
    fields: int | None
    history: list[str]


class Shrinker:
    """Shrinks cases of one plugin. Every accepted step still differs first in a path of the same module."""

    def __init__(self, plugin: Plugin, table: FieldTable, paths: Sequence[str], reference: Env, candidate: Env) -> None:
        self.plugin, self.table, self.paths = plugin, table, list(paths)
        self.reference, self.candidate = reference, candidate
        self.restorable = isinstance(reference, Restorable) and isinstance(candidate, Restorable)
        self._left = MOST_STEPS

    def shrink(
        self, case: Case, hypothesis_examples: int = 200, fields: bool = True, most_steps: int = MOST_STEPS
    ) -> Shrunk | None:
        """The smallest case found, or None when `case` itself shows no difference (it is flaky, or was mended).

        `fields`: set back the state fields that do not matter, too. `most_steps`: see `MOST_STEPS`.
        """
        self._left = most_steps
        found = self._play(case)
        if found is None:
            return None
        step, path = found
        self._module = self.table.spec(path).module if path in self.paths else ""
        history = [f"{len(case.actions)} steps as found"]
        case = replace(case, actions=case.actions[:step])
        history.append(f"{step} steps up to the first difference")
        unlike = None
        if self.restorable and len(case.actions) > 1:
            case = self._from_late_snapshot(case, history)
        if self.restorable and fields and case.snapshot is not None and len(case.actions) == 1:
            case, unlike = self._fewer_fields(case, history)
        if len(case.actions) > 2 and case.snapshot is None:
            case = self._by_hypothesis(case, hypothesis_examples, history)
        if len(case.actions) > 1:
            kept = ddmin(list(case.actions), lambda actions: self._fails(replace(case, actions=tuple(actions))))
            if len(kept) < len(case.actions):
                case = replace(case, actions=tuple(kept))
                history.append(f"{len(kept)} steps by ddmin over the actions")
        if self._left <= 0:
            history.append(f"ended after {most_steps:,} steps")
        found = self._play(case)
        assert found is not None, "a shrunk case must still differ"
        return Shrunk(replace(case, actions=case.actions[: found[0]]), found[1], found[0], unlike, history)

    def _play(self, case: Case) -> tuple[int, str] | None:
        try:
            found = cases.play(self.plugin, self.table, self.paths, self.reference, self.candidate, case)
        except (ValueError, RuntimeError, KeyError, IndexError):
            return None  # a step that a side refuses shows no difference
        finally:
            self._left -= len(case.actions)
        if found is None:
            return None
        step, differences, message = found
        self._left += len(case.actions) - step
        return step, differences[0].name if differences else message

    def _fails(self, case: Case) -> bool:
        if self._left <= 0:
            return False
        found = self._play(case)
        return found is not None and (not self._module or self._module == self._module_of(found[1]))

    def _module_of(self, path: str) -> str:
        return self.table.spec(path).module if path in self.paths else ""

    def _from_late_snapshot(self, case: Case, history: list[str]) -> Case:
        """The same ending from a late snapshot of the reference: one step if the state holds the cause."""
        cases.start(self.plugin, self.reference, self.candidate, case)
        snapshots = [dict(self.reference.snapshot())]
        for actions in case.actions[:-1]:
            self.reference.step(actions)
            snapshots.append(dict(self.reference.snapshot()))
        total = len(case.actions)
        for length in (1, 2, 4, 8, 16, 32, 64):
            if length >= total and case.snapshot is not None:
                break
            begin = max(total - length, 0)
            late = replace(case, snapshot=_state(snapshots[begin]), actions=case.actions[begin:])
            if self._fails(late):
                history.append(f"{len(late.actions)} steps from a snapshot")
                return late
        return case

    def _fewer_fields(self, case: Case, history: list[str]) -> tuple[Case, int]:
        """ddmin over the fields that differ from a plain start: as many as can be are set back."""
        assert case.snapshot is not None
        state = {path: np.asarray(value) for path, value in case.snapshot.items()}
        plain = self._plain_start(case, state)
        unlike = [path for path in state if not np.array_equal(state[path], plain[path])]
        before = len(unlike)

        def failing(kept_sets: Sequence[Sequence[str]]) -> list[bool]:
            candidates = [
                {path: state[path] if path in set(kept) else plain[path] for path in state} for kept in kept_sets
            ]
            return self._steps_fail(stack(candidates), case.actions[0])

        kept = ddmin_batched(unlike, failing)
        smaller = {path: state[path] if path in set(kept) else plain[path] for path in state}
        shrunk = replace(case, snapshot=smaller)
        if len(kept) < before and self._fails(shrunk):
            history.append(f"{len(kept)} of {before} state fields unlike a plain start")
            return shrunk, len(kept)
        return case, before

    def _plain_start(self, case: Case, state: Snapshot) -> dict[str, Any]:
        """The state that fields are set back to: the plugin's plain one like `state`, or a reset's."""
        if self.plugin.state.plain is not None:
            return {path: np.asarray(value) for path, value in self.plugin.state.plain(state).items()}
        self.reference.reset(case.seed, case.options or self.plugin.play.options[0])
        start = self.reference.snapshot()
        return {path: np.asarray(start[path]) for path in state}

    def _steps_fail(self, snapshots: Batch, actions: Any) -> list[bool]:
        """bool [N]: the one-step cases that differ in the module sought; what a side cannot be put into does not."""
        count = size(snapshots)
        allowed = np.ones(count, bool) if self.plugin.state.valid is None else self.plugin.state.valid(snapshots)
        if not allowed.any():
            return [False] * count
        chosen = np.flatnonzero(allowed)
        joint = {agent: np.repeat(np.asarray(action)[None], len(chosen), axis=0) for agent, action in actions.items()}
        try:
            pair = step_pair(self.plugin, self.reference, self.candidate, rows(snapshots, chosen), joint)
        except (ValueError, RuntimeError, KeyError, IndexError):
            if count == 1:
                return [False]
            return [self._steps_fail(rows(snapshots, slice(i, i + 1)), actions)[0] for i in range(count)]
        found = self.table.compare(self.paths, pair.reference, pair.candidate)
        alike = self._start_alike(rows(snapshots, chosen))
        fails, unanswered = [False] * count, undefined(pair.reference)
        for position, case in enumerate(chosen):
            first = next((path for path in self.paths if path in found and found[path][position]), None)
            fails[case] = first is not None and (not self._module or self._module_of(first) == self._module)
            fails[case] = (fails[case] or position in pair.tape_errors) and not unanswered[position]
            fails[case] = bool(fails[case] and alike[position])
        return fails

    def _start_alike(self, snapshots: Batch) -> NDArray[np.bool_]:
        """bool [N]: both sides are in the same state before any step; a mixture of two states may be none of theirs."""
        theirs, ours = restore_many(self.reference, snapshots), restore_many(self.candidate, snapshots)
        found = self.table.compare(self.paths, theirs, ours)
        return ~np.logical_or.reduce([*found.values(), np.zeros(size(snapshots), bool)])

    def _by_hypothesis(self, case: Case, examples: int, history: list[str]) -> Case:
        """A short episode found anew: seeds near the case's, and choices as indices into the legal actions."""
        from hypothesis import HealthCheck, Phase, find, settings  # takes half a second to import
        from hypothesis import strategies as st
        from hypothesis.errors import NoSuchExample

        # Hypothesis need not warn: a step of a reference takes what it takes.
        unhurried = (HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large)
        longest = len(case.actions)
        seeds = st.sampled_from([case.seed, *range(8)])
        choices = st.lists(st.integers(0, 63), min_size=1, max_size=min(longest, 40))

        def differs(example: tuple[int, list[int]]) -> bool:
            found = self._indexed(case, *example)
            return found is not None and len(found.actions) < longest

        try:
            with no_constants_of_modules():
                seed, indices = find(
                    st.tuples(seeds, choices),
                    differs,
                    settings=settings(
                        max_examples=examples,
                        deadline=None,
                        database=None,
                        derandomize=True,
                        phases=(Phase.generate, Phase.shrink),
                        suppress_health_check=unhurried,
                    ),
                )
        except NoSuchExample:
            return case
        smaller = self._indexed(case, seed, indices)
        if smaller is None:
            return case
        history.append(f"{len(smaller.actions)} steps by Hypothesis")
        return smaller

    def _indexed(self, case: Case, seed: int, indices: Sequence[int]) -> Case | None:
        """The episode in which each index picks a legal action (modulo their number), cut at the first difference."""
        if self._left <= 0:
            return None
        actions = indexed_actions(self.plugin, self.reference, self.candidate, seed, case.options, indices)
        trial = replace(case, seed=seed, snapshot=None, actions=tuple(actions))
        found = self._play(trial)
        if found is None or not self._fails(trial):
            return None
        return replace(trial, actions=trial.actions[: found[0]])


def indexed_actions(
    plugin: Plugin, reference: Env, candidate: Env, seed: int, options: Any, indices: Sequence[int]
) -> list[dict[str, Any]]:
    """Choices of an episode: each index picks, for every agent, a legal action of the reference modulo their number."""
    cases.reset_pair(plugin, reference, candidate, seed, options)
    played = []
    for index in indices:
        actions: dict[str, Any] = {}
        for number, (agent, allowed) in enumerate(reference.legal().items()):
            if isinstance(allowed, np.ndarray):
                legal = np.flatnonzero(allowed)
                actions[agent] = np.asarray(legal[(index >> (2 * number)) % len(legal)])
            else:
                actions |= random_actions(np.random.default_rng(index), {agent: allowed})
        reference.step(actions)
        played.append(actions)
        if is_over(reference.snapshot()):
            break
    return played


def _state(snapshot: Snapshot) -> dict[str, Any]:
    """A snapshot without what the last step gave out, whose values `restore` ignores."""
    return {path: value for path, value in snapshot.items() if not path.startswith(OUTCOME)}


def ddmin(items: list[Item], fails: Callable[[list[Item]], bool]) -> list[Item]:
    """A subset of `items` (which must fail) that still fails and loses no item alone (Zeller's ddmin)."""
    return ddmin_batched(items, lambda subsets: (fails(list(subset)) for subset in subsets))


def ddmin_batched(items: Sequence[Item], fails: Callable[[Sequence[Sequence[Item]]], Iterable[bool]]) -> list[Item]:
    """`ddmin` that asks about all subsets of one granularity at once; it looks at no answer behind the first yes."""
    current = list(items)
    if not current or next(iter(fails([[]]))):
        return []
    parts = 2
    while len(current) >= 2:
        bounds = np.linspace(0, len(current), min(parts, len(current)) + 1).astype(int)
        chunks = [current[a:b] for a, b in pairwise(bounds)]
        without = [[item for other in chunks[:i] + chunks[i + 1 :] for item in other] for i in range(len(chunks))]
        tried = without if len(chunks) == 2 else chunks + without
        works = next((subset for subset, bad in zip(tried, fails(tried), strict=True) if bad), None)
        if works is not None:
            parts = 2 if len(works) <= len(current) // 2 else max(parts - 1, 2)
            current = list(works)
        elif len(chunks) == len(current):
            break
        else:
            parts = min(2 * parts, len(current))
    return current
