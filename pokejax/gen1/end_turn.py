"""The end of a turn: durations, loosened traps, what may be chosen next, the Endless Battle Clause.

Source: sim/battle.js ``fieldEvent('Residual')``, ``endTurn``, ``maybeTriggerEndlessBattleClause``; the
``onDisableMove`` handlers of data/mods/gen1/conditions.js and moves.js.
"""

from __future__ import annotations

import jax
import jax.numpy as jnp

from jaxenv.control import maybe
from pokejax.common.rng import Rng, draw
from pokejax.common.storage import select, update
from pokejax.gen1.choices import is_locked_in
from pokejax.gen1.dex import Status, Type
from pokejax.gen1.state import REQUEST_MOVE, TIE, Battle, Seat
from pokejax.gen1.status import has_type
from pokejax.gen1.switching import (
    BENCH_GHOSTS,
    BENCH_STUCK,
    BENCH_STUCK_ANY,
    BENCH_STUCK_PP,
    BENCH_STUCK_TRANSFORM,
    BENCH_TRANSFORMERS,
    only_transform,
)
from pokejax.gen1.volatiles import release, stop_trapping

MAX_TURNS = 1000
_MAX_TIED = 8


def _count(*conditions: jax.Array) -> jax.Array:
    return sum((condition.astype(jnp.int32) for condition in conditions), start=jnp.int32(0))


def _tie_draws(rng: Rng, count: jax.Array, most: int) -> Rng:
    """``count`` draws, at most ``most``."""

    def ties(rng: Rng) -> Rng:
        for i in range(most):
            rng, _ = draw(rng, 2, count > i)
        return rng

    return maybe(count > 0, ties, rng, masked=True)


def run_durations(rng: Rng, seats: tuple[Seat, Seat]) -> tuple[Rng, tuple[Seat, Seat]]:
    """The 'residual' action: conditions that last turns count down.

    Their handlers are sorted by speed, and equal ones shuffled: k handlers of one Pokémon cost k − 1 draws, and both
    Pokémon's count together if their speeds tie.
    """

    def handlers(seat: Seat) -> jax.Array:
        return _count(seat.flinch, seat.trapping_turns > 0, seat.trapped_turns > 0, seat.fake_trapped_turns > 0)

    first, second = handlers(seats[0]), handlers(seats[1])
    together = jnp.maximum(first + second - 1, 0)
    apart = jnp.maximum(first - 1, 0) + jnp.maximum(second - 1, 0)
    rng = _tie_draws(rng, jnp.where(seats[0].speed == seats[1].speed, together, apart), _MAX_TIED - 1)
    return rng, (_count_down(seats[0]), _count_down(seats[1]))


def _count_down(seat: Seat) -> Seat:
    seat = update(seat, flinch=False, fake_trapped_turns=jnp.maximum(seat.fake_trapped_turns - 1, 0))
    seat = update(seat, trapping_turns=jnp.maximum(seat.trapping_turns - 1, 0))
    seat = stop_trapping(seat, seat.trapping_turns == 0)
    seat = update(seat, trapped_turns=jnp.maximum(seat.trapped_turns - 1, 0))
    return release(seat, seat.trapped_turns == 0)


def _loosen(seat: Seat, foe: Seat) -> Seat:
    """A trap whose other half is gone is gone (``endTurn``, Gen 1 part)."""
    seat = stop_trapping(seat, (seat.trapping_move > 0) & ((foe.hp <= 0) | (foe.trapped_turns == 0)))
    seat = release(seat, (seat.trapped_turns > 0) & ((foe.hp <= 0) | (foe.trapping_move == 0)))
    alone = (foe.hp <= 0) | (foe.fake_trapped_turns == 0)
    return update(seat, (seat.fake_trapped_turns > 0) & alone, fake_trapped_turns=0)


def _hide_or_reveal(rng: Rng, seat: Seat) -> tuple[Rng, Seat]:
    """``runEvent('DisableMove')``: whether the player is told that the move is decided; ties among handlers draw."""
    disabled, bides, traps = seat.disable_turns > 0, seat.bide_turns > 0, seat.trapping_move > 0
    trapped, pretends = seat.trapped_turns > 0, seat.fake_trapped_turns > 0
    ties = _count(trapped & pretends) + jnp.maximum(_count(disabled, bides, traps) - 1, 0)
    rng = _tie_draws(rng, ties, 3)
    helpless = (seat.status == Status.SLP) | (seat.status == Status.FRZ)
    hidden = ((trapped & seat.trapped_maybe_locked) | pretends) & ~helpless & ~bides
    hidden = hidden | (traps & (seat.trapping_total - seat.trapping_turns > 1))
    return rng, update(seat, maybe_locked=hidden & ~is_locked_in(seat), fainted_this_turn=False, request=REQUEST_MOVE)


def _no_progress(seat: Seat, foe: Seat) -> jax.Array:
    """The side can never change anything again: every Pokémon fainted, frozen, or powerless in one of two ways."""
    foe_ghosts = ((foe.bench & BENCH_GHOSTS) != 0) & has_type(foe, Type.GHOST)
    foe_transformers = ((foe.bench & BENCH_TRANSFORMERS) != 0) & only_transform(foe.moves)
    transform = only_transform(seat.moves) & foe_transformers
    no_pp = jnp.all(seat.pp == 0) & foe_ghosts
    stuck = (seat.status == Status.FRZ) | transform | no_pp
    with_transform = jnp.where(foe_transformers, BENCH_STUCK_ANY, BENCH_STUCK_PP)
    without = jnp.where(foe_transformers, BENCH_STUCK_TRANSFORM, BENCH_STUCK)
    bit = jnp.where(foe_ghosts, with_transform, without)
    return stuck & ((seat.bench & bit) != 0)


def end_turn(battle: Battle) -> Battle:
    """The next turn's number and requests, or a tie by the Endless Battle Clause."""
    p1, p2 = battle.seats
    p1 = _loosen(p1, p2)
    p2 = _loosen(p2, p1)
    rng, p1 = _hide_or_reveal(battle.rng, p1)
    rng, p2 = _hide_or_reveal(rng, p2)
    turn = battle.turn + 1
    ends = (_no_progress(p1, p2) & _no_progress(p2, p1)) | (turn > MAX_TURNS)
    idle = (update(p1, request=0), update(p2, request=0))
    return battle.replace(
        rng=rng,
        turn=turn,
        result=jnp.where(ends, TIE, battle.result),
        seats=select(ends, idle, (p1, p2)),
    )
