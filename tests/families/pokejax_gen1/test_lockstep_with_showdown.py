"""PokeJAX beside the real Showdown, at every decision point: a few hundred battles that no earlier commit has played.

The long sweeps are `pytest -m sweep` (about half an hour on two cores); docs/evidence/ records the last ones.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from families.pokejax_gen1.verify.behaviours import declared
from families.pokejax_gen1.verify.lockstep import Plan, Sweep, describe, run
from families.pokejax_gen1.verify.play import load
from references.showdown.client import POLICIES
from references.showdown.workers import WorkerPool

FRESH = {"randbats": 120, "allmoves": 240, "ou": 60, "mirror": 120}
"""Battles of each commit's test run by kind of teams, over all policies."""
SWEEPS = {"randbats": 20_000, "allmoves": 20_000, "ou": 5_000, "mirror": 5_000}


def _play(teams: str, episodes: int, seed: int, pool: WorkerPool, folder: Path) -> Sweep:
    env = "pokejax/gen1ou" if teams == "ou" else "pokejax/gen1randombattle"
    plan = Plan(env, episodes, seed, teams, tuple(POLICIES))
    sweep = run(load(env), plan, pool, folder)
    first = describe(sweep.failures[0]) if sweep.failures else ""
    assert not sweep.divergences, f"seed {seed}, {teams}: {sweep.divergences} battles differ, the first:\n{first}"
    assert sweep.complete and not sweep.reference_errors, f"seed {seed}, {teams}: {sweep.reference_errors[:1]}"
    assert sweep.episodes == episodes and sweep.steps > 20 * episodes
    return sweep


@pytest.mark.parametrize("teams", FRESH)
def test_fresh_battles_equal_showdown(teams: str, commit_seed: int, pool: WorkerPool, tmp_path: Path) -> None:
    sweep = _play(teams, FRESH[teams], commit_seed, pool, tmp_path)
    if teams == "allmoves":
        moves = [name for name in sweep.coverage["counts"] if name.startswith("move:")]
        assert len(moves) >= 150, sorted(set(declared()) - set(sweep.coverage["counts"]))


@pytest.mark.sweep
@pytest.mark.timeout(7200)
@pytest.mark.parametrize("teams", SWEEPS)
def test_sweep_equals_showdown(teams: str, commit_seed: int, pool: WorkerPool, tmp_path: Path) -> None:
    _play(teams, SWEEPS[teams], commit_seed, pool, tmp_path)
