"""Rejax's PPO, which speaks the five values of Gymnax 0.x, on our environments."""

from __future__ import annotations

import dataclasses
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from example_files import load
from gymnax.environments import spaces
from rejax import PPO
from toys import Duel, DuelObs

import jaxenv
from jaxenv.adapters.gymnax import Legacy

PONG, CHEETAH, GEN1 = "pongjax/puffer_pong", "cheetahjax/HalfCheetah-v5", "pokejax/gen1randombattle"
TINY: dict[str, Any] = {
    "num_envs": 32, "num_steps": 32, "num_epochs": 2, "num_minibatches": 2, "skip_initial_evaluation": False,
    "agent_kwargs": {"hidden_layer_sizes": (16,), "activation": "tanh"},
}  # fmt: skip


def train(env: Legacy, steps: int, params: Any = None, **options: Any) -> tuple[Any, Any]:
    params = env.default_params if params is None else params
    params = dataclasses.replace(params, max_steps_in_episode=jnp.int32(64))
    ppo = PPO.create(env=env, env_params=params, total_timesteps=steps, eval_freq=steps // 2, **{**TINY, **options})
    return ppo.train(jax.random.PRNGKey(0))


def test_ppo_trains_a_seat_against_an_opponent() -> None:
    def sees_and_plays(key: jax.Array, obs: DuelObs, legal: jax.Array) -> jax.Array:
        return jaxenv.random_legal(key, obs, legal)

    _, (lengths, returns) = train(Legacy(Duel(), opponent=sees_and_plays), 4096)
    assert (np.asarray(lengths) > 1).all() and np.abs(np.asarray(returns)).max() == 1


def test_the_example_learns_pong() -> None:
    state, means = load("rejax_ppo").train(PONG, 2**17)
    assert all(np.isfinite(leaf).all() for leaf in jax.tree.leaves(state.actor_ts.params))
    assert means.shape == (3,) and means[-1] > means[0] + 0.5, means


@pytest.mark.compat
def test_ppo_trains_half_cheetah() -> None:
    env = Legacy(CHEETAH)
    assert isinstance(env.action_space(), spaces.Box)
    _, (_, returns) = train(env, 1024, num_envs=16)
    assert np.isfinite(returns).all()


def test_a_step_has_five_values() -> None:
    env = Legacy(PONG)
    params = dataclasses.replace(env.default_params, max_steps_in_episode=1)
    _, state = env.reset(jax.random.PRNGKey(0), params)
    obs, state, _reward, done, info = jax.jit(env.step)(jax.random.PRNGKey(1), state, 1, params)
    assert done and obs.shape == env.observation_space(params).shape
    assert sorted(info) == ["returned_episode", "returned_episode_length", "returned_episode_return"]


def test_a_battle_has_the_types_that_the_library_asks_for() -> None:
    env = Legacy(GEN1, opponent=jaxenv.random_legal)
    assert isinstance(env.action_space(), spaces.Discrete) and env.action_space().n == env.num_actions == 11
    obs, state = jax.eval_shape(env.reset, jax.random.PRNGKey(0), env.default_params)
    assert obs.shape == env.observation_space(env.default_params).shape == (330,)
    stepped = jax.eval_shape(env.step, jax.random.PRNGKey(0), state, jnp.int32(0), env.default_params)
    assert len(stepped) == 5 and jax.tree.structure(stepped[1]) == jax.tree.structure(state)


def test_two_players_need_an_opponent() -> None:
    with pytest.raises(ValueError, match=r"gymnax.Legacy: pokejax/gen1randombattle has 2 players.*give opponent"):
        Legacy(GEN1)
    with pytest.raises(TypeError, match=r"opponent must be a function .*, got 'random'"):
        Legacy(GEN1, opponent="random")
