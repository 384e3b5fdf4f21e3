"""A queued move from its first check to its last consequence, and the moves that it uses in turn.

Source: ``runMove``, ``useMove``, ``useMoveInner``, ``trySpreadMoveHit``, ``tryMoveHit`` in sim/battle-actions.js.

A move that uses another one (Sleep Talk, Magic Coat) says so in ``view.calls``; the loop in `run_move` then uses that,
so that the rules of using a move are traced once.
"""

from __future__ import annotations

import jax
import jax.numpy as jnp
from jax import lax

from jaxenv import struct
from jaxenv.control import maybe
from pokejax.common.arrays import quotient
from pokejax.common.storage import select
from pokejax.modern.accuracy import guards_tie
from pokejax.modern.before_move import before_move
from pokejax.modern.conditions import is_choice
from pokejax.modern.crash import may_crash
from pokejax.modern.data import MoveData, among, item_id, move_data, move_id
from pokejax.modern.gates import gate
from pokejax.modern.hit import hit_loop, settle_hits
from pokejax.modern.locks import locked_move, spend_pp
from pokejax.modern.modify_move import modify_move
from pokejax.modern.reach import reach
from pokejax.modern.rules import Rules
from pokejax.modern.side_moves import side_effect
from pokejax.modern.state import FALSE, NULL, TRUE, UNDEFINED, has
from pokejax.modern.tables import Target
from pokejax.modern.taken_items import white_herb
from pokejax.modern.thrown import prepare_item
from pokejax.modern.two_turns import charge, stop_charging
from pokejax.modern.view import View, ability_is, item_is
from pokejax.modern.volatile_ends import unstock
from pokejax.modern.wounds import wounded

ACCURACY_RULES = ("thunder", "blizzard")
MOST_CALLS = 4


@struct.dataclass
class Uses(struct.Node):
    """State of the loop over the moves that one action uses."""

    move: jax.Array
    by: jax.Array
    """The move that called it, 0 none."""
    flipped: jax.Array
    """The view is the foe's of the one who acts."""
    goes_on: jax.Array
    count: jax.Array
    waiting: jax.Array
    """Moves that called another one, whose hit is not over."""
    worked: jax.Array
    """The first move did something."""


def run_move(view: View, rules: Rules, chases: jax.Array) -> View:
    """The user's queued move. ``chases``: it is Pursuit, and the foe is just leaving."""
    chosen = view.user_side.act_move
    encored = has(view.user, "encore") & (chosen != move_id("struggle")) & (chosen != move_id("recharge"))
    move = jnp.where(encored & ~chases, view.user.data["encore.move"], chosen)
    move = jnp.where(chases, move_id("pursuit"), move)
    data = move_data(move)
    moved_before = view.user.has_moved
    view = view.on_user(~chases, has_moved=True)

    def before(state: tuple[View, jax.Array]) -> tuple[View, jax.Array]:
        view, _ = state
        return before_move(view, move, data)

    view, go = maybe(~chases, before, (view, jnp.bool_(True)))
    view = stop_charging(view, ~go)
    view = view.drop_user("bide", ~go)
    view = view.drop_user("charge", ~go & (move != move_id("charge")))

    locked = (locked_move(view.user) != 0) & ~chases
    has_pp = jnp.any((view.user.moves == move) & (view.user.pp > 0))
    view = view.replace(user=spend_pp(view.user, move, 1, go & ~locked))
    dry = go & ~locked & ~has_pp & (move != move_id("struggle")) & ~chases
    view = view.on_user(dry, result_this_turn=FALSE)
    go = go & ~dry
    view = view.on_user(go, last_move=move)

    no = jnp.bool_(False)
    uses = Uses(move=move, by=jnp.int32(0), flipped=no, goes_on=go, count=jnp.int32(0), waiting=jnp.int32(0), worked=no)

    def body(state: tuple[View, Uses]) -> tuple[View, Uses]:
        view, uses = state
        return _use_one(view, uses, rules, locked, moved_before)

    view, uses = lax.while_loop(lambda state: state[1].goes_on, body, (view, uses))
    view = select(uses.flipped, view.swapped(), view)
    view = view.replace(calls=jnp.int32(0), turns=no, bounced=no)

    def close(i: jax.Array, view: View) -> View:
        # An 'Update' after each hit, then the end of the hit with another one.
        when = (i >> 1) < uses.waiting
        return settle_hits(view, when, (i & 1) == 1)

    view = maybe(uses.waiting > 0, lambda v: lax.fori_loop(0, 2 * MOST_CALLS, close, v), view, masked=True)
    view = _after_move(view, uses.move, go & ~chases)
    lock = go & is_choice(view.user.item) & (view.user.hp > 0) & ~has(view.user, "choicelock")
    lock = lock & (view.user.last_move != 0) & (~chases | uses.worked)
    view = view.put_user("choicelock", lock, move=view.user.last_move)
    return view.on_field(go, last_move=move)


def _after_move(view: View, last: jax.Array, when: jax.Array) -> View:
    """'AfterMove': also of a move that failed, also of a user that fell. ``last``: the last move that was used."""
    wishes = when & among(last, [move_id("healingwish"), move_id("lunardance")])
    view = view.on_user(wishes, switch_flag=1)
    spits = when & (last == move_id("spitup")) & has(view.user, "stockpile") & (view.user.hp > 0)
    view = view.replace(user=unstock(view.user, spits))
    view = view.drop_user("charge", when & (last != move_id("charge")))
    herb = item_id("whiteherb")
    mine = (view.user.item == herb) | is_choice(view.user.item)
    view = view.update_tie(when & mine & (view.foe.item == herb))
    view = white_herb(view, when)
    return white_herb(view.swapped(), when).swapped()


