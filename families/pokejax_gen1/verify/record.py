"""A JAX battle as the reference's record: the fields of references/showdown/gen1/fields.json, in that order."""

from __future__ import annotations

import jax
import jax.numpy as jnp

from pokejax.gen1.choices import is_locked_in
from pokejax.gen1.dex import Status, load_dex
from pokejax.gen1.move_ids import Move
from pokejax.gen1.state import (
    ATK,
    DEF,
    MOVE_SLOTS,
    ONGOING,
    P1_WINS,
    P2_WINS,
    REQUEST_MOVE,
    SPC,
    SPE,
    TEAM_SIZE,
    Battle,
    Party,
    Seat,
)
from pokejax.gen1.switching import store
from pokejax.gen1.turn import legal_masks

# Showdown keeps Special twice.
_STATS = {"atk": ATK, "def": DEF, "spa": SPC, "spd": SPC, "spe": SPE}


def _move_row(move: jax.Array) -> tuple[jax.Array, jax.Array, jax.Array]:
    """Id, base power and type of a remembered move (0 none); the nameless move goes by Fissure's id."""
    moves = load_dex().moves
    power, type_ = jnp.asarray(moves.base_power, jnp.int32)[move], jnp.asarray(moves.type, jnp.int32)[move]
    identity = jnp.where(move == Move.NOMOVE, Move.FISSURE, move)
    return identity, jnp.where(move == 0, -1, power), jnp.where(move == 0, -1, type_)


def _side(name: str, seat: Seat, party: Party, legal: jax.Array) -> dict[str, jax.Array]:
    fields = {
        "request": seat.request,
        "last_selected_move": seat.last_selected_move,
        "last_selected_move_slot": seat.last_selected_slot,
        "last_enemy_selected_move": seat.last_enemy_selected_move,
    }
    for key, move in (("last_move", seat.side_last_move), ("last_enemy_move", seat.side_last_enemy_move)):
        fields[key], fields[f"{key}_base_power"], fields[f"{key}_type"] = _move_row(move)
    fields["fainted_this_turn"] = seat.fainted_this_turn
    fields["active"] = seat.slot
    fields["legal"] = jnp.sum(jnp.where(legal, 1 << jnp.arange(legal.shape[0]), 0))
    party = store(party, seat)
    for k in range(TEAM_SIZE):
        asleep = party.status[k] == Status.SLP
        there = party.species[k] != 0
        fields |= {
            f"team.{k}.hp": party.hp[k],
            f"team.{k}.status": party.status[k],
            f"team.{k}.status_time": jnp.where(asleep, party.sleep_turns[k], 0),
            f"team.{k}.status_source": jnp.where(asleep, jnp.where(party.slept_by_self[k], 1, 2), 0),
            **{f"team.{k}.pp{m}": party.pp[k, m] for m in range(MOVE_SLOTS)},
            f"team.{k}.position": jnp.where(there, party.position[k], 0),
            f"team.{k}.sub_fainted": party.sub_fainted[k],
        }
    fields |= {f"active.{key}": value for key, value in _active(seat).items()}
    return {f"{name}.{key}": jnp.asarray(value).astype(jnp.int32) for key, value in fields.items()}


def _active(seat: Seat) -> dict[str, jax.Array]:
    asked = seat.request == REQUEST_MOVE
    disabled = seat.disable_turns > 0
    fields: dict[str, jax.Array] = {}
    for k in range(MOVE_SLOTS):
        fields[f"move{k}.move"] = seat.moves[k]
        fields[f"move{k}.pp"] = seat.pp[k]
        # A Pokémon that transformed into one with fewer moves may have no such slot left.
        fields[f"move{k}.disabled"] = asked & disabled & (seat.disable_slot == k) & (seat.moves[k] != 0)
        fields[f"move{k}.virtual"] = seat.virtual[k]
    for stat, index in _STATS.items():
        fields[f"{stat}.boost"] = seat.boosts[index]
        fields[f"{stat}.stored_stat"] = seat.stats[index]
        fields[f"{stat}.modified_stat"] = seat.modified[index]
    fields |= {
        "accuracy_boost": seat.accuracy,
        "evasion_boost": seat.evasion,
        "type1": seat.type1,
        "type2": seat.type2,
        "transformed": seat.transformed,
        "species": seat.species,
        "sub_fainted": seat.sub_fainted,
        "trapped": asked & is_locked_in(seat),
        "maybe_locked": asked & seat.maybe_locked,
        "last_move": seat.last_move,
        "volatile.bide": seat.bide_turns > 0,
        "volatile.confusion": seat.confusion_turns > 0,
        "volatile.disable": disabled,
        "volatile.fakepartiallytrapped": seat.fake_trapped_turns > 0,
        "volatile.flinch": seat.flinch,
        "volatile.focusenergy": seat.focus_energy,
        "volatile.invulnerability": seat.invulnerable,
        "volatile.leechseed": seat.leech_seed,
        "volatile.lightscreen": seat.light_screen,
        "volatile.lockedmove": seat.locked_move > 0,
        "volatile.mist": seat.mist,
        "volatile.mustrecharge": seat.must_recharge,
        "volatile.partiallytrapped": seat.trapped_turns > 0,
        "volatile.partialtrappinglock": seat.trapping_move > 0,
        "volatile.rage": seat.rage_accuracy > 0,
        "volatile.reflect": seat.reflect,
        "volatile.residualdmg": seat.toxic,
        "volatile.substitute": seat.substitute_hp > 0,
        "volatile.twoturnmove": seat.two_turn_move > 0,
        "bide_damage": seat.bide_damage,
        "bide_time": seat.bide_turns,
        "confusion_time": seat.confusion_turns,
        "disable_move": seat.disable_move,
        "disable_slot": jnp.where(disabled, seat.disable_slot, -1),
        "disable_time": seat.disable_turns,
        "locked_move": seat.locked_move,
        "locked_time": seat.locked_turns,
        "locked_accuracy": seat.locked_accuracy,
        "rage_accuracy": seat.rage_accuracy,
        "substitute_hp": seat.substitute_hp,
        "residual_counter": seat.toxic_counter,
        "trapping_move": seat.trapping_move,
        "trapping_duration": seat.trapping_turns,
        "trapping_total": seat.trapping_total,
        "trapping_damage": seat.trapping_damage,
        "partially_trapped_duration": seat.trapped_turns,
        "partially_trapped_maybe_locked": seat.trapped_maybe_locked,
        "fake_trapped_duration": seat.fake_trapped_turns,
        "two_turn_move": seat.two_turn_move,
    }
    return fields


def named_fields(battle: Battle) -> dict[str, jax.Array]:
    """Every field of the record (int32 scalars) of one battle in the rules' dtypes, keyed by its name."""
    result = battle.result
    fields = {
        "prng_hi": battle.rng.hi.astype(jnp.int32),
        "prng_lo": battle.rng.lo.astype(jnp.int32),
        "turn": battle.turn,
        "last_damage": battle.last_damage,
        "ended": (result != ONGOING).astype(jnp.int32),
        "winner": jnp.where(result == P1_WINS, 1, jnp.where(result == P2_WINS, 2, 0)),
    }
    legal = legal_masks(battle)
    for index, (seat, party) in enumerate(zip(battle.seats, battle.parties, strict=True)):
        fields |= _side(f"p{index + 1}", seat, party, legal[index])
    return fields


def record(battle: Battle) -> jax.Array:
    """int32[F]: the record of one battle."""
    return jnp.stack(list(named_fields(battle).values()))
