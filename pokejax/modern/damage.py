"""Damage of one hit: power, critical hit, stats, and the modifiers in Generation 4's order.

Source: ``getDamage`` in sim/battle-actions.js; ``modifyDamage`` in data/mods/gen4/scripts.js. Each chain lists its
handlers in the order in which the reference sorts them.
"""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np

from jaxenv import struct
from pokejax.common.arrays import lookup, quotient
from pokejax.modern.data import (
    MoveData,
    ability_id,
    among,
    item_id,
    move_flag,
    move_id,
    species_id,
    tables,
    type_id,
    type_modifier,
)
from pokejax.modern.modifiers import ONE, chain, modify
from pokejax.modern.power import power_of
from pokejax.modern.state import ATK, BRN, DEF, HAIL, NOTHING, RAIN, SAND, SPA, SPD, SUN, Active, has
from pokejax.modern.stats import own_stage, staged
from pokejax.modern.two_turns import use_item
from pokejax.modern.view import View, ability_is, ignores_item, item_is, type_is, types_of, weather_of

_TYPE_ITEMS = {
    "silverpowder": "Bug", "metalcoat": "Steel", "softsand": "Ground", "hardstone": "Rock", "miracleseed": "Grass",
    "blackglasses": "Dark", "blackbelt": "Fighting", "magnet": "Electric", "mysticwater": "Water",
    "sharpbeak": "Flying", "poisonbarb": "Poison", "nevermeltice": "Ice", "spelltag": "Ghost",
    "twistedspoon": "Psychic", "charcoal": "Fire", "dragonfang": "Dragon", "silkscarf": "Normal",
    "seaincense": "Water", "oddincense": "Psychic", "rockincense": "Rock", "waveincense": "Water",
    "roseincense": "Grass",
}  # fmt: skip
"""Items that raise the power of one type, beside the plates."""


_ORBS = (
    ("griseousorb", ("giratina", "giratinaorigin"), ("Ghost", "Dragon")),
    ("lustrousorb", ("palkia",), ("Water", "Dragon")),
    ("adamantorb", ("dialga",), ("Steel", "Dragon")),
)


@struct.dataclass
class Blow(struct.Node):
    """Result of one calculation."""

    damage: jax.Array
    critical: jax.Array
    effectiveness: jax.Array


def boosting_items() -> np.ndarray:
    """int32[items]: the type whose moves an item strengthens by a fifth, 0 for none."""
    table = tables().items.plate_type.astype(np.int32)
    for name, type_ in _TYPE_ITEMS.items():
        table[item_id(name)] = type_id(type_)
    return table


