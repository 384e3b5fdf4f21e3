"""Past selves as stacked parameters, and who of them plays: prioritised fictitious self-play.

The pool is a ring of `pool_size` frozen copies. A few of them play at a time, each in its own slot of environments;
slots are dealt anew whenever a copy is frozen, in proportion to (1 − the learner's win rate)² (Vinyals et al. 2019).
"""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp

from jaxenv import struct

_PRIOR_GAMES = 4.0
"""Games that every copy is credited with at first, half of them won: nobody is left out for want of games."""


@struct.dataclass
class Pool(struct.Node):
    """`M` copies, `S` slots, `E` environments a slot."""

    parameters: Any  # leaves [M, ...]
    statistics: Any  # of the observations when it was frozen, leaves [M, ...]; None without normalisation
    frozen: jax.Array  # int32: copies made so far; min(frozen, M) of the M are filled
    games: jax.Array  # float32[M]: that the learner played against each
    points: jax.Array  # float32[M]: of these, how many the learner won; a tie is half
    slots: jax.Array  # int32[S]: which copy plays where
    carry: Any  # leaves [S * E, ...]: the memory of those that play


def create(parameters: Any, statistics: Any, size: int, slots: int, carry: Any) -> Pool:
    """A pool with one copy of `parameters`, which plays in all slots."""

    def stack(leaf: jax.Array) -> jax.Array:
        return jnp.repeat(leaf[None], size, axis=0)

    return Pool(
        parameters=jax.tree.map(stack, parameters),
        statistics=jax.tree.map(stack, statistics),
        frozen=jnp.int32(1),
        games=jnp.zeros(size, jnp.float32),
        points=jnp.zeros(size, jnp.float32),
        slots=jnp.zeros(slots, jnp.int32),
        carry=carry,
    )


def playing(pool: Pool) -> tuple[Any, Any]:
    """`(parameters, statistics)` of the slots: leaves `[S, ...]`."""
    return jax.tree.map(lambda leaf: leaf[pool.slots], (pool.parameters, pool.statistics))


def count(pool: Pool, games: jax.Array, points: jax.Array) -> Pool:
    """With the results of the slots added: float32[S] each."""
    return pool.replace(games=pool.games.at[pool.slots].add(games), points=pool.points.at[pool.slots].add(points))


def weights(pool: Pool) -> jax.Array:
    """float32[M]: how likely each copy is to be dealt, not normalised; 0 for places not filled yet."""
    win_rate = (pool.points + _PRIOR_GAMES / 2) / (pool.games + _PRIOR_GAMES)
    filled = jnp.arange(len(pool.games)) < pool.frozen
    return jnp.where(filled, jnp.square(1 - win_rate) + 1e-3, 0.0)


def freeze(pool: Pool, key: jax.Array, parameters: Any, statistics: Any) -> Pool:
    """With a copy of the present policy in the place of the oldest one, and slots dealt anew."""
    place = pool.frozen % len(pool.games)

    def put(stack: jax.Array, leaf: jax.Array) -> jax.Array:
        return stack.at[place].set(leaf)

    pool = pool.replace(
        parameters=jax.tree.map(put, pool.parameters, parameters),
        statistics=jax.tree.map(put, pool.statistics, statistics),
        frozen=pool.frozen + 1,
        games=pool.games.at[place].set(0.0),
        points=pool.points.at[place].set(0.0),
    )
    slots = jax.random.categorical(key, jnp.log(weights(pool)), shape=pool.slots.shape)
    return pool.replace(slots=slots.astype(jnp.int32), carry=jax.tree.map(jnp.zeros_like, pool.carry))


def freeze_if(due: jax.Array, pool: Pool, key: jax.Array, parameters: Any, statistics: Any) -> Pool:
    """`freeze` where `due`, a scalar."""
    return jax.lax.cond(due, lambda: freeze(pool, key, parameters, statistics), lambda: pool)
