"""The steps of a move on its way to the foe: out of reach, type, accuracy, its own immunities, and what stops it there.

Source: ``trySpreadMoveHit`` in sim/battle-actions.js with Generation 4's order of steps; the ``onInvulnerability``,
``onTryImmunity`` and ``onTryHit`` handlers of data/mods/gen4.
"""

from __future__ import annotations

import jax
import jax.numpy as jnp

from pokejax.common.arrays import quotient
from pokejax.modern.accuracy import check_accuracy, guards_tie
from pokejax.modern.conditions import grounded, status_immune
from pokejax.modern.data import MoveData, ability_id, among, move_id, type_id, type_immune, type_modifier
from pokejax.modern.state import HAIL, NOTHING, RAIN, SLP, SPE, SUN, drop, has, put
from pokejax.modern.view import View, ability_is, item_is, number_of, type_is, types_of, weather_of
from pokejax.modern.vitals import healed

REACHED = {
    "dig": ("earthquake", "magnitude"),
    "dive": ("surf", "whirlpool"),
    "fly": ("gust", "twister", "skyuppercut", "thunder"),
    "bounce": ("gust", "twister", "skyuppercut", "thunder"),
    "shadowforce": (),
}
"""Conditions out of reach, and the moves that get there all the same."""


def out_of_reach(view: View, move: jax.Array) -> jax.Array:
    """bool: 'Invulnerability' of the foe against the user's move."""
    foe, user = view.foe, view.user
    away = jnp.bool_(False)
    for name, moves in REACHED.items():
        this = has(foe, name)
        if moves:
            this = this & ~among(move, [move_id(one) for one in moves])
        away = away | this
    locked = has(user, "lockon") & (user.data["lockon.source"] == number_of(view, False))
    return away & ~locked & ~ability_is(user, "noguard") & ~ability_is(foe, "noguard")


def immune_to(view: View, data: MoveData) -> jax.Array:
    """bool: ``runImmunity`` fails: the foe's types, or its being off the ground, keep the move away."""
    foe, user, type_ = view.foe, view.user, data.type
    plain = (type_ == type_id("Normal")) | (type_ == type_id("Fighting"))
    seen = has(foe, "foresight") & plain & type_is(foe, type_id("Ghost"))
    seen = seen | (has(foe, "miracleeye") & (type_ == type_id("Psychic")) & type_is(foe, type_id("Dark")))
    ghostly = ability_is(user, "scrappy") & plain
    ground = type_ == type_id("Ground")
    immune = jnp.where(ground, ~grounded(view), type_immune(type_, *types_of(foe)) & ~seen & ~ghostly)
    return immune & ~data.flag("ignore_immunity")


