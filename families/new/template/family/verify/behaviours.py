"""Names of the behaviours that a step exercised. They steer and count; only the reference says what is right."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from families.new.template.package.rules import BATTERY, DIG, LEFT, REST, RIGHT, ROOM, SIZE
from references.protocol import Batch

BEHAVIOURS = (
    "move:left",
    "move:right",
    "move:against-a-wall",
    "move:with-a-full-load",
    "dig:ore",
    "dig:in-vain",
    "rest:charges",
    "rest:fills-up",
    "base:delivers",
    "base:takes-a-full-load",
    "end:stranded",
    "end:finished",
    "end:time",
)
_RULES, _ENV = "families.new.template.package.rules", "families.new.template.package.env"
SOURCES = {"end:time": (_ENV,), "dig:in-vain": (_ENV, _RULES), "*": (_RULES,)}
"""Behaviour, a glob → modules of the source that it runs; the first that fits."""


def behaviours(before: Batch, actions: Batch, after: Batch) -> Mapping[str, NDArray[np.bool_]]:
    """name → bool [N]."""
    action, place = np.asarray(actions["agent"]), before["state.place"]
    dug = before["state.ore"].sum(axis=1) > after["state.ore"].sum(axis=1)
    moved = (action == LEFT) | (action == RIGHT)
    held = before["state.cargo"] + dug
    delivered = (after["state.place"] == 0) & (held > 0)
    over = np.asarray(after["out.terminated"], bool)
    stranded = over & (after["state.battery"] == 0)
    return {
        "move:left": action == LEFT,
        "move:right": action == RIGHT,
        "move:against-a-wall": ((action == LEFT) & (place == 0)) | ((action == RIGHT) & (place == SIZE - 1)),
        "move:with-a-full-load": moved & (before["state.cargo"] == ROOM),
        "dig:ore": dug,
        "dig:in-vain": (action == DIG) & ~dug,
        "rest:charges": action == REST,
        "rest:fills-up": (action == REST) & (after["state.battery"] == BATTERY),
        "base:delivers": delivered,
        "base:takes-a-full-load": delivered & (held == ROOM),
        "end:stranded": stranded,
        "end:finished": over & (after["state.ore"].sum(axis=1) == 0) & (after["state.cargo"] == 0),
        "end:time": np.asarray(after["out.truncated"], bool),
    }
