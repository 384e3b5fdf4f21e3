"""Volatile conditions of a Pokémon on the field: their names, and the numbers that rules read of each.

Presence is one bit a condition, in words of 32; the numbers are scalars, kept by name ("stall.counter").
Source: the volatile conditions of data/mods/gen4, as `references/showdown/modern/volatiles.js` lists them.
"""

from __future__ import annotations

from typing import Final

import numpy as np

# Numbers beside the duration. Those of the kinds that do not fit in eight bits stand in `_WIDE`.
_DATA: Final[dict[str, str]] = {
    "aquaring": "",
    "attract": "source",
    "beatup": "duration",
    "bide": "duration totalDamage lastDamageSource",
    "bounce": "duration",
    "charge": "duration",
    "choicelock": "move",
    "confusion": "time",
    "counter": "duration damage slot",
    "curse": "",
    "defensecurl": "",
    "destinybond": "",
    "dig": "duration",
    "disable": "duration move",
    "dive": "duration",
    "embargo": "duration",
    "encore": "duration move",
    "endure": "duration",
    "flashfire": "",
    "flinch": "duration",
    "fly": "duration",
    "focusenergy": "",
    "focuspunch": "duration lostFocus",
    "foresight": "",
    "furycutter": "duration multiplier",
    "gastroacid": "",
    "grudge": "",
    "healblock": "duration",
    "iceball": "duration hitCount contactHitCount",
    "imprison": "source",
    "ingrain": "",
    "leechseed": "sourceSlot",
    "lockedmove": "duration trueDuration move",
    "lockon": "duration source",
    "magiccoat": "duration",
    "magnetrise": "duration",
    "metronome": "lastMove numConsecutive",
    "micleberry": "duration",
    "minimize": "",
    "miracleeye": "",
    "mirrorcoat": "duration damage slot",
    "mudsport": "",
    "mustrecharge": "duration",
    "nightmare": "",
    "partiallytrapped": "duration boundDivisor sourceEffect source",
    "perishsong": "duration",
    "powertrick": "",
    "protect": "duration",
    "pursuit": "duration source",
    "rage": "",
    "razorwind": "",
    "rollout": "duration hitCount contactHitCount",
    "roost": "duration",
    "shadowforce": "duration",
    "skullbash": "",
    "skyattack": "",
    "snatch": "duration",
    "solarbeam": "",
    "stall": "duration counter",
    "stockpile": "layers",
    "substitute": "hp",
    "substitutebroken": "duration move",
    "taunt": "duration",
    "torment": "",
    "trapped": "source linkedPokemon",
    "trapper": "linkedPokemon",
    "truant": "",
    "twoturnmove": "duration move",
    "unburden": "",
    "uproar": "duration",
    "watersport": "",
    "yawn": "duration source",
}
# Alive within an action only, so that no record holds them.
_PASSING: Final[dict[str, str]] = {
    "lifeorb": "",
    "focussash": "activated",
    "mefirst": "",
    "moldbroken": "",
    "fling": "",
}

_WIDE = ("move", "lastMove", "sourceEffect", "damage", "totalDamage", "hp", "counter")

NAMES: Final = (*_DATA, *_PASSING)
"""Conditions in the order of their bits."""
RECORDED: Final = tuple(_DATA)
"""Those that a record holds, in its order."""
WORDS: Final = -(-len(NAMES) // 32)
KEYS: Final[dict[str, tuple[str, ...]]] = {n: tuple(v.split()) for n, v in {**_DATA, **_PASSING}.items()}
DTYPES: Final[dict[str, type]] = {
    f"{name}.{key}": np.int16 if key in _WIDE else np.int8 for name, keys in KEYS.items() for key in keys
}
"""Storage dtype of every number, by its name, in the order of the conditions."""


def bit(name: str) -> tuple[int, int]:
    """Word and mask of a condition's presence; `KeyError` for a name that is none."""
    place = _PLACES[name]
    return place // 32, 1 << (place % 32)


_PLACES: Final = {name: place for place, name in enumerate(NAMES)}
