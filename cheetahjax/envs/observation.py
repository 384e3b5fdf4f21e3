"""Observations as fields of one unit each, cut out of positions and velocities."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp

from jaxenv import ObsField


def scalar(name: str, meaning: str, *, bound: float = math.inf) -> ObsField:
    """A field of one number within -bound and bound."""
    return ObsField(name=name, low=-bound, high=bound, meaning=meaning)


def vector(name: str, size: int, meaning: str, *, bound: float = math.inf) -> ObsField:
    """A field of `size` numbers within -bound and bound."""
    return ObsField(name=name, shape=(size,), low=-bound, high=bound, meaning=meaning)


def cut(fields: Sequence[ObsField], values: jax.Array) -> dict[str, Any]:
    """The fields' arrays, float32, taken one after the other from ``values[n]``; all of it is used."""
    total = sum(field.size for field in fields)
    if values.shape != (total,):
        raise ValueError(f"the fields hold {total} numbers, the values have shape {values.shape}")
    cuts, start = {}, 0
    for field in fields:
        cuts[field.name] = values[start : start + field.size].reshape(field.shape).astype(jnp.float32)
        start += field.size
    return cuts
