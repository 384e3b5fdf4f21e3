"""Choices of a player, and the actions that they become in Showdown's queue.

Actions are indices in poke-env's order for singles: 0–5 switch to that Pokémon of the team, 6–9 the move at that place
of the request, `NO_OP` for a side that is not asked. When the request offers one forced entry (recharge, a move in
progress, Struggle, or "Fight" for a Pokémon that is asleep, frozen or trapped), that entry is 6.

Source: ``getMoveRequestData`` in sim/pokemon.js; ``chooseMove``, ``chooseSwitch``, ``commitChoices`` in sim/side.js.
"""

from __future__ import annotations

import jax
import jax.numpy as jnp

from pokejax.common.arrays import argmax, argmin, take
from pokejax.common.storage import update
from pokejax.gen1.dex import Status
from pokejax.gen1.move_ids import Move
from pokejax.gen1.state import (
    MOVE_SLOTS,
    QUEUED_MOVE,
    REQUEST_MOVE,
    REQUEST_NONE,
    REQUEST_SWITCH,
    TEAM_SIZE,
    Party,
    Seat,
)

FIRST_MOVE = TEAM_SIZE
NO_OP = FIRST_MOVE + MOVE_SLOTS
NUM_ACTIONS = NO_OP + 1


def is_locked_in(seat: Seat) -> jax.Array:
    """'getLockedMove': no choice at all, not even to switch."""
    return seat.must_recharge | (seat.two_turn_move > 0) | (seat.locked_move > 0) | (seat.rage_accuracy > 0)


def is_semi_locked(seat: Seat) -> jax.Array:
    """'getSemiLockedMove': the move is decided, but switching is free."""
    return (seat.bide_turns > 0) | (seat.trapping_move > 0)


def _helpless(seat: Seat) -> jax.Array:
    return (seat.status == Status.FRZ) | (seat.status == Status.SLP)


def usable_moves(seat: Seat) -> jax.Array:
    """bool[4]: slots with PP left that Disable does not hold."""
    disabled = (jnp.arange(MOVE_SLOTS, dtype=jnp.int32) == seat.disable_slot) & (seat.disable_turns > 0)
    return (seat.moves != 0) & (seat.pp > 0) & ~disabled


def legal_actions(seat: Seat, party: Party) -> jax.Array:
    """bool[11]: the mask, from the true state; a side that is not asked has `NO_OP` alone."""
    locked = is_locked_in(seat)
    hidden = seat.maybe_locked
    trapped = (seat.trapped_turns > 0) & ~hidden
    usable = usable_moves(seat)
    forced = locked | (is_semi_locked(seat) & ~hidden) | _helpless(seat) | trapped | ~jnp.any(usable)
    moves = jnp.where(forced, jnp.arange(MOVE_SLOTS, dtype=jnp.int32) == 0, usable)
    moves = moves & (seat.request == REQUEST_MOVE)

    other = jnp.arange(TEAM_SIZE, dtype=jnp.int32) != seat.slot
    free = (seat.request == REQUEST_SWITCH) | ((seat.request == REQUEST_MOVE) & ~locked)
    switches = other & (party.hp > 0) & free
    waits = ~((seat.request == REQUEST_MOVE) | (seat.request == REQUEST_SWITCH))
    return jnp.concatenate([switches, moves, waits[None]])


def default_action(seat: Seat, party: Party, legal: jax.Array) -> jax.Array:
    """Showdown's ``default``: the request's first move, else the next Pokémon in the side's order, else nothing."""
    moves = legal[FIRST_MOVE:NO_OP]
    place = jnp.where(legal[:TEAM_SIZE], party.position, TEAM_SIZE)
    action = jnp.where(jnp.any(moves), FIRST_MOVE + argmax(moves), argmin(place))
    return jnp.where(legal[NO_OP], NO_OP, action).astype(jnp.int32)


def commit(seat: Seat, action: jax.Array) -> Seat:
    """Queue a legal ``action`` (int32 scalar) and remember it as Showdown's side does."""
    chooses = (seat.request == REQUEST_MOVE) & (action >= FIRST_MOVE) & (action < NO_OP)
    switches = (seat.request != REQUEST_NONE) & (action < FIRST_MOVE)
    locked = is_locked_in(seat) | is_semi_locked(seat)
    helpless = ~locked & _helpless(seat)
    trapped = ~locked & ~helpless & (seat.trapped_turns > 0)
    struggles = ~(locked | helpless | trapped | jnp.any(usable_moves(seat)))
    picks = chooses & ~(locked | helpless | trapped | struggles)

    index = jnp.clip(action - FIRST_MOVE, 0, MOVE_SLOTS - 1)
    picked = take(seat.moves, index)
    seat = update(seat, picks, last_selected_move=picked, last_selected_slot=index, side_last_move=picked)
    # What the foe's cartridge believes: the move in the slot last selected.
    believed = take(seat.moves, seat.last_selected_slot)
    seat = update(seat, chooses & (locked | helpless | picks), last_enemy_selected_move=believed)
    seat = update(seat, chooses & trapped, last_selected_move=Move.CANNOTMOVE, last_enemy_selected_move=Move.CANNOTMOVE)
    seat = update(seat, chooses & struggles, last_selected_move=Move.STRUGGLE, last_enemy_selected_move=Move.STRUGGLE)
    queued = jnp.where(switches, 1 + action, jnp.where(chooses, QUEUED_MOVE + seat.last_selected_move, 0))
    return update(seat, queued=queued)
