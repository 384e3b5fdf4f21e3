"""The fields of one player's observation: names, types, bounds, and who learns them from which message.

Species, moves, abilities, items and types are rows of the generation's tables (`pokejax.modern.tables`), 0 for none.
"""

from __future__ import annotations

from typing import Any

import jax
import numpy as np

from jaxenv import ObsField, ObsSpec, struct
from pokejax.modern.choices import NUM_ACTIONS
from pokejax.modern.data import tables
from pokejax.modern.shown import LONG
from pokejax.modern.state import HAIL, HAZARDS, MOVE_SLOTS, REQUEST_SWITCH, SCREENS, TEAM_SIZE, TOX

VOLATILES = (
    "confusion", "substitute", "leechseed", "taunt", "torment", "encore", "disable", "yawn", "attract", "curse",
    "nightmare", "focusenergy", "ingrain", "aquaring", "healblock", "embargo", "magnetrise", "perishsong",
    "partiallytrapped", "trapped", "charge", "foresight", "miracleeye", "destinybond", "grudge", "rage",
    "mustrecharge", "twoturnmove", "bide", "uproar", "flashfire", "gastroacid", "powertrick", "mudsport",
    "watersport", "imprison", "stockpile",
)  # fmt: skip
"""Order of the last axis of `Observation.volatiles`: conditions whose starts and ends are announced."""

BOOSTS = ("atk", "def", "spa", "spd", "spe", "accuracy", "evasion")
"""Order of the last axis of `Observation.boosts`."""


@struct.dataclass
class Observation:
    """One player's seat; `OBS_SPEC` explains each field. ``own_…`` by place of the team, ``foe_…`` by appearance."""

    own_species: jax.Array
    own_level: jax.Array
    own_gender: jax.Array
    own_item: jax.Array
    own_ability: jax.Array
    own_hp: jax.Array
    own_max_hp: jax.Array
    own_stats: jax.Array
    own_status: jax.Array
    own_slept: jax.Array
    own_active: jax.Array
    own_moves: jax.Array
    own_pp: jax.Array
    own_happiness: jax.Array
    own_hidden_power_type: jax.Array
    own_hidden_power: jax.Array
    own_seen: jax.Array
    own_seen_moves: jax.Array
    own_seen_item: jax.Array
    own_seen_ability: jax.Array
    foe_species: jax.Array
    foe_level: jax.Array
    foe_gender: jax.Array
    foe_item: jax.Array
    foe_item_known: jax.Array
    foe_ability: jax.Array
    foe_hp_percent: jax.Array
    foe_status: jax.Array
    foe_slept: jax.Array
    foe_active: jax.Array
    foe_moves: jax.Array
    foe_pp: jax.Array
    foe_team_size: jax.Array
    # Both active Pokémon: own, foe.
    species: jax.Array
    ability: jax.Array
    types: jax.Array
    moves: jax.Array
    pp: jax.Array
    boosts: jax.Array
    volatiles: jax.Array
    transformed: jax.Array
    toxic_counter: jax.Array
    last_move: jax.Array
    disabled_move: jax.Array
    encored_move: jax.Array
    charging_move: jax.Array
    perish_count: jax.Array
    stockpile: jax.Array
    # Both sides: own, foe.
    screens: jax.Array
    hazards: jax.Array
    wish: jax.Array
    future_move: jax.Array
    request: jax.Array
    # The field.
    weather: jax.Array
    weather_turns: jax.Array
    weather_lasts: jax.Array
    trick_room: jax.Array
    gravity: jax.Array
    turn: jax.Array
    # The decision.
    forced_move: jax.Array
    trapped: jax.Array
    maybe_trapped: jax.Array
    legal_actions: jax.Array


def _field(name: str, shape: tuple[int, ...], dtype: Any, high: float, meaning: str, low: float = 0) -> ObsField:
    return ObsField(name=name, shape=shape, dtype=np.dtype(dtype), low=low, high=high, meaning=meaning)


