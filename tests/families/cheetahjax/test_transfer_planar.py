"""HalfCheetah beside Gymnasium on MuJoCo's C: a small transfer, and Gymnasium as a batch to train in."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import gymnasium
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from compiled_quickly import compiled_quickly  # noqa: F401

from baselines.errors import ConfigError
from baselines.transfer.arena import Arena, Starts
from baselines.transfer.command import transfer
from baselines.transfer.game import Game, game
from baselines.transfer.policies import entrants
from baselines.transfer.reference_env import reference_env
from baselines.transfer.store import Store

CHEETAH = "cheetahjax/HalfCheetah-v5"
LANES = 8


@pytest.fixture(scope="module")
def playing() -> Game:
    return game(CHEETAH)


@pytest.fixture(scope="module")
def ours(playing: Game) -> Arena:
    return playing.candidate(LANES)


def test_the_cheetah_parts_from_gymnasium_by_rounding_only(playing: Game, ours: Arena) -> None:
    """Equal starts, and a few steps of equal actions: contacts magnify rounding only later."""
    starts = playing.starts(LANES, 1)
    rng = np.random.default_rng(0)
    with playing.reference(LANES, 2) as theirs:
        spec = playing.env.obs_spec
        seen = [spec.flatten(_begun(arena, starts)) for arena in (ours, theirs)]
        np.testing.assert_allclose(seen[0], seen[1], atol=1e-6)
        for _ in range(5):
            actions = jnp.asarray(rng.uniform(-1, 1, (LANES, 6)), jnp.float32)
            steps = [arena.step(jax.random.key(0), actions, np.ones(LANES, bool)) for arena in (ours, theirs)]
            np.testing.assert_allclose(steps[0].reward, steps[1].reward, atol=1e-3)
            assert not steps[0].ended.any() and not steps[1].ended.any()


def test_a_small_transfer_of_the_cheetah(playing: Game, ours: Arena) -> None:
    short = replace(playing, limit=40)
    chosen = entrants(playing.env, ["uniform", "trot", "shuffle", "linear-1", "linear-2"])
    found = transfer(short, chosen, Store(None, {}), LANES, 0, lanes=LANES, arenas=(ours, playing.reference(LANES, 2)))
    assert found.verdict in ("equivalent", "equivalent but biased")  # forty steps are worth less than the margin
    assert all(policy.cut == (LANES, LANES) for policy in found.policies)
    assert all(policy.test.difference != 0 for policy in found.policies)  # the policies' draws are not the same


def _begun(arena: Arena, starts: Starts) -> Any:
    arena.begin(np.arange(arena.lanes), starts, np.arange(arena.lanes))
    return arena.look()[0]


def test_gymnasium_as_a_batch_is_gymnasium() -> None:
    with reference_env(CHEETAH, 2) as batch:
        first = batch.reset([5, 6])
        alone: Any = gymnasium.make("HalfCheetah-v5", max_episode_steps=3)
        rng = np.random.default_rng(5)
        expected, _ = alone.reset(seed=int(rng.integers(2**31)))
        np.testing.assert_array_equal(first[0], expected.astype(np.float32))
        for _ in range(2):
            actions = np.full((2, 6), 0.3, np.float32)
            step, other = batch.step(actions), alone.step(actions[0])
            np.testing.assert_array_equal(step.obs[0], other[0].astype(np.float32))
            assert step.reward[0] == np.float32(other[1]) and not step.truncated.any()
        alone.close()
        for _ in range(998):
            step = batch.step(actions)
        assert step.truncated.all() and not step.terminated.any()
        assert np.abs(step.final_obs).max() > 0 and not np.array_equal(step.obs, step.final_obs)
        with pytest.raises(ConfigError, match="1 seeds"):
            batch.reset([1])
