"""A queued move from its first check to its last consequence.

Source: ``runMove``, ``useMoveInner``, ``trySpreadMoveHit``, ``tryMoveHit`` in sim/battle-actions.js. Generation 4's
steps are: semi-invulnerability, type immunity, accuracy, TryImmunity, TryHit, hits.
"""

from __future__ import annotations

import jax
import jax.numpy as jnp

from jaxenv.control import maybe
from pokejax.common.arrays import quotient
from pokejax.common.storage import update
from pokejax.modern.accuracy import SEMI_INVULNERABLE, check_accuracy
from pokejax.modern.before_move import before_move
from pokejax.modern.conditions import grounded, is_choice, status_immune
from pokejax.modern.data import MoveData, among, move_data, move_id, type_id, type_immune, type_modifier
from pokejax.modern.hit import hit_loop
from pokejax.modern.own_effects import side_effect
from pokejax.modern.power import move_type
from pokejax.modern.rules import Rules
from pokejax.modern.state import (
    ACT_MOVE,
    ACT_NONE,
    FALSE,
    NOTHING,
    RAIN,
    SLP,
    SPE,
    SUN,
    TRUE,
    UNDEFINED,
    has,
    has_any,
    put,
)
from pokejax.modern.view import View, ability_is, type_is, types_of
from pokejax.modern.vitals import faint_messages, healed, hurt

GATES = [
    "fakeout",
    "suckerpunch",
    "rest",
    "protect",
    "detect",
    "dreameater",
    "leechseed",
    "substitute",
    "yawn",
    "splash",
    "teleport",
]
"""Moves that can fail by a check of their own."""
ACCURACY_RULES = ("thunder", "blizzard")


def locked_move(mon) -> jax.Array:
    """int32: the move that it cannot but use ('LockMove'), 0 for none."""
    move = jnp.where(has(mon, "lockedmove"), mon.data["lockedmove.move"], 0)
    move = jnp.where(has(mon, "twoturnmove"), mon.data["twoturnmove.move"], move)
    return jnp.where(has(mon, "mustrecharge"), move_id("recharge"), move)


def spend_pp(mon, move: jax.Array, amount: jax.Array | int, when: jax.Array):
    """PP of the first slot with ``move`` spent, and the slot marked as used."""
    same = mon.moves == move
    first = same & (jnp.cumsum(same.astype(jnp.int32)) == 1) & when
    return update(mon, True, pp=jnp.where(first, jnp.maximum(mon.pp - amount, 0), mon.pp), used=mon.used | first)


def run_move(view: View, rules: Rules) -> View:
    """The user's queued move."""
    move = view.user_side.act_move
    data = move_data(move)
    moved_before = view.user.has_moved
    view = view.on_user(True, has_moved=True)
    view, go = before_move(view, move, data)
    view = view.drop_user("twoturnmove", ~go)

    locked = locked_move(view.user) != 0
    has_pp = jnp.any((view.user.moves == move) & (view.user.pp > 0))
    view = view.replace(user=spend_pp(view.user, move, 1, go & ~locked))
    dry = go & ~locked & ~has_pp & (move != move_id("struggle"))
    view = view.on_user(dry, result_this_turn=FALSE)
    go = go & ~dry
    view = view.on_user(go, last_move=move, last_move_used=move, result_this_turn=UNDEFINED)
    type_ = move_type(view.user, data, move)
    data = data.replace(type=type_)
    view = view.on_user(go, last_move_used_type=jnp.where(move == move_id("struggle"), type_id("???"), type_))
    data = data.replace(type=jnp.where(move == move_id("struggle"), type_id("???"), type_))
    view = view.on_field(go, last_move=move)

    def use(view: View) -> View:
        return _use(view, data, move, rules, go, locked, moved_before)

    view = maybe(go, use, view, masked=True)
    chosen = go & is_choice(view.user.item) & (view.user.hp > 0) & ~has(view.user, "choicelock")
    chosen = chosen & (view.user.last_move != 0)
    view = view.put_user("choicelock", chosen, move=view.user.last_move)
    return view


def _pressure(view: View, data: MoveData, move: jax.Array, when: jax.Array) -> View:
    aimed = ~data.hits_self & ~data.hits_field & ~view.foe.fainted
    aimed = aimed | (data.target == 14) | (data.flag("mustpressure") & (view.foe.hp > 0))
    more = when & aimed & ability_is(view.foe, "pressure")
    return view.replace(user=spend_pp(view.user, move, 1, more))


