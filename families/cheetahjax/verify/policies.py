"""Policies that see the state, fixed before any run."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from references.protocol import Actions, Bounds, Snapshot
from verification.plugin import Policy

AGENT = "agent"
PERIOD = 10.0
"""Steps of one stride of the gait."""


def _bounds(legal: Mapping[str, Any]) -> Bounds:
    found = legal[AGENT]
    assert isinstance(found, Bounds)
    return found


def bang_bang(rng: np.random.Generator, snapshot: Snapshot, legal: Mapping[str, Any]) -> Actions:
    """Every motor at one end of its range or the other."""
    bounds = _bounds(legal)
    return {AGENT: np.where(rng.random(bounds.low.shape) < 0.5, bounds.low, bounds.high)}


def gait(rng: np.random.Generator, snapshot: Snapshot, legal: Mapping[str, Any]) -> Actions:
    """All motors swing with one period, each a quarter turn behind the one before, a little noise added."""
    bounds = _bounds(legal)
    phase = 2 * np.pi * float(snapshot["state.time"]) / PERIOD + np.pi / 2 * np.arange(len(bounds.low))
    swing = 0.8 * np.sin(phase) + rng.normal(0, 0.05, len(phase))
    middle, half = (bounds.low + bounds.high) / 2, (bounds.high - bounds.low) / 2
    return {AGENT: np.clip(middle + half * swing, bounds.low, bounds.high).astype(bounds.low.dtype)}


def limp(rng: np.random.Generator, snapshot: Snapshot, legal: Mapping[str, Any]) -> Actions:
    """No control at all: what falls comes to rest."""
    return {AGENT: np.zeros_like(_bounds(legal).low)}


POLICIES: dict[str, Policy] = {"bang-bang": bang_bang, "gait": gait, "limp": limp}
