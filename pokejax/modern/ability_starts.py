"""The beginning of an ability: at its Pokémon's entry, or when it is got.

Source: the ``onStart`` handlers of data/mods/gen4/abilities.js and data/abilities.js.
"""

from __future__ import annotations

import functools

import jax
import jax.numpy as jnp
import numpy as np

from jaxenv.control import maybe
from pokejax.common.arrays import lookup
from pokejax.modern.conditions import boost
from pokejax.modern.data import ability_id, among, move_column, tables, type_immune, type_modifier
from pokejax.modern.formes import formes_follow
from pokejax.modern.shown import show_weather
from pokejax.modern.state import ACT_MOVE, MOVE_SLOTS, RAIN, SAND, SUN, UNDEFINED, drop, has, put
from pokejax.modern.stats import staged
from pokejax.modern.tables import Category
from pokejax.modern.view import View, ability_is, item_is

ANNOUNCED = ("pressure", "moldbreaker", "slowstart")
"""Abilities that tell of themselves when they begin, whatever else there is."""
WEATHER_SETTERS = {"drizzle": RAIN, "drought": SUN, "sandstream": SAND, "snowwarning": 4}


def ability_start(view: View, when: jax.Array) -> View:
    """The user's ability begins ('Start')."""
    view = trace(view, when, starts=True)
    user, foe = view.user, view.foe
    weather = lookup(_weather_set(), user.ability)
    sets = when & ability_is(user, *WEATHER_SETTERS)
    # 'WeatherChange' follows, also where a passing weather becomes one for ever.
    new = sets & ((view.field.weather != weather) | (view.field.weather_duration != 0))
    view = view.update_tie(new).on_field(sets, weather=weather, weather_duration=0).show_ability(True, new)
    view = view.replace(shown=show_weather(view.shown, new))
    stares = when & ability_is(user, "intimidate") & ~has(foe, "substitute") & ~foe.fainted
    down = -(jnp.arange(7) == 0).astype(jnp.int32)
    view = view.show_ability(True, stares | (when & ability_is(user, *ANNOUNCED)))
    view, _ = boost(view, down, stares, False, named=True)
    reads = when & ability_is(user, "download") & ~foe.fainted & ~has(foe, "substitute")
    view = _download(view, reads)
    frisks = when & ability_is(user, "frisk") & ~foe.fainted
    view, _ = view.draw(1, frisks)
    view = view.show_ability(True, frisks & (foe.item != 0)).show_item(False, frisks & (foe.item != 0))
    if view.shown is not None:
        view = view.show_ability(True, when & ability_is(user, "anticipation") & ~foe.fainted & _threatened(view))
    here = when & ~has(user, "gastroacid")
    view = view.on_user(here & (user.ability == ability_id("gluttony")), ability_gluttony=2)
    view = view.on_user(here & (user.ability == ability_id("slowstart")), ability_counter=5)
    clouds = among(user.ability, [ability_id("cloudnine"), ability_id("airlock")])
    view = view.on_user(here & clouds, ability_ending=1)
    lazy = here & (user.ability == ability_id("truant"))
    moved = user.stayed_a_turn & ((user.result_this_turn != UNDEFINED) | (view.user_side.act != ACT_MOVE))
    view = view.replace(user=put(drop(view.user, "truant", lazy), "truant", lazy & moved))
    view = _forewarn(view, when & ability_is(user, "forewarn") & (foe.hp > 0))
    return formes_follow(view, when, own=True)


def trace(view: View, when: jax.Array, *, copies: bool = False, starts: bool = False) -> View:
    """Trace looks for an ability to copy, at every 'Update' until it has one. One draw each time, with one foe too.

    ``starts``: Trace itself begins, and the caller lets begin what it copies. ``copies``: what it copies begins here.
    """
    user, foe = view.user, view.foe
    mine = when & ability_is(user, "trace") & (user.hp > 0)
    mine = mine & (starts | (user.ability_seek == 2))
    view = view.on_user(mine, ability_seek=2)
    looks = mine & (foe.hp > 0)
    view, _ = view.draw(1, looks)
    if not (starts or copies):
        return view
    found = looks & ~foe.fainted & ~lookup(tables().abilities.flag("notrace"), foe.ability)
    found = found & ~item_is(user, "griseousorb")
    fresh = {"ability_counter": 0, "ability_ending": 0, "ability_seek": 0, "ability_gluttony": 0}
    view = view.show_ability(True, found).show_ability(False, found)
    view = view.on_user(found, ability=foe.ability, **fresh).got_ability(True, True, found)
    return maybe(found, lambda v: ability_start(v, found), view) if copies else view


def _forewarn(view: View, when: jax.Array) -> View:
    """One of the foe's strongest moves is told: a draw, and nothing else."""
    strength = jnp.stack([lookup(_warnings(), view.foe.moves[k]) for k in range(4)])
    strength = jnp.where(view.foe.moves != 0, strength, 0)
    most = jnp.max(strength)
    count = jnp.sum((strength == most) & (strength > 0), dtype=jnp.int32)
    view, _ = view.draw(jnp.maximum(count, 1), when & (count > 0))
    return view.show_ability(True, when & (count > 0))


@functools.cache
def _warnings() -> np.ndarray:
    """int32[moves]: power as Forewarn sees it."""
    moves = tables().moves
    power = moves.base_power.astype(np.int32)
    power = np.where(moves.ohko, 160, power)
    power = np.where(np.isin(moves.id, ["counter", "metalburst", "mirrorcoat"]), 120, power)
    return np.where((power == 0) & (moves.category != Category.STATUS), 80, np.maximum(power, 0))


@functools.cache
def _weather_set() -> np.ndarray:
    """int32[abilities]: the weather that an ability brings, 0 none."""
    table = np.zeros(len(tables().abilities.id), np.int32)
    for name, weather in WEATHER_SETTERS.items():
        table[ability_id(name)] = weather
    return table


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
        move = view.foe.moves[k]
        type_ = lookup(move_column("type").astype(np.int32), move)
        types = view.user.type1, view.user.type2
        weak = (type_modifier(type_, *types) > 0) & ~type_immune(type_, *types)
        attacks = lookup(move_column("category") != Category.STATUS, move)
        danger = danger | ((move != 0) & attacks & (weak | lookup(move_column("ohko"), move)))
    return danger
