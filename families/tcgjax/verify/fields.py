"""Fields that are compared, and their owners. All of it is integers, so that equal means equal."""

from __future__ import annotations

from references.protocol import LENGTH, LIMIT
from tcgjax.observation import OBS_SPEC
from verification.fields import FieldSpec

SEED = "state.seed"
"""uint32: with the number of steps the key of each step's draws."""
OWNED = {
    "cards": ("p?.deck", "p?.hand", "p?.hand_known", "p?.discard", "p?.known_top", "p?.spots.cards", "p?.spots.tool"),
    "damage": ("p?.spots.damage",),
    "energy": ("p?.spots.energy", "p?.discarded_energy", "p?.zone", "p?.next_energy", "p?.energy_types"),
    "conditions": ("p?.spots.poisoned", "p?.spots.burned", "p?.spots.condition"),
    "effects": ("p?.spots.effect_*", "p?.effect_*"),
    "once": (
        *("p?.spots.new", "p?.spots.evolved", "p?.spots.ability_used", "p?.supporter_played", "p?.retreated"),
        *("p?.knocked_out_turn", "p?.sweets_relay*"),
    ),
    "points": ("p?.points", "winner"),
    "choice": ("choice.*",),
    "turn": ("turn", "first", "current", "phase", "after", "first_player_draws", "turn_limit"),
    "clock": (LENGTH, LIMIT, SEED),
    "mask": ("out.legal", "out.to_act", "out.illegal"),
    "outcome": ("out.reward", "out.terminated", "out.truncated"),
    "observation": ("out.obs.*",),
}
"""Module → its paths, in the order in which they are blamed."""
MODULES = tuple(OWNED)
FIELDS = tuple(
    FieldSpec(path, module, kind="float" if path == "out.reward" else "int")
    for module, paths in OWNED.items()
    for path in paths
)
WRITTEN_BY = {
    "cards": ("rules", "cards", "board", "turns", "effects"),
    "damage": ("damage", "attacks", "effects", "turns", "answers"),
    "energy": ("energy", "effects", "answers", "turns"),
    "conditions": ("turns", "board", "effects", "attacks"),
    "effects": ("effects", "turns", "board"),
    "once": ("turns", "rules", "board", "answers", "effects"),
    "points": ("turns", "board"),
    "choice": ("effects", "answers", "rules", "targets"),
    "turn": ("turns", "rules", "answers", "effects"),
    "clock": ("env",),
    "mask": ("actions", "targets", "energy", "env"),
    "outcome": ("env", "turns"),
    "observation": ("observation",),
}
"""Module → files of the engine that write its paths, the likeliest first."""
SOURCES = {module: tuple(f"tcgjax.{name}" for name in names) for module, names in WRITTEN_BY.items()}

OUTCOMES = {
    "out.reward": ((2,), "float32"),
    "out.terminated": ((), "bool"),
    "out.truncated": ((), "bool"),
    "out.legal": ((2, 143), "bool"),
    "out.to_act": ((2,), "bool"),
    "out.illegal": ((2,), "bool"),
    **{f"out.obs.{field.name}": ((2, *field.shape), "int32") for field in OBS_SPEC.fields},
}
"""Path → shape and dtype of what a step gives out; zeros before the first one."""
