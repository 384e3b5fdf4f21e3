"""Choices of a player, and the actions that they become in the queue.

Actions are indices in poke-env's order for singles: 0–5 switch to that Pokémon of the team, 6–9 the move at that place
of the request, `NO_OP` for a side that is not asked. Where the request offers one entry alone (a move in progress,
Recharge, Struggle), that entry is 6.

Source: ``getMoveRequestData`` in sim/pokemon.js; ``chooseMove``, ``chooseSwitch`` in sim/side.js; ``resolveAction`` in
sim/battle-queue.js.
"""

from __future__ import annotations

import jax
import jax.numpy as jnp

from pokejax.common.arrays import take
from pokejax.common.storage import update
from pokejax.modern.data import among, move_data, move_id
from pokejax.modern.locks import locked_move
from pokejax.modern.party import bench
from pokejax.modern.state import (
    ACT_MOVE,
    ACT_NONE,
    ACT_REPLACE,
    ACT_SWITCH,
    MOVE_SLOTS,
    ONGOING,
    REQUEST_MOVE,
    REQUEST_SWITCH,
    TEAM_SIZE,
    Active,
    Battle,
    Side,
)
from pokejax.modern.stats import action_speed
from pokejax.modern.tables import Target
from pokejax.modern.view import ability_is, field_now, item_is

FIRST_MOVE = TEAM_SIZE
NO_OP = FIRST_MOVE + MOVE_SLOTS
NUM_ACTIONS = NO_OP + 1
ORDER_REPLACE, ORDER_SWITCH, ORDER_MOVE = 3, 103, 200


def usable_moves(mon: Active) -> jax.Array:
    """bool[4]: slots with PP left that nothing bars."""
    return (mon.moves != 0) & (mon.pp > 0) & (mon.disabled == 0)


def asked(battle: Battle, n: int) -> jax.Array:
    """bool: the player of side ``n`` must choose."""
    mon = battle.sides[n].active[0]
    request = battle.field.request
    return (request == REQUEST_MOVE) | ((request == REQUEST_SWITCH) & (mon.switch_flag > 0))


def legal_actions(battle: Battle, n: int) -> jax.Array:
    """bool[11]: what side ``n`` may choose, by the true state; `NO_OP` alone if it is not asked."""
    mon, party = battle.sides[n].active[0], battle.parties[n]
    move = asked(battle, n) & (battle.field.request == REQUEST_MOVE)
    replace = asked(battle, n) & (battle.field.request == REQUEST_SWITCH)
    locked = locked_move(mon) != 0
    usable = usable_moves(mon)
    forced = locked | ~jnp.any(usable)
    moves = jnp.where(forced, jnp.arange(MOVE_SLOTS) == 0, usable) & move
    switches = bench(mon, party) & (replace | (move & (mon.trapped == 0)))
    idle = ~(move | replace)
    return jnp.concatenate([switches, moves, idle[None]])


def legal_masks(battle: Battle) -> jax.Array:
    """bool[2, 11]; all True once the battle is over."""
    return jnp.stack([legal_actions(battle, n) for n in range(2)]) | (battle.field.result != ONGOING)


def commit(battle: Battle, n: int, action: jax.Array) -> Side:
    """Side ``n`` with its action in the queue."""
    side, field = battle.sides[n], battle.field
    mon = side.active[0]
    foe = battle.sides[1 - n].active[0]
    is_move = (action >= FIRST_MOVE) & (action < NO_OP) & (field.request == REQUEST_MOVE)
    is_switch = action < FIRST_MOVE
    replaces = field.request == REQUEST_SWITCH
    locked = locked_move(mon)
    slot = jnp.clip(action - FIRST_MOVE, 0, MOVE_SLOTS - 1)
    move = jnp.where(jnp.any(usable_moves(mon)), take(mon.moves, slot), move_id("struggle"))
    move = jnp.where(locked != 0, locked, move)
    data = move_data(move)
    speed = action_speed(mon, side, field_now(field, mon, foe))
    lags = is_move & item_is(mon, "laggingtail", "fullincense")
    late = is_move & (lags | ability_is(mon, "stall"))
    fraction = jnp.where(lags, -2, jnp.where(late, -1, 0))
    own = among(data.target, [Target.SELF, Target.ALL, Target.ALLYSIDE, Target.ALLYTEAM, Target.ADJACENTALLYORSELF])
    mine, theirs = mon.slot + 1 + 6 * n, foe.slot + 1 + 6 * (1 - n)
    values = {
        "act": jnp.where(
            is_move, ACT_MOVE, jnp.where(is_switch, jnp.where(replaces, ACT_REPLACE, ACT_SWITCH), ACT_NONE)
        ),
        "act_move": jnp.where(is_move, move, 0),
        "act_slot": jnp.where(is_switch, action, 0),
        "act_order": jnp.where(is_move, ORDER_MOVE, jnp.where(replaces, ORDER_REPLACE, ORDER_SWITCH)),
        "act_priority": jnp.where(is_move, data.priority * 10 + fraction, 0),
        "act_fraction": fraction,
        "act_speed": jnp.where(late, -jnp.abs(speed), speed),
        "act_target": jnp.where(is_move, jnp.where(own, -1, 1), 0),
        "act_aimed_at": jnp.where(is_move, jnp.where(own, mine, theirs), 0),
        "act_copies": jnp.where(replaces & (mon.hp > 0) & (mon.switch_flag > 1), mon.switch_flag - 1, 0),
    }
    chosen = asked(battle, n)
    side = update(side, chosen, **values)
    cleared = update(mon, chosen & is_switch, switch_flag=0)
    return side.replace(active=(cleared,))
