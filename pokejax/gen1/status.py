"""Non-volatile status: setting it, the clauses that forbid it, curing it.

Source: sim/pokemon.js ``setStatus``; data/mods/gen1/conditions.js; data/rulesets.js Sleep and Freeze Clause Mod.
"""

from __future__ import annotations

import jax
import jax.numpy as jnp

from pokejax.common.storage import update
from pokejax.gen1.dex import Status, Type
from pokejax.gen1.state import Seat
from pokejax.gen1.view import View

BENCH_ASLEEP = 1
"""`Seat.bench` bit: a benched Pokémon was put to sleep by the foe and still lives."""
BENCH_FROZEN = 2


def has_type(seat: Seat, type_: jax.Array | int) -> jax.Array:
    """Showdown's ``hasType``; never true of 0 or ``???``."""
    return (seat.type1 == type_) | ((seat.type2 == type_) & (seat.type2 != Type.NONE))


def set_status_on_foe(view: View, status: jax.Array, when: jax.Array) -> tuple[View, jax.Array]:
    """The user inflicts ``status`` on the foe; returns whether it took.

    Every attempt that passes the immunities costs one draw: the two clauses' handlers tie and are shuffled. A status
    already there is replaced (callers decide whether that may happen) unless it is the same one.
    """
    foe = view.foe
    poisons = (status == Status.PSN) | (status == Status.TOX)
    immune = poisons & has_type(foe, Type.POISON)
    attempted = when & (foe.hp > 0) & (foe.status != status) & ~immune
    view = view.tie(attempted)
    # The foe's own earlier sleep cannot be in the way here: it would be the same status.
    asleep = ((foe.bench & BENCH_ASLEEP) != 0) & (status == Status.SLP)
    frozen = ((foe.bench & BENCH_FROZEN) != 0) & (status == Status.FRZ)
    takes = attempted & ~asleep & ~frozen
    sleeps = takes & (status == Status.SLP)
    view, turns = view.draw(7, sleeps)
    badly = takes & (status == Status.TOX)
    view = view.on_foe(takes, status=status, sleep_turns=jnp.where(sleeps, turns + 1, 0), slept_by_self=False)
    return view.on_foe(badly, toxic=True, toxic_counter=0), takes


def cure(seat: Seat, when: jax.Array | bool = True) -> Seat:
    """Showdown's ``cureStatus``: nothing happens to a Pokémon without HP."""
    return update(seat, when & (seat.hp > 0), status=0, sleep_turns=0, slept_by_self=False)
