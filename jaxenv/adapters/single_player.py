"""One seat of an environment for several players, as an environment for one player: the others play by a policy."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from jaxenv import struct
from jaxenv.autoreset import reset_hook
from jaxenv.drawing import Drawing
from jaxenv.environment import Environment, Step, reads_state
from jaxenv.obs import ObsSpec
from jaxenv.rollouts import random_legal
from jaxenv.spaces import Space
from jaxenv.specs import EnvSpec


@struct.dataclass
class SinglePlayerParams(struct.Node):
    """Params of the environment and of the opponent."""

    env: Any
    opponent: Any
    """Pytree of arrays that the opponent takes as its first argument; `()` for one that takes none."""
    max_steps_in_episode: Any


@struct.dataclass
class SinglePlayerState(struct.Node):
    """State of the environment, and the opponent of this episode."""

    env_state: Any
    opponent: Any


@dataclasses.dataclass(frozen=True)
class SinglePlayer(Environment[SinglePlayerState, SinglePlayerParams, Any]):
    """The player at `seat` of an environment for two players; `opponent` plays the other seat.

    * `opponent`: `opponent(key, obs, legal_actions) -> action`, of one player. With params it is
      `opponent(params, key, obs, legal_actions)`. Uniformly random legal play unless given.
    * `seat`: 0 or 1.
    * `pool`: the leaves of the opponent's params lead with the opponents. Each episode draws one of them.

    The opponent's params are part of the state from the start of an episode to its end. So a batch of states has its
    own opponent in each lane, and `jax.vmap` over `params.opponent` gives one to each::

        env = SinglePlayer(game, opponent=network_policy, pool=True)
        params = env.with_opponent(stacked_network_params)
        obs, state = env.reset(key, params)

    An action that the player cannot choose while it waits is the environment's own no-op, as in the game itself.
    Raises ValueError for another seat, or an environment that does not have two players.
    """

    env: Environment
    opponent: Callable[..., Any] = random_legal
    seat: int = 0
    pool: bool = False

    def __post_init__(self) -> None:
        if not isinstance(self.env, Environment):
            raise TypeError(f"SinglePlayer: env must be a jaxenv.Environment, got {self.env!r}; jaxenv.make makes one")
        if self.env.num_players != 2:
            raise ValueError(f"SinglePlayer: {self.env.id} has {self.env.num_players} players, it must have 2")
        if self.seat not in (0, 1) or isinstance(self.seat, bool):
            raise ValueError(f"SinglePlayer: {self.env.id} has no player {self.seat!r}; seat must be 0 or 1")
        if not callable(self.opponent):
            raise TypeError(
                f"SinglePlayer: opponent must be a function (key, obs, legal_actions) -> action, got {self.opponent!r}"
            )
        super().__post_init__()

    @property
    def spec(self) -> EnvSpec:
        return dataclasses.replace(self.env.spec, players=1, dynamics="single", zero_sum=False)

    @property
    def obs_spec(self) -> ObsSpec:
        return self.env.obs_spec

    def action_space(self, params: Any = None) -> Space:
        return self.env.action_space()

    @property
    def default_params(self) -> SinglePlayerParams:
        """Params for an opponent that takes none."""
        params = self.env.default_params
        return SinglePlayerParams(params, (), params.max_steps_in_episode)

    def with_opponent(self, opponent: Any, params: Any = None) -> SinglePlayerParams:
        """Params with those of the opponent; `params` are those of the environment itself."""
        params = self.env.default_params if params is None else params
        return SinglePlayerParams(params, opponent, params.max_steps_in_episode)

    def reset_env(self, key: jax.Array, params: SinglePlayerParams) -> tuple[Any, SinglePlayerState]:
        if self.pool:
            key, draw = jax.random.split(key)
            opponent = self._drawn(draw, params.opponent)
        else:
            opponent = jax.tree.map(jnp.asarray, params.opponent)
        obs, env_state = reset_hook(self.env)(key, self._inner(params))
        return self._own(obs), SinglePlayerState(env_state, opponent)

    def step_env(
        self, key: jax.Array, state: SinglePlayerState, action: Any, params: SinglePlayerParams
    ) -> Step[Any, SinglePlayerState]:
        inner = self._inner(params)
        env_key, opponent_key = jax.random.split(key)
        other = 1 - self.seat
        seen = jax.tree.map(lambda leaf: leaf[other], self.env.observe(state.env_state, inner))
        legal = self.env.legal_actions(state.env_state, inner)[other]
        first = (state.opponent,) if jax.tree.leaves(state.opponent) else ()
        answer = jnp.asarray(self.opponent(*first, opponent_key, seen, legal)).astype(action.dtype)
        pair = [action, answer] if self.seat == 0 else [answer, action]
        obs, env_state, reward, terminated, truncated, info = self.env.step_env(
            env_key, state.env_state, jnp.stack(pair), inner
        )
        if "illegal" in info:
            info = {**info, "illegal": info["illegal"][self.seat]}
        state = state.replace(env_state=env_state)
        return self._own(obs), state, reward[self.seat], terminated, truncated, info

    def picture(self, state: SinglePlayerState, params: SinglePlayerParams) -> Drawing:
        """The environment's underneath."""
        return self.env.picture(state.env_state, self._inner(params))

    @reads_state
    def observe(self, state: SinglePlayerState, params: SinglePlayerParams) -> Any:
        return self._own(self.env.observe(state.env_state, self._inner(params)))

    @reads_state
    def legal_actions(self, state: SinglePlayerState, params: SinglePlayerParams) -> jax.Array:
        return self.env.legal_actions(state.env_state, self._inner(params))[self.seat]

    @reads_state
    def to_act(self, state: SinglePlayerState) -> jax.Array:
        return self.env.to_act(state.env_state)[self.seat]

    def _inner(self, params: SinglePlayerParams) -> Any:
        return dataclasses.replace(params.env, max_steps_in_episode=params.max_steps_in_episode)

    def _own(self, obs: Any) -> Any:
        return jax.tree.map(lambda leaf: leaf[self.seat], obs)

    def _drawn(self, key: jax.Array, pool: Any) -> Any:
        sizes = {np.shape(leaf)[:1] for leaf in jax.tree.leaves(pool)}
        if len(sizes) != 1 or sizes == {()}:
            raise ValueError(
                "SinglePlayer: with pool=True every leaf of params.opponent leads with the opponents; "
                f"got leading axes {sorted(sizes)}: make them with env.with_opponent(stacked)"
            )
        ((size,),) = sizes
        which = jax.random.randint(key, (), 0, size, jnp.int32)
        return jax.tree.map(lambda leaf: jnp.asarray(leaf)[which], pool)
