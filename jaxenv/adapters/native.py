"""Common to adapters to libraries on JAX: an environment with flat observations, hashed by its configuration."""

from __future__ import annotations

import dataclasses
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from jaxenv.adapters import common
from jaxenv.environment import Environment
from jaxenv.spaces import Box, Discrete


@dataclasses.dataclass(frozen=True)
class Flat:
    """The methods of an environment with `float32[..., D]` for observations; equal ones share compiled code.

    `keep_info`: leave `final_observation` and all else in `info`; without it, `info` holds the episode's figures alone,
    for libraries that stack it over all steps.
    """

    env: Environment
    keep_info: bool = True

    @property
    def size(self) -> int:
        return self.env.obs_spec.size

    def observe(self, state: Any, params: Any) -> jax.Array:
        return self.env.obs_spec.flatten(self.env.observe(state, params))

    def reset(self, key: jax.Array, params: Any) -> tuple[jax.Array, Any]:
        obs, state = self.env.reset(key, params)
        return self.env.obs_spec.flatten(obs), state

    def step(self, key: jax.Array, state: Any, action: Any, params: Any) -> Any:
        obs, state, reward, terminated, truncated, info = self.env.step(key, state, action, params)
        return self.env.obs_spec.flatten(obs), state, reward, terminated, truncated, self._info(info)

    def reset_env(self, key: jax.Array, params: Any) -> tuple[jax.Array, Any]:
        obs, state = self.env.reset_env(key, params)
        return self.env.obs_spec.flatten(obs), state

    def step_env(self, key: jax.Array, state: Any, action: Any, params: Any) -> Any:
        obs, state, reward, terminated, truncated, info = self.env.step_env(key, state, action, params)
        return self.env.obs_spec.flatten(obs), state, reward, terminated, truncated, info

    def _info(self, info: dict[str, Any]) -> dict[str, Any]:
        kept = dict(info)
        final = self.env.obs_spec.flatten(kept.pop("final_observation"))
        if self.keep_info:
            return {**kept, "final_observation": final}
        return {name: value for name, value in kept.items() if name.startswith("returned_episode")}

    def action_space(self, discrete: Any, box: Any) -> Any:
        """The action space in the classes of a library: `discrete(n)`, `box(low, high, shape, dtype)`."""
        space = self.env.action_space()
        if isinstance(space, Discrete):
            return discrete(space.n)
        if not isinstance(space, Box):
            raise common.cannot_hold(self.env, "jaxenv.adapters", "a Discrete one or a Box")
        low, high = common.action_bounds(space)
        if np.all(low == low.reshape(-1)[0]) and np.all(high == high.reshape(-1)[0]):
            return box(float(low.reshape(-1)[0]), float(high.reshape(-1)[0]), space.shape, space.dtype)
        return box(jnp.asarray(low), jnp.asarray(high), space.shape, space.dtype)

    def observation_space(self, box: Any) -> Any:
        """The observation space in the class of a library, of the flat observation."""
        low, high = common.bounds(self.env)
        return box(jnp.asarray(low), jnp.asarray(high), (self.size,), jnp.float32)
