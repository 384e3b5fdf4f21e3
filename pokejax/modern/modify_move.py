"""A move as it is used: its type, power and target where they depend on the battle.

Source: the ``onModifyType`` and ``onModifyMove`` handlers of data/moves.js, data/mods/gen4 and of Normalize.
"""

from __future__ import annotations

import jax
import jax.numpy as jnp

from pokejax.common.arrays import lookup
from pokejax.modern.data import MoveData, among, move_id, species_id, tables, type_id
from pokejax.modern.power import move_type
from pokejax.modern.state import CLEAR, FRZ, HAIL, RAIN, SAND, SLP, SUN, has
from pokejax.modern.tables import Target
from pokejax.modern.view import View, ability_is, ignores_item, type_is, weather_of
from pokejax.modern.vitals import cure

MODIFIED = [
    "judgment", "weatherball", "naturalgift", "curse", "chatter", "secretpower", "magnitude", "hiddenpower", "rollout",
    "iceball", "pursuit", "present",
]  # fmt: skip
"""Moves with such a function."""
_KEEP_TYPE = ("hiddenpower", "judgment", "naturalgift", "struggle", "weatherball")


def modify_move(view: View, data: MoveData, move: jax.Array, when: jax.Array) -> tuple[View, MoveData]:
    """The move's data as this user uses it. Magnitude and Present draw their power here."""
    user = view.user
    plate = lookup(tables().items.plate_type.astype("int32"), user.item)
    gift = lookup(tables().items.gift_type.astype("int32"), user.item)
    free = ~ignores_item(user)
    weather = weather_of(view)

    def one(name: str) -> jax.Array:
        return move == move_id(name)

    type_ = move_type(user, data, move)
    type_ = jnp.where(one("judgment") & (plate > 0) & free, plate, type_)
    type_ = jnp.where(one("naturalgift") & (gift > 0) & free, gift, type_)
    for code, name in ((SUN, "Fire"), (RAIN, "Water"), (SAND, "Rock"), (HAIL, "Ice")):
        type_ = jnp.where(one("weatherball") & (weather == code), type_id(name), type_)
    kept = among(move, [move_id(name) for name in _KEEP_TYPE])
    normal = ability_is(user, "normalize")
    type_ = jnp.where(normal & ~kept, type_id("Normal"), type_)

    power = jnp.where(one("weatherball") & (weather != CLEAR), data.base_power * 2, data.base_power)
    view, roll = view.draw(100, when & one("magnitude"))
    strength = jnp.int32(150)
    for below, value in ((95, 110), (85, 90), (65, 70), (35, 50), (15, 30), (5, 10)):
        strength = jnp.where(roll < below, value, strength)
    power = jnp.where(one("magnitude"), strength, power)
    view, gift_roll = view.draw(10, when & one("present"))
    heals = one("present") & (gift_roll < 2)
    present = jnp.where(gift_roll < 6, 40, jnp.where(gift_roll < 9, 80, 120))
    power = jnp.where(one("present"), jnp.where(heals, 0, present), power)

    inward = one("curse") & ~type_is(user, type_id("Ghost"))
    blocked = one("curse") & has(view.foe, "substitute")
    stages = jnp.array([1, 1, 0, 0, -1, 0, 0], jnp.int32)
    data = data.replace(
        type=jnp.where(move == move_id("struggle"), type_id("???"), type_),
        base_power=power,
        target=jnp.where(inward, int(Target.SELF), data.target),
        volatile=jnp.where(inward | blocked, 0, data.volatile),
        self_boosts=jnp.where(inward, stages, data.self_boosts),
        heal=jnp.where(heals, jnp.array([1, 4], jnp.int32), data.heal),
        status=jnp.where(one("psychoshift"), user.status, data.status),
    )
    talks = user.species == species_id("chatot")
    chances = jnp.where(one("chatter") & ~talks, 0, data.chances)
    for name in ("rollout", "iceball"):
        rolls = when & one(name) & ~has(view.user, name) & (user.status != SLP)
        view = view.put_user(name, rolls, duration=1, hitCount=0, contactHitCount=0)
    thaws = when & (user.status == FRZ) & data.flag("defrost")
    view = view.replace(user=cure(view.user, thaws))
    breaks = when & ability_is(user, "moldbreaker")
    view = view.put_foe("moldbroken", breaks)
    return view, data.replace(chances=chances)
