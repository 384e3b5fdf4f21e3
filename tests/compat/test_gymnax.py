"""Gymnax's wrappers of version 1 on our environments."""

from __future__ import annotations

import copy
import dataclasses
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from gymnax.environments import spaces
from gymnax.environments.environment import Environment
from gymnax.wrappers.compat import LegacyStepAPIWrapper
from gymnax.wrappers.gym import GymnaxToGymWrapper, GymnaxToVectorGymWrapper
from gymnax.wrappers.purerl import FlattenObservationWrapper, LogWrapper, StickyActionWrapper
from toys import Duel, Walk

import jaxenv
from jaxenv.adapters.gymnax import Gymnax, Legacy

pytestmark = [pytest.mark.promotes, pytest.mark.filterwarnings("ignore::DeprecationWarning")]
KEY = jax.random.key(0)


def limited(env: Any, steps: int) -> Any:
    return dataclasses.replace(env.default_params, max_steps_in_episode=jnp.int32(steps))


def play(env: Any, params: Any, actions: list[int]) -> list[tuple[Any, ...]]:
    _obs, state = env.reset(KEY, params)
    results = []
    step = jax.jit(env.step)
    for number, action in enumerate(actions):
        results.append(step(jax.random.fold_in(KEY, number), state, action, params))
        state = results[-1][1]
    return results


def test_its_log_wrapper_counts_what_we_count() -> None:
    env = Gymnax("pongjax/puffer_pong")
    results = play(LogWrapper(env), limited(env, 6), [1] * 13)
    lengths = [int(result[-1]["returned_episode_lengths"]) for result in results]
    assert lengths == [0] * 5 + [6] * 8
    for *_, terminated, truncated, info in results:
        assert info["returned_episode"] == (terminated | truncated)
    np.testing.assert_allclose(
        results[5][-1]["returned_episode_returns"], results[5][-1]["returned_episode_return"], rtol=1e-6
    )


def test_its_flatten_and_sticky_wrappers_change_nothing_that_they_should_not() -> None:
    env = Gymnax(Walk())
    params = limited(env, 9)
    plain = play(env, params, [1, 1, 0, 1])
    for wrapped in (FlattenObservationWrapper(env), StickyActionWrapper(env, 0.0)):
        for result, wanted in zip(play(wrapped, params, [1, 1, 0, 1]), plain, strict=True):
            np.testing.assert_array_equal(result[0], wanted[0])
            np.testing.assert_array_equal(result[-1]["final_observation"], wanted[-1]["final_observation"])
    # With probability 1 the first action is repeated for ever: it is 0, which keeps the walker where it is.
    stuck = play(StickyActionWrapper(env, 1.0), params, [1, 1, 1])
    assert all(result[0][0] == 0 for result in stuck)


def test_it_becomes_a_gym_environment() -> None:
    env = Gymnax(Walk())
    gym = GymnaxToGymWrapper(env, limited(env, 4), seed=1)
    obs, _ = gym.reset(seed=2)
    assert gym.observation_space.contains(np.asarray(obs)) and gym.action_space.n == 2
    assert [bool(gym.step(1)[3]) for _ in range(4)] == [False, False, False, True]


def test_it_becomes_a_batch_of_gym_environments() -> None:
    env = Gymnax(Walk())
    gym = object.__new__(GymnaxToVectorGymWrapper)
    GymnaxToVectorGymWrapper.__init__(gym, env, num_envs=3, params=limited(env, 4))
    obs, _ = gym.reset(seed=2)
    assert obs.shape == (3, env.observation_space().shape[0])
    *_, truncated, info = [gym.step(jnp.ones(3, jnp.int32)) for _ in range(4)][-1]
    assert truncated.all() and info["final_observation"].shape == obs.shape


def test_its_own_legacy_wrapper_gives_what_ours_gives() -> None:
    env = Gymnax(Walk())
    theirs, ours = (play(e, limited(env, 3), [1, 1, 1]) for e in (LegacyStepAPIWrapper(env), Legacy(Walk())))
    for their, our in zip(theirs, ours, strict=True):
        assert len(their) == len(our) == 5
        jax.tree.map(np.testing.assert_array_equal, their[:4], our[:4])


def test_spaces_are_its_own() -> None:
    pong, cheetah = Gymnax("pongjax/puffer_pong"), Gymnax("cheetahjax/HalfCheetah-v5")
    assert isinstance(pong, Environment) and pong.name == "pongjax/puffer_pong"
    assert isinstance(pong.action_space(), spaces.Discrete) and pong.num_actions == 3
    assert isinstance(cheetah.action_space(), spaces.Box) and cheetah.num_actions == 6
    assert isinstance(cheetah.observation_space(), spaces.Box)
    sample = cheetah.action_space().sample(KEY)
    assert cheetah.action_space().contains(sample)


def test_equal_ones_share_compiled_code() -> None:
    env = Gymnax(Walk())
    assert env == copy.deepcopy(env) and hash(env) == hash(Gymnax(Walk())) and env != Gymnax(Walk(noise=0.5))


def test_a_seat_of_a_game_for_two() -> None:
    env = Gymnax(Duel(), opponent=jaxenv.random_legal)
    results = play(LogWrapper(env), limited(env, 30), [0] * 25)
    assert any(result[-1]["returned_episode"] for result in results)
    with pytest.raises(ValueError, match=r"gymnax.Gymnax: toys/duel has 2 players"):
        Gymnax(Duel())
    with pytest.raises(TypeError, match=r"opponent must be a function .*, got 'random'"):
        Gymnax(Duel(), opponent="random")
