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
