"""The actions of whoever sits opposite the learner."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp

from baselines.errors import ConfigError
from baselines.family import Opponent, training_of
from baselines.networks.network import Network
from baselines.networks.play import choose
from baselines.selfplay.pool import Pool, playing
from baselines.selfplay.seating import Seating


def named(env_id: str, name: str) -> Opponent:
    """A fixed opponent of one player, unbatched: `(key, obs, mask) -> action`. `ConfigError` for an unknown one."""
    find = training_of(env_id).opponent
    if find is None:
        raise ConfigError(f"{env_id} has no fixed opponents; use self-play")
    try:
        return find(name)
    except ValueError as error:
        raise ConfigError(str(error)) from error


def act(
    env_id: str, seating: Seating, network: Network, key: jax.Array, obs: Any, mask: Any, pool: Pool | None, first: Any
) -> tuple[jax.Array | None, Pool | None]:
    """`(actions [opposed], pool)`; `obs`, `mask` and `first` are of all environments `[B, P, ...]` and `[B]`."""
    if not seating.opposed:
        return None, pool
    obs, mask = seating.opponents((obs, mask))
    first = first[seating.self_play :]
    actions, start = [], 0
    for place, (name, size) in enumerate(seating.fixed):
        part_obs, part_mask = _part((obs, mask), start, size)
        keys = jax.random.split(jax.random.fold_in(key, place), size)
        actions.append(jax.vmap(named(env_id, name))(keys, part_obs, part_mask).astype(jnp.int32))
        start += size
    if pool is not None:
        size = seating.pool_slots * seating.pool_each
        part = _part((network.features(obs), mask, first), start, size)
        chosen, pool = _pool_actions(seating, network, jax.random.fold_in(key, len(seating.fixed)), part, pool)
        actions.append(chosen)
    return jnp.concatenate(actions), pool


def _pool_actions(seating: Seating, network: Network, key: jax.Array, part: Any, pool: Pool) -> tuple[jax.Array, Pool]:
    """Each slot's copy on its environments, all copies at once."""
    shape = (seating.pool_slots, seating.pool_each)
    features, mask, first, carry = jax.tree.map(lambda leaf: leaf.reshape(*shape, *leaf.shape[1:]), (*part, pool.carry))
    parameters, statistics = playing(pool)

    def slot(parameters: Any, statistics: Any, key: jax.Array, *rows: Any) -> tuple[jax.Array, Any]:
        return choose(network, parameters, statistics, key, *rows, greedy=False)

    keys = jax.random.split(key, seating.pool_slots)
    actions, carry = jax.vmap(slot)(parameters, statistics, keys, features, mask, carry, first)
    actions, carry = jax.tree.map(lambda leaf: leaf.reshape(-1, *leaf.shape[2:]), (actions, carry))
    return actions, pool.replace(carry=carry)


def _part(tree: Any, start: int, size: int) -> Any:
    return jax.tree.map(lambda leaf: leaf[start : start + size], tree)
