"""The interface of scripted opponents: one player's action as a pure function of that player's observation.

A generation makes one `Opponents` table of its own; its package ``opponents`` has the table's methods as functions::

    >>> from pokejax.gen1 import opponents
    >>> duel = opponents.versus(my_policy, "simple_heuristics")
    >>> carry, summary = jaxenv.rollout(env, 256, 1000, duel)(jax.random.key(0))
"""

from __future__ import annotations

import dataclasses
import difflib
from collections.abc import Callable, Mapping
from typing import Any

import jax
import jax.numpy as jnp

from jaxenv.rollouts import Policy

Opponent = Callable[[jax.Array, Any, jax.Array], jax.Array]
"""`opponent(key, obs, legal_actions) -> action` of one player: no player axis, bool[A] and int32."""


class UnknownOpponentError(ValueError):
    """There is no opponent of that name."""


@dataclasses.dataclass(frozen=True)
class OpponentPolicy:
    """A rollout policy in which both seats are played by one opponent, each from its own observation.

    Policies of equal names from the same table are equal.
    """

    name: str
    opponent: Opponent = dataclasses.field(repr=False)

    def __call__(self, key: jax.Array, obs: Any, legal_actions: jax.Array) -> jax.Array:
        """int32[P] from leaves [P, …] and bool[P, A]."""
        keys = jax.random.split(key, legal_actions.shape[0])
        return jax.vmap(self.opponent)(keys, obs, legal_actions)

    def seat(self, player: int, key: jax.Array, obs: Any, legal_actions: jax.Array) -> jax.Array:
        """int32[]: one player's action from the same arguments; the other's is not computed."""
        own = jax.tree.map(lambda leaf: leaf[player], obs)
        return self.opponent(key, own, legal_actions[player])


@dataclasses.dataclass(frozen=True)
class Versus:
    """A rollout policy whose first seat is played by one policy and whose second by another."""

    first: Policy
    second: Policy

    def __call__(self, key: jax.Array, obs: Any, legal_actions: jax.Array) -> jax.Array:
        keys = jax.random.split(key)
        players = enumerate((self.first, self.second))
        return jnp.stack([_seat(policy, player, keys[player], obs, legal_actions) for player, policy in players])


def _seat(policy: Policy, player: int, key: jax.Array, obs: Any, legal_actions: jax.Array) -> jax.Array:
    if isinstance(policy, OpponentPolicy):
        return policy.seat(player, key, obs, legal_actions)
    return policy(key, obs, legal_actions)[player].astype(jnp.int32)


class Opponents:
    """The opponents of one generation by name."""

    def __init__(self, table: Mapping[str, Opponent]) -> None:
        self._table = dict(table)

    def names(self) -> tuple[str, ...]:
        """Names that `policy` and `opponent` know."""
        return tuple(self._table)

    def opponent(self, name: str) -> Opponent:
        """One player's opponent; `UnknownOpponentError`, with close matches, if there is none of that name."""
        if name not in self._table:
            close = difflib.get_close_matches(name, self._table, n=2, cutoff=0.4)
            hint = f"; did you mean {' or '.join(map(repr, close))}?" if close else ""
            raise UnknownOpponentError(f"unknown opponent {name!r}; allowed are {', '.join(self._table)}{hint}")
        return self._table[name]

    def policy(self, name: str) -> OpponentPolicy:
        """The opponent of that name as a policy for `jaxenv.rollout`, for both seats; equal for equal names."""
        return OpponentPolicy(name, self.opponent(name))

    def versus(self, policy_0: Policy | str, policy_1: Policy | str) -> Versus:
        """A policy for `jaxenv.rollout` where player 0 follows ``policy_0`` and player 1 ``policy_1``.

        Both are rollout policies (of both seats, of which one is used) or names of opponents.
        """
        first, second = (self.policy(given) if isinstance(given, str) else given for given in (policy_0, policy_1))
        return Versus(first, second)
