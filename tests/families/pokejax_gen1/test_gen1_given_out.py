"""Comparison of what the environment gives out: bugs around the engine are found, alone and at once, and named."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from compiled_quickly import compiled_quickly  # noqa: F401

from families.pokejax_gen1.verify.mutants import MUTANTS
from families.pokejax_gen1.verify.plugin import MutatedPokejax, make
from references.protocol import Batch
from references.showdown.workers import WorkerPool
from verification import batches
from verification.fields import FieldTable
from verification.levels.context import Context, Plan
from verification.levels.pairs import compared_paths
from verification.levels.steps import injected_cases
from verification.localise import differences, suspects

FORMAT = "gen1randombattle"
CASES = 1024
BUILD, ENV = "pokejax.gen1.observation.build", "pokejax.env"
#: Bug → the path by which it is named, and the file at fault.
NAMED = {
    "rewards-swapped": ("out.reward.p1", ENV),
    "paid-again": ("out.again.reward.p1", ENV),
    "stale-pp": ("out.p1.obs.own_pp", BUILD),
    "unseen-moves": ("out.p1.obs.foe_moves", BUILD),
    "percent-99": ("out.p1.obs.foe_hp_percent", BUILD),
}


class Trial:
    """One batch of injected steps: what Showdown says of it, and what a candidate does otherwise."""

    def __init__(self, context: Context) -> None:
        self.context = context
        self.cases = injected_cases(context, "given out", CASES)
        self.after: Batch = batches.step_many(context.reference, self.cases.snapshots, self.cases.actions)

    def differing(self, candidate: Any) -> tuple[dict[str, np.ndarray], Batch]:
        """Path → the cases that differ, and the candidate's answer."""
        ours = batches.step_many(candidate, self.cases.snapshots, self.cases.actions)
        table: FieldTable = self.context.table
        answered = ~batches.undefined(self.after)
        found = table.compare(compared_paths(self.context), self.after, ours)
        return {path: wrong & answered for path, wrong in found.items() if (wrong & answered).any()}, ours

    def suspected(self, found: dict[str, np.ndarray], ours: Batch, path: str) -> list[str]:
        """The files that are named for the first case that differs in `path`."""
        case = int(found[path].argmax())
        seen = differences(self.context.table, list(found), self.after, ours, case)
        return [place for place, _ in suspects(self.context.plugin, seen)]


@pytest.fixture(scope="module")
def mutated() -> MutatedPokejax:
    return MutatedPokejax(FORMAT, [mutant for mutant in MUTANTS if mutant.id in NAMED])


@pytest.fixture(scope="module")
def trial(pool: WorkerPool, mutated: MutatedPokejax) -> Iterator[Trial]:
    context = Context(make(f"pokejax/{FORMAT}", shared=pool), Plan(injected=CASES, seed=3))
    context.__dict__["candidate"] = mutated  # no other program is compiled
    yield Trial(context)


def test_no_bug_no_difference(trial: Trial, mutated: MutatedPokejax) -> None:
    mutated.select_mutant(0)
    assert not trial.differing(mutated)[0]


@pytest.mark.parametrize("bug", NAMED)
def test_each_bug_alone_is_named(trial: Trial, mutated: MutatedPokejax, bug: str) -> None:
    mutated.select_mutant(mutated._switch.number(bug))
    found, ours = trial.differing(mutated)
    mutated.select_mutant(0)
    path, place = NAMED[bug]
    assert path in found, sorted(found)
    assert place in trial.suspected(found, ours, path)[:3]


@pytest.mark.sweep
def test_all_five_at_once_are_named(trial: Trial) -> None:
    everything = MutatedPokejax(FORMAT, [mutant for mutant in MUTANTS if mutant.id in NAMED])
    everything._switch.choose = lambda number, new, old: new()  # type: ignore[method-assign]
    found, ours = trial.differing(everything)
    for path, place in NAMED.values():
        assert path in found, (path, sorted(found))
        assert place in trial.suspected(found, ours, path)[:3], path