def _use(
    view: View, data: MoveData, move: jax.Array, rules: Rules, go: jax.Array, locked: jax.Array, moved_before: jax.Array
) -> View:
    own, field = data.hits_self, data.hits_field
    view = _pressure(view, data, move, go & ~locked)
    absent = go & ~own & ~field & view.foe.fainted
    damp = among(move, [move_id("selfdestruct"), move_id("explosion")])
    damp = damp & (ability_is(view.user, "damp") | ability_is(view.foe, "damp"))
    tries = go & ~absent & ~damp
    # Two Damps answer 'TryMove', whatever the move is.
    both = ability_is(view.user, "damp") & ability_is(view.foe, "damp")
    view = view.update_tie(go & both & ~absent)

    mine = ability_is(view.user, "damp") & (~ability_is(view.foe, "damp") | (view.user.speed >= view.foe.speed))
    view = view.show_ability(True, go & ~absent & damp & mine).show_ability(False, go & ~absent & damp & ~mine)

    bursts = tries & (data.self_destruct == 1)
    view = view.on_user(bursts, hp=0, switch_flag=0)

    view, passes = _gate(view, data, move, tries, moved_before)
    tries = tries & passes

    def aim(state: tuple[View, jax.Array]) -> tuple[View, jax.Array]:
        view, tries = state
        view, hits = _steps(view, data, move, rules, tries & ~own & ~field)
        hits = (tries & own) | hits
        return hit_loop(view, data, move, rules, hits)

    view, worked = maybe(tries & ~field, aim, (view, tries & ~field), masked=True)

    def affect(state: tuple[View, jax.Array]) -> tuple[View, jax.Array]:
        view, worked = state
        view, did = side_effect(view, data, move, tries & field)
        return view, worked | did

    view, worked = maybe(tries & field, affect, (view, worked), masked=True)
    # Also of a user that has fainted meanwhile, whose other memories are gone.
    view = view.on_user(go, result_this_turn=jnp.where(worked, TRUE, FALSE))

    leaves = worked & (data.self_switch > 0) & (view.user.hp > 0)
    view = view.on_user(leaves, switch_flag=1 + move)

    orb = worked & has(view.user, "lifeorb")
    view = view.show_item(True, orb & (view.user.hp > 0) & ~ability_is(view.user, "magicguard"))
    view = view.replace(user=hurt(view.user, quotient(view.user.max_hp, 10), orb))
    return view.drop_user("lifeorb", orb & (view.user.hp > 0))


def _gate(
    view: View, data: MoveData, move: jax.Array, when: jax.Array, moved_before: jax.Array
) -> tuple[View, jax.Array]:
    """'Try', 'PrepareHit' and the move's own 'TryHit' on its user: bool whether the move goes on."""
    user, foe = view.user, view.foe
    foe_acts = view.foe_side.act != ACT_NONE

    def one(*names: str) -> jax.Array:
        return when & among(move, [move_id(name) for name in names])

    fails = one("fakeout") & moved_before
    theirs = move_data(view.foe_side.act_move)
    attacks = (view.foe_side.act == ACT_MOVE) & ~foe.fainted & ~theirs.is_status & ~has(foe, "mustrecharge")
    fails = fails | (one("suckerpunch") & ~attacks)
    awake = ability_is(user, "insomnia", "vitalspirit")
    fails = fails | (one("rest") & ((user.status == SLP) | (user.hp == user.max_hp) | awake))
    view = view.show_ability(True, one("rest") & awake & (user.status != SLP) & (user.hp < user.max_hp))
    small = (user.hp * 4 <= user.max_hp) | (user.max_hp == 1)
    fails = fails | (one("substitute") & (has(user, "substitute") | small))
    fails = fails | one("teleport")

    guards = one("protect", "detect", "endure")
    view, roll = view.draw(user.data["stall.counter"], guards & foe_acts & has(user, "stall"))
    unlucky = guards & foe_acts & has(user, "stall") & (roll != 0)
    view = view.drop_user("stall", unlucky)
    fails = fails | unlucky | (guards & ~foe_acts)
    # Rest cannot put to sleep one whom something else keeps awake.
    kept = one("rest") & status_immune(view.swapped(), jnp.int32(SLP))
    return view, when & ~fails & ~kept


