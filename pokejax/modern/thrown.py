"""Fling and Natural Gift: moves that spend the user's item.

Source: ``onPrepareHit`` of both in data/moves.js and data/mods/gen4/moves.js.
"""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np

from pokejax.common.arrays import lookup
from pokejax.modern.data import MoveData, move_id, tables
from pokejax.modern.two_turns import use_item
from pokejax.modern.view import View, ignores_item

THROWN = ("naturalgift",)
"""Moves that are written here."""


def prepare_item(view: View, data: MoveData, move: jax.Array, when: jax.Array) -> tuple[View, MoveData, jax.Array]:
    """The view, the move with the power that its item gives, and bool whether it goes on."""
    items = tables().items
    user = view.user
    gives = when & (move == move_id("naturalgift"))
    power = lookup(items.gift_power.astype(np.int32), user.item)
    fine = (power > 0) & ~ignores_item(user)
    data = data.replace(base_power=jnp.where(gives, power, data.base_power))
    view = use_item(view, gives & fine)
    return view, data, when & ~(gives & ~fine)
