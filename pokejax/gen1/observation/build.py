"""Both players' observations of a packed battle. `spec` says what each field means."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp

from pokejax.common.arrays import sorted_four
from pokejax.gen1.choices import is_locked_in
from pokejax.gen1.dex import Status
from pokejax.gen1.observation.memory import UNSEEN, Memory
from pokejax.gen1.observation.spec import Observation
from pokejax.gen1.state import REQUEST_MOVE, TEAM_SIZE, Battle, Party, Seat

_UNKNOWN_KEY = (1 << 15) - 1


def observe(battle: Battle, memory: Memory, legal: jax.Array) -> Observation:
    """Leaves ``[2, …]``, one row for each player; ``battle`` packed, ``legal`` bool[2, 11] (`turn.legal_masks`)."""
    # From here on the leading axis of everything is the side.
    seats: Seat = _stack(battle.seats)
    parties: Party = _stack(battle.parties)
    active = jnp.arange(TEAM_SIZE, dtype=jnp.int8)[None] == seats.slot[:, None]
    hp = jnp.where(active, seats.hp[:, None], parties.hp)
    alive = hp > 0
    status = jnp.where(active, seats.status[:, None], parties.status)
    status = jnp.where(alive, status, 0).astype(jnp.uint8)
    rests = jnp.where(active, seats.slept_by_self[:, None], parties.slept_by_self) & (status == Status.SLP)
    pp = jnp.where(active[..., None], seats.base_pp[:, None, :], parties.pp)
    seen = jnp.any(memory.appearance[:, None, :] == jnp.arange(TEAM_SIZE, dtype=jnp.int8)[None, :, None], axis=-1)
    moves_seen, pp_seen = _known_moves(parties.moves, pp, memory.moves)
    table = [parties.species, parties.level, hp_percent(hp, parties.max_hp), status, memory.slept, rests, active]
    shown = _by_appearance(memory.appearance, table, moves_seen, pp_seen)
    species, level, percent, foe_status, slept, foe_rests, foe_active, foe_moves, foe_pp = (x[::-1] for x in shown)

    known = seats.transformed[:, None] | seats.virtual | jnp.any(active[..., None] & memory.moves, axis=1)
    field_moves, field_pp = _known_moves(seats.moves, seats.pp, known)
    asked = seats.request == REQUEST_MOVE
    return Observation(
        own_species=parties.species,
        own_level=parties.level,
        own_hp=hp,
        own_max_hp=parties.max_hp,
        own_stats=parties.stats,
        own_status=status,
        own_slept=memory.slept,
        own_rests=rests,
        own_active=active,
        own_moves=parties.moves,
        own_pp=pp,
        own_seen=seen,
        own_seen_moves=memory.moves,
        foe_species=species,
        foe_level=level,
        foe_hp_percent=percent,
        foe_status=foe_status,
        foe_slept=slept,
        foe_rests=foe_rests.astype(jnp.bool_),
        foe_active=foe_active.astype(jnp.bool_),
        foe_moves=foe_moves,
        foe_pp=foe_pp,
        foe_team_size=jnp.sum(parties.species != 0, axis=-1, dtype=jnp.uint8)[::-1],
        species=_both(seats.species),
        types=_both(jnp.stack([seats.type1, seats.type2], axis=-1)).astype(jnp.uint8),
        moves=jnp.stack([seats.moves, field_moves[::-1]], axis=1),
        pp=jnp.stack([seats.pp, field_pp[::-1]], axis=1),
        boosts=_both(jnp.concatenate([seats.boosts, seats.accuracy[:, None], seats.evasion[:, None]], axis=-1)),
        volatiles=_volatiles(seats, asked),
        toxic_counter=_both(seats.toxic_counter.astype(jnp.uint8)),
        last_move=_both(seats.last_move),
        disabled_move=_both(seats.disable_move),
        charging_move=_both(seats.two_turn_move),
        request=_both(seats.request.astype(jnp.uint8)),
        turn=jnp.broadcast_to(battle.turn, (2,)),
        maybe_locked=seats.maybe_locked & asked,
        legal_actions=legal,
    )


def hp_percent(hp: jax.Array, max_hp: jax.Array) -> jax.Array:
    """uint8: HP as the opponent is shown it: ``getHealth`` in sim/pokemon.js under the HP Percentage Mod."""
    # Quotients of whole numbers up to 999 are whole or at least 1/999 away: the margin forgives any rounding.
    share = 100 * hp.astype(jnp.float32) / jnp.maximum(max_hp, 1).astype(jnp.float32)
    percent = jnp.ceil(share - 1e-4).astype(jnp.uint8)
    max_hp = max_hp.astype(hp.dtype)
    return jnp.where((percent == 100) & (hp < max_hp), 99, percent).astype(jnp.uint8)


def _volatiles(seats: Seat, asked: jax.Array) -> jax.Array:
    """bool[2, 2, V] in the order of `spec.VOLATILES`."""
    certain = asked & ~seats.maybe_locked & ~is_locked_in(seats)
    helpless = (seats.status == Status.FRZ) | (seats.status == Status.SLP)
    goes_on = certain & (seats.trapping_move > 0)
    stuck = certain & (seats.trapped_turns > 0) & (seats.trapping_move == 0) & (seats.bide_turns == 0) & ~helpless
    public = _both(
        jnp.stack(
            [
                seats.transformed,
                seats.substitute_hp > 0,
                seats.confusion_turns > 0,
                seats.leech_seed,
                seats.reflect,
                seats.light_screen,
                seats.mist,
                seats.focus_energy,
                seats.must_recharge,
                seats.invulnerable,
                seats.bide_turns > 0,
                seats.rage_accuracy > 0,
                seats.locked_move > 0,
                seats.toxic,
            ],
            axis=-1,
        )
    )
    # A trap has two ends: what the own request says of one end tells the other. The foe's request is not seen.
    trapping = jnp.stack([goes_on, stuck], axis=1)
    trapped = jnp.stack([stuck, goes_on], axis=1)
    return jnp.concatenate([public, trapping[..., None], trapped[..., None]], axis=-1)


def _known_moves(moves: jax.Array, pp: jax.Array, known: jax.Array) -> tuple[jax.Array, jax.Array]:
    """The known ones of moves [..., 4] in ascending order, then zeros; and their PP."""
    keys = moves.astype(jnp.int16) * 64 + pp.astype(jnp.int16)
    keys = jnp.where(known & (moves != 0), keys, _UNKNOWN_KEY)
    keys = sorted_four(keys)
    keys = jnp.where(keys == _UNKNOWN_KEY, 0, keys)
    return (keys >> 6).astype(jnp.uint8), (keys & 63).astype(jnp.uint8)


def _by_appearance(appearance: jax.Array, rows: list[jax.Array], moves: jax.Array, pp: jax.Array) -> tuple[Any, ...]:
    """Each of ``rows`` [2, 6], and moves and PP [2, 6, 4], as uint8 in the order of ``appearance``; zeros if unseen."""
    table = jnp.concatenate([jnp.stack([row.astype(jnp.uint8) for row in rows], axis=-1), moves, pp], axis=-1)
    places = jnp.where(appearance == UNSEEN, 0, appearance).astype(jnp.int32)
    chosen = jnp.take_along_axis(table, places[..., None], axis=1, mode="promise_in_bounds")
    chosen = jnp.where((appearance != UNSEEN)[..., None], chosen, 0)
    count = len(rows)
    return (*(chosen[..., i] for i in range(count)), chosen[..., count : count + 4], chosen[..., count + 4 :])


def _stack(pair: tuple[Any, Any]) -> Any:
    return jax.tree.map(lambda first, second: jnp.stack([first, second]), *pair)


def _both(by_side: jax.Array) -> jax.Array:
    """[2, 2, …]: for each player its own side's value, then the foe's."""
    return jnp.stack([by_side, by_side[::-1]], axis=1)
