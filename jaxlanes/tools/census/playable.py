"""One interface for the environments of all suites: a start, and a step with a random action and auto-reset."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp


@dataclasses.dataclass(frozen=True)
class Playable:
    """`start(key) -> state`; `step(key, state) -> (state, out)`, where `out` is all that the step gives out."""

    start: Callable[[jax.Array], Any]
    step: Callable[[jax.Array, Any], tuple[Any, Any]]


def uniform(key: jax.Array, low: Any, high: Any, shape: tuple[int, ...], dtype: Any) -> jax.Array:
    """Numbers from `low` on; below `high` if they are integers, else up to it."""
    if jnp.issubdtype(dtype, jnp.integer):
        return jax.random.randint(key, shape, low, high, dtype)
    return jax.random.uniform(key, shape, dtype, low, high)


def legal(key: jax.Array, mask: jax.Array) -> jax.Array:
    """The number of one of the actions that a mask allows, each as likely as any other."""
    return jax.random.categorical(key, jnp.where(mask, 0.0, -jnp.inf))


def with_params(env: Any, params: Any) -> Playable:
    """An environment of Gymnax's kind: keys and parameters are arguments, and its step begins the next episode."""

    def step(key: jax.Array, state: Any) -> tuple[Any, Any]:
        for_action, for_step = jax.random.split(key)
        action = env.action_space(params).sample(for_action)
        obs, state, *rest = env.step(for_step, state, action, params)
        return state, (obs, *rest)

    return Playable(lambda key: env.reset(key, params)[1], step)