def _power(view: View, user: Active, foe: Active, data: MoveData, move: jax.Array, type_: jax.Array) -> jax.Array:
    """'BasePower': the power after its modifiers."""
    power = jnp.maximum(power_of(view, user, foe, data, move), 1)
    bit = jnp.int32(ONE)
    genders = (user.gender != 3) & (foe.gender != 3) & (user.gender != 0) & (foe.gender != 0)
    rivals = ability_is(user, "rivalry") & genders
    bit = chain(bit, rivals & (user.gender == foe.gender), 5120)
    bit = chain(bit, rivals & (user.gender != foe.gender), 3072)
    bit = chain(bit, ability_is(user, "ironfist") & data.flag("punch"), 4915)
    recoils = (data.recoil[0] > 0) | data.flag("crash")
    bit = chain(bit, ability_is(user, "reckless") & recoils, 4915)
    bit = chain(bit, ability_is(user, "technician") & (modify(power, bit) <= 60), 6144)
    fire = type_id("Fire")
    bit = chain(bit, ability_is(foe, "heatproof") & (type_ == fire), 2048)
    bit = chain(bit, ability_is(foe, "dryskin") & (type_ == fire), 5120)
    bit = chain(bit, item_is(user, "muscleband") & data.is_physical, 4505)
    bit = chain(bit, item_is(user, "wiseglasses") & ~data.is_physical & ~data.is_status, 4505)
    boosted = lookup(boosting_items(), user.item)
    bit = chain(bit, (boosted > 0) & (boosted == type_), 4915)
    bit = chain(bit, has(user, "charge") & (type_ == type_id("Electric")), 8192)
    pinch = user.hp * 3 <= user.max_hp
    for ability, kind in (("blaze", "Fire"), ("overgrow", "Grass"), ("swarm", "Bug"), ("torrent", "Water")):
        bit = chain(bit, pinch & ability_is(user, ability) & (type_ == type_id(kind)), 6144)
    cold = (type_ == type_id("Ice")) | (type_ == fire)
    bit = chain(bit, ability_is(foe, "thickfat") & cold, 2048)
    sick = (user.status != NOTHING) & (user.status != 3)
    weather = weather_of(view)
    dim = (weather == RAIN) | (weather == SAND) | (weather == HAIL)
    bit = chain(bit, (move == move_id("solarbeam")) & dim, 2048)
    bounced = has(foe, "bounce") & among(move, [move_id("gust"), move_id("twister")])
    bit = chain(bit, bounced, 8192)
    for name, kind in (("mudsport", "Electric"), ("watersport", "Fire")):
        wet = (has(user, name) | has(foe, name)) & (type_ == type_id(kind))
        bit = chain(bit, wet, 2048)
        bit = chain(bit, wet & has(user, name) & has(foe, name), 2048)
    bit = chain(bit, item_is(user, "lightball") & (user.species == species_id("pikachu")), 8192)
    for orb, owner, kinds in _ORBS:
        own = item_is(user, orb) & among(user.species, [species_id(name) for name in owner])
        bit = chain(bit, own & among(type_, [type_id(kind) for kind in kinds]), 4915)
    bit = chain(bit, (move == move_id("facade")) & sick, 8192)
    bit = chain(bit, (move == move_id("brine")) & (foe.hp * 2 <= foe.max_hp), 8192)
    return jnp.maximum(modify(power, bit), 1)


def _attack(view: View, user: Active, data: MoveData, critical: jax.Array) -> jax.Array:
    physical = data.is_physical
    stage = jnp.where(physical, own_stage(user, ATK), own_stage(user, SPA))
    stage = jnp.where(critical, jnp.maximum(stage, 0), stage)
    stat = staged(jnp.where(physical, user.stats[ATK], user.stats[SPA]), stage)
    stat = jnp.where(physical & ability_is(user, "hustle"), modify(stat, 6144), stat)
    bit = jnp.int32(ONE)
    bit = chain(bit, physical & ability_is(user, "guts") & (user.status != NOTHING), 6144)
    bit = chain(bit, physical & ability_is(user, "hugepower", "purepower"), 8192)
    bit = chain(bit, ~physical & ability_is(user, "solarpower") & (weather_of(view) == SUN), 6144)
    bit = chain(bit, physical & ability_is(user, "flowergift") & (weather_of(view) == SUN), 6144)
    slow = ability_is(user, "slowstart") & (user.ability_counter > 0) & physical
    bit = chain(bit, slow, 2048)
    bit = chain(bit, physical & item_is(user, "choiceband"), 6144)
    club = among(user.species, [species_id("cubone"), species_id("marowak")])
    bit = chain(bit, physical & item_is(user, "thickclub") & club, 8192)
    bit = chain(bit, ~physical & item_is(user, "deepseatooth") & (user.species == species_id("clamperl")), 8192)
    lati = among(user.base_species, [species_id("latias"), species_id("latios")])
    bit = chain(bit, ~physical & item_is(user, "souldew") & lati, 6144)
    bit = chain(bit, ~physical & item_is(user, "choicespecs"), 6144)
    return modify(stat, bit)


