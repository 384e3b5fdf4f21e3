"""The fields of one player's observation: names, types, bounds, and who learns them from which message."""

from __future__ import annotations

from typing import Any

import jax
import numpy as np

from jaxenv import ObsField, ObsSpec, struct
from pokejax.gen1.choices import NUM_ACTIONS
from pokejax.gen1.dex import FIGHT, MAX_MOVE, MAX_SPECIES, Status, Type
from pokejax.gen1.state import MOVE_SLOTS, REQUEST_SWITCH, TEAM_SIZE

VOLATILES = (
    "transformed",  # |-transform|
    "substitute",  # |-start|…|Substitute, |-end|
    "confusion",  # |-start|…|confusion, |-end|; the end of Thrash is announced as its start
    "leech_seed",  # |-start|…|move: Leech Seed
    "reflect",  # |-start|…|Reflect
    "light_screen",  # |-start|…|Light Screen
    "mist",  # |-start|…|Mist
    "focus_energy",  # |-start|…|move: Focus Energy
    "must_recharge",  # |-mustrecharge|
    "invulnerable",  # |-prepare|…|Dig or Fly; stays after full paralysis, as |cant|…|par told
    "bide",  # |-start|…|Bide, |-end|
    "rage",  # |move|…|Rage that hit
    "thrash",  # |move|…|Thrash, and no confusion since
    "toxic",  # |-status|…|tox since it came in: damage grows with `toxic_counter`
    "trapping",  # it is certain to go on with Wrap, Bind, Clamp or Fire Spin: the user's request says so
    "trapped",  # it is certain to be unable to move: the victim's request is "Fight"
)
"""Order of the last axis of `Observation.volatiles`."""

BOOSTS = ("atk", "def", "spc", "spe", "accuracy", "evasion")
"""Order of the last axis of `Observation.boosts`."""


@struct.dataclass
class Observation:
    """One player's seat; `OBS_SPEC` explains each field. ``own_…`` by team slot, ``foe_…`` by order of appearance."""

    own_species: jax.Array
    own_level: jax.Array
    own_hp: jax.Array
    own_max_hp: jax.Array
    own_stats: jax.Array
    own_status: jax.Array
    own_slept: jax.Array
    own_rests: jax.Array
    own_active: jax.Array
    own_moves: jax.Array
    own_pp: jax.Array
    own_seen: jax.Array
    own_seen_moves: jax.Array
    foe_species: jax.Array
    foe_level: jax.Array
    foe_hp_percent: jax.Array
    foe_status: jax.Array
    foe_slept: jax.Array
    foe_rests: jax.Array
    foe_active: jax.Array
    foe_moves: jax.Array
    foe_pp: jax.Array
    foe_team_size: jax.Array
    # Both active Pokémon: own, foe.
    species: jax.Array
    types: jax.Array
    moves: jax.Array
    pp: jax.Array
    boosts: jax.Array
    volatiles: jax.Array
    toxic_counter: jax.Array
    last_move: jax.Array
    disabled_move: jax.Array
    charging_move: jax.Array
    request: jax.Array
    # The decision.
    turn: jax.Array
    maybe_locked: jax.Array
    legal_actions: jax.Array


def _field(name: str, shape: tuple[int, ...], dtype: Any, high: float, meaning: str, low: float = 0) -> ObsField:
    return ObsField(name=name, shape=shape, dtype=np.dtype(dtype), low=low, high=high, meaning=meaning)


_TEAM, _MOVES, _BOTH = (TEAM_SIZE,), (TEAM_SIZE, MOVE_SLOTS), (2,)
_MAX_PP = 63
_MAX_HP = 999
_MAX_TURNS_SLEPT = 7
_LAST_CODE = FIGHT

