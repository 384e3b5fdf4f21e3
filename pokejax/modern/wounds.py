"""Damage that no hit deals: by recoil, items, abilities, conditions, hazards, weather, or a blow at oneself.

Source: ``damage`` in sim/battle.js runs 'Damage' for every one of them; ``onDamage`` of Focus Band in data/items.js
draws each time, whether or not the blow could be survived, and saves its holder from blows of moves alone.
"""

from __future__ import annotations

import jax
import jax.numpy as jnp

from pokejax.modern.survive import focus_band
from pokejax.modern.view import View, ability_is
from pokejax.modern.vitals import hurt


def wounded(view: View, amount: jax.Array, when: jax.Array, *, indirect: bool = True) -> View:
    """The user loses ``amount`` HP, at least 1, where ``when``. ``indirect``: by no move, so that Magic Guard helps."""
    user = view.user
    felt = when & (user.hp > 0)
    if indirect:
        felt = felt & ~ability_is(user, "magicguard")
    view, saved = focus_band(view, True, amount, felt, saves=not indirect)
    if not indirect:
        # A blow of no HP at a last hit point: nothing is lost.
        felt = felt & ~(saved & (user.hp == 1))
        amount = jnp.where(saved, user.hp - 1, amount)
    return view.replace(user=hurt(view.user, amount, felt, indirect=indirect))


def foe_wounded(view: View, amount: jax.Array, when: jax.Array) -> View:
    """`wounded` of the foe, by no move."""
    return wounded(view.swapped(), amount, when).swapped()