def _defense(view: View, foe: Active, data: MoveData, critical: jax.Array, halved: jax.Array) -> jax.Array:
    physical = data.is_physical
    stage = jnp.where(physical, own_stage(foe, DEF), own_stage(foe, SPD))
    stage = jnp.where(critical, jnp.minimum(stage, 0), stage)
    stat = staged(jnp.where(physical, foe.stats[DEF], foe.stats[SPD]), stage)
    rocky = ~physical & (weather_of(view) == SAND) & type_is(foe, type_id("Rock"))
    stat = jnp.where(rocky, modify(stat, 6144), stat)
    bit = chain(jnp.int32(ONE), physical & ability_is(foe, "marvelscale") & (foe.status != NOTHING), 6144)
    bit = chain(bit, ~physical & ability_is(foe, "flowergift") & (weather_of(view) == SUN), 6144)
    plain = (foe.species == species_id("ditto")) & ~foe.transformed
    bit = chain(bit, physical & item_is(foe, "metalpowder") & plain, 8192)
    bit = chain(bit, ~physical & item_is(foe, "deepseascale") & (foe.species == species_id("clamperl")), 8192)
    lati = among(foe.base_species, [species_id("latias"), species_id("latios")])
    bit = chain(bit, ~physical & item_is(foe, "souldew") & lati, 6144)
    stat = modify(stat, bit)
    return jnp.where(halved & physical, jnp.maximum(stat >> 1, 1), stat)


def _critical(view: View, user: Active, foe: Active, data: MoveData, when: jax.Array) -> tuple[View, jax.Array]:
    ratio = data.crit_ratio + jnp.where(has(user, "focusenergy"), 2, 0)
    ratio = ratio + ability_is(user, "superluck").astype(jnp.int32)
    ratio = ratio + item_is(user, "scopelens", "razorclaw").astype(jnp.int32)
    ratio = ratio + jnp.where(item_is(user, "stick") & (user.species == species_id("farfetchd")), 2, 0)
    ratio = ratio + jnp.where(item_is(user, "luckypunch") & (user.species == species_id("chansey")), 2, 0)
    ratio = jnp.clip(ratio, 0, 5)
    chances = np.array([1, 16, 8, 4, 3, 2], np.int32)
    view, roll = view.draw(lookup(chances, ratio), when & (ratio > 0))
    spared = ability_is(foe, "battlearmor", "shellarmor") | (view.foe_side.luckychant > 0)
    return view, when & (ratio > 0) & (roll == 0) & ~spared


