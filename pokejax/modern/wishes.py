"""Moves that leave something for later in the user's place: Wish, Healing Wish, Lunar Dance.

Source: data/moves.js, data/mods/gen4/moves.js; ``addSlotCondition`` in sim/side.js.
"""

from __future__ import annotations

import jax
import jax.numpy as jnp

from pokejax.common.storage import update
from pokejax.modern.data import move_id
from pokejax.modern.view import View, number_of
from pokejax.modern.vitals import cure, healed

WISHING = ("wish", "healingwish", "lunardance")


def wish_for(view: View, move: jax.Array, when: jax.Array) -> tuple[View, jax.Array]:
    """The slot condition set, unless it is there already: the view, and bool whether it was."""
    side = view.user_side
    did = jnp.bool_(False)
    this = when & (move == move_id("wish")) & (side.wish == 0)
    side = update(side, this, wish=2, wish_source=number_of(view, True))
    did = did | this
    for name in ("healingwish", "lunardance"):
        this = when & (move == move_id(name)) & (getattr(side, name) == 0)
        side = update(side, this, **{name: 2})  # one turn, and itself
        did = did | this
    return view.replace(user_side=side), did


def wish_arrives(view: View, when: jax.Array) -> View:
    """'SwitchIn' of the newcomer (the user) for whom one fell."""
    for name in ("healingwish", "lunardance"):
        this = when & (getattr(view.user_side, name) > 0)
        alive = this & (view.user.hp > 0)
        user = healed(view.user, view.user.max_hp, alive)
        user = cure(user, alive)
        user = update(user, alive, last_move=view.field.last_move)
        if name == "lunardance":
            user = update(user, alive, pp=user.max_pp)
        user = update(user, this & ~alive, switch_flag=1)
        view = view.replace(user=user, user_side=update(view.user_side, alive, **{name: 0}))
    return view
