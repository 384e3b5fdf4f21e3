"""Moves that a Pokémon cannot but use, and PP.

Source: ``getLockedMove``, ``deductPP`` in sim/pokemon.js; the ``onLockMove`` handlers of data/mods/gen4.
"""

from __future__ import annotations

import jax
import jax.numpy as jnp

from pokejax.common.storage import update
from pokejax.modern.data import move_id
from pokejax.modern.state import Active, has


def locked_move(mon: Active) -> jax.Array:
    """int32: the move that it cannot but use ('LockMove'), 0 for none."""
    move = jnp.where(has(mon, "lockedmove"), mon.data["lockedmove.move"], 0)
    move = jnp.where(has(mon, "twoturnmove"), mon.data["twoturnmove.move"], move)
    for name in ("rollout", "iceball", "uproar", "bide"):
        move = jnp.where(has(mon, name), move_id(name), move)
    return jnp.where(has(mon, "mustrecharge"), move_id("recharge"), move)


def spend_pp(mon: Active, move: jax.Array, amount: jax.Array | int, when: jax.Array) -> Active:
    """PP of the first slot with ``move`` spent, and the slot marked as used."""
    same = mon.moves == move
    first = same & (jnp.cumsum(same.astype(jnp.int32)) == 1) & when
    return update(mon, True, pp=jnp.where(first, jnp.maximum(mon.pp - amount, 0), mon.pp), used=mon.used | first)


def pp_of(mon: Active, move: jax.Array) -> tuple[jax.Array, jax.Array]:
    """bool: a slot has the move; int32: the first such slot's PP."""
    same = (mon.moves == move) & (move != 0)
    first = same & (jnp.cumsum(same.astype(jnp.int32)) == 1)
    return jnp.any(same), jnp.sum(jnp.where(first, mon.pp, 0), dtype=jnp.int32)
