"""Effects on the target in a line or two each.

Source: Spite, Curse, Defog, Camouflage, Swallow, Recycle, Baton Pass and Conversion in data/moves.js and
data/mods/gen4/moves.js.
"""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np

from pokejax.common.arrays import lookup
from pokejax.common.storage import update
from pokejax.modern.conditions import boost, reset_side
from pokejax.modern.data import among, move_id, tables, type_id
from pokejax.modern.locks import pp_of, spend_pp
from pokejax.modern.modifiers import modify
from pokejax.modern.state import has
from pokejax.modern.view import View, ability_is, type_is
from pokejax.modern.vitals import healed, hurt_directly
from pokejax.modern.volatile_ends import unstock

SMALL = ("spite", "curse", "defog", "camouflage", "swallow", "recycle", "batonpass", "conversion", "conversion2")


def small_effect(view: View, move: jax.Array, when: jax.Array) -> tuple[View, jax.Array]:
    """The view, and bool whether the move did something."""
    user, foe = view.user, view.foe
    did = jnp.bool_(True)

    def one(name: str) -> jax.Array:
        return when & (move == move_id(name))

    grudges = one("spite")
    known, pp = pp_of(foe, foe.last_move)
    view = view.replace(foe=spend_pp(view.foe, foe.last_move, 4, grudges & known))
    did = did & ~(grudges & ~(known & (pp > 0)))

    ghostly = type_is(user, type_id("Ghost")) & ~has(foe, "substitute")
    view = view.replace(user=hurt_directly(view.user, user.max_hp >> 1, one("curse") & ghostly))

    clears = one("defog")
    sinks = clears & ~has(foe, "substitute")
    view, _ = boost(view, jnp.array([0, 0, 0, 0, 0, 0, -1], jnp.int32), sinks, False, named=True)
    side = update(view.foe_side, clears, reflect=0, lightscreen=0, safeguard=0, mist=0)
    for name in ("spikes", "toxicspikes", "stealthrock"):
        side = reset_side(side, name, clears)
    view = view.replace(foe_side=side)

    hides = one("camouflage")
    able = ~type_is(user, type_id("Normal")) & ~ability_is(user, "multitype")
    view = view.on_user(hides & able, type1=type_id("Normal"), type2=0, known_type=True)
    did = did & ~(hides & ~able)

    gulps = one("swallow")
    layers = user.data["stockpile.layers"]
    share = jnp.where(layers >= 3, 4096, jnp.where(layers == 2, 2048, 1024))
    part = modify(user.max_hp, share)
    hungry = user.hp < user.max_hp
    view = view.replace(user=unstock(healed(view.user, part, gulps & hungry), gulps))
    did = did & ~(gulps & ~hungry)

    finds = one("recycle")
    able = (user.item == 0) & (user.last_item != 0)
    view = view.show_item(True, finds & able).on_user(finds & able, item=user.last_item, last_item=0)
    did = did & ~(finds & ~able)

    view = view.on_user(one("batonpass"), skips_switch_out=True)

    turns = one("conversion")
    column = tables().moves.type.astype("int32")
    types = jnp.stack([lookup(column, user.moves[k]) for k in range(4)])
    fit = (user.moves != 0) & ~among(user.moves, [move_id("conversion"), move_id("curse")])
    fit = fit & ~jnp.stack([type_is(user, types[k]) for k in range(4)])
    count = jnp.sum(fit, dtype=jnp.int32)
    view, roll = view.draw(jnp.maximum(count, 1), turns & (count > 0))
    chosen = fit & (jnp.cumsum(fit.astype(jnp.int32)) - 1 == roll)
    new = jnp.sum(jnp.where(chosen, types, 0), dtype=jnp.int32)
    able = (count > 0) & ~ability_is(user, "multitype")
    view = view.on_user(turns & able, type1=new, type2=0, known_type=True)
    view, resisted = _resist(view, one("conversion2"))
    return view, did & ~(turns & ~able) & ~(one("conversion2") & ~resisted)


def _resist(view: View, when: jax.Array) -> tuple[View, jax.Array]:
    """Conversion 2: the user takes a type that resists the foe's last move, by chance."""
    foe, user = view.foe, view.user
    types = tables().types
    struggles = foe.last_move_used == move_id("struggle")
    attack = jnp.where(struggles, type_id("Normal"), foe.last_move_used_type)
    table = (types.effectiveness < 0) | types.immune
    resists = lookup(table.astype(np.int32), attack) > 0
    places = np.arange(len(types.name))
    own = jnp.stack([type_is(user, int(k)) for k in places])
    fit = resists & ~own & jnp.asarray((places > 0) & (places < type_id("???")))
    count = jnp.where(foe.last_move_used == 0, 0, jnp.sum(fit, dtype=jnp.int32))
    view, roll = view.draw(jnp.maximum(count, 1), when & (count > 0))
    chosen = fit & (jnp.cumsum(fit.astype(jnp.int32)) - 1 == roll)
    new = jnp.sum(jnp.where(chosen, jnp.asarray(places.astype(np.int32)), 0), dtype=jnp.int32)
    able = (count > 0) & ~ability_is(user, "multitype")
    return view.on_user(when & able, type1=new, type2=0, known_type=True), able
