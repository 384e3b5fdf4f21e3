"""Stoa: an environment for one player as its `Environment`, for Stoix and its wrappers.

from jaxenv.adapters.stoa import Stoa
env = AutoResetWrapper(Stoa("family/name"))
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp

from jaxenv import struct
from jaxenv.adapters import common
from jaxenv.adapters.native import Flat
from jaxenv.autoreset import reset_hook
from jaxenv.environment import Environment

spaces: Any = common.library("stoa.spaces", "stoa-env", "0.1")
env_types: Any = common.library("stoa.env_types", "stoa-env", "0.1")
_BASE: Any = common.library("stoa.environment", "stoa-env", "0.1").Environment


@struct.dataclass
class State(struct.Node):
    """State of the environment, and the key of its next step."""

    env_state: Any
    rng_key: jax.Array
    step_count: jax.Array


class Stoa(_BASE):
    """One environment without auto-reset, which Stoa's wrappers add. Observations are flat.

    `TimeStep.extras` holds `action_mask` for discrete actions. TERMINATED has the discount 0, TRUNCATED 1. Where there
    are two players, `opponent(key, obs, legal_actions) -> action` plays the second.
    """

    def __init__(
        self, env: Environment | str, *, opponent: Callable[..., Any] | None = None, params: Any = None
    ) -> None:
        env = common.one_player(env, "stoa.Stoa", opponent)
        self._flat = Flat(env)
        self._params = env.default_params if params is None else params

    def reset(self, rng_key: jax.Array, env_params: Any = None) -> tuple[State, Any]:
        """State and first time step of an episode."""
        params = self._chosen(env_params)
        key, rng_key = jax.random.split(rng_key)
        obs, env_state = reset_hook(self._flat.env)(key, params)
        step = env_types.TimeStep(
            step_type=env_types.StepType.FIRST,
            reward=jnp.zeros((), jnp.float32),
            discount=jnp.ones((), jnp.float32),
            observation=self._flat.env.obs_spec.flatten(obs),
            extras=self._extras(env_state, params),
        )
        return State(env_state, rng_key, jnp.int32(0)), step

    def step(self, state: State, action: Any, env_params: Any = None) -> tuple[State, Any]:
        """State and time step after an action."""
        params = self._chosen(env_params)
        key, rng_key = jax.random.split(state.rng_key)
        obs, env_state, reward, terminated, truncated, _ = self._flat.step_env(key, state.env_state, action, params)
        kinds = env_types.StepType
        last = jnp.where(truncated, kinds.TRUNCATED, kinds.MID)
        step = env_types.TimeStep(
            step_type=jnp.where(terminated, kinds.TERMINATED, last),
            reward=reward,
            discount=1 - terminated.astype(jnp.float32),
            observation=obs,
            extras=self._extras(env_state, params),
        )
        return State(env_state, rng_key, state.step_count + 1), step

    def observation_space(self, env_params: Any = None) -> Any:
        """Stoa's BoundedArraySpace of the flat observation."""
        return self._flat.observation_space(_box)

    def action_space(self, env_params: Any = None) -> Any:
        """Stoa's DiscreteSpace or BoundedArraySpace."""
        return self._flat.action_space(lambda n: spaces.DiscreteSpace(num_values=n, dtype=jnp.int32), _box)

    def state_space(self, env_params: Any = None) -> Any:
        """Raises NotImplementedError: the state is a pytree without bounds."""
        raise NotImplementedError(f"stoa.Stoa: {self._flat.env.id} declares no bounds of its state")

    def _extras(self, env_state: Any, params: Any) -> dict[str, Any]:
        env = self._flat.env
        return {"action_mask": env.legal_actions(env_state, params)} if env.num_actions else {}

    def _chosen(self, params: Any) -> Any:
        return self._params if params is None else params


def _box(low: Any, high: Any, shape: tuple[int, ...], dtype: Any) -> Any:
    return spaces.BoundedArraySpace(shape=shape, dtype=dtype, minimum=low, maximum=high)
