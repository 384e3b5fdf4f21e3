"""Switching: writing the old active Pokémon back to its party, loading the new one, what happens as it comes in.

Source: ``switchIn`` in sim/battle-actions.js; ``runSwitch`` in data/mods/gen4/scripts.js (which Gen 1 uses);
``clearVolatile`` in sim/pokemon.js.
"""

from __future__ import annotations

import functools

import jax
import jax.numpy as jnp
import numpy as np

from pokejax.common.arrays import lookup, put, take
from pokejax.common.storage import empty, select, update
from pokejax.gen1 import dex
from pokejax.gen1.dex import Status, Type
from pokejax.gen1.move_ids import Move
from pokejax.gen1.state import FAINTED, QUEUED_MOVE, TEAM_SIZE, Party, Seat
from pokejax.gen1.stats import refresh_speed, weaken_by_status
from pokejax.gen1.status import BENCH_ASLEEP, BENCH_FROZEN
from pokejax.gen1.view import View

# More `Seat.bench` bits, for the Endless Battle Clause: what holds for every benched Pokémon.
BENCH_GHOSTS = 4
"""Fainted or a Ghost."""
BENCH_TRANSFORMERS = 8
"""Fainted, or knows only Transform."""
BENCH_STUCK = 16
"""Fainted or frozen."""
BENCH_STUCK_TRANSFORM = 32
"""… or knows only Transform."""
BENCH_STUCK_PP = 64
"""… or has no PP."""
BENCH_STUCK_ANY = 128
"""… or either."""

_SIDE_FIELDS = (
    "last_selected_move",
    "last_selected_slot",
    "last_enemy_selected_move",
    "side_last_move",
    "side_last_enemy_move",
    "pokemon_left",
    "fainted_this_turn",
    "request",
    "maybe_locked",
    "queued",
)
"""`Seat` fields that belong to the side, not to its active Pokémon."""


@functools.cache
def _species_types() -> np.ndarray:
    return dex.load_dex().species.types.astype(np.int32)


@functools.cache
def _is_ghost() -> np.ndarray:
    return (_species_types() == Type.GHOST).any(axis=-1)


def only_transform(moves: jax.Array) -> jax.Array:
    """Every move of the last axis (0 = empty slot) is Transform: Showdown's ``moves.every``."""
    return jnp.all((moves == 0) | (moves == Move.TRANSFORM), axis=-1)


def store(party: Party, seat: Seat, when: jax.Array | bool = True) -> Party:
    """``party`` with the active Pokémon's row brought up to date where ``when``."""
    slot = seat.slot
    row = ((jnp.arange(TEAM_SIZE, dtype=jnp.int32) == slot) & when)[:, None]
    return party.replace(
        hp=put(party.hp, slot, seat.hp, when),
        status=put(party.status, slot, seat.status, when),
        sleep_turns=put(party.sleep_turns, slot, seat.sleep_turns, when),
        slept_by_self=put(party.slept_by_self, slot, seat.slept_by_self, when),
        sub_fainted=put(party.sub_fainted, slot, seat.sub_fainted, when),
        pp=jnp.where(row, seat.base_pp[None, :].astype(party.pp.dtype), party.pp),
    )


def load(party: Party, slot: jax.Array) -> Seat:
    """A fresh seat for the Pokémon at ``slot``: no stages, no volatile conditions, stats weakened by its status."""
    return _seat_from((party, party), jnp.bool_(False), slot)


def _seat_from(parties: tuple[Party, Party], second: jax.Array, slot: jax.Array) -> Seat:
    """`load` from the second party if ``second``, else the first: rows are picked, no party is copied."""

    def value(name: str) -> jax.Array:
        rows = [getattr(party, name)[slot] for party in parties]
        chosen = rows[0] if parties[0] is parties[1] else jnp.where(second, rows[1], rows[0])
        return chosen if chosen.dtype == jnp.bool_ else chosen.astype(jnp.int32)

    species, stats, moves, pp = value("species"), value("stats"), value("moves"), value("pp")
    types = lookup(_species_types(), species)
    seat = empty(Seat).replace(
        slot=slot,
        base_species=species,
        species=species,
        level=value("level"),
        max_hp=value("max_hp"),
        base_stats=stats,
        stats=stats,
        modified=stats,
        speed_bonus=value("speed_bonus"),
        base_moves=moves,
        moves=moves,
        base_pp=pp,
        pp=pp,
        hp=value("hp"),
        status=value("status"),
        sleep_turns=value("sleep_turns"),
        slept_by_self=value("slept_by_self"),
        sub_fainted=value("sub_fainted"),
        type1=types[0],
        type2=types[1],
        bench=bench_bits(parties, second, slot),
    )
    return refresh_speed(weaken_by_status(seat))


