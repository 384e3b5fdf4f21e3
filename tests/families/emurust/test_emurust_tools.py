"""Bench and training of emurust's games."""

from __future__ import annotations

from types import ModuleType

import jax
import numpy as np
import pytest

from baselines import host
from families.emurust import bench, training
from leaderboard.host import HostRequest


def test_the_bench_gives_its_rows(native: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bench, "_ROMS", {"polls": "busy_lcd_on"})
    monkeypatch.setattr(bench, "BATCHES", (1, 2))
    rows = list(bench.measure(HostRequest(samples=2, seconds=0.01, cores=1, reference=False)))
    assert len(rows) == 2 * 3 + 2 + 1 + 1
    assert all(len(row.ours) == 2 and min(row.ours) > 0 and row.ratio is None for row in rows)
    assert rows[0].facts["in HALT"] == "0%"


def test_lanes_step_the_environment_itself(native: ModuleType) -> None:
    env = host.make("emurust/blocks")
    assert env.obs_spec.size == 169 and env.num_actions == 7
    lanes = host.lanes_of(env, 4)
    state = jax.jit(lanes.reset)(jax.random.key(3), None)
    assert state.obs["ram"].shape == (4, 169)
    step = jax.jit(lanes.step)
    returns = np.zeros(4)
    for _ in range(40):
        before = np.asarray(state.obs["ram"])
        state, outcome = step(state, jax.numpy.full(4, 3), None)
        seen = np.asarray(outcome.final_obs["ram"])
        score = lambda ram: ram[:, 0].astype(int) + 256 * ram[:, 1].astype(int)  # noqa: E731
        assert np.array_equal(np.asarray(outcome.reward), (score(seen) - score(before)) % 65536)
        ended = np.asarray(outcome.terminated | outcome.truncated)
        returns += np.asarray(outcome.reward)
        assert np.array_equal(np.asarray(outcome.episode_return)[ended], returns[ended])
        returns[ended] = 0
    lanes.close()


def test_the_tuned_configuration_fits(native: ModuleType) -> None:
    from baselines.program import make_setup

    config = training.TRAINING.configs["emurust/blocks"]
    setup = make_setup(host.make("emurust/blocks"), config)
    assert setup.lanes.on_host and setup.lanes.count == config.ppo.environments
    setup.lanes.close()