_TEAM, _MOVES, _BOTH, _SLOTS = (TEAM_SIZE,), (TEAM_SIZE, MOVE_SLOTS), (2,), (2, MOVE_SLOTS)
_MAX_PP = 64
_MAX_HP = 999
_MAX_STAT = 2000
_MAX_SLEPT = 7
_TABLES = tables()
_SPECIES, _MOVE = len(_TABLES.species.id) - 1, len(_TABLES.moves.id) - 1
_ABILITY, _ITEM, _TYPE = len(_TABLES.abilities.id) - 1, len(_TABLES.items.id) - 1, len(_TABLES.types.name) - 1

OBS_SPEC = ObsSpec(
    (
        _field("own_species", _TEAM, np.int16, _SPECIES, "species, 0 no such Pokémon (own request)"),
        _field("own_level", _TEAM, np.uint8, 100, "level (own request)"),
        _field("own_gender", _TEAM, np.uint8, 2, "0 none, 1 male, 2 female (own request)"),
        _field("own_item", _TEAM, np.int16, _ITEM, "item held now (own request)"),
        _field("own_ability", _TEAM, np.uint8, _ABILITY, "its own ability (own request)"),
        _field("own_hp", _TEAM, np.int16, _MAX_HP, "exact HP, 0 fainted (own request)"),
        _field("own_max_hp", _TEAM, np.int16, _MAX_HP, "maximal HP (own request)"),
        _field("own_stats", (TEAM_SIZE, 5), np.int16, _MAX_STAT, "atk, def, spa, spd, spe without stages (request)"),
        _field("own_status", _TEAM, np.uint8, TOX, "0 none, brn, par, slp, frz, psn, tox; 0 if fainted (request)"),
        _field("own_slept", _TEAM, np.uint8, _MAX_SLEPT, "turns slept so far, 0 unless asleep (|cant|…|slp)"),
        _field("own_active", _TEAM, np.bool_, 1, "is on the field (own request)"),
        _field("own_moves", _MOVES, np.int16, _MOVE, "its own moves, 0 none (own team)"),
        _field("own_pp", _MOVES, np.uint8, _MAX_PP, "PP of these (own uses, |move|)"),
        _field("own_happiness", _TEAM, np.uint8, 255, "happiness (own team)"),
        _field("own_hidden_power_type", _TEAM, np.uint8, _TYPE, "type of Hidden Power (own request)"),
        _field("own_hidden_power", _TEAM, np.uint8, 70, "base power of Hidden Power (own request)"),
        _field("own_seen", _TEAM, np.bool_, 1, "the foe has seen it (|switch|, |drag|)"),
        _field("own_seen_moves", _MOVES, np.bool_, 1, "the foe knows that it has this move (as for foe_moves)"),
        _field("own_seen_item", _TEAM, np.bool_, 1, "the foe knows its item (as for foe_item)"),
        _field("own_seen_ability", _TEAM, np.bool_, 1, "the foe knows its ability (as for foe_ability)"),
        _field("foe_species", _TEAM, np.int16, _SPECIES, "species, 0 not seen yet (|switch|, |drag|)"),
        _field("foe_level", _TEAM, np.uint8, 100, "level (|switch|)"),
        _field("foe_gender", _TEAM, np.uint8, 2, "0 none, 1 male, 2 female (|switch|)"),
        _field("foe_item", _TEAM, np.int16, _ITEM, "item known of it, 0 unknown or none (|-enditem|, [from] item:)"),
        _field("foe_item_known", _TEAM, np.bool_, 1, "its item is known: with foe_item 0 it has none (|-enditem|)"),
        _field("foe_ability", _TEAM, np.uint8, _ABILITY, "its own ability, 0 not known (|-ability|, [from] ability:)"),
        _field("foe_hp_percent", _TEAM, np.uint8, 100, "⌈100·HP/max⌉, 100 only if full (HP Percentage Mod)"),
        _field("foe_status", _TEAM, np.uint8, TOX, "as own_status (|-status|, |-curestatus|)"),
        _field("foe_slept", _TEAM, np.uint8, _MAX_SLEPT, "turns slept so far, 0 unless asleep (|cant|…|slp)"),
        _field("foe_active", _TEAM, np.bool_, 1, "is on the field (|switch|)"),
        _field("foe_moves", _MOVES, np.int16, _MOVE, "moves known of it, ascending, then 0 (|move|)"),
        _field("foe_pp", _MOVES, np.uint8, _MAX_PP, "PP of these, from their maximum less uses (|move|, Pressure)"),
        _field("foe_team_size", (), np.uint8, TEAM_SIZE, "how many Pokémon the foe has brought (|teamsize|)"),
        _field("species", _BOTH, np.int16, _SPECIES, "of the active: own, foe; as transformed (|-transform|)"),
        _field("ability", _BOTH, np.uint8, _ABILITY, "of the active now: own, foe; 0 not known (as foe_ability)"),
        _field("types", (2, 2), np.uint8, _TYPE, "of the active, 0 none (|-start|…|typechange)"),
        _field("moves", _SLOTS, np.int16, _MOVE, "of the active now: own in the order of actions 6–9, the foe's known"),
        _field("pp", _SLOTS, np.uint8, _MAX_PP, "PP of these (request; |move|)"),
        _field("boosts", (2, 7), np.int8, 6, f"stages of the active: {', '.join(BOOSTS)} (|-boost| …)", low=-6),
        _field("volatiles", (2, len(VOLATILES)), np.bool_, 1, f"of the active: {', '.join(VOLATILES)}"),
        _field("transformed", _BOTH, np.bool_, 1, "the active is transformed (|-transform|)"),
        _field("toxic_counter", _BOTH, np.uint8, 15, "turns of bad poison since it came in (|-status|…|tox)"),
        _field("last_move", _BOTH, np.int16, _MOVE, "move that the active used last since it came in (|move|)"),
        _field("disabled_move", _BOTH, np.int16, _MOVE, "move held by Disable (|-start|…|Disable)"),
        _field("encored_move", _BOTH, np.int16, _MOVE, "move held by Encore (|-start|…|Encore, |move|)"),
        _field("charging_move", _BOTH, np.int16, _MOVE, "two-turn move under way (|-prepare|)"),
        _field("perish_count", _BOTH, np.uint8, 4, "of Perish Song, 0 without (|-start|…|perish3)"),
        _field("stockpile", _BOTH, np.uint8, 3, "layers (|-start|…|stockpile1)"),
        _field(
            "screens", (2, len(SCREENS)), np.uint8, 9,
            f"turn in which it stands, 1 that of its start, 0 without: {', '.join(SCREENS)} (|-sidestart|)",
        ),
        _field("hazards", (2, len(HAZARDS)), np.uint8, 3, f"layers on that side: {', '.join(HAZARDS)} (|-sidestart|)"),
        _field("wish", _BOTH, np.bool_, 1, "a Wish is on its way there (|move|…|Wish)"),
        _field("future_move", _BOTH, np.int16, _MOVE, "Future Sight or Doom Desire that will land there (|-start|)"),
        _field("request", _BOTH, np.uint8, REQUEST_SWITCH, "of both: 0 waits, 1 move or switch, 2 must switch"),
        _field("weather", (), np.uint8, HAIL, "0 none, rain, sun, sandstorm, hail (|-weather|)"),
        _field("weather_turns", (), np.uint8, LONG + 1, "turn in which it stands, 1 that of its start (|-weather|)"),
        _field("weather_lasts", (), np.bool_, 1, "an ability made it, and it lasts (|-weather|…|[from] ability:)"),
        _field("trick_room", (), np.uint8, 5, "turns left (|-fieldstart|)"),
        _field("gravity", (), np.uint8, 5, "turns left (|-fieldstart|)"),
        _field("turn", (), np.int16, 1001, "turn number (|turn|)"),
        _field("forced_move", (), np.int16, _MOVE, "the one entry of the own request that is action 6, 0 for a choice"),
        _field("trapped", (), np.bool_, 1, "cannot be switched out (own request's trapped)"),
        _field("maybe_trapped", (), np.bool_, 1, "may be unable to switch out (own request's maybeTrapped)"),
        _field(
            "legal_actions", (NUM_ACTIONS,), np.bool_, 1,
            "what the own request offers: switch to 0–5, moves 6–9, no-op 10; who is trapped unawares is offered both",
        ),
    ),
    Observation,
)  # fmt: skip
