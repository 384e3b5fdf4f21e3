"""The soft constraint's spring: impedance, reference acceleration and row weight.

MuJoCo: ``getimpedance`` and ``mj_makeImpedance`` in ``engine_core_constraint.c``.
"""

from __future__ import annotations

from typing import NamedTuple

import jax
import jax.numpy as jnp

from cheetahjax.model.planar_model import Impedance
from cheetahjax.scalars import Scalar

SMALLEST, LARGEST = 0.0001, 0.9999
"""MuJoCo's ``mjMINIMP`` and ``mjMAXIMP``: what impedances are clamped to."""


class Spring(NamedTuple):
    """``reference acceleration = -damping x velocity - stiffness x impedance x distance``."""

    stiffness: float
    damping: float


def spring(impedance: Impedance, timestep: float) -> Spring:
    """The reference spring; MuJoCo keeps its time constant at two time steps or more (``refsafe``)."""
    time_constant, damping_ratio = impedance.solref
    time_constant = max(time_constant, 2 * timestep)
    width = _clamped(impedance.solimp[1])
    return Spring(
        stiffness=1 / (width * time_constant * damping_ratio) ** 2,
        damping=2 / (width * time_constant),
    )


def _clamped(part: float) -> float:
    return min(max(part, SMALLEST), LARGEST)


def impedance_at(impedance: Impedance, distance: jax.Array) -> Scalar:
    """The impedance, in (0, 1), where a constraint is `distance` beyond its margin (negative when violated)."""
    surface, full, width, midpoint, power = impedance.solimp
    surface, full, midpoint = _clamped(surface), _clamped(full), _clamped(midpoint)
    power = max(power, 1.0)
    if surface == full or width <= 1e-15:
        return (surface + full) / 2
    depth = jnp.minimum(jnp.abs(distance) * (1 / width), 1.0)
    if power == 1:
        return surface + depth * (full - surface)
    if power != 2:
        raise ValueError(f"solimp {impedance.solimp}: the planar engine knows the powers 1 and 2, not {power:g}")
    rest = 1 - depth
    shape = jnp.where(depth <= midpoint, depth * depth * (1 / midpoint), 1 - rest * rest * (1 / (1 - midpoint)))
    return surface + shape * (full - surface)


def row_weight(impedance: Scalar, inverse_inertia: float) -> Scalar:
    """The weight D of a constraint row (``efc_D``), from its impedance and MuJoCo's estimate of its inverse inertia."""
    return impedance / ((1 - impedance) * inverse_inertia)
