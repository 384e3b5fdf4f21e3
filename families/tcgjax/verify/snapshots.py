"""Games of the engine as the reference's snapshots and back, and the reference's draws as the engine's words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from references.protocol import Draw
from tcgjax import chance
from tcgjax.arrays import LIST
from tcgjax.state import Game
from tcgjax.tables import pay_retreat

PAY_RETREAT = -2
"""The reference's number of the payment of a retreat."""

_PLAYER = {
    "hand_known": "known",
    "discarded_energy": "discarded_energy",
    "points": "points",
    "zone": "zone",
    "next_energy": "next_energy",
    "energy_types": "energy_types",
    "known_top": "known_top",
    "effect_amount": "player_effects",
    "effect_turns": "player_effect_turns",
    "supporter_played": "supporter_played",
    "retreated": "retreated",
    "knocked_out_turn": "knocked_out_turn",
    "sweets_relays": "sweets_relays",
    "sweets_relay_turn": "sweets_relay_turn",
    "spots.damage": "damage",
    "spots.energy": "energy",
    "spots.poisoned": "poisoned",
    "spots.burned": "burned",
    "spots.condition": "condition",
    "spots.new": "new",
    "spots.evolved": "evolved",
    "spots.ability_used": "ability_used",
    "spots.effect_amount": "effects",
    "spots.effect_turns": "effect_turns",
}
"""Paths of the reference and fields of the engine that hold the same numbers."""
_CARDS = {"deck": "deck", "hand": "hand", "discard": "discard", "spots.cards": "cards"}
_SHIFTED = {"effect_names": "effect_group"}
_GAME = {
    "turn": "turn",
    "first": "first",
    "current": "current",
    "phase": "phase",
    "after": "after",
    "winner": "winner",
    "first_player_draws": "first_player_draws",
    "turn_limit": "turn_limit",
    "choice.attack": "choice_attack",
    "choice.left": "choice_left",
    "choice.used": "choice_used",
}


def to_snapshot(game: Game, chooser: int) -> dict[str, np.ndarray]:
    """The reference's snapshot of a packed game whose leaves are NumPy arrays. ``chooser``: the player to act."""
    current, number = int(game.current), int(game.choice)
    found: dict[str, Any] = {path: getattr(game, field) for path, field in _GAME.items()}
    found["choice.chooser"] = chooser if number else 0
    found["choice.operation"] = PAY_RETREAT if number == pay_retreat() else number - 1
    for player in range(2):
        side = int(player != current)
        for path, field in _PLAYER.items():
            found[f"p{player}.{path}"] = getattr(game, field)[side]
        for path, field in (_CARDS | _SHIFTED).items():
            found[f"p{player}.{path}"] = np.asarray(getattr(game, field)[side], np.int32) - 1
        found[f"p{player}.spots.tool"] = [-1] * 4  # no card that can be played is a Tool
    return {path: np.asarray(value, np.int32) for path, value in found.items()}


def from_snapshot(values: Mapping[str, Any], fields: Mapping[str, np.dtype]) -> dict[str, np.ndarray]:
    """Fields of the packed game with a snapshot of the reference; ``fields``: their dtypes."""
    current, number = int(values["current"]), int(values["choice.operation"])
    found: dict[str, Any] = {field: values[path] for path, field in _GAME.items()}
    found["choice"] = pay_retreat() if number == PAY_RETREAT else number + 1
    order = (current, 1 - current)
    for path, field in _PLAYER.items():
        found[field] = np.stack([values[f"p{player}.{path}"] for player in order])
    for path, field in (_CARDS | _SHIFTED).items():
        found[field] = np.stack([values[f"p{player}.{path}"] for player in order]) + 1
    return {field: np.asarray(found[field]).astype(dtype) for field, dtype in fields.items()}


def to_words(draws: Sequence[Draw]) -> tuple[np.ndarray, np.ndarray]:
    """uint32[10] and uint32[20] that make a step draw what the reference drew. `ValueError` for an unknown label."""
    words, order = np.zeros(chance.WORDS, np.uint32), np.zeros(LIST, np.uint32)
    bits = {"burned.0": 0, "burned.1": 1, "asleep.0": 2, "asleep.1": 3, "confused": 4, "smokescreen": 5}
    for draw in draws:
        if draw.label in bits:
            words[chance.FLIPS] |= np.uint32(int(draw.value) << bits[draw.label])
        elif draw.label == "coins":
            for place, coin in enumerate(draw.value):
                words[chance.COINS + place // 32] |= np.uint32(int(coin) << place % 32)
        elif draw.label == "until_tails":
            words[chance.COINS] = np.uint32((1 << draw.value) - 1)
        elif draw.label == "pick":
            words[chance.PICKS + draw.ordinal] = draw.value
        elif draw.label == "energy":
            words[chance.ENERGY] = draw.value
        elif draw.label == "shuffle":
            for place, source in enumerate(draw.value):
                order[source] = place
        else:
            raise ValueError(f"tcg_pocket: draw {draw.label!r} is none of a step")
    return words, order