OBS_SPEC = ObsSpec(
    (
        _field("own_species", _TEAM, np.uint8, MAX_SPECIES, "Pokédex number, 0 no such Pokémon (own request)"),
        _field("own_level", _TEAM, np.uint8, 100, "level (own request)"),
        _field("own_hp", _TEAM, np.int16, _MAX_HP, "exact HP, 0 fainted (own request)"),
        _field("own_max_hp", _TEAM, np.int16, _MAX_HP, "maximal HP (own request)"),
        _field("own_stats", (TEAM_SIZE, 4), np.int16, 999, "Attack, Defense, Special, Speed without stages (request)"),
        _field("own_status", _TEAM, np.uint8, Status.TOX, "dex.Status, 0 if fainted (own request)"),
        _field("own_slept", _TEAM, np.uint8, _MAX_TURNS_SLEPT, "turns slept so far, 0 unless asleep (|cant|…|slp)"),
        _field("own_rests", _TEAM, np.bool_, 1, "asleep by its own Rest (|-status|…|slp|[from] move: Rest)"),
        _field("own_active", _TEAM, np.bool_, 1, "is on the field (own request)"),
        _field("own_moves", _MOVES, np.uint8, MAX_MOVE, "its own moves, 0 none (own team)"),
        _field("own_pp", _MOVES, np.uint8, _MAX_PP, "PP of these (own uses, |move|)"),
        _field("own_seen", _TEAM, np.bool_, 1, "the foe has seen it (|switch|)"),
        _field("own_seen_moves", _MOVES, np.bool_, 1, "the foe knows that it has this move (as for foe_moves)"),
        _field("foe_species", _TEAM, np.uint8, MAX_SPECIES, "Pokédex number, 0 not seen yet (|switch|)"),
        _field("foe_level", _TEAM, np.uint8, 100, "level (|switch|)"),
        _field("foe_hp_percent", _TEAM, np.uint8, 100, "⌈100·HP/max⌉, 100 only if full (HP Percentage Mod)"),
        _field("foe_status", _TEAM, np.uint8, Status.TOX, "dex.Status, 0 if fainted (|-status|, |-curestatus|)"),
        _field("foe_slept", _TEAM, np.uint8, _MAX_TURNS_SLEPT, "turns slept so far, 0 unless asleep (|cant|…|slp)"),
        _field("foe_rests", _TEAM, np.bool_, 1, "asleep by its own Rest (|-status|…|slp|[from] move: Rest)"),
        _field("foe_active", _TEAM, np.bool_, 1, "is on the field (|switch|)"),
        _field(
            "foe_moves",
            _MOVES,
            np.uint8,
            MAX_MOVE,
            "moves known of it, ascending, then 0 (|move|, |-prepare|, Mimic, Disable, own Transform)",
        ),
        _field("foe_pp", _MOVES, np.uint8, _MAX_PP, "PP of these, from their maximum less uses (|move|)"),
        _field("foe_team_size", (), np.uint8, TEAM_SIZE, "how many Pokémon the foe has brought (|teamsize|)"),
        _field("species", _BOTH, np.uint8, MAX_SPECIES, "of the active: own, foe; as transformed (|-transform|)"),
        _field("types", (2, 2), np.uint8, Type.UNTYPED, "of the active, dex.Type, 0 none (|-start|…|typechange)"),
        _field(
            "moves",
            (2, MOVE_SLOTS),
            np.uint8,
            MAX_MOVE,
            "of the active now, Mimic's and Transform's included: own "
            "in the order of actions 6–9 (request), the foe's known ones ascending",
        ),
        _field("pp", (2, MOVE_SLOTS), np.uint8, _MAX_PP, "PP of these (request; |move|)"),
        _field(
            "boosts",
            (2, len(BOOSTS)),
            np.int8,
            6,
            f"stages of the active: {', '.join(BOOSTS)} (|-boost|, |-unboost|, |-clearallboost|, |-transform|)",
            low=-6,
        ),
        _field("volatiles", (2, len(VOLATILES)), np.bool_, 1, f"of the active: {', '.join(VOLATILES)}"),
        _field("toxic_counter", _BOTH, np.uint8, 255, "sixteenths that poison took last (|-damage|…|[from] psn)"),
        _field("last_move", _BOTH, np.uint8, _LAST_CODE, "last move used, which Mirror Move copies, 0 none (|move|)"),
        _field("disabled_move", _BOTH, np.uint8, MAX_MOVE, "move held by Disable, 0 none (|-start|…|Disable)"),
        _field("charging_move", _BOTH, np.uint8, MAX_MOVE, "two-turn move under way, 0 none (|-prepare|)"),
        _field("request", _BOTH, np.uint8, REQUEST_SWITCH, "of both: 0 waits, 1 move or switch, 2 replace a fainted"),
        _field("turn", (), np.int16, 1001, "turn number (|turn|), at a tie by a clause of the turn to come"),
        _field("maybe_locked", (), np.bool_, 1, "the move may be decided already (own request's maybeLocked)"),
        _field(
            "legal_actions",
            (NUM_ACTIONS,),
            np.bool_,
            1,
            "what the own request offers: switch to slot 0–5, moves 6–9, no-op 10",
        ),
    ),
    Observation,
)
