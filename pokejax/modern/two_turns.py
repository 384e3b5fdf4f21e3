"""Moves that take a turn to prepare.

Source: the ``onTryMove`` handlers of these moves in data/moves.js, data/mods/gen4; ``twoturnmove`` in
data/conditions.js.
"""

from __future__ import annotations

import jax
import jax.numpy as jnp

from pokejax.common.storage import update
from pokejax.modern.data import move_id
from pokejax.modern.state import DEF, SUN, Active, drop, has
from pokejax.modern.view import View, ability_is, item_is, weather_of

LASTING = ("fly", "dig", "dive", "bounce", "shadowforce")
CHARGING = (*LASTING, "razorwind", "solarbeam", "skullbash", "skyattack")
"""The moves, each with a condition of its name; those in `LASTING` put their user out of reach."""


def charge(view: View, move: jax.Array, when: jax.Array) -> tuple[View, jax.Array]:
    """'TryMove' of such a move: bool whether this use only prepares it."""
    user = view.user
    prepares = jnp.bool_(False)
    for name in CHARGING:
        this = when & (move == move_id(name))
        ready = this & has(user, name)
        view = view.replace(user=drop(view.user, name, ready))
        prepares = prepares | (this & ~ready)
    bash = prepares & (move == move_id("skullbash"))
    stages = jnp.minimum(view.user.boosts + (jnp.arange(7) == DEF).astype(jnp.int32), 6)
    view = view.on_user(bash, boosts=stages)
    prepares = prepares & ~((move == move_id("solarbeam")) & (weather_of(view) == SUN))
    herb = prepares & item_is(view.user, "powerherb")
    view = use_item(view, herb)
    prepares = prepares & ~herb
    view = view.put_user("twoturnmove", prepares, duration=2, move=move)
    for name in CHARGING:
        this = prepares & (move == move_id(name))
        view = view.put_user(name, this, **({"duration": 2} if name in LASTING else {}))
    return view, prepares


def use_item(view: View, when: jax.Array) -> View:
    """The user's item is used up."""
    user = view.user
    view = view.show_item(True, when).put_user("unburden", when & unburdens(user))
    return view.replace(user=update(view.user, when, last_item=user.item, item=0, used_item=True))


def unburdens(mon: Active) -> jax.Array:
    """bool: losing an item begins Unburden."""
    return ability_is(mon, "unburden")


def stop_charging(view: View, when: jax.Array) -> View:
    """The user gives up a move that it prepares ('MoveAborted')."""
    when = when & has(view.user, "twoturnmove")
    mon = drop(view.user, "twoturnmove", when)
    for name in CHARGING:
        mon = drop(mon, name, when)
    return view.replace(user=mon)
