"""Policies that need no training: to compare with, and to try an evaluation on."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import jax

from baselines.family import transfer_of
from baselines.policy import Policy
from jaxenv import Environment
from jaxenv.rollouts import random_legal

Choose = Callable[[jax.Array, Any, Any], jax.Array]
"""(key, one observation, its mask or None) → one action."""


@dataclass(frozen=True)
class Scripted:
    """A policy that looks at nothing but the present observation."""

    env: str
    env_version: str
    name: str
    choose: Choose

    def initial_carry(self, batch: int) -> Any:
        """Nothing is remembered."""
        del batch
        return ()

    def act(self, key: jax.Array, obs: Any, mask: Any, carry: Any, first: jax.Array) -> tuple[jax.Array, Any]:
        """See `baselines.policy.Policy`."""
        keys = jax.random.split(key, first.shape[0])
        return jax.vmap(self.choose)(keys, obs, mask), carry


def uniform(env: Environment) -> Policy:
    """Any legal action, or any within the bounds."""
    if env.num_actions:
        return Scripted(env.id, env.version, "uniform", random_legal)
    space: Any = env.action_space()
    return Scripted(env.id, env.version, "uniform", lambda key, obs, mask: space.sample(key))


def scripted_names(env_id: str) -> tuple[str, ...]:
    """Names that `scripted` knows for an environment id; none where there are none."""
    return tuple(_players(env_id))


def random_play(env: Environment) -> Policy:
    """Any legal action, or any within the bounds."""
    return scripted(env, transfer_of(env.id).random)


def scripted(env: Environment, name: str) -> Policy:
    """The scripted policy of that name; `ValueError` for an unknown one."""
    players = _players(env.id)
    if name not in players:
        raise ValueError(f"{env.id} has no scripted policy {name!r}; known: {', '.join(players)}")
    return players[name](env)


def _players(env_id: str) -> Mapping[str, Callable[[Environment], Policy]]:
    found = transfer_of(env_id).players
    return found(env_id) if found else {"uniform": uniform}
