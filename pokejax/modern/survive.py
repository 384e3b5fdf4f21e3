"""The 'Damage' event of a move: what leaves the target with a hit point.

Source: the ``onDamage`` handlers of Endure, False Swipe, Focus Sash and Focus Band in data/mods/gen4, by priority.
"""

from __future__ import annotations

import jax
import jax.numpy as jnp

from pokejax.modern.data import move_id
from pokejax.modern.state import has, put
from pokejax.modern.view import View, item_is

SPARING = ("falseswipe",)


def surviving(view: View, damage: jax.Array, move: jax.Array, when: jax.Array) -> tuple[View, jax.Array]:
    """The view, and the damage that the foe takes of ``damage`` (whole, at least 1 or 0)."""
    foe = view.foe
    when = when & (foe.hp > 0)
    saved = when & has(foe, "focussash") & (damage >= foe.hp)
    view = view.replace(foe=put(view.foe, "focussash", saved, activated=1))
    damage = jnp.where(saved, foe.hp - 1, damage)
    endures = when & has(foe, "endure") & (damage >= foe.hp)
    damage = jnp.where(endures, foe.hp - 1, damage)
    spares = when & (move == move_id("falseswipe")) & (damage >= foe.hp)
    damage = jnp.where(spares, foe.hp - 1, damage)
    view, holds = focus_band(view, False, damage, when)
    damage = jnp.where(holds, foe.hp - 1, damage)
    bides = when & has(foe, "bide")
    number = jnp.where(view.second, 7, 1) + view.user.slot
    total = foe.data["bide.totalDamage"] + damage
    view = view.replace(foe=put(view.foe, "bide", bides, totalDamage=total, lastDamageSource=number))
    return view, damage


def focus_band(
    view: View, own: bool, damage: jax.Array, when: jax.Array, *, saves: bool = True
) -> tuple[View, jax.Array]:
    """The user's Focus Band (``own``) or the foe's draws where ``when``: the view, and bool whether it holds.

    ``saves``: False for damage by no move, at which it draws all the same.
    """
    mon = view.user if own else view.foe
    banded = when & item_is(mon, "focusband")
    view, roll = view.draw(10, banded)
    if not saves:
        return view, jnp.zeros_like(banded)
    holds = banded & (roll == 0) & (damage >= mon.hp)
    return view.show_item(own, holds), holds
