"""Behaviours of the game that a step exercises, by the RAM before and after."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from references.protocol import TERMINATED, TRUNCATED, Batch
from references.pyboy.env import AGENT

BUTTONS = ("down", "left", "right", "up", "a", "b", "start")


def declared() -> tuple[str, ...]:
    """All names."""
    return (
        *(f"button.{name}" for name in BUTTONS),
        *(f"shape.{shape}" for shape in range(7)),
        *(f"rows.{rows}" for rows in range(1, 5)),
        "landed", "moved", "turned", "fell", "score.carry", "over", "truncated", "program", "stack.high",
    )  # fmt: skip


def shown(before: Batch, actions: Batch, after: Batch) -> Mapping[str, NDArray[np.bool_]]:
    """Name → bool [N]."""
    old, new = before["memory.wram"], after["memory.wram"]
    action, rows = np.asarray(actions[AGENT]), (new[:, 2].astype(int) - old[:, 2]) % 256
    found = {f"button.{name}": action == number for number, name in enumerate(BUTTONS)}
    found |= {f"shape.{shape}": old[:, 4] == shape for shape in range(7)}
    found |= {f"rows.{count}": rows == count for count in range(1, 5)}
    return found | {
        "landed": after["out.reward"] > 0,
        "moved": old[:, 6] != new[:, 6],
        "turned": old[:, 5] != new[:, 5],
        "fell": old[:, 7] != new[:, 7],
        "score.carry": new[:, 0] < old[:, 0],
        "over": np.asarray(after[TERMINATED], bool),
        "truncated": np.asarray(after[TRUNCATED], bool),
        "program": before["cpu.pc"] >= 0xC000,
        "stack.high": new[:, 0x100:0x10A].any(axis=1),
    }
