"""Gymnax, both of its contracts, and what is built on them: Rejax, PureJaxRL and others.

from jaxenv.adapters.gymnax import Gymnax, Legacy
env = Gymnax("family/name")   # Gymnax 1.0 and later: six values of a step
env = Legacy("family/name")   # Gymnax 0.x, Rejax, PureJaxRL: five values, done = terminated | truncated
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import jax
import jax.numpy as jnp

from jaxenv.adapters import common
from jaxenv.adapters.native import Flat
from jaxenv.environment import Environment

if TYPE_CHECKING:
    from gymnax.environments import spaces
    from gymnax.environments.environment import Environment as GymnaxEnvironment
else:
    common.library("gymnax", "gymnax", "0.0.6")
    spaces = common.library("gymnax.environments.spaces", "gymnax", "0.0.6")
    GymnaxEnvironment = common.library("gymnax.environments.environment", "gymnax", "0.0.6").Environment


class _Common(GymnaxEnvironment):
    """Spaces, names and hooks, the same in both contracts."""

    _where: str
    _keep_info: bool

    def __init__(
        self,
        env: Environment | str,
        *,
        opponent: Callable[..., Any] | None = None,
        keep_info: bool | None = None,
    ) -> None:
        keep = self._keep_info if keep_info is None else keep_info
        self._flat = Flat(common.one_player(env, self._where, opponent), keep)

    @property
    def environment(self) -> Environment:
        """The environment underneath."""
        return self._flat.env

    @property
    def default_params(self) -> Any:
        return jax.tree.map(jnp.asarray, self._flat.env.default_params)  # Rejax traces every leaf

    @property
    def name(self) -> str:
        return self._flat.env.id

    @property
    def num_actions(self) -> int:
        space = self.action_space()
        return space.n if isinstance(space, spaces.Discrete) else int(jnp.prod(jnp.array(space.shape)))

    def action_space(self, params: Any = None) -> Any:
        """Gymnax's Discrete or Box."""
        return self._flat.action_space(spaces.Discrete, spaces.Box)

    def observation_space(self, params: Any = None) -> Any:
        """Gymnax's Box of the flat observation."""
        return self._flat.observation_space(spaces.Box)

    def legal_actions(self, state: Any, params: Any = None) -> jax.Array:
        """bool[A]: the legal actions."""
        return self._flat.env.legal_actions(state, self._params(params))

    def get_obs(self, state: Any, params: Any = None, key: Any = None) -> jax.Array:
        """float32[D]: the observation of a state."""
        return self._flat.observe(state, self._params(params))

    def reset(self, key: jax.Array, params: Any = None) -> tuple[jax.Array, Any]:
        """`(obs, state)`."""
        return self._flat.reset(key, self._params(params))

    def _params(self, params: Any) -> Any:
        return self._flat.env._resolve(params)

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self) and self._flat == other._flat

    def __hash__(self) -> int:
        return hash((type(self), self._flat))


class Gymnax(_Common):
    """An environment for Gymnax ≥ 1.0: `obs, state, reward, terminated, truncated, info`.

    Where there are two players, `opponent(key, obs, legal_actions) -> action` plays the second. `keep_info` False
    leaves the episode's figures alone in `info`; Gymnax's own wrappers need `final_observation`, so it is True here.
    """

    _where, _keep_info = "gymnax.Gymnax", True

    def step(self, key: jax.Array, state: Any, action: Any, params: Any = None) -> Any:
        """Six values, with auto-reset."""
        obs, state, reward, terminated, truncated, info = self._flat.step(key, state, action, self._params(params))
        if self._flat.keep_info:
            info = {**info, "terminated": terminated, "truncated": truncated}
        return obs, state, reward, terminated, truncated, info

    def reset_env(self, key: jax.Array, params: Any) -> tuple[jax.Array, Any]:
        """Hook without auto-reset."""
        return self._flat.reset_env(key, params)

    def step_env(self, key: jax.Array, state: Any, action: Any, params: Any) -> Any:
        """Hook without auto-reset, six values. Gymnax's own `step`, which is replaced, knows one of five."""
        return self._flat.step_env(key, state, action, params)


class Legacy(_Common):
    """An environment for Gymnax 0.x and what speaks its contract: `obs, state, reward, done, info`.

    The arguments are those of `Gymnax`. `info` holds the episode's figures alone, since trainers stack it.
    """

    _where, _keep_info = "gymnax.Legacy", False

    def step(self, key: jax.Array, state: Any, action: Any, params: Any = None) -> Any:
        """Five values, with auto-reset."""
        obs, state, reward, terminated, truncated, info = self._flat.step(key, state, action, self._params(params))
        return obs, state, reward, terminated | truncated, info

    def reset_env(self, key: jax.Array, params: Any) -> tuple[jax.Array, Any]:
        """Hook without auto-reset."""
        return self._flat.reset_env(key, params)

    def step_env(self, key: jax.Array, state: Any, action: Any, params: Any) -> Any:
        """Hook without auto-reset, five values."""
        obs, state, reward, terminated, truncated, info = self._flat.step_env(key, state, action, params)
        return obs, state, reward, terminated | truncated, info
