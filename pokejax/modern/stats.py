"""Stats with stages, and the speed by which actions and events are sorted.

Source: ``calculateStat``, ``getStat`` in sim/pokemon.js; ``getActionSpeed`` in data/mods/gen4/scripts.js.
"""

from __future__ import annotations

import jax
import jax.numpy as jnp

from pokejax.common.arrays import quotient
from pokejax.common.storage import update
from pokejax.modern.data import species_id
from pokejax.modern.modifiers import ONE, chain, modify
from pokejax.modern.state import NOTHING, PAR, RAIN, SPE, SUN, Active, Field, Side, has
from pokejax.modern.view import ability_is, item_is

_SLOWING = (
    "machobrace",
    "ironball",
    "powerbracer",
    "powerbelt",
    "powerlens",
    "powerband",
    "poweranklet",
    "powerweight",
)


def staged(stat: jax.Array, stage: jax.Array) -> jax.Array:
    """A stat (not accuracy or evasion) with its stages."""
    stage = jnp.clip(stage, -6, 6)
    return jnp.where(stage >= 0, (stat * (2 + stage)) >> 1, quotient(stat * 2, 2 - jnp.minimum(stage, 0)))


def own_stage(mon: Active, stat: int) -> jax.Array:
    """'ModifyBoost' of the Pokémon's own ability: Simple doubles."""
    stage = mon.boosts[stat]
    return jnp.where(ability_is(mon, "simple"), jnp.clip(stage * 2, -6, 6), stage)


def action_speed(mon: Active, side: Side, field: Field) -> jax.Array:
    """'getActionSpeed': negative in a Trick Room. ``field``: with the weather that counts (`view.weather_now`)."""
    speed = staged(mon.stats[SPE], own_stage(mon, SPE))
    # All factors are powers of two and halves of three, so that the order of the chain changes nothing.
    modifier = jnp.int32(ONE)
    modifier = chain(modifier, ability_is(mon, "swiftswim") & (field.weather == RAIN), 2 * ONE)
    modifier = chain(modifier, ability_is(mon, "chlorophyll") & (field.weather == SUN), 2 * ONE)
    hasty = ability_is(mon, "quickfeet") & (mon.status != NOTHING)
    modifier = chain(modifier, hasty, ONE * 3 // 2)
    light = has(mon, "unburden") & (mon.item == 0) & ~has(mon, "gastroacid")
    modifier = chain(modifier, light, 2 * ONE)
    modifier = chain(modifier, ability_is(mon, "slowstart") & (mon.ability_counter > 0), ONE // 2)
    quick = item_is(mon, "quickpowder") & (mon.species == species_id("ditto")) & ~mon.transformed
    modifier = chain(modifier, quick, 2 * ONE)
    modifier = chain(modifier, item_is(mon, "choicescarf"), ONE * 3 // 2)
    modifier = chain(modifier, item_is(mon, *_SLOWING), ONE // 2)
    modifier = chain(modifier, (mon.status == PAR) & ~ability_is(mon, "quickfeet"), ONE // 4)
    speed = jnp.where(side.tailwind > 0, speed * 2, speed)
    speed = jnp.minimum(modify(speed, modifier), 10000)
    return jnp.where(field.trickroom > 0, -speed, speed)


def refresh_speed(mon: Active, side: Side, field: Field, when: jax.Array | bool = True) -> Active:
    """'updateSpeed' of one that has not fainted."""
    return update(mon, ~mon.fainted & when, speed=action_speed(mon, side, field))
