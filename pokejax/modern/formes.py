"""Formes that change in battle: by weather, by plate.

Source: ``formeChange``, ``setSpecies`` in sim/pokemon.js; Forecast, Flower Gift, and the condition of Arceus in
data/abilities.js, data/conditions.js and data/mods/gen4.

Castform, Cherrim and Arceus have the same base stats in all formes, so that a change takes new types alone.
"""

from __future__ import annotations

import functools

import jax
import jax.numpy as jnp
import numpy as np

from pokejax.common.arrays import lookup
from pokejax.modern.data import among, species_id, tables, type_id
from pokejax.modern.state import HAIL, RAIN, SPE, SUN
from pokejax.modern.view import View, ability_is, weather_of

_CASTFORM = {SUN: "castformsunny", RAIN: "castformrainy", HAIL: "castformsnowy"}


def _become(view: View, species: jax.Array, when: jax.Array) -> View:
    """The user's species changed, with the types of the new one; its cached speed is the plain stat again."""
    types = lookup(tables().species.types.astype(np.int32), species)
    when = when & (view.user.species != species)
    speed = view.user_party.stats.astype(jnp.int32)
    plain = jnp.sum(jnp.where((jnp.arange(6) == view.user.slot)[:, None], speed, 0), axis=0)
    return view.on_user(when, species=species, type1=types[0], type2=types[1], stats=plain, speed=plain[SPE])


def formes_follow(view: View, when: jax.Array, *, own: bool = False) -> View:
    """'WeatherChange' of both Pokémon, of the user alone where ``own``: Forecast and Flower Gift."""

    def one(view: View) -> View:
        user, weather = view.user, weather_of(view)
        able = when & (user.hp > 0) & ~user.transformed
        casts = able & ability_is(user, "forecast") & (user.base_species == species_id("castform"))
        forme = jnp.int32(species_id("castform"))
        for code, name in _CASTFORM.items():
            forme = jnp.where(weather == code, species_id(name), forme)
        view = view.show_ability(True, casts & (view.user.species != forme))
        view = _become(view, forme, casts)
        blooms = able & ability_is(user, "flowergift") & (user.base_species == species_id("cherrim"))
        forme = jnp.where(weather == SUN, species_id("cherrimsunshine"), species_id("cherrim"))
        view = view.show_ability(True, blooms & (view.user.species != forme))
        return _become(view, forme, blooms)

    view = one(view)
    return view if own else one(view.swapped()).swapped()


@functools.cache
def _plates() -> np.ndarray:
    """int32[types]: the forme of Arceus by the type of its plate."""
    table = np.full(len(tables().types.name), species_id("arceus"), np.int32)
    for name in tables().types.name:
        forme = f"arceus{str(name).lower()}"
        if forme in set(tables().species.id):
            table[type_id(str(name))] = species_id(forme)
    return table


def is_arceus(species: jax.Array) -> jax.Array:
    """bool: one of the formes of Arceus."""
    return among(lookup(tables().species.base.astype(np.int32), species), [species_id("arceus")])


def take_forme(view: View, when: jax.Array) -> View:
    """'SwitchIn' of Arceus: the forme of its plate."""
    user = view.user
    plate = lookup(tables().items.plate_type.astype(np.int32), user.item)
    when = when & is_arceus(user.base_species) & ability_is(user, "multitype") & (user.hp > 0)
    return _become(view, lookup(_plates(), plate), when)