def _steps(view: View, data: MoveData, move: jax.Array, rules: Rules, when: jax.Array) -> tuple[View, jax.Array]:
    """The steps of a move at the foe up to its hits: bool whether it gets there."""
    del rules
    foe, user = view.foe, view.user
    sure = ability_is(user, "noguard") | ability_is(foe, "noguard")
    hits = when & (~has_any(foe, *SEMI_INVULNERABLE) | sure)
    type_ = data.type
    checks = ~data.flag("ignore_immunity")
    seen = has(foe, "foresight") & ((type_ == type_id("Normal")) | (type_ == type_id("Fighting")))
    ground = type_ == type_id("Ground")
    ghostly = ability_is(user, "scrappy") & ((type_ == type_id("Normal")) | (type_ == type_id("Fighting")))
    immune = jnp.where(ground, ~grounded(view), type_immune(type_, *types_of(foe)) & ~seen & ~ghostly)
    floats = ground & ability_is(foe, "levitate") & ~type_is(foe, type_id("Flying"))
    view = view.show_ability(False, hits & checks & immune & floats)
    hits = hits & ~(checks & immune)

    weak = user.level < foe.level
    deadly = data.flag("ohko")
    hits = hits & ~(deadly & weak)
    weather = view.field.weather
    storm = move == move_id("thunder")
    accuracy = jnp.where(storm & (weather == RAIN), 0, jnp.where(storm & (weather == SUN), 50, data.accuracy))
    accuracy = jnp.where((move == move_id("blizzard")) & (weather == 4), 0, accuracy)
    plain = data.replace(accuracy=accuracy)
    view, hit = check_accuracy(view, plain, hits & ~deadly)
    view, roll = view.draw(100, hits & deadly & ~sure)
    hit = jnp.where(deadly, sure | (roll < 30 + user.level - foe.level), hit)
    hits = hits & hit

    # TryImmunity
    asleep = (foe.status == SLP) & ~has(foe, "substitute")
    hits = hits & ~((move == move_id("dreameater")) & ~asleep)
    hits = hits & ~((move == move_id("leechseed")) & type_is(foe, type_id("Grass")))

    # TryHit
    protected = hits & has(foe, "protect") & data.flag("protect")
    rampage = protected & has(user, "lockedmove") & (user.data["lockedmove.trueDuration"] >= 2)
    view = view.put_user("lockedmove", rampage, duration=2)
    hits = hits & ~protected
    stopped = ability_is(foe, "soundproof") & data.flag("sound")
    stopped = stopped | (ability_is(foe, "sturdy") & deadly)
    strange = type_ == type_id("???")
    weak_to = type_modifier(type_, *types_of(foe)) > 0
    guarded = ability_is(foe, "wonderguard") & ~data.is_status & ~strange & ~weak_to & (move != move_id("firefang"))
    stopped = stopped | guarded
    lightning, water, fire = (type_ == type_id(name) for name in ("Electric", "Water", "Fire"))
    drinks = ability_is(foe, "waterabsorb", "dryskin") & water
    drinks = drinks | (ability_is(foe, "voltabsorb") & lightning)
    view = view.replace(foe=healed(view.foe, quotient(foe.max_hp, 4), hits & drinks))
    motor = hits & ability_is(foe, "motordrive") & lightning
    faster = jnp.minimum(foe.boosts + (jnp.arange(7) == SPE), 6)
    view = view.on_foe(motor, boosts=faster)
    burning = hits & ability_is(foe, "flashfire") & fire & (foe.status != 4)
    view = view.replace(foe=put(view.foe, "flashfire", burning))
    view = view.show_ability(False, hits & (stopped | drinks | motor | burning))
    hits = hits & ~(stopped | drinks | motor | burning)
    lively = hits & (move == move_id("yawn")) & (foe.status == NOTHING) & ~has(foe, "substitute")
    lively = lively & (view.foe_side.safeguard == 0) & ability_is(foe, "insomnia", "vitalspirit")
    view = view.show_ability(False, lively)
    tired = (move == move_id("yawn")) & ((foe.status != NOTHING) | status_immune(view, jnp.int32(SLP)))
    return view, hits & ~tired


def end_of_move(view: View) -> View:
    """``faintMessages`` and ``checkWin`` at the end of a move."""
    return faint_messages(view)
