"""Players for longer and other games than random ones, by what the RAM shows."""

from __future__ import annotations

from typing import Any

import numpy as np

from references.protocol import Actions, Snapshot
from references.pyboy.env import AGENT
from verification.plugin import Policy

DOWN, LEFT, RIGHT, UP, A, B, START = range(7)


def patient(rng: np.random.Generator, snapshot: Snapshot, legal: Any) -> Actions:
    """Never drops a piece: long games, with gravity."""
    return {AGENT: np.int64(rng.choice([LEFT, RIGHT, A, B, START, DOWN], p=[0.25, 0.25, 0.15, 0.15, 0.1, 0.1]))}


def spreader(rng: np.random.Generator, snapshot: Snapshot, legal: Any) -> Actions:
    """Brings each piece over the lowest column and drops it: full rows."""
    wram = np.asarray(snapshot["memory.wram"])
    board = wram[0x100:0x200].reshape(16, 16)[:, :10] != 0
    heights = np.where(board.any(0), 16 - board.argmax(0), 0)
    pairs = np.maximum(heights[:-1], heights[1:])
    column, wanted = int(np.int8(wram[6])), int(pairs.argmin())
    if rng.random() < 0.1:
        return {AGENT: np.int64(rng.integers(7))}
    if column != wanted:
        return {AGENT: np.int64(LEFT if column > wanted else RIGHT)}
    return {AGENT: np.int64(UP)}


POLICIES: dict[str, Policy] = {"patient": patient, "spreader": spreader}
