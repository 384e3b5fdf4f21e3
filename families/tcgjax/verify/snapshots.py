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


def to_snapshots(game: Game, choosers: np.ndarray) -> dict[str, np.ndarray]:
    """The reference's snapshots [N, ...] of packed games whose leaves are NumPy arrays [N, ...].

    ``choosers``: int [N], the players to act.
    """
    number = np.asarray(game.choice, np.int32)
    found: dict[str, Any] = {path: getattr(game, field) for path, field in _GAME.items()}
    found["choice.chooser"] = np.where(number > 0, choosers, 0)
    found["choice.operation"] = np.where(number == pay_retreat(), PAY_RETREAT, number - 1)
    for path, field in (_PLAYER | _CARDS | _SHIFTED).items():
        sides = _by_player(getattr(game, field), np.asarray(game.current))
        for player in range(2):
            values = np.asarray(sides[:, player], np.int32)
            found[f"p{player}.{path}"] = values if path in _PLAYER else values - 1
    for player in range(2):
        found[f"p{player}.spots.tool"] = np.full((len(number), 4), -1)  # no card that can be played is a Tool
    return {path: np.asarray(value, np.int32) for path, value in found.items()}


def to_snapshot(game: Game, chooser: int) -> dict[str, np.ndarray]:
    """The reference's snapshot of a packed game whose leaves are NumPy arrays. ``chooser``: the player to act."""
    leaves: dict[str, Any] = {name: np.asarray(value)[None] for name, value in vars(game).items()}
    one = Game(**leaves)
    return {path: values[0] for path, values in to_snapshots(one, np.array([chooser])).items()}


def from_snapshots(values: Mapping[str, Any], fields: Mapping[str, np.dtype]) -> dict[str, np.ndarray]:
    """Fields [N, ...] of packed games with snapshots of the reference; ``fields``: their dtypes."""
    current, number = np.asarray(values["current"]), np.asarray(values["choice.operation"])
    found: dict[str, Any] = {field: values[path] for path, field in _GAME.items()}
    found["choice"] = np.where(number == PAY_RETREAT, pay_retreat(), number + 1)
    for path, field in (_PLAYER | _CARDS | _SHIFTED).items():
        sides = np.stack([values[f"p{player}.{path}"] for player in range(2)], axis=1)
        found[field] = _by_player(sides, current) + (path not in _PLAYER)
    return {field: np.asarray(found[field]).astype(dtype) for field, dtype in fields.items()}


def from_snapshot(values: Mapping[str, Any], fields: Mapping[str, np.dtype]) -> dict[str, np.ndarray]:
    """Fields of the packed game with a snapshot of the reference; ``fields``: their dtypes."""
    many = from_snapshots({path: np.asarray(value)[None] for path, value in values.items()}, fields)
    return {field: value[0] for field, value in many.items()}


def _by_player(sides: np.ndarray, current: np.ndarray) -> np.ndarray:
    """[N, 2, ...] of the current player and the other one as [N, 2, ...] of player 0 and 1; it is its own inverse."""
    is_first = (np.asarray(current) == 0).reshape(-1, *(1,) * (np.ndim(sides) - 1))
    return np.where(is_first, sides, sides[:, ::-1])


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
