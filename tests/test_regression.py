"""Every battle that once differed from its reference, played again in both."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from verification.counterexample import SavedBattle, load

from verification.plugins import load as load_candidate
from verification.plugins.gen1.candidate import Replayable
from verification.plugins.gen1.compare import column_order, compare
from verification.references.showdown.client import replay
from verification.references.showdown.workers import WorkerPool

FOLDER = Path(__file__).parent / "regression"
FILES = sorted(FOLDER.glob("*.json"))
ENVS = sorted({load(path).env for path in FILES})


def _replay_in_jax(env: str, saved: list[SavedBattle]) -> list[np.ndarray]:
    """Records [T + 1, F] of each battle in the reference's column order, all played in one batch."""
    candidate = load_candidate(env)
    assert isinstance(candidate, Replayable), f"the candidate for {env} cannot replay given choices"
    lengths = np.array([len(battle.job.actions) for battle in saved])
    actions = np.zeros((len(saved), lengths.max(), 2), np.uint8)
    for row, battle in zip(actions, saved, strict=True):
        row[: len(battle.job.actions)] = battle.job.actions
    seeds = np.array([battle.job.seed for battle in saved], np.uint32)
    played = candidate.replay(seeds, np.stack([battle.job.teams for battle in saved]), lengths, actions)
    order = column_order(candidate.fields)
    return [played.records[i, : length + 1][:, order] for i, length in enumerate(lengths)]


def test_there_are_saved_battles() -> None:
    assert FILES, f"no saved battle in {FOLDER}: the folder is missing from this checkout"


@pytest.mark.parametrize("env", ENVS)
def test_saved_battles_agree(env: str, pool: WorkerPool) -> None:
    battles = {path.name: load(path) for path in FILES if load(path).env == env}
    records = _replay_in_jax(env, list(battles.values()))
    wrong = {}
    for (name, saved), mine in zip(battles.items(), records, strict=True):
        divergence = compare(mine, replay(pool, saved.job))
        if divergence is not None:
            wrong[name] = divergence.to_json()
    assert not wrong, f"{len(wrong)} of {len(battles)} saved battles differ again: {wrong}"
