"""Every case that once differed from its reference, played again in both."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from families.pokejax_gen1.verify.battles import PokejaxGen1
from families.pokejax_gen1.verify.jobs import job_of
from families.pokejax_gen1.verify.lockstep import first_difference
from families.pokejax_gen1.verify.sides import column_order
from references.showdown.client import BattleJob
from references.showdown.workers import WorkerPool
from verification import cases
from verification.levels.context import Context, Plan
from verification.levels.pairs import compared_paths
from verification.registry import load_plugin

FOLDER = Path(__file__).parent / "regression"
CASES = {path.name: cases.load(path) for path in sorted(FOLDER.glob("*.json"))}
#: Whole Gen 1 battles are played in place and in one batch; everything else through its plugin.
BATTLES = {name: case for name, case in CASES.items() if case.env.startswith("pokejax/gen1") and case.snapshot is None}
OTHERS = sorted({case.env for name, case in CASES.items() if name not in BATTLES})


def _replay_in_jax(env: str, jobs: list[BattleJob]) -> list[np.ndarray]:
    """Records [T + 1, F] of each battle in the reference's column order, all played in one batch."""
    candidate = PokejaxGen1(env)
    lengths = np.array([len(job.actions) for job in jobs])
    actions = np.zeros((len(jobs), lengths.max(), 2), np.uint8)
    for row, job in zip(actions, jobs, strict=True):
        row[: len(job.actions)] = job.actions
    seeds = np.array([job.seed for job in jobs], np.uint32)
    played = candidate.replay(seeds, np.stack([job.teams for job in jobs]), lengths, actions)
    order = column_order(candidate.fields)
    return [played.records[i, : length + 1][:, order] for i, length in enumerate(lengths)]


def test_there_are_saved_cases() -> None:
    assert CASES, f"no saved case in {FOLDER}: the folder is missing from this checkout"


@pytest.mark.parametrize("env", sorted({case.env for case in BATTLES.values()}))
def test_saved_battles_agree(env: str, pool: WorkerPool, tmp_path: Path) -> None:
    jobs = {name: job_of(case) for name, case in BATTLES.items() if case.env == env}
    wrong = {}
    for (name, job), mine in zip(jobs.items(), _replay_in_jax(env, list(jobs.values())), strict=True):
        difference = first_difference(job, mine, pool, tmp_path)
        if difference:
            wrong[name] = difference
    assert not wrong, f"{len(wrong)} of {len(jobs)} saved battles differ again: {wrong}"


def _play(context: Context, case: cases.Case) -> tuple | None:
    """The case's first difference on both sides of a context, which are in its setting."""
    paths = compared_paths(context)
    return cases.play(context.plugin, context.table, paths, context.reference, context.candidate, case)


def test_saved_cases_agree() -> None:
    for env in OTHERS:
        context = Context(load_plugin(env), Plan())
        try:
            for name, case in CASES.items():
                if name in BATTLES or case.env != env:
                    continue
                found = _play(context.under(case.setting), case)
                assert found is None, f"{name} differs again: step {found[0]}, {found[1][:5]} {found[2]}"
        finally:
            context.close()
