"""Laws that hold whatever the reference does, and the law of what a reset draws."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from families.new.template.package.env import Rover
from families.new.template.package.rules import BATTERY, ROOM, SIZE
from references.protocol import Batch
from verification.adapters.jaxenv import JaxenvCandidate
from verification.plugin import DrawSample, Property, Relation
from verification.statistics.draw_law import DrawLaw

Truth = NDArray[np.bool_]


def _conserved(before: Batch, actions: Batch, after: Batch) -> Truth:
    """Ore is in the ground, on the rover or, once it is at the base, delivered."""
    del actions
    held = [batch["state.ore"].sum(axis=1) + batch["state.cargo"] for batch in (before, after)]
    return (held[0] == held[1]) | ((after["state.place"] == 0) & (held[1] < held[0]))


def _within(before: Batch, actions: Batch, after: Batch) -> Truth:
    """Battery and load keep to their ranges, and a step leads to a neighbour at most."""
    del actions
    near = np.abs(after["state.place"] - before["state.place"]) <= 1
    battery, cargo = after["state.battery"], after["state.cargo"]
    return near & (battery >= 0) & (battery <= BATTERY) & (cargo >= 0) & (cargo <= ROOM)


def _later(before: Batch, actions: Batch) -> tuple[Batch, Batch]:
    return {**before, "state.time": before["state.time"] + np.int32(1)}, actions


def _one_later(after: Batch) -> Batch:
    return {**after, "state.time": after["state.time"] + np.int32(1)}


def _far_from_the_limit(before: Batch, actions: Batch) -> Truth:
    del actions
    return before["state.time"] < 50


PROPERTIES = (Property("ore is conserved", _conserved), Property("values keep to their ranges", _within))
RELATIONS = (Relation("time does not matter before the limit", _later, _one_later, _far_from_the_limit),)


def draws(seed: int, lanes: int) -> DrawSample:
    """Quantities that a reset draws: the cell, and the ore of every cell but the base."""
    starts = JaxenvCandidate(Rover()).reset_many(seed, lanes, repeats=4)
    laws = [DrawLaw.uniform_int("place", 0, SIZE)]
    values = {"place": starts["state.place"]}
    for cell in range(1, SIZE):
        laws.append(DrawLaw.uniform_int(f"ore of cell {cell}", 1 if cell == SIZE - 1 else 0, 3))
        values[f"ore of cell {cell}"] = starts["state.ore"][..., cell]
    return DrawSample(laws, values)
