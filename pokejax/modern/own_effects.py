"""Effects that a move's function has on its target, move by move; the rest of a move's effects are its table row.

Source: ``onHit``, ``onAfterHit`` and ``self.onHit`` in data/moves.js and data/mods/gen4/moves.js.
"""

from __future__ import annotations

import jax
import jax.numpy as jnp

from jaxenv.control import maybe
from pokejax.common.arrays import quotient
from pokejax.common.storage import update
from pokejax.modern.conditions import reset_side
from pokejax.modern.data import MoveData, ability_id, among, condition_id, move_id
from pokejax.modern.rules import Rules
from pokejax.modern.shown import show_sleep, show_weather
from pokejax.modern.state import CLEAR, HAIL, HAZARDS, RAIN, SAND, SLP, SOURCE_ALLY, SUN, drop, has, put
from pokejax.modern.view import View, ability_is, item_is, number_of
from pokejax.modern.vitals import cure, healed, hurt_directly

OWN_EFFECTS = [
    "protect",
    "detect",
    "rest",
    "painsplit",
    "bellydrum",
    "refresh",
    "morningsun",
    "synthesis",
    "moonlight",
    "splash",
    "teleport",
    "payday",
    "substitute",
    "rapidspin",
    "smellingsalts",
    "wakeupslap",
    "psychup",
]
"""Moves with such a function that is written here. (`substitute` and `protect` have a condition beside it.)"""


def own_effect(
    view: View, data: MoveData, move: jax.Array, rules: Rules, when: jax.Array, own: jax.Array
) -> tuple[View, jax.Array, jax.Array]:
    """The view, bool whether the move has such an effect that can fail, and bool whether it did something."""
    del rules, own
    special = when & among(move, [move_id(name) for name in OWN_EFFECTS])

    def one(name: str) -> jax.Array:
        return when & (move == move_id(name))

    def effect(state: tuple[View, jax.Array]) -> tuple[View, jax.Array]:
        view, did = state
        user, foe = view.user, view.foe

        stalls = one("protect") | one("detect")
        again = stalls & has(user, "stall")
        counter = jnp.where(again, jnp.minimum(user.data["stall.counter"] * 2, 8), 2)
        view = view.put_user("stall", stalls, duration=2, counter=counter)

        rests = one("rest")
        view, _ = view.draw(4, rests)  # the turns that it then overwrites
        view = view.on_user(rests, status=SLP, sleep_time=3, toxic_stage=0, status_source=SOURCE_ALLY)
        view = view.replace(shown=show_sleep(view.shown, number_of(view, True), rests, jnp.bool_(False)))
        view = view.drop_user("nightmare", rests)
        view = view.replace(user=healed(view.user, user.max_hp, rests))

        splits = one("painsplit")
        mean = jnp.maximum((user.hp + foe.hp) >> 1, 1)
        view = view.on_foe(splits & (foe.hp > 0), hp=jnp.minimum(mean, foe.max_hp))
        view = view.on_user(splits, hp=jnp.minimum(mean, user.max_hp))

        drums = one("bellydrum")
        able = drums & (user.hp * 2 > user.max_hp) & (user.boosts[0] < 6) & (user.max_hp > 1)
        full = jnp.where(jnp.arange(7) == 0, 6, user.boosts)
        view = view.replace(user=hurt_directly(view.user, user.max_hp >> 1, able)).on_user(able, boosts=full)
        did = did & (~drums | able)

        fresh = one("refresh")
        sick = (user.status == 1) | (user.status == 2) | (user.status == 5) | (user.status == 6)
        view = view.replace(user=cure(view.user, fresh & sick))
        did = did & (~fresh | sick)

        basks = one("morningsun") | one("synthesis") | one("moonlight")
        weather = view.field.weather
        part = jnp.where(weather == SUN, quotient(user.max_hp * 2, 3), user.max_hp >> 1)
        dull = (weather == RAIN) | (weather == SAND) | (weather == HAIL)
        part = jnp.where(dull & (weather != CLEAR), user.max_hp >> 2, part)
        view = view.replace(user=healed(view.user, part, basks & (user.hp < user.max_hp)))

        cuts = one("substitute")
        view = view.replace(user=hurt_directly(view.user, user.max_hp >> 2, cuts))

        spins = one("rapidspin") & (view.user.hp > 0)
        mon = drop(drop(view.user, "leechseed", spins), "partiallytrapped", spins)
        side = view.user_side
        for name in HAZARDS:
            side = reset_side(side, name, spins)
        view = view.replace(user=mon, user_side=side)

        wakes = one("wakeupslap") & (foe.status == SLP)
        wakes = wakes | (one("smellingsalts") & (foe.status == 2))
        view = view.replace(foe=cure(view.foe, wakes))

        copies = one("psychup")
        view = view.on_user(copies, boosts=foe.boosts)
        focused = copies & has(foe, "focusenergy")
        mon = put(drop(view.user, "focusenergy", copies), "focusenergy", focused)
        view = view.replace(user=mon)
        return view, did

    view, did = maybe(special, effect, (view, jnp.bool_(True)), masked=True)
    undone = among(move, [move_id(name) for name in ("bellydrum", "refresh")])
    return view, special & undone, did