def _pressure(view: View, data: MoveData, move: jax.Array, when: jax.Array) -> View:
    aimed = ~data.hits_self & ~data.hits_field & ~view.foe.fainted & (data.target != Target.ADJACENTALLY)
    aimed = aimed | (data.target == 14) | (data.flag("mustpressure") & (view.foe.hp > 0))
    more = when & aimed & ability_is(view.foe, "pressure")
    return view.replace(user=spend_pp(view.user, move, 1, more))


def _use_one(view: View, uses: Uses, rules: Rules, locked: jax.Array, moved_before: jax.Array) -> tuple[View, Uses]:
    move, first = uses.move, uses.count == 0
    data = move_data(move)
    view = view.replace(calls=jnp.int32(0), turns=jnp.bool_(False))
    view = view.on_user(True, last_move_used=move, result_this_turn=UNDEFINED)
    view = view.on_user(True, last_move_used_type=data.type)
    view, data = modify_move(view, data, move, jnp.bool_(True))
    view = view.on_user(True, last_move_used_type=data.type)
    view = _pressure(view, data, jnp.where(first, move, uses.by), ~(first & locked) & ~view.bounced)
    go, result = uses.goes_on, jnp.int32(FALSE)
    view, worked, result = _use(view, data, move, rules, go, moved_before)
    calls = (view.calls != 0) & (uses.count < MOST_CALLS)
    turned = calls & view.turns
    waits = calls & ~view.turns & (move != move_id("mefirst"))
    view = view.on_user(~(calls & ~view.turns), result_this_turn=result)
    uses = Uses(
        move=jnp.where(calls, view.calls, move),
        by=jnp.where(calls, move, uses.by),
        flipped=uses.flipped ^ turned,
        goes_on=calls,
        count=uses.count + 1,
        waiting=uses.waiting + waits.astype(jnp.int32),
        worked=jnp.where(first, worked, uses.worked),
    )
    view = view.replace(bounced=turned)
    return select(turned, view.swapped(), view), uses


def _use(
    view: View, data: MoveData, move: jax.Array, rules: Rules, go: jax.Array, moved_before: jax.Array
) -> tuple[View, jax.Array, jax.Array]:
    own, field = data.hits_self, data.hits_field
    # Heal Block on one that has it works, and is a failure all the same ('healblock' onRestart).
    spoiled = (move == move_id("healblock")) & has(view.foe, "healblock")
    # Helping Hand has nobody to help.
    absent = go & ((~own & ~field & view.foe.fainted) | (data.target == Target.ADJACENTALLY))
    view, prepares = charge(view, move, go & ~absent)
    damp = among(move, [move_id("selfdestruct"), move_id("explosion")])
    damp = damp & (ability_is(view.user, "damp") | ability_is(view.foe, "damp"))
    tries = go & ~absent & ~prepares
    # Two Damps answer 'TryMove', whatever the move is.
    both = ability_is(view.user, "damp") & ability_is(view.foe, "damp")
    view = view.update_tie(tries & both)
    tries = tries & ~damp
    view = _count_uses(view, move, tries)

    mine = ability_is(view.user, "damp") & (~ability_is(view.foe, "damp") | (view.user.speed >= view.foe.speed))
    view = view.show_ability(True, go & ~absent & damp & mine).show_ability(False, go & ~absent & damp & ~mine)

    bursts = tries & (data.self_destruct == 1)
    view = view.on_user(bursts, hp=0, switch_flag=0)

    view, passes = gate(view, data, move, tries, moved_before)
    view, data, passes = prepare_item(view, data, move, passes)
    tries = tries & passes
    takes = tries & has(view.foe, "snatch") & data.flag("snatch")
    view = view.drop_foe("snatch", takes)
    view = view.replace(calls=jnp.where(takes, move, view.calls), turns=view.turns | takes)
    tries = tries & ~takes

    def aim(state: tuple[View, jax.Array]) -> tuple[View, jax.Array]:
        view, tries = state
        view = guards_tie(view, tries & own)
        view, hits = reach(view, data, move, tries & ~own & ~field)
        hits = (tries & own) | hits
        return hit_loop(view, data, move, rules, hits, crashes)

    crashes = go & ~absent & ~prepares & ~damp & may_crash(move)
    view, worked = maybe((tries & ~field) | crashes, aim, (view, tries & ~field), masked=True)

    def affect(state: tuple[View, jax.Array]) -> tuple[View, jax.Array]:
        view, worked = state
        view, did = side_effect(view, data, move, tries & field)
        return view, worked | did

    view, worked = maybe(tries & field, affect, (view, worked), masked=True)

    leaves = worked & (data.self_switch > 0) & (view.user.hp > 0)
    view = view.on_user(leaves, switch_flag=1 + move)
    orb = worked & has(view.user, "lifeorb")
    view = view.show_item(True, orb & (view.user.hp > 0) & ~ability_is(view.user, "magicguard"))
    view = wounded(view, quotient(view.user.max_hp, 10), orb)
    view = view.drop_user("lifeorb", orb & (view.user.hp > 0))
    result = jnp.where(worked & ~spoiled, TRUE, jnp.where(prepares, NULL, FALSE))
    return view, worked, result


def _count_uses(view: View, move: jax.Array, when: jax.Array) -> View:
    """The item Metronome counts how often one move was used in a row ('TryMove')."""
    user = view.user
    counts = when & has(user, "metronome")
    there = item_is(user, "metronome")
    again = (user.data["metronome.lastMove"] == move) & (user.result_last_turn == TRUE)
    number = jnp.where(again, user.data["metronome.numConsecutive"] + 1, 0)
    view = view.put_user("metronome", counts & there, lastMove=move, numConsecutive=number)
    return view.drop_user("metronome", counts & ~there)
