"""Fling and Natural Gift: moves that spend the user's item.

Source: ``onPrepareHit`` of both and the condition of Fling in data/moves.js and data/mods/gen4/moves.js.
"""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np

from jaxenv.control import maybe
from pokejax.common.arrays import lookup
from pokejax.modern.data import MoveData, among, item_id, move_id, tables
from pokejax.modern.state import drop, has
from pokejax.modern.taken_items import lets_take
from pokejax.modern.two_turns import use_item
from pokejax.modern.updates import eaten
from pokejax.modern.view import View, ignores_item

THROWN = ("naturalgift", "fling")
"""Moves that are written here."""


def prepare_item(view: View, data: MoveData, move: jax.Array, when: jax.Array) -> tuple[View, MoveData, jax.Array]:
    """The view, the move with the power that its item gives, and bool whether it goes on."""
    items = tables().items
    user = view.user
    gives = when & (move == move_id("naturalgift"))
    gift = lookup(items.gift_power.astype(np.int32), user.item)
    fine = (gift > 0) & ~ignores_item(user)
    data = data.replace(base_power=jnp.where(gives, gift, data.base_power))
    view = use_item(view, gives & fine)
    throws = when & (move == move_id("fling"))
    weight = lookup(items.fling_power.astype(np.int32), user.item)
    able = (weight > 0) & ~has(user, "embargo") & lets_take(user, move, False)
    data = data.replace(
        base_power=jnp.where(throws, weight, data.base_power),
        secondaries=jnp.where(throws, 0, data.secondaries),
    )
    view = view.put_user("fling", throws & able)
    return view, data, when & ~(gives & ~fine) & ~(throws & ~able)


def thrown_effect(view: View, move: jax.Array, when: jax.Array) -> tuple[View, jax.Array]:
    """'Hit' of a thrown item: the foe eats a berry, an herb does its work. Its status comes with `thrown_secondary`."""
    del move
    item = view.user.item
    berry = when & lookup(tables().items.berry, item) & ~ignores_item(view.foe)
    view = maybe(berry, lambda v: eaten(v.swapped(), item, berry).swapped(), view)
    view = view.replace(foe=drop(view.foe, "attract", when & (item == item_id("mentalherb"))))
    white = when & (item == item_id("whiteherb"))
    return view.on_foe(white, boosts=jnp.maximum(view.foe.boosts, 0)), jnp.bool_(True)


def thrown_secondary(item: jax.Array) -> tuple[jax.Array, jax.Array]:
    """Status and volatile condition that a thrown item gives as a secondary effect without a chance."""
    items = tables().items
    own = among(item, [item_id("mentalherb"), item_id("whiteherb")]) | lookup(items.berry, item)
    status = lookup(items.fling_status.astype(np.int32), item)
    volatile = lookup(items.fling_volatile.astype(np.int32), item)
    return jnp.where(own, 0, status), jnp.where(own, 0, volatile)
