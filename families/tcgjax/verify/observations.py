"""The reference's observations as the engine's arrays."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from references.tcg_pocket.cards import groups, operations
from references.tcg_pocket.observation import HIDDEN
from references.tcg_pocket.snapshot import (
    CONDITIONS,
    PHASES,
    PLAYER_EFFECTS,
    POKEMON_EFFECTS,
    effect_arrays,
    type_number,
)
from references.tcg_pocket.state import Lasting
from references.tcg_pocket.turns import OPENING_HAND
from tcgjax.arrays import LIST
from tcgjax.library import ENERGY_TYPES
from tcgjax.observation import SEEN_TOP
from tcgjax.state import SPOTS
from tcgjax.tables import MAX_STACK, pay_retreat

_FLAGS = ("poisoned", "burned", "new", "evolved", "ability_used")
_FIGURES = ("points", "supporter_played", "retreated", "knocked_out_turn", "sweets_relays", "sweets_relay_turn")
_NOTHING = {"cards": [], "damage": 0, "energy": {}, "condition": "", "effects": {}, **dict.fromkeys(_FLAGS, False)}


def padded(kinds: Sequence[int], size: int) -> list[int]:
    """Numbers of cards (kind plus 1), and 0 behind them."""
    return [kind + 1 for kind in kinds] + [0] * (size - len(kinds))


def lasting(effects: Mapping[str, Any], names: Sequence[str]) -> tuple[list[int], list[int]]:
    """Amounts and turns."""
    return effect_arrays({kind: Lasting(*values) for kind, values in effects.items()}, names)


def spot(found: Mapping[str, Any] | None) -> dict[str, Any]:
    """One Pokémon in play."""
    found = found or _NOTHING
    amounts, turns = lasting(found["effects"], POKEMON_EFFECTS)
    return {
        "cards": padded(found["cards"], MAX_STACK),
        "damage": found["damage"],
        "energy": [found["energy"].get(kind, 0) for kind in ENERGY_TYPES],
        "condition": CONDITIONS.index(found["condition"]),
        "effects": amounts,
        "effect_turns": turns,
        **{name: found[name] for name in _FLAGS},
    }


def public(found: Mapping[str, Any]) -> dict[str, Any]:
    """One player's side as both players see it."""
    amounts, turns = lasting(found["effects"], PLAYER_EFFECTS)
    named = found["effects"].get("named_more")
    spots = [spot(found["spots"][place]) for place in range(SPOTS)]
    return {
        "hand_size": OPENING_HAND if found["hand"] is None else found["hand"],
        "deck_size": found["deck"],
        "discard": padded(found["discard"], LIST),
        "discarded_energy": list(found["discarded_energy"].values()),
        "energy_types": [kind in found["energy_types"] for kind in ENERGY_TYPES],
        "zone": type_number(found["zone"]),
        "next_energy": type_number(found["next_energy"]),
        "player_effects": amounts,
        "player_effect_turns": turns,
        "effect_group": 1 + groups().index(named[2]) if named else 0,
        **{name: found[name] for name in _FIGURES},
        **{name: [one[name] for one in spots] for name in spots[0]},
    }


def to_arrays(found: Mapping[str, Any]) -> dict[str, np.ndarray]:
    """int32 arrays by field of `tcgjax.observation.Observation`, of what the reference's `observe` returns."""
    choice = found["choice"]
    paying = choice.get("op") == "pay_retreat"
    used = (choice["spot"],) if paying else found["used"]
    number = pay_retreat() if paying else 1 + operations().index(choice) if choice else 0
    open_to_both = [public(found["own"]), public(found["opponent"])]
    values = {
        **{name: found[name] for name in ("turn", "my_turn", "first", "to_act")},
        "phase": PHASES.index(found["phase"]),
        "choice": number,
        "choice_left": found["choices_left"],
        "choice_used": [place in used for place in range(SPOTS)],
        "result": {None: 0, 2: 0, 0: 1, 1: -1}[found["winner"]],
        "hand": padded(found["hand"], LIST),
        "shown": found["shown_hand"] + [False] * (LIST - len(found["shown_hand"])),
        "top_of_deck": padded(found["top_of_deck"], SEEN_TOP),
        "opponent_hand": padded(sorted((k for k in found["opponent_hand"] if k != HIDDEN), reverse=True), LIST),
        **{name: [side[name] for side in open_to_both] for name in open_to_both[0]},
    }
    return {name: np.asarray(value, np.int32) for name, value in values.items()}
