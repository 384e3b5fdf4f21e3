"""Simultaneous moves one player at a time, for libraries that know one current player."""

from __future__ import annotations

import dataclasses
from typing import Any

import jax
import jax.numpy as jnp

from jaxenv import struct
from jaxenv.autoreset import reset_hook
from jaxenv.control import maybe
from jaxenv.drawing import Drawing
from jaxenv.environment import Environment, Step, reads_state
from jaxenv.obs import ObsSpec
from jaxenv.spaces import Discrete, Space
from jaxenv.specs import EnvSpec


@struct.dataclass
class SequentializeState(struct.Node):
    """State of the environment, and what players have chosen since it last moved. No observation holds that."""

    env_state: Any
    pending: jax.Array
    """int32[P]: the action of each player who has chosen."""
    chosen: jax.Array
    """bool[P]: who has."""
    steps: jax.Array
    """int32[]: decisions taken in this episode."""
    over: jax.Array
    """bool[]: the rules have ended the episode."""


@dataclasses.dataclass(frozen=True)
class Sequentialize(Environment[SequentializeState, Any, Any]):
    """An environment whose players decide one after the other, and move at once when the last of them has.

    Players who must act do so in order of their number. Everybody else has exactly the no-op, which is one action more
    than the environment's own where it has none. A player who decides later sees what it would see if nobody had
    decided: the pending actions are hidden. Steps that only record a choice pay no reward.

    The spec's `dynamics` is "sequential". Its horizon and `max_steps_in_episode` count these shorter steps: both are
    the environment's own, times its players. Raises ValueError for one player or for actions that are not discrete.
    """

    env: Environment

    def __post_init__(self) -> None:
        if not isinstance(self.env, Environment):
            raise TypeError(f"Sequentialize: env must be a jaxenv.Environment, got {self.env!r}; jaxenv.make makes one")
        if self.env.num_players < 2:
            raise ValueError(f"Sequentialize: {self.env.id} has one player, who needs no turns")
        if not isinstance(self.env.action_space(), Discrete):
            raise ValueError(
                f"Sequentialize: {self.env.id} has the action space {self.env.action_space()!r}; "
                "whoever waits needs a no-op, so it must be Discrete"
            )
        super().__post_init__()

    @property
    def spec(self) -> EnvSpec:
        spec = self.env.spec
        return dataclasses.replace(
            spec,
            dynamics="sequential",
            num_actions=spec.num_actions + (spec.no_op is None),
            no_op=self._waiting,
            horizon=None if spec.horizon is None else spec.horizon * spec.players,
        )

    @property
    def obs_spec(self) -> ObsSpec:
        return self.env.obs_spec

    @property
    def default_params(self) -> Any:
        params = self.env.default_params
        return dataclasses.replace(params, max_steps_in_episode=params.max_steps_in_episode * self.env.num_players)

    def action_space(self, params: Any = None) -> Space:
        return Discrete(self.num_actions)

    def reset_env(self, key: jax.Array, params: Any) -> tuple[Any, SequentializeState]:
        obs, env_state = reset_hook(self.env)(key, params)
        return obs, self.begin(env_state)

    def begin(self, env_state: Any) -> SequentializeState:
        """The state of `env_state`, one of `env` without auto-reset, in which nobody has chosen yet."""
        players = self.env.num_players
        nobody = jnp.zeros(players, bool)
        return SequentializeState(env_state, jnp.zeros(players, jnp.int32), nobody, jnp.int32(0), jnp.zeros((), bool))

    def step_env(
        self, key: jax.Array, state: SequentializeState, action: Any, params: Any
    ) -> Step[Any, SequentializeState]:
        env, players = self.env, self.env.num_players
        acts = self.to_act(state)
        inside = (action >= 0) & (action < self.num_actions)
        legal = self.legal_actions(state, params)
        allowed = jnp.take_along_axis(legal, jnp.clip(action, 0, self.num_actions - 1)[:, None], axis=1)[:, 0]
        illegal = ~(allowed & inside)
        pending = jnp.where(acts, action, state.pending)
        chosen = state.chosen | acts
        moves = ~jnp.any(self._must_act(state.env_state) & ~chosen)
        joint = jnp.where(chosen, pending, 0 if env.no_op is None else env.no_op)

        def move(operand: Any) -> Any:
            _, env_state, reward, terminated, truncated, info = env.step_env(key, operand[0], joint, params)
            return env_state, reward, terminated, truncated, info

        _, *shapes = jax.eval_shape(move, (state.env_state,))
        quiet = jax.tree.map(lambda leaf: jnp.zeros(leaf.shape, leaf.dtype), shapes)
        env_state, reward, terminated, _, info = maybe(moves, move, (state.env_state, *quiet))
        steps = state.steps + 1
        truncated = (steps >= jnp.asarray(params.max_steps_in_episode, jnp.int32)) & ~terminated
        pending = jnp.where(moves, jnp.zeros(players, jnp.int32), pending)
        state = SequentializeState(env_state, pending, chosen & ~moves, steps, state.over | terminated)
        return env.observe(env_state, params), state, reward, terminated, truncated, {**info, "illegal": illegal}

    def picture(self, state: SequentializeState, params: Any) -> Drawing:
        """The environment's underneath."""
        return self.env.picture(state.env_state, params)

    @reads_state
    def observe(self, state: SequentializeState, params: Any) -> Any:
        return self.env.observe(state.env_state, params)

    @reads_state
    def to_act(self, state: SequentializeState) -> jax.Array:
        """bool[P]: the first player who must act and has not; everybody once the rules have ended the episode."""
        waiting = self._must_act(state.env_state) & ~state.chosen
        return (jnp.arange(self.env.num_players) == jnp.argmax(waiting)) | state.over

    @reads_state
    def legal_actions(self, state: SequentializeState, params: Any) -> jax.Array:
        legal = self.env.legal_actions(state.env_state, params)
        if self.env.no_op is None:
            legal = jnp.concatenate([legal, jnp.zeros((self.env.num_players, 1), bool)], axis=1)
        only_no_op = (jnp.arange(self.num_actions) == self._waiting)[None, :]
        return jnp.where(self.to_act(state)[:, None], legal, only_no_op) | state.over

    def current_player(self, state: Any) -> jax.Array:
        """int32[]: the player who decides now."""
        return jnp.argmax(self.to_act(state)).astype(jnp.int32)

    @property
    def _waiting(self) -> int:
        no_op = self.env.spec.no_op
        return self.env.spec.num_actions if no_op is None else no_op

    def _must_act(self, env_state: Any) -> jax.Array:
        """bool[P]: who decides now in the environment; everybody where it names nobody."""
        acts = self.env.to_act(env_state)
        return acts | ~jnp.any(acts)
