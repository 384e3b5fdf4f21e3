"""One step of a battle: both players' choices in, the next decision point out.

Source: ``start``, ``commitChoices``, ``turnLoop``, ``runAction``, ``endTurn`` in sim/battle.js; sim/battle-queue.js.
"""

from __future__ import annotations

import jax
import jax.numpy as jnp
from jax import lax

from jaxenv.control import maybe
from pokejax.common.rng import Rng, draw
from pokejax.common.storage import empty, select, update
from pokejax.modern.before_turn import before_turn, fires, hurry, prepares, pursued
from pokejax.modern.choices import NO_OP, commit, legal_masks
from pokejax.modern.data import move_id
from pokejax.modern.end_turn import end_turn
from pokejax.modern.party import bench
from pokejax.modern.residual import residual
from pokejax.modern.rules import Rules
from pokejax.modern.shown import Shown, show_entry
from pokejax.modern.state import (
    ACT_MOVE,
    ACT_NONE,
    ACT_REPLACE,
    ACT_SWITCH,
    ONGOING,
    REQUEST_MOVE,
    REQUEST_NONE,
    REQUEST_SWITCH,
    TEAM_SIZE,
    Battle,
    Field,
    Party,
    empty_side,
)
from pokejax.modern.stats import refresh_speed
from pokejax.modern.switching import come_in, switch
from pokejax.modern.two_turns import use_item
from pokejax.modern.updates import update_event
from pokejax.modern.use_move import run_move
from pokejax.modern.view import View, close_view, field_now, item_is, open_view
from pokejax.modern.vitals import entering, faint_messages


def start(rng: Rng, parties: tuple[Party, Party], rules: Rules, shown: Shown | None = None) -> Battle:
    """A battle at its first decision point. ``parties`` in storage dtypes, genders drawn.

    ``shown``: `shown.nothing_shown` for a battle that is observed.
    """
    sides = []
    field = empty(Field)
    for party in parties:
        side = empty_side(rules.actives)
        mon = refresh_speed(entering(party, jnp.int32(0)), side, field)
        left = jnp.sum((party.species != 0) & (party.hp > 0), dtype=jnp.int32)
        sides.append(update(side.replace(active=(mon,)), True, left=left, entering=True))
    tied = sides[0].active[0].speed == sides[1].active[0].speed
    faster = (sides[1].active[0].speed > sides[0].active[0].speed).astype(jnp.int32)
    rng, place = draw(rng, 2, tied)
    field = update(field, True, first_in=jnp.where(tied, 1 - place, faster))
    for lead in (1, TEAM_SIZE + 1):
        shown = show_entry(shown, jnp.int32(lead))
    battle = Battle(rng=rng, field=field, sides=(sides[0], sides[1]), parties=parties, shown=shown)
    # 'Update' after each lead finds no ability begun, no berry wanted: it costs its tie's draw alone.
    battle = close_view(open_view(battle, False).update_tie(), False)
    # Both entries are all that is queued: a loop of its own, so that a reset does not hold a whole turn.
    return end_turn(lax.fori_loop(0, 2, lambda _, b: _lead(b, rules), battle))


def _lead(battle: Battle, rules: Rules) -> Battle:
    """The next of the leads' entries. Nothing on the field can hurt it, and nobody is asked for another."""
    _, side = _pending(battle)
    view = come_in(open_view(battle, side == 1), rules, hazards=False)
    return close_view(update_event(view, jnp.bool_(True), copies=True))


def step(battle: Battle, actions: jax.Array, rules: Rules) -> tuple[Battle, jax.Array]:
    """Play both choices until the next decision point.

    ``actions``: int32[2], see `choices`. An illegal one is replaced by the first that is legal. Returns the battle and
    bool[2]: whose action was illegal. A battle that is over stays as it is.
    """
    going = battle.field.result == ONGOING
    legal = legal_masks(battle)
    illegal, sides = [], []
    field = field_now(battle.field, battle.sides[0].active[0], battle.sides[1].active[0])
    fresh = tuple(side.replace(active=(refresh_speed(side.active[0], side, field, going),)) for side in battle.sides)
    battle = battle.replace(sides=fresh)
    for n in range(2):
        action = jnp.clip(actions[n], 0, NO_OP).astype(jnp.int32)
        fine = legal[n][action] & (action == actions[n])
        order = jnp.concatenate([legal[n][6:10], legal[n][:6], legal[n][10:]])
        instead = (lax.argmax(order, 0, jnp.int32) + 6) % 10
        action = jnp.where(fine, action, jnp.where(legal[n][NO_OP], NO_OP, instead))
        sides.append(commit(battle, n, action))
        illegal.append(going & ~fine)
    battle = battle.replace(sides=(sides[0], sides[1]))
    played = maybe(going, lambda b: _begin(b, legal, rules), battle)
    return played, jnp.stack(illegal)


