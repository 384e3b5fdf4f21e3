"""First states of the episodes that one lane plays, one after the other: what level 3d looks at."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp

from jaxenv import Environment
from verification.adapters.public import like


def first_states(env: Environment, key: jax.Array, params: Any, episodes: int) -> Any:
    """States that `episodes` episodes of a lane begin with, `[episodes, ...]`.

    The first is that of `reset`, every other one that of auto-reset within `step`, so that draws which repeat from one
    episode to the next show. The rules take no part: each step of the lane ends its episode at once.
    """
    ending = _ending(env)
    space: Any = env.action_space()
    action = jnp.zeros((*env._player_axis, *space.shape), space.dtype)
    keys = jax.random.split(key, episodes)
    states = [ending.reset(keys[0], params)[1]]
    for step_key in keys[1:]:
        states.append(ending.step(step_key, states[-1], action, params)[1])
    return jax.tree.map(lambda *leaves: jnp.stack(leaves), *(state.env_state for state in states))


def _ending(env: Environment) -> Any:
    """`env` of a new subclass whose every step ends the episode and leaves its state as it is."""
    return like(env, step_env=_end)


def _end(self: Any, key: Any, state: Any, action: Any, params: Any) -> Any:
    del key, action
    reward = jnp.zeros(self._player_axis, jnp.float32)
    return self.observe(state, params), state, reward, jnp.bool_(True), jnp.bool_(False), {}
