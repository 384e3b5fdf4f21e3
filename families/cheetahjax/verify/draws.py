"""The candidate's own randomness: the noise of resets, each coordinate with the law that Gymnasium's has."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from families.cheetahjax.verify.tasks import Task, compiled
from verification.plugin import DrawSample
from verification.statistics.draw_law import DrawLaw

REPEATS = 4
TARGET_RADIUS = 0.2
RADIUS, DIRECTION = "square of the target's distance", "direction of the target"


def laws(task: Task) -> list[DrawLaw]:
    """One law for each coordinate of a first state that is drawn."""
    model, noise = compiled(task.name), task.noise
    target = task.name == "Reacher-v5"
    moving = model.nq - 2 if target else model.nq
    found = [_uniform(f"qpos {k}", float(model.qpos0[k]), noise.positions) for k in range(moving)]
    if target:  # across a disc the two coordinates depend on each other, radius and direction do not
        found += [DrawLaw.uniform(RADIUS, 0.0, TARGET_RADIUS**2 * (1 + 1e-6)), _uniform(DIRECTION, 0.0, np.pi)]
    for k in range(moving):
        label = f"qvel {k}"
        normal = noise.kind == "normal"
        sd = float(np.float32(noise.velocities))
        found.append(DrawLaw.normal(label, 0.0, sd) if normal else _uniform(label, 0.0, noise.velocities))
    return found


def _uniform(label: str, centre: float, scale: float) -> DrawLaw:
    scale = float(np.float32(scale))
    # A sum in float32 may round beyond the interval's end by a spacing.
    slack = float(np.spacing(np.float32(abs(centre) + scale))) if centre else 0.0
    return DrawLaw.uniform(label, centre - scale - slack, centre + scale + slack)


def draws(seed: int, lanes: int, task: Task, make: Callable[[], Any]) -> DrawSample:
    """First states of `make()`, a candidate with `reset_many`, coordinate by coordinate."""
    starts = make().reset_many(seed, lanes, REPEATS)
    declared = laws(task)
    values = {law.label: coordinate(starts, law.label) for law in declared}
    return DrawSample(declared, values)


def coordinate(starts: Any, label: str) -> NDArray[Any]:
    """One label's values out of first states: "state.qpos" and "state.qvel", [..., n]."""
    x, y = (np.asarray(starts["state.qpos"], np.float64)[..., k] for k in (-2, -1))
    if label == RADIUS:
        return x * x + y * y
    if label == DIRECTION:
        return np.arctan2(y, x)
    name, _, index = label.partition(" ")
    return np.asarray(starts["state." + name])[..., int(index)]
