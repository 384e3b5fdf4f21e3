"""Moves aimed at a side or at the whole field.

Source: ``tryMoveHit`` in sim/battle-actions.js; the side conditions, weathers and field moves of data/mods/gen4.
"""

from __future__ import annotations

import jax
import jax.numpy as jnp

from pokejax.common.storage import update
from pokejax.modern.data import MoveData, ability_id, among, condition_id, move_id
from pokejax.modern.reach import out_of_reach
from pokejax.modern.shown import show_weather
from pokejax.modern.state import ACT_MOVE, ACT_NONE, CLEAR, HAZARDS, SLP, drop, has
from pokejax.modern.two_turns import stop_charging
from pokejax.modern.view import View, ability_is, item_is
from pokejax.modern.vitals import cure

FIELD_MOVES = ("healbell", "aromatherapy", "haze", "perishsong", "gravity", "mudsport", "watersport")
"""Moves with a function or a condition that is written here."""


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
    view, more = _more(view, data, move, when)
    did = did | more

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


def _more(view: View, data: MoveData, move: jax.Array, when: jax.Array) -> tuple[View, jax.Array]:
    """Perish Song, Gravity, the sports: the view, and bool whether one of them worked."""
    did = jnp.bool_(False)
    sings = when & (move == move_id("perishsong"))
    away = out_of_reach(view, move)
    deaf = ability_is(view.foe, "soundproof")
    mine = sings & ~has(view.user, "perishsong") & ~view.user.fainted & (view.user.hp > 0)
    there = sings & ~view.foe.fainted & (view.foe.hp > 0)
    theirs = there & ~away & ~deaf & ~has(view.foe, "perishsong")
    view = view.put_user("perishsong", mine, duration=4).put_foe("perishsong", theirs, duration=4)
    view = view.show_ability(False, there & ~away & deaf)
    did = did | mine | theirs | (there & (away | deaf))

    pulls = when & (data.pseudo_weather == condition_id("gravity")) & (view.field.gravity == 0)
    view = view.on_field(pulls, gravity=5)
    for _ in range(2):
        flies = pulls & (has(view.user, "fly") | has(view.user, "bounce"))
        side = update(view.user_side, flies & (view.user_side.act == ACT_MOVE), act=ACT_NONE, act_move=0)
        view = stop_charging(view.replace(user_side=side), flies)
        view = view.drop_user("magnetrise", pulls).swapped()
    did = did | pulls

    for name in ("mudsport", "watersport"):
        wets = when & (data.volatile == condition_id(name)) & ~has(view.user, name) & (view.user.hp > 0)
        view, did = view.put_user(name, wets), did | wets
    return view, did
