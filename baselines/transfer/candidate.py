"""The lanes of our own implementation: any environment of the contract, by its hooks without auto-reset."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray

from baselines.transfer.arena import Starts, Stepped
from jaxenv import Environment

Points = Callable[[jax.Array, dict[str, Any]], jax.Array]
"""From one environment's reward ([] or [2]) and info to the points that add up to its outcome."""


class CandidateArena:
    """`lanes` episodes of `env` under `params`; `points` says what is compared. Compiled once for its life."""

    patient = True

    def __init__(self, env: Environment, lanes: int, points: Points, params: Any = None) -> None:
        self.env, self.lanes = env, lanes
        self._params = env.default_params if params is None else params
        self._seats = np.zeros(lanes, np.int32)
        self._state: Any = None
        self._seen: tuple[Any, Any] = (None, None)
        options = _compiler_options(env, lanes)
        self._reset = jax.jit(self._reset_many, compiler_options=options)
        self._advance = jax.jit(self._step_many(points), compiler_options=options)

    def __enter__(self) -> CandidateArena:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def begin(self, lanes: NDArray[np.intp], starts: Starts, which: NDArray[np.intp]) -> None:
        """See `Arena`."""
        chosen = np.zeros(self.lanes, np.intp)
        chosen[lanes] = which
        new = np.zeros(self.lanes, bool)
        new[lanes] = True
        self._seats[lanes] = starts.seats[which]
        fresh = self._reset(starts.keys[chosen], self._params)
        self._state, self._seen = fresh if self._state is None else _select(new, fresh, (self._state, self._seen))

    def look(self) -> tuple[Any, Any]:
        """See `Arena`."""
        return self._seen

    def step(self, key: jax.Array, actions: jax.Array, playing: NDArray[np.bool_]) -> Stepped:
        """See `Arena`."""
        del playing
        self._state, self._seen, told = self._advance(key, self._state, actions, self._seats, self._params)
        points, reward, ended, cut = (np.asarray(value) for value in told)
        return Stepped(points.astype(np.float64), reward.astype(np.float64), ended, cut, np.zeros(self.lanes, bool))

    def _mask(self, state: Any, params: Any) -> Any:
        return self.env.legal_actions(state, params) if self.env.num_actions else None

    def _reset_many(self, keys: jax.Array, params: Any) -> tuple[Any, Any]:
        def one(key: jax.Array) -> tuple[Any, Any]:
            obs, state = self.env.reset_env(key, params)
            return state, (obs, self._mask(state, params))

        return jax.vmap(one)(keys)

    def _step_many(self, points: Points) -> Callable[..., Any]:
        def one(key: jax.Array, state: Any, action: jax.Array, seat: jax.Array, params: Any) -> Any:
            obs, state, reward, terminated, truncated, info = self.env.step_env(key, state, action, params)
            mine = reward if self.env.num_players == 1 else reward[seat]
            gained = points(reward, info)
            gained = gained if jnp.ndim(gained) == 0 else gained[seat]
            told = (gained, mine, terminated | truncated, truncated & ~terminated)
            return state, (obs, self._mask(state, params)), told

        def many(key: jax.Array, state: Any, actions: jax.Array, seats: jax.Array, params: Any) -> Any:
            keys = jax.random.split(key, self.lanes)
            return jax.vmap(one, in_axes=(0, 0, 0, 0, None))(keys, state, actions, seats, params)

        return many


def _compiler_options(env: Environment, lanes: int) -> Any:
    """The options of XLA that the environment itself asks for."""
    own = getattr(env, "compiler_options", None)
    return None if own is None else own(jax.default_backend(), lanes)


@jax.jit
def _select(new: jax.Array, fresh: Any, old: Any) -> Any:
    def pick(a: jax.Array, b: jax.Array) -> jax.Array:
        return jnp.where(new.reshape(-1, *([1] * (a.ndim - 1))), a, b)

    return jax.tree.map(pick, fresh, old)
