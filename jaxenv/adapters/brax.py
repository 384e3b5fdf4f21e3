"""Brax: an environment with continuous actions as its `Env`, for its trainers.

from jaxenv.adapters.brax import Brax
ppo.train(environment=Brax("family/name"), episode_length=1000, …)
"""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp

from jaxenv.adapters import common
from jaxenv.adapters.native import Flat
from jaxenv.autoreset import reset_hook
from jaxenv.environment import Environment

_LIBRARY: Any = common.library("brax.envs.base", "brax", "0.12")
_BASE: Any = _LIBRARY.Env


class Brax(_BASE):
    """One environment for one player; Brax's wrappers add the batch, the limit of steps and the auto-reset.

    Actions outside [-1, 1] are scaled to the bounds of the environment where these are others. `done` is set where the
    rules end the episode. The limit of steps is Brax's `episode_length`. Brax's own auto-reset begins every episode of
    a lane in the lane's first state; `wrap_env_fn` of its trainers takes another.
    """

    def __init__(self, env: Environment | str, params: Any = None) -> None:
        env = common.continuous(common.one_player(env, "brax.Brax"), "brax.Brax")
        self._flat = Flat(env)
        self._params = env.default_params if params is None else params
        space: Any = env.action_space()
        self._low, self._high = common.action_bounds(space)
        self._shape = space.shape

    def reset(self, rng: jax.Array) -> Any:
        """The state of a new episode."""
        key, rng = jax.random.split(rng)
        obs, env_state = reset_hook(self._flat.env)(key, self._params)
        zero = jnp.zeros((), jnp.float32)
        return _LIBRARY.State(
            {"env_state": env_state, "rng": rng}, self._flat.env.obs_spec.flatten(obs), zero, zero, {}, {}
        )

    def step(self, state: Any, action: jax.Array) -> Any:
        """The state after a step."""
        key, rng = jax.random.split(state.pipeline_state["rng"])
        scaled = (jnp.clip(action, -1, 1) + 1) / 2 * (self._high - self._low) + self._low
        obs, env_state, reward, terminated, _, _ = self._flat.step_env(
            key, state.pipeline_state["env_state"], scaled.reshape(self._shape).astype(jnp.float32), self._params
        )
        return state.replace(
            pipeline_state={"env_state": env_state, "rng": rng},
            obs=obs,
            reward=reward,
            done=terminated.astype(jnp.float32),
        )

    @property
    def observation_size(self) -> int:
        return self._flat.size

    @property
    def action_size(self) -> int:
        return max(1, int(self._low.size))

    @property
    def backend(self) -> str:
        return "jaxenv"