def _begin(battle: Battle, legal: jax.Array, rules: Rules) -> Battle:
    """The queue sorted, and what begins a turn."""
    p1, p2 = battle.sides
    new_turn = battle.field.request == REQUEST_MOVE
    chose = [~legal[n][NO_OP] for n in range(2)]
    # Order, priority (high first), speed (high first).
    ahead = [p1.act_order - p2.act_order, p2.act_priority - p1.act_priority, p2.act_speed - p1.act_speed]
    behind = jnp.where(ahead[0] != 0, ahead[0], jnp.where(ahead[1] != 0, ahead[1], ahead[2]))
    both = chose[0] & chose[1]
    early = [chose[n] & new_turn & prepares(side) for n, side in enumerate((p1, p2))]
    rng, _ = draw(battle.rng, 2, early[0] & early[1] & (p1.act_speed == p2.act_speed))
    rng, place = draw(rng, 2, both & (behind == 0))
    first = jnp.where(both, jnp.where(behind == 0, place, (behind > 0).astype(jnp.int32)), chose[1].astype(jnp.int32))
    field = update(battle.field, True, first=first, request=REQUEST_NONE)
    field = update(field, new_turn, residual=True)
    view = open_view(battle.replace(rng=rng, field=field), False)
    view = before_turn(hurry(view, new_turn), (early[0], early[1]), new_turn)
    return _play(close_view(view, False), rules)


def _pending(battle: Battle) -> tuple[jax.Array, jax.Array]:
    """Kind of the next action and the side whose it is.

    1 a queued act, 2 an entry, 3 the residual, 4 Pursuit of the side's Pokémon that is leaving, 0 nothing.
    """
    p1, p2 = battle.sides
    field = battle.field
    acts = jnp.stack([p1.act, p2.act])
    enters = jnp.stack([p1.entering, p2.entering])

    def of(first: jax.Array, there: jax.Array) -> jax.Array:
        return jnp.where(there[0] & there[1], first, jnp.where(there[1], 1, 0))

    # What a Quick Claw brings forward comes a tenth of priority before its move.
    keys = [side.act_priority + side.act_event.astype(jnp.int32) for side in (p1, p2)]
    hurried = (p1.act_event | p2.act_event) & (p1.act_order == p2.act_order) & (keys[0] != keys[1])
    first = jnp.where(hurried, (keys[1] > keys[0]).astype(jnp.int32), field.first)
    replaces = acts == ACT_REPLACE
    kind = jnp.where(jnp.any(replaces), 1, jnp.where(jnp.any(enters), 2, jnp.where(jnp.any(acts != ACT_NONE), 1, 0)))
    kind = jnp.where((kind == 0) & field.residual, 3, kind)
    side = jnp.where(
        jnp.any(replaces), of(first, replaces),
        jnp.where(jnp.any(enters), of(field.first_in, enters), of(first, acts != ACT_NONE)),
    )  # fmt: skip
    hunted = jnp.stack([pursued(mine.active[0], theirs.active[0], theirs) for mine, theirs in ((p1, p2), (p2, p1))])
    called = jnp.stack([side.active[0].switch_flag > 0 for side in (p1, p2)]) & hunted
    act = jnp.where(side == 1, acts[1], acts[0])
    goes = (kind == 1) & ((act == ACT_SWITCH) | (act == ACT_REPLACE)) & jnp.where(side == 1, hunted[1], hunted[0])
    side = jnp.where(called[0], 0, jnp.where(called[1], 1, side))
    return jnp.where(jnp.any(called) | goes, 4, kind), side


def _play(battle: Battle, rules: Rules) -> Battle:
    """``turnLoop``: actions until somebody is asked, the battle is over, or the turn is."""

    def goes_on(battle: Battle) -> jax.Array:
        kind, _ = _pending(battle)
        return (kind > 0) & (battle.field.request == REQUEST_NONE) & (battle.field.result == ONGOING)

    battle = lax.while_loop(goes_on, lambda b: _act(b, rules), battle)
    ends = (battle.field.request == REQUEST_NONE) & (battle.field.result == ONGOING)
    return maybe(ends, end_turn, battle)


