"""Time integration (MuJoCo: ``mj_Euler`` with ``eulerdamp``, ``mj_RungeKutta``).

Positions are carried as displacements from where the environment's step began: that sum is exact to the displacement's
own rounding, however far away the model has walked.
"""

from __future__ import annotations

from typing import NamedTuple

import jax
import jax.numpy as jnp

from cheetahjax.coordinates import Positions, absolute_diagonal, absolute_force, layout, relative
from cheetahjax.dynamics import Acceleration, forward
from cheetahjax.model.planar_model import PlanarModel
from cheetahjax.newton import NewtonOptions
from cheetahjax.scalars import Scalar, mul, sub
from cheetahjax.state import SolverReport
from cheetahjax.tree_matrix import matrix_sum, solve

Values = tuple[jax.Array, ...]
"""One scalar for each joint, in MuJoCo's order."""


class Place(NamedTuple):
    """Configuration at which forces were computed."""

    displacement: Values
    """Joint positions minus those at which the environment's step began."""
    qvel: Values


class Motion(NamedTuple):
    """A state in the middle of an environment's step."""

    displacement: Values
    """Joint positions minus those at which the environment's step began."""
    qvel: Values
    warmstart: Values
    """The joints' acceleration at `evaluated`."""
    evaluated: Place
    """State at which the last forces were computed on the way here."""


def euler(
    model: PlanarModel, start: Values, ctrl: Values, motion: Motion, options: NewtonOptions
) -> tuple[Motion, SolverReport]:
    """One semi-implicit Euler step, joint damping taken implicitly; displacements count from `start`."""
    positions = Positions(start, motion.displacement)
    found = forward(model, positions, motion.qvel, ctrl, motion.warmstart, options)
    acceleration = relative(model, found.values)
    rates = relative(model, _damped(model, found))
    h = model.timestep
    qvel = tuple(v + h * a for v, a in zip(motion.qvel, rates, strict=True))
    displacement = tuple(d + h * v for d, v in zip(motion.displacement, qvel, strict=True))
    evaluated = Place(motion.displacement, motion.qvel)
    return Motion(displacement, qvel, tuple(jnp.asarray(a) for a in acceleration), evaluated), found.report


def _damped(model: PlanarModel, found: Acceleration) -> list[Scalar]:
    """The acceleration that damping at the end of the step leaves: (M + h B) a' = M a.

    Solved for the difference, (M + h B) (a - a') = h B a, whose right side is small: it costs no product with M and
    loses fewer digits.
    """
    damping = [joint.damping for joint in model.joints]
    if not any(damping):
        return found.values
    implicit = absolute_diagonal(model, [model.timestep * part for part in damping])
    joints = relative(model, found.values)
    lost = absolute_force(model, [mul(model.timestep * b, a) for b, a in zip(damping, joints, strict=True)])
    difference = solve(layout(model), matrix_sum(found.mass, implicit), lost)
    return [sub(a, d) for a, d in zip(found.values, difference, strict=True)]


def runge_kutta(
    model: PlanarModel, start: Values, ctrl: Values, motion: Motion, options: NewtonOptions
) -> tuple[Motion, SolverReport]:
    """One step of the classical fourth-order Runge-Kutta method; displacements count from `start`."""
    h = model.timestep

    def stage(carry: tuple, weights: tuple[jax.Array, jax.Array]) -> tuple[tuple, SolverReport]:
        slopes_q, slopes_v, sum_q, sum_v, warmstart, _ = carry
        ahead, share = weights
        place = tuple(d + ahead * k for d, k in zip(motion.displacement, slopes_q, strict=True))
        qvel = tuple(v + ahead * k for v, k in zip(motion.qvel, slopes_v, strict=True))
        found = forward(model, Positions(start, place), qvel, ctrl, warmstart, options)
        acceleration = tuple(jnp.asarray(a) for a in relative(model, found.values))
        sum_q = tuple(total + share * k for total, k in zip(sum_q, qvel, strict=True))
        sum_v = tuple(total + share * k for total, k in zip(sum_v, acceleration, strict=True))
        return (qvel, acceleration, sum_q, sum_v, acceleration, place), found.report

    dtype = motion.qvel[0].dtype
    ahead = jnp.array([0.0, h / 2, h / 2, h], dtype)
    share = jnp.array([h / 6, h / 3, h / 3, h / 6], dtype)
    none = tuple(jnp.zeros_like(v) for v in motion.qvel)
    first = (none, none, none, none, motion.warmstart, motion.displacement)
    last, reports = jax.lax.scan(stage, first, (ahead, share))
    last_qvel, _, sum_q, sum_v, warmstart, place = last
    displacement = tuple(d + s for d, s in zip(motion.displacement, sum_q, strict=True))
    qvel = tuple(v + s for v, s in zip(motion.qvel, sum_v, strict=True))
    total = jax.tree.map(lambda counts: jnp.sum(counts, dtype=counts.dtype), reports)
    return Motion(displacement, qvel, warmstart, Place(place, last_qvel)), total


INTEGRATORS = {"euler": euler, "rk4": runge_kutta}
