"""Movements of the planar tasks that need no training."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from baselines.policy import Policy
from baselines.transfer.scripted import Choose, Scripted, uniform
from jaxenv import Environment

_GAITS = {"trot": (10.0, np.pi / 2, 0.8), "shuffle": (20.0, np.pi / 3, 0.5)}
"""Period, lag, swing."""
_LINEAR = {"linear-1": 1, "linear-2": 2}
"""Seeds of random weights."""


@dataclass(frozen=True)
class Gait:
    """All motors swing with one `period` (in steps), each `lag` radians behind the one before, with normal noise.

    It counts the steps of its episode, which is what it remembers.
    """

    env: str
    env_version: str
    name: str
    motors: int
    period: float
    lag: float
    swing: float
    noise: float = 0.1

    def initial_carry(self, batch: int) -> jax.Array:
        """int32 [batch]: steps of the episode so far."""
        return jnp.zeros(batch, jnp.int32)

    def act(self, key: jax.Array, obs: Any, mask: Any, carry: Any, first: jax.Array) -> tuple[jax.Array, Any]:
        """See `baselines.policy.Policy`; actions within ±1."""
        del obs, mask
        step = jnp.where(first, 0, carry)
        phase = 2 * jnp.pi * step[:, None].astype(jnp.float32) / self.period
        phase = phase + self.lag * jnp.arange(self.motors, dtype=jnp.float32)
        noise = self.noise * jax.random.normal(key, phase.shape, jnp.float32)
        return jnp.clip(self.swing * jnp.sin(phase) + noise, -1, 1), step + 1


def players(env_id: str) -> Mapping[str, Callable[[Environment], Policy]]:
    """Scripted policies by name: gaits and linear controls of the cheetah, and random play."""
    if env_id != "cheetahjax/HalfCheetah-v5":
        return {"uniform": uniform}
    gaits = {name: partial(_gait, name) for name in _GAITS}
    return {"uniform": uniform, **gaits, **{name: partial(_linear_policy, name) for name in _LINEAR}}


def _gait(name: str, env: Environment) -> Policy:
    period, lag, swing = _GAITS[name]
    return Gait(env.id, env.version, name, env.action_space().shape[0], period, lag, swing)


def _linear_policy(name: str, env: Environment) -> Policy:
    return Scripted(env.id, env.version, name, _linear(env, _LINEAR[name]))


def _linear(env: Environment, seed: int) -> Choose:
    """Controls linear in the observation with random weights, plus noise."""
    spec = env.obs_spec
    motors = env.action_space().shape[0]

    def choose(key: jax.Array, obs: Any, mask: Any) -> jax.Array:
        del mask
        weights = np.random.default_rng(seed).normal(0, 0.3, (spec.size, motors)).astype(np.float32)
        seen = jnp.clip(spec.flatten(obs), -5, 5)
        return jnp.clip(seen @ weights + 0.2 * jax.random.normal(key, (motors,), jnp.float32), -1, 1)

    return choose
