"""PP, and the moves that call other moves: Metronome and Mirror Move.

Source: data/mods/gen1/scripts.js ``deductPP``, ``runMove``, ``useMove``; data/mods/gen1/moves.js.
"""

from __future__ import annotations

import functools

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from jaxenv.control import maybe
from pokejax.common.arrays import lookup, put, take
from pokejax.gen1 import dex
from pokejax.gen1.move_data import move_data
from pokejax.gen1.move_ids import Move
from pokejax.gen1.state import Seat
from pokejax.gen1.view import View


def deduct_pp(seat: Seat, amount: int, when: jax.Array) -> Seat:
    """Take PP from the slot last selected, modulo 64: a move used at 0 PP goes on with 63.

    A transformed Pokémon's slots have PP of their own; any other slot shares them with the Pokémon's own move, the
    one Mimic overwrote included.
    """
    slot = seat.last_selected_slot
    when = when & (take(seat.moves, slot) != 0)
    left = (take(seat.pp, slot) - amount) & 63
    pp = put(seat.pp, slot, left, when)
    return seat.replace(pp=pp, base_pp=put(seat.base_pp, slot, left, when & ~seat.transformed))


def pay_pp(view: View, two_turn: jax.Array) -> View:
    """The PP of a move about to be used: none for Struggle, none while locked in, for two-turn moves on release."""
    user = view.user
    releases = user.two_turn_move > 0
    locked = releases | (user.locked_move > 0) | (user.rage_accuracy > 0)
    locked = locked | (user.bide_turns > 0) | (user.trapping_move > 0)
    pays = view.proceeds & (view.move != Move.STRUGGLE) & ((~locked & ~two_turn) | releases)
    return view.replace(user=deduct_pp(user, 1, pays))


@functools.cache
def _metronome_list() -> np.ndarray:
    return dex.load_dex().metronome_list.astype(np.int32)


def _calls(view: View) -> jax.Array:
    """The move calls another one. Mirror Move fails if the foe has no last move or it was Mirror Move itself."""
    mirrors = (view.foe.last_move != 0) & (view.foe.last_move != Move.MIRRORMOVE)
    return view.proceeds & ((view.move == Move.METRONOME) | ((view.move == Move.MIRRORMOVE) & mirrors))


def resolve_called_move(view: View) -> View:
    """Follow Metronome and Mirror Move to the move that is really used, with all their side effects on the way."""

    def call(view: View) -> View:
        when = _calls(view)
        metronome = when & (view.move == Move.METRONOME)
        view = view.set(when, last_damage=0)
        view = view.on_user(when, side_last_move=view.move, side_last_enemy_move=view.move, last_move=view.move)
        table = _metronome_list()
        view, index = view.draw(len(table), metronome)
        called = jnp.where(metronome, lookup(table, index), view.foe.last_move)
        view = view.on_user(when, last_selected_move=called, last_enemy_selected_move=called)
        view = view.set(when, move=called)
        # A called two-turn move gets its PP back now and pays on release.
        seat = deduct_pp(view.user, -1, when & move_data(called).two_turn)
        slot = seat.last_selected_slot
        gains = when & seat.transformed & (take(seat.base_moves, slot) != 0)
        base_pp = put(seat.base_pp, slot, (take(seat.base_pp, slot) + 1) & 63, gains)
        return view.replace(user=seat.replace(base_pp=base_pp))

    def follow(view: View) -> View:
        return lax.while_loop(_calls, call, view)

    return maybe(_calls(view), follow, view, masked=True)
