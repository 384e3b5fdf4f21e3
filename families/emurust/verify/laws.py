"""Laws of one step, and pairs of steps, that hold whatever PyBoy says: of the game's rules and of the processor."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from references.protocol import TERMINATED, TRUNCATED, Batch
from references.pyboy.env import LENGTH, STEPS
from verification.plugin import Property, Relation

Truth = NDArray[np.bool_]
_UNUSED = 0x1E00 - 0x10
"""Work RAM that neither the game nor the injected programs use."""


def _score(batch: Batch) -> NDArray[np.int64]:
    return batch["memory.wram"][:, 0].astype(np.int64) + 256 * batch["memory.wram"][:, 1].astype(np.int64)


def _in_rom(batch: Batch) -> Truth:
    return np.asarray(batch["cpu.pc"] < 0x8000)


def rewards(before: Batch, actions: Batch, after: Batch) -> Truth:
    """The reward is what the score gained."""
    return after["out.reward"] == (_score(after) - _score(before)) % 0x10000


def endings(before: Batch, actions: Batch, after: Batch) -> Truth:
    """An episode ends by the game's own mark, or else at its limit, never both."""
    over = after["memory.wram"][:, 3] != 0
    return (after[TERMINATED] == over) & (after[TRUNCATED] == ((after[STEPS] >= after["state.limit"]) & ~over))


def counts(before: Batch, actions: Batch, after: Batch) -> Truth:
    """A step is one step."""
    return (after[STEPS] == before[STEPS] + 1) & (after[LENGTH] == before[LENGTH] + 1)


def flags(before: Batch, actions: Batch, after: Batch) -> Truth:
    """The lower half of F is zeros."""
    return after["cpu.f"] & 0x0F == 0


def observed(before: Batch, actions: Batch, after: Batch) -> Truth:
    """The observation shows the RAM and the picture of the step's last frame."""
    shades = np.stack([after["out.screen"] >> shift & 3 for shift in (6, 4, 2, 0)], -1).reshape(-1, 144, 160)
    grey = np.array([255, 153, 85, 0], np.uint8)[shades[:, ::2, ::2]]
    first = after["memory.wram"][:, [0, 1, 2, 3]]
    return (after["out.obs.ram"][:, :4] == first).all(1) & (after["out.obs.screen"][..., 0] == grey).all((1, 2))


PROPERTIES = tuple(Property(law.__name__, law) for law in (rewards, endings, counts, flags, observed))


def _with_unused(batch: Batch) -> Batch:
    wram = batch["memory.wram"].copy()
    wram[:, _UNUSED] ^= 0x5A
    return {**batch, "memory.wram": wram}


def _points_before(batch: Batch, actions: Batch) -> tuple[Batch, Batch]:
    wram = batch["memory.wram"].copy()
    wram[:, 1] += 1
    return {**batch, "memory.wram": wram}, actions


RELATIONS = (
    Relation(
        "memory that nobody reads changes nothing",
        change=lambda before, actions: (_with_unused(before), actions),
        expect=_with_unused,
        applies=lambda before, actions: _in_rom(before),
    ),
    Relation(
        "256 points more do not change a reward",
        change=_points_before,
        expect=lambda after: {path: after[path] for path in ("out.reward", TERMINATED, TRUNCATED, "cpu.pc")},
        applies=lambda before, actions: _in_rom(before) & (before["memory.wram"][:, 1] < 0xFE),
    ),
)
