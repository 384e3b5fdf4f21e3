"""Pgx: an environment for several players as its `Env`, one current player at a time.

from jaxenv.adapters.pgx import Pgx
env = Pgx("family/name")
state = env.init(key)
state = env.step(state, action, key)
"""

from __future__ import annotations

import functools
from typing import Any

import jax
import jax.numpy as jnp

from jaxenv.adapters import common
from jaxenv.adapters.native import Flat
from jaxenv.adapters.sequentialize import Sequentialize
from jaxenv.autoreset import reset_hook
from jaxenv.environment import Environment

_LIBRARY: Any = common.library("pgx.core", "pgx", "2.4")
_BASE: Any = _LIBRARY.Env
_STATE: Any = _LIBRARY.State
dataclass: Any = common.library("pgx._src.struct", "pgx", "2.4").dataclass


@functools.cache
def state_class(id: str) -> Any:
    """The class of the states of one environment: in Pgx it names the game, and a string cannot be a leaf."""

    @dataclass
    class State(_STATE):
        current_player: jax.Array
        observation: jax.Array
        rewards: jax.Array
        terminated: jax.Array
        truncated: jax.Array
        legal_action_mask: jax.Array
        _step_count: jax.Array
        _env_state: Any

        @property
        def env_id(self) -> Any:
            return id

    return State


class Pgx(_BASE):
    """Simultaneous moves are taken one player at a time (`jaxenv.adapters.Sequentialize`).

    `observation` is the current player's, `float32[D]`; it does not show what others have chosen. `step` needs a key.
    As in Pgx, an illegal action ends the game with -1 for who took it, and a game that is over stays as it is.
    """

    def __init__(self, env: Environment | str, params: Any = None) -> None:
        env = common.discrete(common.environment(env, "pgx.Pgx"), "pgx.Pgx")
        super().__init__()
        self._one = env.num_players == 1
        self._id, self._version = env.id, env.version
        turns = env if self._one else Sequentialize(env)
        self._flat = Flat(turns)
        self._params = turns.default_params if params is None else params

    @property
    def id(self) -> Any:
        return self._id

    @property
    def version(self) -> str:
        return self._version

    @property
    def num_players(self) -> int:
        return self._flat.env.num_players

    @property
    def num_actions(self) -> int:
        return self._flat.env.num_actions

    @property
    def observation_shape(self) -> tuple[int, ...]:
        return (self._flat.size,)

    def step(self, state: Any, action: Any, key: jax.Array | None = None) -> Any:
        """Pgx's own step, without its `lax.cond`: under `vmap` that runs both branches, and cannot hold a `maybe`."""
        over = state.terminated | state.truncated
        illegal, player = ~state.legal_action_mask[action], state.current_player
        after = self._step(state.replace(_step_count=state._step_count + 1), action, key)
        after = _where(over, state.replace(rewards=jnp.zeros_like(state.rewards)), after)
        after = _where(illegal, self._step_with_illegal_action(after, player), after)
        after = after.replace(legal_action_mask=after.legal_action_mask | after.terminated)
        return after.replace(observation=self.observe(after))

    def _init(self, key: jax.Array) -> Any:
        _, env_state = reset_hook(self._flat.env)(key, self._params)
        no = jnp.zeros((), bool)
        return self._state(env_state, jnp.zeros(self.num_players, jnp.float32), no, no, jnp.int32(0))

    def _step(self, state: Any, action: jax.Array, key: jax.Array | None) -> Any:
        if key is None:
            raise ValueError(f"pgx.Pgx: {self._id} draws at random: call step(state, action, key)")
        env = self._flat.env
        action = jnp.asarray(action, jnp.int32)
        if not self._one:
            players = jnp.arange(self.num_players) == state.current_player
            action = jnp.where(players, action, jnp.int32(env.no_op))
        _, env_state, reward, terminated, truncated, _ = env.step_env(key, state._env_state, action, self._params)
        return self._state(env_state, jnp.atleast_1d(reward), terminated, truncated, state._step_count)

    def _observe(self, state: Any, player_id: jax.Array) -> jax.Array:
        obs = self._flat.observe(state._env_state, self._params)
        return obs if self._one else obs[player_id]

    def _state(self, env_state: Any, rewards: Any, terminated: Any, truncated: Any, count: Any) -> Any:
        env = self._flat.env
        legal = env.legal_actions(env_state, self._params)
        player = jnp.int32(0)
        if isinstance(env, Sequentialize):
            player = env.current_player(env_state)
            legal = legal[player]
        obs = jnp.zeros(self._flat.size, jnp.float32)  # Pgx fills it in by `observe`
        return state_class(self._id)(player, obs, rewards, terminated, truncated, legal, count, env_state)


def _where(chosen: jax.Array, this: Any, other: Any) -> Any:
    return jax.tree.map(lambda one, two: jnp.where(chosen, one, two), this, other)