def side_effect(view: View, data: MoveData, move: jax.Array, when: jax.Array) -> tuple[View, jax.Array]:
    """A move aimed at a side or the whole field ('moveHit' of ``tryMoveHit``): the view, and bool whether it worked."""
    side = view.user_side
    did = jnp.bool_(False)
    long = jnp.where(item_is(view.user, "lightclay"), 8, 5)
    for name, turns in (
        ("reflect", long), ("lightscreen", long), ("mist", 5), ("safeguard", 5), ("luckychant", 5), ("tailwind", 3),
    ):  # fmt: skip
        this = when & (data.side_condition == condition_id(name)) & (getattr(side, name) == 0)
        side = update(side, this, **{name: turns})
        did = did | this
    view = view.replace(user_side=side)

    theirs = view.foe_side
    count = sum((getattr(theirs, name) > 0).astype(jnp.int32) for name in HAZARDS)
    for name, most in (("spikes", 3), ("toxicspikes", 2), ("stealthrock", 1)):
        layers = getattr(theirs, name)
        this = when & (data.side_condition == condition_id(name)) & (layers < most)
        order = jnp.where(layers > 0, getattr(theirs, f"{name}_order"), count + 1)
        theirs = update(theirs, this, **{name: layers + 1, f"{name}_order": order})
        did = did | this
    view = view.replace(foe_side=theirs)

    new = data.weather
    sets = when & (new != CLEAR) & (new != view.field.weather)
    stones = (None, "damprock", "heatrock", "smoothrock", "icyrock")
    turns = jnp.int32(5)
    for code, stone in enumerate(stones):
        if stone:
            turns = jnp.where((new == code) & item_is(view.user, stone), 8, turns)
    view = view.on_field(sets, weather=new, weather_duration=turns)
    view = view.replace(shown=show_weather(view.shown, sets))
    view = view.update_tie(sets)  # 'WeatherChange'
    did = did | sets

    room = when & (data.pseudo_weather == condition_id("trickroom"))
    view = view.on_field(room, trickroom=jnp.where(view.field.trickroom > 0, 0, 5))
    did = did | room

    hazes = when & (move == move_id("haze"))
    nothing = jnp.zeros(7, jnp.int32)
    view = view.on_user(hazes & ~view.user.fainted, boosts=nothing).on_foe(hazes & ~view.foe.fainted, boosts=nothing)
    view = view.drop_user("focusenergy", hazes & (view.user.hp > 0))
    view = view.drop_foe("focusenergy", hazes & (view.foe.hp > 0))
    did = did | hazes

    rings = when & among(move, [move_id("healbell"), move_id("aromatherapy")])
    view = _cure_team(view, rings, move == move_id("healbell"))
    return view, did | rings


def _cure_team(view: View, when: jax.Array, bell: jax.Array) -> View:
    party = view.user_party
    deaf = bell & (party.ability == ability_id("soundproof"))
    cured = when & ~deaf & (party.hp > 0)
    values = {
        name: jnp.where(cured, 0, getattr(party, name)).astype(getattr(party, name).dtype)
        for name in ("status", "sleep_time", "toxic_stage", "status_source")
    }
    view = view.show_ability(True, when & bell & ability_is(view.user, "soundproof"))
    hears = when & ~(bell & ability_is(view.user, "soundproof"))
    user = drop(cure(view.user, hears), "nightmare", hears & (view.user.status == SLP))
    return view.replace(user_party=party.replace(**values), user=user)
