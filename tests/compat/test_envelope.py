"""Envelope's wrappers and its registry on our environments."""

from __future__ import annotations

import dataclasses

import envelope
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from toys import Duel, Walk

import jaxenv
from jaxenv.adapters.envelope import Envelope

KEY = jax.random.key(0)
PONG = "pongjax/puffer_pong"


def test_the_registry_finds_our_ids() -> None:
    assert "pokejax" in envelope.registered_suites()
    assert f"pokejax::{PONG}" in envelope.registered_environments("pokejax")
    env = envelope.create(f"pokejax::{PONG}")
    assert isinstance(env, Envelope) and env.action_space.n == 3
    with pytest.raises(jaxenv.UnknownEnvironmentError, match="did you mean pongjax/puffer_pong"):
        envelope.create("pokejax::pongjax/pufer_pong")


def test_its_wrappers_record_whole_episodes() -> None:
    walk = Walk()
    params = dataclasses.replace(walk.default_params, max_steps_in_episode=4)
    inner = envelope.EpisodeStatisticsWrapper(env=Envelope.from_env(walk, params=params))
    env = envelope.VmapWrapper(env=envelope.AutoResetWrapper(env=inner), batch_size=3)
    state, info = env.init(KEY)
    assert info.obs.shape == (3, 2) and info.action_mask.shape[0] == 3
    run = jax.jit(env.step)
    for number in range(1, 9):
        state, info = run(state, jnp.ones(3, jnp.int32))
        assert (np.asarray(info.truncated) == (number % 4 == 0)).all() and not info.terminated.any(), number


def test_the_end_by_the_rules_terminates() -> None:
    env = Envelope.from_env(Walk(noise=0.0))
    state, info = env.init(KEY)
    assert info.reward == 0 and not info.terminated
    run = jax.jit(env.step)
    for _ in range(5):
        state, info = run(state, jnp.int32(1))
    assert info.terminated and not info.truncated and info.reward == 1


@pytest.mark.parametrize("env", [PONG, "cheetahjax/HalfCheetah-v5"])
def test_a_batch_plays_inside_its_spaces(env: str) -> None:
    batch = envelope.VmapWrapper(env=envelope.AutoResetWrapper(env=Envelope.from_env(env)), batch_size=8)
    state, info = batch.init(KEY)
    run = jax.jit(batch.step)
    for key in jax.random.split(KEY, 20):
        state, info = run(state, batch.action_space.sample(key))
        assert batch.observation_space.contains(info.obs) and np.isfinite(info.reward).all()


def test_a_seat_of_a_game_for_two() -> None:
    env = Envelope.from_env(Duel(), opponent=jaxenv.random_legal)
    _, info = env.init(KEY)
    assert info.action_mask.tolist() == [True, True, True, False]
    battle = envelope.create("pokejax::pokejax/gen1randombattle", opponent=jaxenv.random_legal)
    _, info = jax.eval_shape(battle.init, KEY)
    assert info.obs.shape == battle.observation_space.shape
    with pytest.raises(ValueError, match=r"envelope.Envelope: toys/duel has 2 players"):
        Envelope.from_env(Duel())
    with pytest.raises(TypeError, match=r"opponent must be a function .*, got 'random'"):
        Envelope.from_env(Duel(), opponent="random")
