"""Base power that depends on the battle, of the moves whose table row names a function for it.

Source: ``basePowerCallback`` in data/moves.js and data/mods/gen4/moves.js.
"""

from __future__ import annotations

import jax
import jax.numpy as jnp

from pokejax.common.arrays import quotient
from pokejax.modern.data import MoveData, among, move_id, species_weight
from pokejax.modern.locks import pp_of
from pokejax.modern.state import ACT_MOVE, SLP, Active, has
from pokejax.modern.stats import action_speed
from pokejax.modern.view import View, field_now, number_of

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
    "payback",
    "revenge",
    "avalanche",
    "assurance",
    "gyroball",
    "trumpcard",
    "furycutter",
    "rollout",
    "iceball",
    "spitup",
    "triplekick",
    "magnitude",
    "pursuit",
    "naturalgift",
    "present",
    "fling",
]
"""Moves whose power is worked out here."""


def power_of(view: View, user: Active, foe: Active, data: MoveData, move: jax.Array) -> jax.Array:
    """int32: the power before its modifiers, at least 0. Whatever changed `data.base_power` counts."""

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
    waits = (view.foe_side.act == ACT_MOVE) & ~foe.fainted
    power = jnp.where(is_one("payback"), jnp.where(waits, 50, 100), power)
    hurt_by = (user.attack_source == number_of(view, False)) & (user.attack_damage > 0) & user.attack_this_turn
    power = jnp.where(is_one("revenge", "avalanche") & jnp.any(hurt_by), power * 2, power)
    power = jnp.where(is_one("assurance") & (foe.hurt_this_turn > 1), power * 2, power)
    field = field_now(view.field, user, foe)
    mine = jnp.maximum(jnp.abs(action_speed(user, view.user_side, field)), 1)
    theirs = jnp.abs(action_speed(foe, view.foe_side, field))
    power = jnp.where(is_one("gyroball"), jnp.minimum(quotient(25 * theirs, mine) + 1, 150), power)
    there, left = pp_of(user, move)
    trump = jnp.where(left == 0, 200, jnp.where(left == 1, 80, jnp.where(left == 2, 60, jnp.where(left == 3, 50, 40))))
    power = jnp.where(is_one("trumpcard"), jnp.where(there, trump, 40), power)
    power = jnp.where(is_one("spitup"), user.data["stockpile.layers"] * 100, power)
    return jnp.where(is_one("pursuit") & view.flees, power * 2, power)


def rising(view: View, data: MoveData, move: jax.Array, when: jax.Array, first: jax.Array) -> tuple[View, MoveData]:
    """Fury Cutter, Rollout and Ice Ball, which get stronger with each use, and count it."""
    cuts = when & (move == move_id("furycutter"))
    again = cuts & first & has(view.user, "furycutter")
    multiplier = jnp.where(again, jnp.minimum(view.user.data["furycutter.multiplier"] * 2, 16), 1)
    view = view.put_user("furycutter", cuts & first, multiplier=multiplier, duration=2)
    cutting = jnp.clip(data.base_power * view.user.data["furycutter.multiplier"], 1, 160)
    power = jnp.where(cuts, cutting, data.base_power)
    for name in ("rollout", "iceball"):
        rolls = when & (move == move_id(name))
        user = view.user
        there = rolls & has(user, name)
        count, contact = user.data[f"{name}.hitCount"], user.data[f"{name}.contactHitCount"]
        grown = jnp.where(there & (count > 0), power << contact, power)
        counts = there & (user.status != SLP)
        left = jnp.where(count + 1 < 5, 2, user.data[f"{name}.duration"])
        view = view.put_user(name, counts, hitCount=count + 1, contactHitCount=contact + 1, duration=left)
        grown = jnp.where(has(user, "defensecurl"), grown * 2, grown)
        power = jnp.where(rolls, grown, power)
    return view, data.replace(base_power=power)


def has_power(data: MoveData, move: jax.Array) -> jax.Array:
    """bool: the formula gives its damage."""
    gives = (move == move_id("present")) & (data.base_power == 0)
    return ~data.is_status & ~gives & ((data.base_power > 0) | among(move, [move_id(name) for name in POWER_RULES]))


def move_type(user: Active, data: MoveData, move: jax.Array) -> jax.Array:
    """int32: the type as used ('ModifyType')."""
    return jnp.where(move == move_id("hiddenpower"), user.hidden_power_type, data.type)
