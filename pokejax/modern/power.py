"""Base power that depends on the battle, of the moves whose table row names a function for it.

Source: ``basePowerCallback`` in data/moves.js and data/mods/gen4/moves.js.
"""

from __future__ import annotations

import jax
import jax.numpy as jnp

from pokejax.common.arrays import quotient
from pokejax.modern.data import MoveData, among, move_id, species_weight
from pokejax.modern.state import Active
from pokejax.modern.view import View

POWER_RULES = [
    "return",
    "frustration",
    "lowkick",
    "grassknot",
    "flail",
    "reversal",
    "eruption",
    "waterspout",
    "wringout",
    "crushgrip",
    "hiddenpower",
    "punishment",
    "smellingsalts",
    "wakeupslap",
]
"""Moves whose power is worked out here."""


def power_of(view: View, user: Active, foe: Active, data: MoveData, move: jax.Array) -> jax.Array:
    """int32: the power before its modifiers, at least 0."""

    def is_one(*names: str) -> jax.Array:
        return among(move, [move_id(name) for name in names])

    power = data.base_power
    power = jnp.where(is_one("return"), quotient(user.happiness * 10, 25), power)
    power = jnp.where(is_one("frustration"), quotient((255 - user.happiness) * 10, 25), power)
    weight = species_weight(foe.species)
    by_weight = jnp.int32(20)
    for least, value in ((100, 40), (250, 60), (500, 80), (1000, 100), (2000, 120)):
        by_weight = jnp.where(weight >= least, value, by_weight)
    power = jnp.where(is_one("lowkick", "grassknot"), by_weight, power)
    share = jnp.maximum(quotient(user.hp * 64, jnp.maximum(user.max_hp, 1)), 1)
    desperate = jnp.int32(20)
    for below, value in ((43, 40), (22, 80), (13, 100), (6, 150), (2, 200)):
        desperate = jnp.where(share < below, value, desperate)
    power = jnp.where(is_one("flail", "reversal"), desperate, power)
    full = quotient(150 * user.hp, jnp.maximum(user.max_hp, 1))
    power = jnp.where(is_one("eruption", "waterspout"), full, power)
    crush = quotient(120 * foe.hp, jnp.maximum(foe.max_hp, 1)) + 1
    power = jnp.where(is_one("wringout", "crushgrip"), crush, power)
    power = jnp.where(move == move_id("hiddenpower"), user.hidden_power, power)
    raised = jnp.sum(jnp.maximum(foe.boosts, 0), dtype=jnp.int32)
    power = jnp.where(is_one("punishment"), jnp.minimum(60 + 20 * raised, 200), power)
    power = jnp.where(is_one("smellingsalts") & (foe.status == 2), power * 2, power)
    power = jnp.where(is_one("wakeupslap") & (foe.status == 3), power * 2, power)
    return power


def has_power(data: MoveData, move: jax.Array) -> jax.Array:
    """bool: the formula gives its damage."""
    return ~data.is_status & ((data.base_power > 0) | among(move, [move_id(name) for name in POWER_RULES]))


def move_type(user: Active, data: MoveData, move: jax.Array) -> jax.Array:
    """int32: the type as used ('ModifyType')."""
    return jnp.where(move == move_id("hiddenpower"), user.hidden_power_type, data.type)
