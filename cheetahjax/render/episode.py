"""Plays an episode to draw, a part at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from cheetahjax.envs.planar_env import PlanarEnv
from jaxenv.policy import ExportedPolicy

PART = 50
"""Steps of one call: how often progress can be told, and the episode stopped."""


class Episode(NamedTuple):
    """An episode, or its beginning: ``T + 1`` states with ``[T + 1, ...]`` leaves, and ``T`` rewards."""

    states: Any
    rewards: np.ndarray
    terminated: bool
    truncated: bool


def uniform_actions(env: PlanarEnv, key: jax.Array) -> jax.Array:
    """Uniform over the action space."""
    return env.action_space().sample(key)


def bang_bang_actions(env: PlanarEnv, key: jax.Array) -> jax.Array:
    """Every motor fully one way or the other."""
    space = env.action_space()
    return jnp.where(jax.random.bernoulli(key, jnp.float32(0.5), space.shape), space.high, space.low)


def no_actions(env: PlanarEnv, key: jax.Array) -> jax.Array:
    """No motor does anything."""
    del key
    return jnp.zeros(env.action_space().shape, jnp.float32)


POLICIES: dict[str, Callable[[PlanarEnv, jax.Array], jax.Array]] = {
    "random": uniform_actions,
    "bang-bang": bang_bang_actions,
    "zero": no_actions,
}


def play(env: PlanarEnv, seed: int, policy: str | ExportedPolicy, steps: int) -> Iterator[Episode]:
    """The episode so far, after each part, until it ends or has `steps` steps. `policy`: trained, or of `POLICIES`."""
    params = env.default_params
    start_key, key = jax.random.split(jax.random.key(seed))

    def choose(key: jax.Array, state: Any, memory: Any, first: jax.Array) -> tuple[jax.Array, Any]:
        if isinstance(policy, str):
            return POLICIES[policy](env, key), memory
        obs = jax.tree.map(lambda leaf: leaf[None], env.observe(state, params))
        actions, memory = policy.act(key, obs, None, memory, first[None])
        return actions[0], memory

    def body(carry: tuple[Any, ...], step: tuple[jax.Array, jax.Array]) -> Any:
        state, over, memory = carry
        action_key, step_key = jax.random.split(step[0])
        action, memory = choose(action_key, state, memory, step[1])
        _, after, reward, terminated, truncated, _ = env.step_env(step_key, state, action, params)
        return (after, over | terminated | truncated, memory), (after, reward, terminated, truncated, over)

    # Without its fusion pass XLA compiles a CPU's step in a fraction of the time, and one episode is soon played.
    on_cpu = jax.default_backend() == "cpu"
    options = {"xla_disable_hlo_passes": "fusion"} if on_cpu else None
    run = jax.jit(lambda carry, keys: jax.lax.scan(body, carry, keys), compiler_options=options)
    _, state = env.reset_env(start_key, params)
    carry = state, jnp.zeros((), bool), () if isinstance(policy, str) else policy.initial_carry(1)
    parts = [(jax.tree.map(lambda leaf: np.asarray(leaf)[None], state), np.zeros(0, np.float32))]
    taken = 0
    while taken < steps:
        keys = jax.random.split(jax.random.fold_in(key, taken), PART)
        carry, (states, rewards, terminated, truncated, over) = jax.tree.map(
            np.asarray, run(carry, (keys, taken + np.arange(PART) == 0))
        )
        kept = min(int(np.sum(~over)), steps - taken)
        parts.append((jax.tree.map(lambda leaf, kept=kept: leaf[:kept], states), rewards[:kept]))
        taken += kept
        ended = bool(terminated[kept - 1]), bool(truncated[kept - 1])
        joined = jax.tree.map(lambda *leaves: np.concatenate(leaves), *parts)
        states, rewards = joined
        yield Episode(states, rewards, *ended)
        if any(ended):
            return
