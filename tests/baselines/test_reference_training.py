"""Training in the reference: the same program, whose environment is somebody else's."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import jaxenv
from baselines.cli import main
from baselines.config import Config
from baselines.errors import ConfigError
from baselines.family import config_of
from baselines.policy import load
from baselines.program import compile_program, make_setup
from baselines.transfer.reference_env import reference_env
from baselines.transfer.reference_lanes import reference_lanes

PONG, CHEETAH = "pongjax/puffer_pong", "cheetahjax/HalfCheetah-v5"


@pytest.mark.parametrize("env_id", [PONG, CHEETAH])
def test_lanes_in_a_compiled_loop_give_what_the_reference_gives_step_by_step(env_id: str) -> None:
    env, count, steps = jaxenv.make(env_id), 3, 40
    rng = np.random.default_rng(5)
    actions = (
        rng.integers(0, env.num_actions, (steps, count)).astype(np.int32)
        if env.num_actions
        else rng.uniform(-1, 1, (steps, count, 6)).astype(np.float32)
    )
    key = jax.random.key(7)
    lanes = reference_lanes(env, count)
    try:

        @jax.jit
        def play(key: jax.Array, actions: jax.Array) -> tuple[jax.Array, jax.Array, jax.Array]:
            state = lanes.reset(key, None)

            def body(state, action):
                state, outcome = lanes.step(state, action, None)
                return state, (jax.vmap(env.obs_spec.flatten)(state.obs), outcome.reward)

            first = jax.vmap(env.obs_spec.flatten)(state.obs)
            _, (obs, reward) = jax.lax.scan(body, state, actions)
            return first, obs, reward

        first, obs, reward = (np.asarray(value) for value in play(key, jnp.asarray(actions)))
    finally:
        lanes.close()
    seeds = np.asarray(jax.random.randint(key, (count,), 0, np.iinfo(np.int32).max)).tolist()
    with reference_env(env_id, count) as source:
        np.testing.assert_array_equal(source.reset(seeds), first)
        for t in range(steps):
            step = source.step(actions[t])
            np.testing.assert_array_equal(step.obs, obs[t])
            np.testing.assert_array_equal(step.reward, reward[t])


def test_an_episode_that_ends_is_counted_and_begins_anew() -> None:
    env = jaxenv.make(CHEETAH)  # its time limit of 1,000 steps is the only end
    lanes = reference_lanes(env, 2)
    try:
        step = jax.jit(lambda state: lanes.step(state, jnp.zeros((2, 6)), None))
        state = jax.jit(lanes.reset, static_argnums=1)(jax.random.key(0), None)
        total = np.zeros(2, np.float32)
        for _ in range(1000):
            state, outcome = step(state)
            total += np.asarray(outcome.reward)
            last = outcome
        assert np.asarray(last.truncated).all() and not np.asarray(last.terminated).any()
        np.testing.assert_allclose(last.episode_return, total, rtol=1e-5)
        assert np.asarray(last.episode_length).tolist() == [1000, 1000]
        assert not np.asarray(state.env_state.lengths).any()
        flat = jax.vmap(env.obs_spec.flatten)
        assert not np.array_equal(flat(state.obs), flat(last.final_obs))
    finally:
        lanes.close()


def test_a_policy_trained_in_the_reference_is_a_policy_of_ours(tmp_path: Path) -> None:
    arguments = [
        "train", PONG, "--reference", "--steps", "1024", "--out", str(tmp_path / "run"), "--json", str(tmp_path / "o"),
        "--eval-episodes", "0", "--ppo.environments", "16", "--ppo.horizon", "16", "--ppo.minibatches", "2",
        "--updates-per-chunk", "2",
    ]  # fmt: skip
    assert main(arguments) == 0
    result = json.loads((tmp_path / "o").read_text())
    assert result["status"] == "done" and result["steps"] == 1024
    env, policy = jaxenv.make(PONG), load(tmp_path / "run", 0)
    obs, state = jax.vmap(env.reset_env, (0, None))(jax.random.split(jax.random.key(0), 3), env.default_params)
    mask = jax.vmap(env.legal_actions, (0, None))(state, env.default_params)
    actions, _ = policy.act(jax.random.key(1), obs, mask, policy.initial_carry(3), jnp.ones(3, bool))
    assert actions.shape == (3,) and (policy.env, policy.env_version) == (env.id, env.version)
    assert main(["train", PONG, "--resume", str(tmp_path / "run")]) == 1


def test_what_cannot_be_trained_in_a_reference_is_said_before_it_begins() -> None:
    config = Config(reference=True)
    with pytest.raises(ConfigError, match="no reference to train in"):
        make_setup(jaxenv.make("pokejax/gen1randombattle"), dataclasses.replace(config, network=config.network))
    small = dataclasses.replace(config_of(PONG), reference=True)
    with pytest.raises(ConfigError, match="one member at a time, not 2"):
        compile_program(make_setup(jaxenv.make(PONG), small), 2)
