"""Adding and removing volatile conditions where more than one rule does it.

Source: sim/pokemon.js ``addVolatile``, ``removeVolatile``; data/mods/gen1/conditions.js.
"""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np

from pokejax.common.arrays import lookup
from pokejax.common.storage import update
from pokejax.gen1.state import Seat
from pokejax.gen1.view import View

_TWO_TO_FIVE = np.array([2, 2, 2, 3, 3, 3, 4, 5], np.int32)


def sample_two_to_five(view: View, when: jax.Array) -> tuple[View, jax.Array]:
    """Showdown's ``sample([2, 2, 2, 3, 3, 3, 4, 5])``: hits of a multi-hit move, turns of a trapping move."""
    view, index = view.draw(8, when)
    return view, lookup(_TWO_TO_FIVE, index)


def confuse_foe(view: View, when: jax.Array) -> View:
    """Confusion for 2–5 attempts, unless the foe is confused or has no HP."""
    starts = when & (view.foe.hp > 0) & (view.foe.confusion_turns == 0)
    view, turns = view.draw(4, starts)
    return view.on_foe(starts, confusion_turns=turns + 2)


def flinch_foe(view: View, when: jax.Array) -> View:
    """The foe flinches, and loses its recharge turn by it."""
    starts = when & (view.foe.hp > 0) & ~view.foe.flinch
    return view.on_foe(starts, flinch=True, must_recharge=False)


def stop_trapping(seat: Seat, when: jax.Array | bool = True) -> Seat:
    """Remove 'partialtrappinglock'."""
    return update(seat, when, trapping_move=0, trapping_turns=0, trapping_total=0, trapping_damage=0)


def release(seat: Seat, when: jax.Array | bool = True) -> Seat:
    """Remove 'partiallytrapped'."""
    return update(seat, when, trapped_turns=0, trapped_maybe_locked=False)


def stop_bide(seat: Seat, when: jax.Array | bool = True) -> Seat:
    """Remove 'bide'."""
    return update(seat, when, bide_turns=0, bide_damage=0)


def stop_thrashing(seat: Seat, when: jax.Array | bool = True) -> Seat:
    """Remove 'lockedmove'."""
    return update(seat, when, locked_move=0, locked_turns=0, locked_accuracy=0)


def stop_disable(seat: Seat, when: jax.Array | bool = True) -> Seat:
    """Remove 'disable'."""
    return update(seat, when, disable_turns=0, disable_slot=0, disable_move=0)


def break_substitute(seat: Seat, damage: jax.Array, when: jax.Array | bool) -> tuple[Seat, jax.Array]:
    """``damage`` to a Substitute that stands; returns the seat and whether it broke (which sets 'subFainted')."""
    left = jnp.maximum(seat.substitute_hp - damage, 0)
    breaks = when & (left == 0)
    seat = update(seat, when, substitute_hp=left)
    return update(seat, breaks, sub_fainted=True), breaks
