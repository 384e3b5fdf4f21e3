"""Random legal play by the public `reset` and `step`, recorded with the states that it went through."""

from __future__ import annotations

import functools
from typing import Any

import jax
import jax.numpy as jnp

from jaxenv.environment import Environment
from jaxenv.rollouts import Transition, random_policy


@functools.partial(jax.jit, static_argnums=0, static_argnames="steps")
def play(env: Environment, params: Any, keys: jax.Array, *, steps: int) -> tuple[Transition, jax.Array, Any, Any]:
    """A lane for each key and each row of params: transitions `[T, B, ...]`, who was to act, the states before each
    step and the observations after it."""
    lane = functools.partial(play_lane, env, steps, record=True)
    return jax.vmap(lane, out_axes=1)(keys, params)


def play_lane(env: Environment, steps: int, key: jax.Array, params: Any, record: bool = False) -> Any:
    """One lane: transitions `[T, ...]` and who was to act; with `record` also states before and observations after."""

    def body(loop, t):
        obs, state = loop
        to_act = env.to_act(state)
        policy_key, step_key = keys_at(key, t)
        mask = env.legal_actions(state, params)
        action = random_policy(env)(policy_key, obs, mask)
        out = env.step(step_key, state, action, params)
        recorded = (state, out[0]) if record else ()
        return out[:2], (Transition(obs, mask, action, *out[2:]), to_act, *recorded)

    return jax.lax.scan(body, env.reset(key, params), jnp.arange(steps))[1]


def keys_at(key: jax.Array, t: Any) -> jax.Array:
    """Keys of the policy and of `step` in step `t` of the lane with this key."""
    return jax.random.split(jax.random.fold_in(key, t))