def formula(
    view: View, user: Active, foe: Active, data: MoveData, move: jax.Array, type_: jax.Array, when: jax.Array
) -> tuple[View, Blow]:
    """``getDamage`` by the formula, of a move that has power; at least 1.

    ``user`` and ``foe`` are the same in a confused Pokémon's blow at itself. ``type_``: the move's, '???' for none.
    """
    own = user is foe
    view, critical = _critical(view, user, foe, data, when) if not own else (view, jnp.bool_(False))
    power = _power(view, user, foe, data, move, type_)
    attack = _attack(view, user, data, critical)
    halved = (move == move_id("explosion")) | (move == move_id("selfdestruct"))
    defense = _defense(view, foe, data, critical, halved)
    damage = (quotient(2 * user.level, 5) + 2) * power * attack
    damage = quotient(quotient(damage, jnp.maximum(defense, 1)), 50)

    physical = data.is_physical
    burnt = (user.status == BRN) & physical & ~ability_is(user, "guts")
    damage = jnp.where(burnt, modify(damage, 2048), damage)

    # Phase 1. Screens of both sides answer, whomever they protect, and shuffle among themselves.
    bit = chain(jnp.int32(ONE), has(user, "flashfire") & (type_ == type_id("Fire")), 6144)
    ours, theirs = view.user_side, view.foe_side
    screens = [side.reflect > 0 for side in (ours, theirs)] + [side.lightscreen > 0 for side in (ours, theirs)]
    present = sum(screen.astype(jnp.int32) for screen in screens)
    if not own:
        screened = jnp.where(physical, theirs.reflect > 0, theirs.lightscreen > 0)
        bit = chain(bit, screened & ~critical, 2048)
    damage = modify(damage, bit)
    for k in range(1, 4):
        view, _ = view.draw(2, when & (present > k))

    weather = weather_of(view)
    fire, water = type_ == type_id("Fire"), type_ == type_id("Water")
    bit = chain(jnp.int32(ONE), ((weather == RAIN) & water) | ((weather == SUN) & fire), 6144)
    bit = chain(bit, ((weather == RAIN) & fire) | ((weather == SUN) & water), 2048)
    damage = modify(damage, bit) + 2
    damage = jnp.where(critical, modify(damage, 8192), damage)
    damage = jnp.where(has(user, "mefirst"), quotient(damage * 3, 2), damage)
    damage = jnp.where(item_is(user, "lifeorb"), quotient(damage * 13, 10), damage)

    view, roll = view.draw(16, when)
    damage = quotient(damage * (100 - roll), 100)

    typed = type_ != type_id("???")
    same = typed & type_is(user, type_)
    stab = jnp.where(ability_is(user, "adaptability"), 8192, 6144)
    damage = jnp.where(same, modify(damage, stab), damage)
    effectiveness = jnp.where(typed, type_modifier(type_, *types_of(foe)), 0)
    damage = jnp.where(effectiveness > 0, damage << jnp.maximum(effectiveness, 0), damage)
    damage = jnp.where(effectiveness < 0, damage >> jnp.maximum(-effectiveness, 0), damage)

    strong = effectiveness > 0
    bit = chain(jnp.int32(ONE), ability_is(user, "sniper") & critical, 6144)
    bit = chain(bit, ability_is(user, "tintedlens") & (effectiveness < 0), 8192)
    bit = chain(bit, ability_is(foe, "filter", "solidrock") & strong, 3072)
    bit = chain(bit, item_is(user, "expertbelt") & strong, 4915)
    view, bit = (
        _last_modifiers(view, user, foe, data, move, type_, effectiveness, bit, when) if not own else (view, bit)
    )
    damage = modify(damage, bit)
    return view, Blow(damage=jnp.maximum(damage, 1), critical=critical, effectiveness=effectiveness)


def _last_modifiers(
    view: View,
    user: Active,
    foe: Active,
    data: MoveData,
    move: jax.Array,
    type_: jax.Array,
    effectiveness: jax.Array,
    bit: jax.Array,
    when: jax.Array,
) -> tuple[View, jax.Array]:
    """The rest of 'ModifyDamage': what the foe's condition adds, what its berry takes, and ties of both's handlers."""
    for name, moves in (("dig", ("earthquake", "magnitude")), ("dive", ("surf", "whirlpool")),
                        ("fly", ("gust", "twister"))):  # fmt: skip
        bit = chain(bit, has(foe, name) & among(move, [move_id(one) for one in moves]), 8192)
    bit = chain(bit, has(foe, "minimize") & move_flag(move, "minimize"), 8192)
    # Handlers of one kind and of equal speed are shuffled, suppressed or not.
    mine = among(user.ability, [ability_id("sniper"), ability_id("tintedlens")])
    theirs = among(foe.ability, [ability_id("filter"), ability_id("solidrock")])
    resisted = lookup(tables().items.resist_type.astype(np.int32), foe.item)
    same = user.speed == foe.speed
    view, _ = view.draw(2, when & same & mine & theirs)
    view, _ = view.draw(2, when & same & (user.item == item_id("expertbelt")) & (resisted > 0))
    weak = (resisted == type_) & ((effectiveness > 0) | (type_ == type_id("Normal")))
    screened = has(foe, "substitute") & ~data.flag("bypasssub")
    eats = when & (resisted > 0) & weak & ~screened & ~ignores_item(foe) & (foe.hp > 0)
    view = use_item(view.swapped(), eats).swapped()
    return view, chain(bit, eats, 2048)
