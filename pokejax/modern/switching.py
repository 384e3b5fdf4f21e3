"""Coming in and leaving.

Source: ``switchIn`` in sim/battle-actions.js; ``runSwitch`` in data/mods/gen4/scripts.js; the hazards and abilities of
data/mods/gen4.
"""

from __future__ import annotations

import jax
import jax.numpy as jnp
from jax import lax

from jaxenv.control import maybe
from pokejax.common.arrays import quotient, take
from pokejax.common.storage import update
from pokejax.modern.ability_starts import ability_start
from pokejax.modern.conditions import grounded, reset_side, set_status, toxic_spikes_status
from pokejax.modern.data import ability_id, among, type_id, type_modifier
from pokejax.modern.formes import take_forme
from pokejax.modern.holding import let_go
from pokejax.modern.rules import Rules
from pokejax.modern.shown import show_entry
from pokejax.modern.state import ACT_NONE, NOTHING, has, put
from pokejax.modern.stats import refresh_speed
from pokejax.modern.taken_items import item_start, white_herb
from pokejax.modern.view import View, ability_is, field_now, number_of, type_is, types_of
from pokejax.modern.vitals import cure, entering, stored, toxic_reset
from pokejax.modern.volatiles import KEYS
from pokejax.modern.wishes import wish_arrives
from pokejax.modern.wounds import foe_wounded

COPIED = [
    "aquaring",
    "confusion",
    "curse",
    "embargo",
    "focusenergy",
    "gastroacid",
    "healblock",
    "ingrain",
    "leechseed",
    "magnetrise",
    "perishsong",
    "powertrick",
    "substitute",
    "taunt",
    "trapped",
    "lockon",
    "mudsport",
    "watersport",
]


def switch(view: View, slot: jax.Array, by_move: jax.Array, copies: jax.Array) -> View:
    """``switchIn``: the user leaves for the Pokémon at ``slot``. ``by_move``: a move called it back (or 0)."""
    view = let_go(view, view.user.hp > 0)
    old = view.user
    clouds = (old.hp > 0) & among(old.ability, [ability_id("cloudnine"), ability_id("airlock")])
    view = view.update_tie(clouds)  # 'WeatherChange'
    cured = ability_is(old, "naturalcure") & (old.status != NOTHING)
    view = view.show_ability(True, cured & (old.hp > 0))
    old = cure(old, cured)
    party = stored(view.user_party, old)
    party = party.replace(last_item=party.last_item.at[old.slot].set(0))
    mine, theirs = take(party.position, old.slot), take(party.position, slot)
    places = jnp.arange(6)
    position = jnp.where(places == slot, mine, jnp.where(places == old.slot, theirs, party.position))
    party = party.replace(position=position.astype(party.position.dtype))
    new = entering(party, slot)
    alive = old.hp > 0
    new = update(new, True, last_item=old.last_item)
    new = update(new, alive & (by_move > 0), last_move=old.last_move)
    new = update(new, alive & copies, boosts=old.boosts)
    tricked = alive & copies & has(old, "powertrick")
    stats = jnp.concatenate([new.stats[1:2], new.stats[0:1], new.stats[2:]])
    new = update(new, tricked, stats=stats)
    for name in COPIED:
        kept = alive & copies & has(old, name)
        new = put(new, name, kept, **{key: old.data[f"{name}.{key}"] for key in KEYS[name]})
    side = update(view.user_side, True, act=ACT_NONE, act_event=False, entering=True)
    new = refresh_speed(new, side, field_now(view.field, new, view.foe))
    view = view.replace(user=new, user_side=side, user_party=party)
    return view.replace(shown=show_entry(view.shown, number_of(view, True)))


def come_in(view: View, rules: Rules, *, hazards: bool = True) -> View:
    """``runSwitch``: hazards in the order in which they were set, then the Pokémon's own entry.

    ``hazards``: False for a lead, that meets none.
    """
    view = view.replace(user_side=update(view.user_side, True, entering=False))
    if hazards:
        view = _hazards(view.swapped(), rules).swapped()
    view = view.replace(user=toxic_reset(view.user, view.user.hp > 0))
    view = take_forme(view, jnp.bool_(True))
    view = wish_arrives(view, jnp.bool_(True))
    view = white_herb(view, jnp.bool_(True))
    view = white_herb(view.swapped(), jnp.bool_(True)).swapped()
    starts = view.user.hp > 0
    view = ability_start(view, starts)
    view = item_start(view, starts & (view.user.hp > 0))
    return view.drop_foe("substitutebroken", starts & (view.foe.hp > 0))


def _hazards(view: View, rules: Rules) -> View:
    """The hazards on the foe's side befall the foe."""
    on_ground = grounded(view)

    def befall(place: jax.Array, view: View) -> View:
        side, foe = view.foe_side, view.foe
        rock = side.stealthrock_order == place
        modifier = type_modifier(jnp.int32(type_id("Rock")), *types_of(foe))
        sharp = quotient(foe.max_hp << jnp.maximum(modifier, 0), 8 << jnp.maximum(-modifier, 0))
        view = foe_wounded(view, sharp, rock)
        spiky = (side.spikes_order == place) & on_ground
        share = jnp.where(side.spikes == 1, 3, jnp.where(side.spikes == 2, 4, 6))
        view = foe_wounded(view, quotient(share * foe.max_hp, 24), spiky)
        toxic = (side.toxicspikes_order == place) & on_ground & (view.foe.hp > 0)
        absorbs = toxic & type_is(foe, type_id("Poison"))
        view = view.replace(foe_side=reset_side(side, "toxicspikes", absorbs))
        safe = has(foe, "substitute") | type_is(foe, type_id("Steel")) | ability_is(foe, "magicguard")
        return set_status(view, toxic_spikes_status(view), toxic & ~absorbs & ~safe, False, rules.clauses)[0]

    lies = (view.foe_side.spikes > 0) | (view.foe_side.toxicspikes > 0) | (view.foe_side.stealthrock > 0)
    return maybe(lies, lambda v: lax.fori_loop(1, 4, befall, v), view, masked=True)