def reach(view: View, data: MoveData, move: jax.Array, when: jax.Array) -> tuple[View, jax.Array]:
    """The steps up to the hits: the view, and bool whether the move gets there."""
    foe, user = view.foe, view.user
    type_ = data.type
    sure = ability_is(user, "noguard") | ability_is(foe, "noguard")
    sure = sure | (has(user, "lockon") & (user.data["lockon.source"] == number_of(view, False)))
    hits = when & ~out_of_reach(view, move)
    immune = immune_to(view, data)
    floats = (type_ == type_id("Ground")) & ability_is(foe, "levitate") & ~type_is(foe, type_id("Flying"))
    view = view.show_ability(False, hits & immune & floats)
    hits = hits & ~immune

    deadly = data.flag("ohko")
    hits = hits & ~(deadly & (user.level < foe.level))
    weather = weather_of(view)
    storm = move == move_id("thunder")
    accuracy = jnp.where(storm & (weather == RAIN), 0, jnp.where(storm & (weather == SUN), 50, data.accuracy))
    accuracy = jnp.where((move == move_id("blizzard")) & (weather == HAIL), 0, accuracy)
    accuracy = jnp.where((move == move_id("pursuit")) & view.flees, 0, accuracy)
    view, hit = check_accuracy(view, data.replace(accuracy=accuracy), hits & ~deadly)
    view = guards_tie(view, hits & deadly)
    view, roll = view.draw(100, hits & deadly & ~sure)
    hit = jnp.where(deadly, sure | (roll < 30 + user.level - foe.level), hit)
    hits = hits & hit

    # TryImmunity
    asleep = (foe.status == SLP) & ~has(foe, "substitute")
    hits = hits & ~((move == move_id("dreameater")) & ~asleep)
    hits = hits & ~((move == move_id("leechseed")) & type_is(foe, type_id("Grass")))
    genders = (foe.gender + user.gender == 3) & (foe.gender != 0) & (user.gender != 0)
    hits = hits & ~(among(move, [move_id("attract"), move_id("captivate")]) & ~genders)
    hits = hits & ~((move == move_id("endeavor")) & (user.hp >= foe.hp))
    swaps = among(move, [move_id("trick"), move_id("switcheroo")])
    held = (foe.ability == ability_id("stickyhold")) & ~has(foe, "gastroacid")
    hits = hits & ~(swaps & held)
    sleepless = among(foe.ability, [ability_id("truant"), ability_id("insomnia")])
    hits = hits & ~((move == move_id("worryseed")) & sleepless)

    # TryHit
    protected = hits & has(foe, "protect") & data.flag("protect")
    rampage = protected & has(user, "lockedmove") & (user.data["lockedmove.trueDuration"] >= 2)
    view = view.put_user("lockedmove", rampage, duration=2)
    hits = hits & ~protected
    bounces = hits & has(foe, "magiccoat") & data.flag("reflectable") & ~view.bounced
    view = view.drop_foe("magiccoat", bounces)
    view = view.replace(calls=jnp.where(bounces, move, view.calls), turns=view.turns | bounces)
    hits = hits & ~bounces
    stopped = ability_is(foe, "soundproof") & data.flag("sound")
    stopped = stopped | (ability_is(foe, "sturdy") & deadly)
    stopped = stopped | (ability_is(foe, "oblivious") & (move == move_id("captivate")))
    strange = type_ == type_id("???")
    weak_to = type_modifier(type_, *types_of(foe)) > 0
    guarded = ability_is(foe, "wonderguard") & ~data.is_status & ~strange & ~weak_to & (move != move_id("firefang"))
    stopped = stopped | guarded
    lightning, water, fire = (type_ == type_id(name) for name in ("Electric", "Water", "Fire"))
    drinks = ability_is(foe, "waterabsorb", "dryskin") & water
    drinks = drinks | (ability_is(foe, "voltabsorb") & lightning)
    view = view.replace(foe=healed(view.foe, quotient(foe.max_hp, 4), hits & drinks))
    motor = hits & ability_is(foe, "motordrive") & lightning
    faster = jnp.minimum(foe.boosts + (jnp.arange(7) == SPE).astype(jnp.int32), 6)
    view = view.on_foe(motor, boosts=faster)
    burning = hits & ability_is(foe, "flashfire") & fire & (foe.status != 4)
    view = view.replace(foe=put(view.foe, "flashfire", burning))
    view = view.show_ability(False, hits & (stopped | drinks | motor | burning))
    hits = hits & ~(stopped | drinks | motor | burning)
    full = hits & item_is(foe, "focussash") & (view.foe.hp == foe.max_hp)
    view = view.put_foe("focussash", full & ~has(view.foe, "focussash"), activated=0)

    # What breaks through goes by here; a move's own 'TryHit' follows.
    broken = drop(view.foe, "protect", hits & data.flag("breaks_protect"))
    view = view.replace(foe=broken)
    lively = hits & (move == move_id("yawn")) & (foe.status == NOTHING) & ~has(foe, "substitute")
    lively = (
        lively
        & (view.foe_side.safeguard == 0)
        & (ability_is(foe, "insomnia", "vitalspirit") | (ability_is(foe, "leafguard") & (weather == SUN)))
    )
    view = view.show_ability(False, lively)
    tired = (move == move_id("yawn")) & ((foe.status != NOTHING) | status_immune(view, jnp.int32(SLP)))
    return view, hits & ~tired
