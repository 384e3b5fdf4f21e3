"""Envelope (`jax-envelope`): an environment for one player as its `Environment`, without auto-reset.

from envelope import create
env = create("pokejax::family/name")

from jaxenv.adapters.envelope import Envelope
env = AutoResetWrapper(env=VmapWrapper(env=Envelope.from_env("family/name"), batch_size=64))
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from typing import Any

import jax
import jax.numpy as jnp

from jaxenv import registry, struct
from jaxenv.adapters import common
from jaxenv.adapters.native import Flat
from jaxenv.autoreset import reset_hook
from jaxenv.environment import Environment

_library: Any = common.library("envelope", "jax-envelope", "0.6")
_struct: Any = common.library("envelope.struct", "jax-envelope", "0.6")


@struct.dataclass
class State(struct.Node):
    """State of the environment, and the key of its next step."""

    env_state: Any
    key: jax.Array


class Envelope(_library.Environment):
    """One environment. Observations are flat; `info.action_mask` bool[A] stands beside them for discrete actions.

    The end by a limit of time is the environment's own `truncated`, so that `default_max_steps` is None.
    """

    flat: Any = _struct.static_field(unsafe=True)
    params: Any = _struct.field()

    @classmethod
    def from_env(
        cls, env: Environment | str, *, opponent: Callable[..., Any] | None = None, params: Any = None
    ) -> Envelope:
        """From an environment or its id; where there are two players, `opponent(key, obs, legal_actions) -> action`
        plays the second. Raises ValueError without one.
        """
        env = common.one_player(env, "envelope.Envelope", opponent)
        return cls(flat=Flat(env), params=env.default_params if params is None else params)

    @classmethod
    def from_name(cls, env_name: str, env_kwargs: Mapping[str, Any] | None = None, **kwargs: Any) -> Envelope:
        """The factory of `envelope.create("pokejax::ID")`: `env_kwargs` are those of `jaxenv.make`, `kwargs` ours."""
        return cls.from_env(common.make(env_name, **dict(env_kwargs or {})), **kwargs)

    @classmethod
    def registered_names(cls) -> tuple[str, ...]:
        """All ids of `jaxenv.list_envs()`."""
        return tuple(registry.list_envs())

    def init(self, key: jax.Array) -> tuple[State, Any]:
        """State and info of a first episode; the reward is 0."""
        key, beginning = jax.random.split(key)
        obs, env_state = reset_hook(self.flat.env)(beginning, self.params)
        no = jnp.zeros((), bool)
        info = self._info(self.flat.env.obs_spec.flatten(obs), jnp.zeros((), jnp.float32), no, no, env_state)
        return State(env_state, key), info

    def step(self, state: State, action: Any) -> tuple[State, Any]:
        """State and info after an action."""
        key, own = jax.random.split(state.key)
        obs, env_state, reward, terminated, truncated, _ = self.flat.step_env(own, state.env_state, action, self.params)
        return State(env_state, key), self._info(obs, reward, terminated, truncated, env_state)

    @functools.cached_property
    def observation_space(self) -> Any:
        """Envelope's Continuous space of the flat observation."""
        return self.flat.observation_space(_continuous)

    @functools.cached_property
    def action_space(self) -> Any:
        """Envelope's Discrete or Continuous space."""
        return self.flat.action_space(lambda n: _library.Discrete(n=jnp.asarray(n, jnp.int32)), _continuous)

    def _info(self, obs: Any, reward: Any, terminated: Any, truncated: Any, env_state: Any) -> Any:
        info = _library.InfoContainer(obs=obs, reward=reward, terminated=terminated, truncated=truncated)
        env = self.flat.env
        return info.update(action_mask=env.legal_actions(env_state, self.params)) if env.num_actions else info


def _continuous(low: Any, high: Any, shape: tuple[int, ...], dtype: Any) -> Any:
    bounds = (jnp.broadcast_to(jnp.asarray(bound, dtype), shape) for bound in (low, high))
    return _library.Continuous(**dict(zip(("low", "high"), bounds, strict=True)))
