"""Stoa's wrappers on our environments."""

from __future__ import annotations

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from stoa import AutoResetWrapper, RecordEpisodeMetrics
from stoa.core_wrappers.vmap import VmapWrapper
from stoa.env_types import StepType
from stoa.spaces import BoundedArraySpace, DiscreteSpace
from toys import Duel, Walk

import jaxenv
from jaxenv.adapters.stoa import Stoa

KEY = jax.random.PRNGKey(0)


def test_its_wrappers_record_whole_episodes() -> None:
    walk = Walk()
    params = dataclasses.replace(walk.default_params, max_steps_in_episode=4)
    env = VmapWrapper(AutoResetWrapper(RecordEpisodeMetrics(Stoa(walk, params=params))), num_envs=3)
    state, step = env.reset(KEY)
    assert (step.step_type == StepType.FIRST).all() and step.observation.shape == (3, 2)
    run = jax.jit(env.step)
    for number in range(4):
        state, step = run(state, jnp.ones(3, jnp.int32))
        assert (step.step_type == (StepType.TRUNCATED if number == 3 else StepType.MID)).all()
    metrics = step.extras["episode_metrics"]
    assert (metrics["episode_length"] == 4).all() and (step.discount == 1).all()
    np.testing.assert_allclose(metrics["episode_return"], -0.04, rtol=1e-5)


def test_the_end_by_the_rules_has_no_discount() -> None:
    env = Stoa(Walk(noise=0.0))
    state, _ = env.reset(KEY)
    run = jax.jit(env.step)
    for _ in range(5):
        state, step = run(state, jnp.int32(1))
    assert step.step_type == StepType.TERMINATED and step.discount == 0 and step.reward == 1
    assert step.extras["action_mask"].all() and state.step_count == 5


def test_spaces_are_its_own() -> None:
    env = Stoa("pongjax/puffer_pong")
    assert isinstance(env.action_space(), DiscreteSpace) and env.action_space().num_values == 3
    assert isinstance(env.observation_space(), BoundedArraySpace) and env.observation_space().shape == (8,)
    cheetah = Stoa("cheetahjax/HalfCheetah-v5").action_space()
    assert isinstance(cheetah, BoundedArraySpace) and cheetah.shape == (6,)
    with pytest.raises(NotImplementedError, match=r"puffer_pong declares no bounds of its state"):
        env.state_space()


def test_a_seat_of_a_game_for_two() -> None:
    env = Stoa(Duel(), opponent=jaxenv.random_legal)
    _, step = env.reset(KEY)
    assert step.extras["action_mask"].tolist() == [True, True, True, False]
    battle = Stoa("pokejax/gen1randombattle", opponent=jaxenv.random_legal)
    _, step = jax.eval_shape(battle.reset, KEY)
    assert step.observation.shape == battle.observation_space().shape
    with pytest.raises(ValueError, match=r"stoa.Stoa: toys/duel has 2 players"):
        Stoa(Duel())
    with pytest.raises(TypeError, match=r"opponent must be a function .*, got 'random'"):
        Stoa(Duel(), opponent="random")


@pytest.mark.compat
def test_its_wrappers_record_battles() -> None:
    seat = jaxenv.adapters.SinglePlayer(jaxenv.make("pokejax/gen1randombattle"))
    params = dataclasses.replace(seat.default_params, max_steps_in_episode=40)
    env = VmapWrapper(AutoResetWrapper(RecordEpisodeMetrics(Stoa(seat, params=params))), num_envs=8)
    state, step = jax.jit(env.reset)(KEY)
    run, begun, ends = jax.jit(env.step), np.zeros(8, int), 0
    for number in range(80):
        keys = jax.random.split(jax.random.fold_in(KEY, number), 8)
        actions = jax.vmap(jaxenv.random_legal, (0, None, 0))(keys, None, step.extras["action_mask"])
        state, step = run(state, actions)
        over, metrics = np.asarray(step.step_type > StepType.MID), step.extras["episode_metrics"]
        np.testing.assert_array_equal(np.asarray(metrics["episode_length"])[over], number + 1 - begun[over])
        assert set(np.asarray(metrics["episode_return"])[over].tolist()) <= {-1.0, 0.0, 1.0}
        begun[over] = number + 1
        ends += over.sum()
    assert ends >= 16
