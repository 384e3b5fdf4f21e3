"""A JAX battle from the reference's record: the inverse of record.py."""

from __future__ import annotations

from collections.abc import Mapping

import jax
import jax.numpy as jnp

from pokejax.common.rng import Rng
from pokejax.common.storage import update
from pokejax.gen1.dex import Status
from pokejax.gen1.move_ids import Move
from pokejax.gen1.state import ATK, DEF, MOVE_SLOTS, ONGOING, P1_WINS, SPC, SPE, TEAM_SIZE, TIE, Battle, Party, Seat
from pokejax.gen1.switching import load
from references.showdown.gen1.fields import field_names

Fields = Mapping[str, jax.Array]

# Special is kept twice by Showdown, once by PokeJAX: its other half is taken as equal.
_STATS = {ATK: "atk", DEF: "def", SPC: "spa", SPE: "spe"}
_NAMELESS_POWER = 102

# Seat fields that a record has under another name.
_COUNTERS = {
    "bide_turns": "bide_time",
    "bide_damage": "bide_damage",
    "confusion_turns": "confusion_time",
    "disable_turns": "disable_time",
    "disable_move": "disable_move",
    "locked_move": "locked_move",
    "locked_turns": "locked_time",
    "locked_accuracy": "locked_accuracy",
    "rage_accuracy": "rage_accuracy",
    "substitute_hp": "substitute_hp",
    "toxic_counter": "residual_counter",
    "trapping_move": "trapping_move",
    "trapping_turns": "trapping_duration",
    "trapping_total": "trapping_total",
    "trapping_damage": "trapping_damage",
    "trapped_turns": "partially_trapped_duration",
    "fake_trapped_turns": "fake_trapped_duration",
    "two_turn_move": "two_turn_move",
    "type1": "type1",
    "type2": "type2",
    "species": "species",
    "accuracy": "accuracy_boost",
    "evasion": "evasion_boost",
    "last_move": "last_move",
}
_FLAGS = {
    "trapped_maybe_locked": "partially_trapped_maybe_locked",
    "transformed": "transformed",
    "sub_fainted": "sub_fainted",
    "maybe_locked": "maybe_locked",
    "toxic": "volatile.residualdmg",
    "flinch": "volatile.flinch",
    "focus_energy": "volatile.focusenergy",
    "invulnerable": "volatile.invulnerability",
    "leech_seed": "volatile.leechseed",
    "light_screen": "volatile.lightscreen",
    "mist": "volatile.mist",
    "must_recharge": "volatile.mustrecharge",
    "reflect": "volatile.reflect",
}


def named(row: jax.Array) -> dict[str, jax.Array]:
    """The numbers of one record, int32[F] in the reference's order, by name."""
    return {name: row[place] for place, name in enumerate(field_names())}


def from_record(fields: Fields, parties: tuple[Party, Party]) -> Battle:
    """The battle, in the rules' dtypes, that `fields` (int32 scalars by name, all of them) describe.

    `parties`: the teams as they start, for what never changes. What a record leaves out follows from it (bench bits,
    Pokémon left) or is refreshed before anything reads it (the cached Speed). Numbers no battle can hold give nonsense:
    see `record_check.check_records`.
    """
    sides = [_side(fields, f"p{n + 1}", party) for n, party in enumerate(parties)]
    over = jnp.where(fields["winner"] > 0, fields["winner"] - 1 + P1_WINS, TIE)
    return Battle(
        rng=Rng(hi=fields["prng_hi"].astype(jnp.uint32), lo=fields["prng_lo"].astype(jnp.uint32)),
        seats=(sides[0][0], sides[1][0]),
        parties=(sides[0][1], sides[1][1]),
        turn=fields["turn"],
        last_damage=fields["last_damage"],
        result=jnp.where(fields["ended"] == 1, over, ONGOING).astype(jnp.int32),
    )


def _side(fields: Fields, side: str, start: Party) -> tuple[Seat, Party]:
    party = _party(fields, side, start)
    slot = fields[f"{side}.active"]
    seat = load(party, slot)
    own = {new: fields[f"{side}.active.{old}"] for new, old in _COUNTERS.items()}
    flags = {new: fields[f"{side}.active.{old}"] == 1 for new, old in _FLAGS.items()}
    seat = seat.replace(**own, **flags)

    def stats(column: str) -> jax.Array:
        return jnp.stack([fields[f"{side}.active.{_STATS[stat]}.{column}"] for stat in range(len(_STATS))])

    def slots(column: str) -> jax.Array:
        return jnp.stack([fields[f"{side}.active.move{k}.{column}"] for k in range(MOVE_SLOTS)])

    seat = seat.replace(
        moves=slots("move"),
        pp=slots("pp"),
        virtual=slots("virtual") == 1,
        stats=stats("stored_stat"),
        modified=stats("modified_stat"),
        boosts=stats("boost"),
        # The record has −1 where nothing is disabled.
        disable_slot=jnp.maximum(fields[f"{side}.active.disable_slot"], 0),
        last_selected_move=fields[f"{side}.last_selected_move"],
        last_selected_slot=fields[f"{side}.last_selected_move_slot"],
        last_enemy_selected_move=fields[f"{side}.last_enemy_selected_move"],
        side_last_move=_remembered(fields, f"{side}.last_move"),
        side_last_enemy_move=_remembered(fields, f"{side}.last_enemy_move"),
        fainted_this_turn=fields[f"{side}.fainted_this_turn"] == 1,
        request=fields[f"{side}.request"],
        pokemon_left=jnp.sum((party.species != 0) & (party.hp > 0), dtype=jnp.int32),
    )
    # No step reads the cached Speed before it is refreshed; if one did, both sides would tie at 0.
    return update(seat, queued=0, speed=0), party


def _party(fields: Fields, side: str, start: Party) -> Party:
    def column(name: str) -> jax.Array:
        return jnp.stack([fields[f"{side}.team.{k}.{name}"] for k in range(TEAM_SIZE)])

    there = start.species != 0
    asleep = column("status") == Status.SLP
    pp = jnp.stack([column(f"pp{k}") for k in range(MOVE_SLOTS)], axis=1)
    values = {
        "hp": column("hp"),
        "status": column("status"),
        "sleep_turns": column("status_time"),
        "slept_by_self": asleep & (column("status_source") == 1),
        "sub_fainted": column("sub_fainted") == 1,
        "pp": pp,
        # The record has 0 for a Pokémon that is not there; it stays at the place it starts at.
        "position": jnp.where(there, column("position"), start.position),
    }
    return start.replace(**{name: value.astype(getattr(start, name).dtype) for name, value in values.items()})


def _remembered(fields: Fields, name: str) -> jax.Array:
    """A side's last move: the nameless one has Fissure's id and a power of its own."""
    nameless = (fields[name] == Move.FISSURE) & (fields[f"{name}_base_power"] == _NAMELESS_POWER)
    return jnp.where(nameless, Move.NOMOVE, fields[name]).astype(jnp.int32)
