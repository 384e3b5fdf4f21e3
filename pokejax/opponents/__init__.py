"""The opponents that people measure against, as pure functions of one player's observation.

>>> env = pokejax.make("pokejax/gen1randombattle")
>>> duel = opponents.versus(my_policy, "simple_heuristics")
>>> carry, summary = jaxenv.rollout(env, 256, 1000, duel)(jax.random.key(0))

* ``uniform_legal``: any legal action. poke-env's ``RandomPlayer``.
* ``max_base_power``: the move with the highest base power. poke-env's ``MaxBasePowerPlayer``.
* ``max_expected_damage``: the move that takes most HP on average; `damage.max_expected_damage` says what counts.
* ``simple_heuristics``: poke-env's ``SimpleHeuristicsPlayer``, decision for decision (`heuristics`).
* ``simple_heuristics_setup``: the same, and it raises its stages as that player's code means to but never does.

None remembers anything. What poke-env's players read off messages and requests, these read off the observation; the one
thing an observation lacks is the order of the own Pokémon in the request, which decides between switches that look
equally good (`sight.look`): there the policies take the first of the team.
"""

from __future__ import annotations

import dataclasses
import difflib
import functools
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp

from jaxenv.rollouts import Policy
from pokejax.gen1.observation import Observation
from pokejax.opponents.damage import max_base_power, max_expected_damage, uniform_legal
from pokejax.opponents.heuristics import simple_heuristics

Opponent = Callable[[jax.Array, Observation, jax.Array], jax.Array]
"""`opponent(key, obs, legal_actions) -> action` of one player: no player axis, bool[11] and int32."""

_OPPONENTS: dict[str, Opponent] = {
    "uniform_legal": uniform_legal,
    "max_base_power": max_base_power,
    "max_expected_damage": max_expected_damage,
    "simple_heuristics": simple_heuristics,
    "simple_heuristics_setup": functools.partial(simple_heuristics, setup=True),
}


class UnknownOpponentError(ValueError):
    """There is no opponent of that name."""


def names() -> tuple[str, ...]:
    """Names that `policy` and `opponent` know."""
    return tuple(_OPPONENTS)


def opponent(name: str) -> Opponent:
    """One player's opponent; `UnknownOpponentError`, with close matches, if there is none of that name."""
    if name not in _OPPONENTS:
        close = difflib.get_close_matches(name, _OPPONENTS, n=2, cutoff=0.4)
        hint = f"; did you mean {' or '.join(map(repr, close))}?" if close else ""
        raise UnknownOpponentError(f"unknown opponent {name!r}; allowed are {', '.join(_OPPONENTS)}{hint}")
    return _OPPONENTS[name]


@dataclasses.dataclass(frozen=True)
class OpponentPolicy:
    """A rollout policy in which both seats are played by the opponent of that name, each from its own observation."""

    name: str

    def __post_init__(self) -> None:
        opponent(self.name)

    def __call__(self, key: jax.Array, obs: Observation, legal_actions: jax.Array) -> jax.Array:
        """int32[2] from leaves [2, …] and bool[2, 11]."""
        keys = jax.random.split(key, legal_actions.shape[0])
        return jax.vmap(opponent(self.name))(keys, obs, legal_actions)

    def seat(self, player: int, key: jax.Array, obs: Observation, legal_actions: jax.Array) -> jax.Array:
        """int32[]: one player's action from the same arguments; the other's is not computed."""
        own = jax.tree.map(lambda leaf: leaf[player], obs)
        return opponent(self.name)(key, own, legal_actions[player])


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


def policy(name: str) -> OpponentPolicy:
    """The opponent of that name as a policy for `jaxenv.rollout`, for both seats; equal for equal names."""
    return OpponentPolicy(name)


def versus(policy_0: Policy | str, policy_1: Policy | str) -> Versus:
    """A policy for `jaxenv.rollout` where player 0 follows ``policy_0`` and player 1 ``policy_1``.

    Both are rollout policies (of both seats, of which one is used) or names of opponents.
    """
    first, second = (policy(given) if isinstance(given, str) else given for given in (policy_0, policy_1))
    return Versus(first, second)