def _act(battle: Battle, rules: Rules) -> Battle:
    kind, side = _pending(battle)

    def rest(battle: Battle) -> Battle:
        return residual(battle.replace(field=update(battle.field, True, residual=False)), rules)

    battle = maybe(kind == 3, rest, battle)
    chases = kind == 4
    view = open_view(battle, ((side == 1) ^ chases) & (kind != 3))
    view = view.replace(flees=chases)
    act = jnp.where(kind == 1, view.user_side.act, ACT_NONE)
    event = (act == ACT_MOVE) & view.user_side.act_event
    early = event & fires(view)
    view = view.replace(user_side=update(view.user_side, event, act_event=False))
    view = view.show_item(True, early & item_is(view.user, "quickclaw"))
    view = use_item(view, early & item_is(view.user, "custapberry"))
    act = jnp.where(event & ~early, ACT_NONE, act)
    by_flag = chases & (view.foe.switch_flag > 0)
    view = maybe(kind == 2, lambda v: come_in(v, rules), view)

    def move(view: View) -> View:
        able = (view.user.hp > 0) & ~view.user.fainted
        view = maybe(able, lambda v: run_move(v, rules, chases), view)
        return view.replace(user_side=update(view.user_side, True, act=ACT_NONE, act_move=0))

    view = maybe((act == ACT_MOVE) | chases, move, view)
    view = view.on_foe(chases, skips_switch_out=by_flag | (view.foe.hp > 0))

    # Who is driven out leaves like one that is sent back, for one of the others by chance.
    drags = view.foe.forced_out & (view.foe.hp > 0)
    switches = (act == ACT_SWITCH) | (act == ACT_REPLACE)
    view, dragged = _another(view.swapped(), drags)
    view = view.swapped()

    def leave(view: View) -> View:
        view = select(drags, view.swapped(), view)
        side = view.user_side
        copies = (side.act_copies == move_id("batonpass")) & ~drags
        slot = jnp.where(drags, dragged, side.act_slot)
        view = _enter(switch(view, slot, jnp.where(drags, 0, side.act_copies), copies))
        return select(drags, view.swapped(), view)

    view = maybe(switches | drags, leave, view)
    view = view.on_foe(True, forced_out=False).drop_user("moldbroken").drop_foe("moldbroken")
    view = view.replace(flees=jnp.bool_(False))
    stays = chases & ~by_flag & (view.foe.hp > 0)

    def end(view: View) -> View:
        view = _after(faint_messages(view), act)
        # The event is an action of its own around the move's.
        going = (view.field.request == REQUEST_NONE) & (view.field.result == ONGOING)
        return update_event(view, early & going)

    return close_view(maybe(~stays, end, view))


def _another(view: View, when: jax.Array) -> tuple[View, jax.Array]:
    """One of the user's bench by chance, in the order of the reference's list."""
    able = bench(view.user, view.user_party)
    count = jnp.sum(able, dtype=jnp.int32)
    view, roll = view.draw(jnp.maximum(count, 1), when & (count > 0))
    place = view.user_party.position.astype(jnp.int32)
    rank = jnp.sum(able[None, :] & (place[None, :] < place[:, None]), axis=1, dtype=jnp.int32)
    chosen = able & (rank == roll)
    return view, jnp.sum(jnp.where(chosen, jnp.arange(6), 0), dtype=jnp.int32)


def _enter(view: View) -> View:
    """The newcomer's entry in the queue: the faster one's first; a tie costs a draw."""
    other = view.foe_side.entering
    mine, theirs = view.user.speed, view.foe.speed
    tied = other & (mine == theirs)
    view, place = view.draw(2, tied)
    second = view.second.astype(jnp.int32)
    ahead = jnp.where(tied, place == 0, mine > theirs)
    return view.on_field(other, first_in=jnp.where(ahead, second, 1 - second))


def _after(view: View, act: jax.Array) -> View:
    """The end of ``runAction``: who must leave is asked for, or 'Update' runs."""
    going = view.field.result == ONGOING
    user_acts, foe_acts = view.user_side.act != ACT_NONE, view.foe_side.act != ACT_NONE
    # A fainted Pokémon's queued action is still there; nothing but time takes it away.
    waits = user_acts | foe_acts | view.user_side.entering | view.foe_side.entering | view.field.residual
    for_user = jnp.where(~waits & view.user.fainted, 1, view.user.switch_flag)
    for_foe = jnp.where(~waits & view.foe.fainted, 1, view.foe.switch_flag)
    # 'checkFainted' takes the status away too.
    view = view.on_user(going & ~waits & view.user.fainted, status=0)
    view = view.on_foe(going & ~waits & view.foe.fainted, status=0)
    can_user = jnp.any(bench(view.user, view.user_party))
    can_foe = jnp.any(bench(view.foe, view.foe_party))
    another = (act == ACT_REPLACE) & (view.foe_side.act == ACT_REPLACE)
    here = going & ~another
    view = view.on_user(here, switch_flag=jnp.where(can_user, for_user, 0))
    view = view.on_foe(here, switch_flag=jnp.where(can_foe, for_foe, 0))
    # Pursuit comes before the players are asked.
    hunted = (view.user.switch_flag > 0) & pursued(view.user, view.foe, view.foe_side)
    hunted = hunted | ((view.foe.switch_flag > 0) & pursued(view.foe, view.user, view.user_side))
    here = here & ~hunted
    # Who is called back alive leaves before the players are asked.
    view = view.on_user(here & (view.user.switch_flag > 0) & (view.user.hp > 0), skips_switch_out=True)
    view = view.on_foe(here & (view.foe.switch_flag > 0) & (view.foe.hp > 0), skips_switch_out=True)
    asks = here & ((view.user.switch_flag > 0) | (view.foe.switch_flag > 0))
    view = view.on_field(asks, request=REQUEST_SWITCH)
    return update_event(view, here & ~asks, copies=True)
