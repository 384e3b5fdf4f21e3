"""Mctx: the root and the model of a search, from a batch of states.

    from jaxenv.adapters.mctx import Mctx
    search = Mctx("family/name", evaluate)
    policy = mctx.gumbel_muzero_policy(params, key, search.root(params, states), search.recurrent_fn, 32,
                                       invalid_actions=search.invalid_actions(states))

A search steps copies of the states that it is given. From the true state of a game with hidden facts it searches with
all of them known: what a player could do that does not know them is another question.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp

from jaxenv.adapters import common
from jaxenv.adapters.sequentialize import Sequentialize
from jaxenv.autoreset import unwrap
from jaxenv.environment import Environment

mctx: Any = common.library("mctx", "mctx", "0.0.5")


class Mctx:
    """A search in an environment with discrete actions; two players move by turns (`jaxenv.adapters.Sequentialize`).

    * `evaluate(params, obs, legal_actions) -> (logits[A], value)`, of one player in one state.
    * `discount` of a step. It is negated where the other player goes on: the game must be zero-sum.

    States are those of `self.env`, whose `reset` and `reset_env` make them, with a batch as the leading axis.
    Raises ValueError for other games.
    """

    def __init__(
        self,
        env: Environment | str,
        evaluate: Callable[..., tuple[jax.Array, jax.Array]],
        *,
        discount: float = 1.0,
        params: Any = None,
    ) -> None:
        env = common.discrete(common.environment(env, "mctx.Mctx"), "mctx.Mctx")
        if env.num_players > 1 and not (env.num_players == 2 and env.spec.zero_sum):
            raise ValueError(f"mctx.Mctx: {env.id} has {env.num_players} players and is not zero-sum: no such search")
        self.env: Any = env if env.num_players == 1 else Sequentialize(env)
        self._params = self.env.default_params if params is None else params
        self._evaluate, self._discount = evaluate, discount

    def root(self, params: Any, states: Any) -> Any:
        """`mctx.RootFnOutput` of states `[B, ...]`."""
        states = unwrap(states)
        logits, value = jax.vmap(self._look, in_axes=(None, 0))(params, states)
        return mctx.RootFnOutput(prior_logits=logits, value=value, embedding=states)

    def invalid_actions(self, states: Any) -> jax.Array:
        """bool[B, A]: what the player to act may not do."""
        return ~jax.vmap(lambda state: self._seen(state)[1])(unwrap(states))

    def recurrent_fn(self, params: Any, key: jax.Array, action: jax.Array, embedding: Any) -> tuple[Any, Any]:
        """One step of each copy: `mctx.RecurrentFnOutput` and the next states."""
        keys = jax.random.split(key, action.shape[0])
        return jax.vmap(self._step, in_axes=(None, 0, 0, 0))(params, keys, action, embedding)

    def _step(self, params: Any, key: jax.Array, action: jax.Array, state: Any) -> tuple[Any, Any]:
        env, player = self.env, self._player(state)
        if isinstance(env, Sequentialize):
            joint = jnp.where(jnp.arange(env.num_players) == player, action, jnp.int32(env.spec.no_op or 0))
        else:
            joint = action
        _, state, reward, terminated, truncated, _ = env.step_env(key, state, joint.astype(jnp.int32), self._params)
        logits, value = self._look(params, state)
        turns = jnp.where(self._player(state) == player, 1.0, -1.0)
        discount = jnp.where(terminated | truncated, 0.0, turns * self._discount)
        reward = jnp.atleast_1d(reward)[player]
        value = jnp.where(terminated, 0.0, value)
        return mctx.RecurrentFnOutput(reward=reward, discount=discount, prior_logits=logits, value=value), state

    def _look(self, params: Any, state: Any) -> tuple[jax.Array, jax.Array]:
        obs, legal = self._seen(state)
        logits, value = self._evaluate(params, obs, legal)
        return jnp.where(legal, logits, jnp.finfo(jnp.float32).min), jnp.asarray(value, jnp.float32)

    def _seen(self, state: Any) -> tuple[Any, jax.Array]:
        obs, legal = self.env.observe(state, self._params), self.env.legal_actions(state, self._params)
        if not isinstance(self.env, Sequentialize):
            return obs, legal
        player = self._player(state)
        return jax.tree.map(lambda leaf: leaf[player], obs), legal[player]

    def _player(self, state: Any) -> jax.Array:
        return self.env.current_player(state) if isinstance(self.env, Sequentialize) else jnp.int32(0)
