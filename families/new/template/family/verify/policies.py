"""Policies that reach every part of the game; uniform play is always there beside them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from families.new.template.package.rules import BATTERY, DIG, LEFT, REST, RIGHT, ROOM, SIZE
from references.protocol import Actions, Snapshot

_CLUMSY = 0.1


def miner(rng: np.random.Generator, snapshot: Snapshot, legal: Mapping[str, Any]) -> Actions:
    """Digs what is there, brings it home, and rests in time: long episodes that end well."""
    if rng.random() < _CLUMSY:
        return {"agent": int(rng.choice(np.flatnonzero(legal["agent"])))}
    place, cargo = int(snapshot["state.place"]), int(snapshot["state.cargo"])
    further = snapshot["state.ore"][np.arange(SIZE) > place].any()
    if snapshot["state.battery"] < BATTERY / 2:
        return {"agent": REST}
    if snapshot["state.ore"][place] > 0 and cargo < ROOM:
        return {"agent": DIG}
    return {"agent": RIGHT if further and cargo < ROOM else LEFT}


def reckless(rng: np.random.Generator, snapshot: Snapshot, legal: Mapping[str, Any]) -> Actions:
    """Never rests: short episodes that end in the field."""
    actions = np.flatnonzero(legal["agent"])
    del snapshot
    return {"agent": int(rng.choice(actions[actions != REST]))}


POLICIES = {"miner": miner, "reckless": reckless}
