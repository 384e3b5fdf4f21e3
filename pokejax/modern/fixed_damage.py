"""Damage that no formula gives.

Source: ``damage`` and ``damageCallback`` of the moves in data/moves.js and data/mods/gen4/moves.js.
"""

from __future__ import annotations

import jax
import jax.numpy as jnp

from pokejax.common.arrays import quotient
from pokejax.modern.data import MoveData, among, move_id
from pokejax.modern.gates import last_damage
from pokejax.modern.tables import LEVEL_DAMAGE
from pokejax.modern.view import View

FIXED = ("superfang", "psywave", "endeavor", "counter", "mirrorcoat", "metalburst")
"""Moves with a function for it."""


def fixed(view: View, data: MoveData, move: jax.Array, when: jax.Array) -> tuple[View, jax.Array, jax.Array]:
    """The view, bool whether the move's damage is fixed, and how much it is. Psywave draws."""
    user, foe = view.user, view.foe

    def one(name: str) -> jax.Array:
        return move == move_id(name)

    amount = jnp.where(data.fixed_damage == LEVEL_DAMAGE, user.level, data.fixed_damage)
    amount = jnp.where(one("superfang"), jnp.maximum(foe.hp >> 1, 1), amount)
    amount = jnp.where(data.flag("ohko"), foe.max_hp, amount)
    view, roll = view.draw(101, when & one("psywave"))
    wave = jnp.maximum(quotient((roll + 50) * user.level, 100), 1)
    amount = jnp.where(one("psywave"), wave, amount)
    amount = jnp.where(one("endeavor"), jnp.maximum(foe.hp - user.hp, 0), amount)
    for name in ("counter", "mirrorcoat"):
        amount = jnp.where(one(name), jnp.maximum(user.data[f"{name}.damage"], 1), amount)
    _, burst = last_damage(view)
    amount = jnp.where(one("metalburst"), jnp.maximum(quotient(burst * 3, 2), 1), amount)
    special = among(move, [move_id(name) for name in FIXED])
    return view, (data.fixed_damage > 0) | special | data.flag("ohko"), amount