def bench_bits(parties: tuple[Party, Party], second: jax.Array, active: jax.Array) -> jax.Array:
    """The `BENCH_*` bits of a party with ``active`` on the field."""

    def column(name: str) -> jax.Array:
        return select(second, getattr(parties[1], name), getattr(parties[0], name))

    benched = jnp.arange(TEAM_SIZE, dtype=jnp.int32) != active
    status = column("status")
    alive = benched & (column("hp") > 0)
    frozen = status == Status.FRZ
    ghost = lookup(_is_ghost(), column("species"))
    transform = only_transform(column("moves"))
    no_pp = jnp.all(column("pp") == 0, axis=-1)
    asleep = alive & (status == Status.SLP) & ~column("slept_by_self")

    def every(condition: jax.Array) -> jax.Array:
        return jnp.all(~alive | condition)

    bits = (
        (BENCH_ASLEEP, jnp.any(asleep)),
        (BENCH_FROZEN, jnp.any(benched & frozen)),
        (BENCH_GHOSTS, every(ghost)),
        (BENCH_TRANSFORMERS, every(transform)),
        (BENCH_STUCK, every(frozen)),
        (BENCH_STUCK_TRANSFORM, every(frozen | transform)),
        (BENCH_STUCK_PP, every(frozen | no_pp)),
        (BENCH_STUCK_ANY, every(frozen | transform | no_pp)),
    )
    return sum((jnp.where(holds, bit, 0) for bit, holds in bits), start=jnp.int32(0))


def switch(
    seat: Seat, parties: tuple[Party, Party], second: jax.Array, slot: jax.Array
) -> tuple[Seat, tuple[Party, Party]]:
    """Replace the active Pokémon of p2 (``second``) or p1 by the one at ``slot``; the side's own memory stays."""
    outgoing = update(seat, seat.status == FAINTED, status=Status.NONE)
    stored = []
    for index, party in enumerate(parties):
        when = second if index == 1 else ~second
        place = take(party.position, slot)
        position = put(put(party.position, seat.slot, place, when), slot, 0, when)
        stored.append(store(party, outgoing, when).replace(position=position))
    side = {name: getattr(seat, name) for name in _SIDE_FIELDS}
    parties = (stored[0], stored[1])
    return _seat_from(parties, second, slot).replace(**side), parties


def come_in(view: View, when: jax.Array) -> View:
    """``runSwitch`` for the user, just in: bad poison eases, last moves are forgotten, poison and burn bite."""
    user, foe = view.user, view.foe
    view = view.on_user(when & (user.status == Status.TOX), status=Status.PSN)
    view = view.on_user(when, last_move=0, last_selected_slot=0)
    view = view.on_foe(when & (foe.hp > 0), last_move=0)

    # A foe whose trapping move came from Metronome will roll Metronome again.
    trapper = when & (foe.hp > 0) & (foe.trapping_move > 0)
    again = trapper & (take(foe.moves, foe.last_selected_slot) == Move.METRONOME)
    changed = refresh_speed(view.foe, again & (foe.queued >= QUEUED_MOVE))
    changed = update(changed, again & (foe.queued >= QUEUED_MOVE), queued=QUEUED_MOVE + Move.METRONOME)
    changed = update(changed, again, last_selected_move=Move.METRONOME, last_enemy_selected_move=Move.METRONOME)
    view = view.replace(foe=changed)

    user = view.user
    suffers = (user.status == Status.PSN) | (user.status == Status.BRN)
    suffers = when & suffers & ~user.fainted_this_turn
    return view.on_user(suffers, hp=jnp.maximum(user.hp - jnp.maximum(user.max_hp >> 4, 1), 0))


def clear_volatile(seat: Seat) -> Seat:
    """The seat as ``clearVolatile`` leaves a Pokémon that fainted."""
    species = seat.base_species
    types = lookup(_species_types(), species)
    kept = {name: getattr(seat, name) for name in (*_SIDE_FIELDS, *_OWN_FIELDS)}
    fresh = empty(Seat).replace(
        **kept,
        species=species,
        type1=types[0],
        type2=types[1],
        moves=seat.base_moves,
        pp=seat.base_pp,
        stats=seat.base_stats,
        modified=seat.base_stats,
        speed=seat.base_stats[3],
    )
    return weaken_by_status(fresh)


_OWN_FIELDS = (
    "slot",
    "base_species",
    "level",
    "max_hp",
    "base_stats",
    "speed_bonus",
    "base_moves",
    "base_pp",
    "hp",
    "status",
    "sleep_turns",
    "slept_by_self",
    "sub_fainted",
    "bench",
)
"""`Seat` fields that the Pokémon keeps when its volatile conditions go."""


def faint(seat: Seat, when: jax.Array) -> Seat:
    """Process a faint where ``when``: the volatile conditions go, the side has one Pokémon less."""
    cleared = clear_volatile(seat)
    cleared = update(cleared, pokemon_left=seat.pokemon_left - 1, fainted_this_turn=True)
    return select(when, cleared, seat)
