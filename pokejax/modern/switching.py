"""Coming in and leaving.

Source: ``switchIn`` in sim/battle-actions.js; ``runSwitch`` in data/mods/gen4/scripts.js; the hazards and abilities of
data/mods/gen4.
"""

from __future__ import annotations

import jax
import jax.numpy as jnp

from pokejax.common.arrays import quotient, take
from pokejax.common.storage import update
from pokejax.modern.conditions import boost, grounded, reset_side, set_status, toxic_spikes_status
from pokejax.modern.data import ability_id, move_data, type_id, type_immune, type_modifier
from pokejax.modern.rules import Rules
from pokejax.modern.shown import show_entry, show_weather
from pokejax.modern.state import ACT_NONE, MOVE_SLOTS, NOTHING, RAIN, SAND, SUN, has, put
from pokejax.modern.stats import refresh_speed, staged
from pokejax.modern.view import View, ability_is, number_of, type_is, types_of
from pokejax.modern.vitals import cure, entering, hurt, stored, toxic_reset
from pokejax.modern.volatiles import KEYS

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
WEATHER_SETTERS = {"drizzle": RAIN, "drought": SUN, "sandstream": SAND, "snowwarning": 4}


def switch(view: View, slot: jax.Array, by_move: jax.Array, copies: jax.Array) -> View:
    """``switchIn``: the user leaves for the Pokémon at ``slot``. ``by_move``: a move called it back (or 0)."""
    old = view.user
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
    for name in COPIED:
        kept = alive & copies & has(old, name)
        new = put(new, name, kept, **{key: old.data[f"{name}.{key}"] for key in KEYS[name]})
    side = update(view.user_side, True, act=ACT_NONE, entering=True)
    new = refresh_speed(new, side, view.field)
    view = view.replace(user=new, user_side=side, user_party=party)
    return view.replace(shown=show_entry(view.shown, number_of(view, True)))


def come_in(view: View, rules: Rules) -> View:
    """``runSwitch``: hazards in the order in which they were set, then the Pokémon's own entry."""
    view = view.replace(user_side=update(view.user_side, True, entering=False))
    view = view.swapped()  # the foe of this view is the one that enters
    on_ground = grounded(view)

    for place in (1, 2, 3):
        side, foe = view.foe_side, view.foe
        rock = side.stealthrock_order == place
        modifier = type_modifier(jnp.int32(type_id("Rock")), *types_of(foe))
        sharp = quotient(foe.max_hp << jnp.maximum(modifier, 0), 8 << jnp.maximum(-modifier, 0))
        view = view.replace(foe=hurt(view.foe, sharp, rock))
        spiky = (side.spikes_order == place) & on_ground
        share = jnp.where(side.spikes == 1, 3, jnp.where(side.spikes == 2, 4, 6))
        view = view.replace(foe=hurt(view.foe, quotient(share * foe.max_hp, 24), spiky))
        toxic = (side.toxicspikes_order == place) & on_ground & (view.foe.hp > 0)
        absorbs = toxic & type_is(foe, type_id("Poison"))
        view = view.replace(foe_side=reset_side(side, "toxicspikes", absorbs))
        safe = has(foe, "substitute") | type_is(foe, type_id("Steel")) | ability_is(foe, "magicguard")
        view, _ = set_status(view, toxic_spikes_status(view), toxic & ~absorbs & ~safe, False, rules.clauses)
    view = view.swapped()
    view = view.replace(user=toxic_reset(view.user, view.user.hp > 0))
    starts = view.user.hp > 0
    view = ability_start(view, starts)
    return view.drop_foe("substitutebroken", starts & (view.foe.hp > 0))


def ability_start(view: View, when: jax.Array) -> View:
    """The user's ability begins ('Start')."""
    user, foe = view.user, view.foe
    for name, weather in WEATHER_SETTERS.items():
        sets = when & ability_is(user, name)
        # 'WeatherChange' follows, also where a passing weather becomes one for ever.
        new = (view.field.weather != weather) | (view.field.weather_duration != 0)
        view = view.update_tie(sets & new)
        view = view.on_field(sets & (view.field.weather != weather), weather=weather, weather_duration=0)
        view = view.on_field(sets & (view.field.weather == weather), weather_duration=0)
        view = view.show_ability(True, sets & new)
        view = view.replace(shown=show_weather(view.shown, sets & new))
    stares = when & ability_is(user, "intimidate") & ~has(foe, "substitute") & ~foe.fainted
    down = -(jnp.arange(7) == 0).astype(jnp.int32)
    view = view.show_ability(True, stares | (when & ability_is(user, "pressure")))
    view, _ = boost(view, down, stares, False, named=True)
    reads = when & ability_is(user, "download") & ~foe.fainted & ~has(foe, "substitute")
    view = _download(view, reads)
    frisks = when & ability_is(user, "frisk") & ~foe.fainted
    view, _ = view.draw(1, frisks)
    view = view.show_ability(True, frisks & (foe.item != 0)).show_item(False, frisks & (foe.item != 0))
    if view.shown is not None:
        view = view.show_ability(True, when & ability_is(user, "anticipation") & ~foe.fainted & _threatened(view))
    view = view.on_user(when & (user.ability == ability_id("gluttony")), ability_gluttony=2)
    return view


def _download(view: View, when: jax.Array) -> View:
    foe = view.foe
    defense = staged(foe.stats[1], foe.boosts[1])
    special = staged(foe.stats[3], foe.boosts[3])
    stat = jnp.where(defense >= special, 2, 0)
    back, changed = boost(view.swapped(), (jnp.arange(7) == stat).astype(jnp.int32), when, True)
    return back.swapped().show_ability(True, changed)


def _threatened(view: View) -> jax.Array:
    """bool: the foe knows a move at which the user's Anticipation shudders."""
    danger = jnp.bool_(False)
    for k in range(MOVE_SLOTS):
        data = move_data(view.foe.moves[k])
        types = view.user.type1, view.user.type2
        weak = (type_modifier(data.type, *types) > 0) & ~type_immune(data.type, *types)
        danger = danger | ((view.foe.moves[k] != 0) & ~data.is_status & (weak | data.flag("ohko")))
    return danger
