"""The joints' acceleration at a state (MuJoCo: ``mj_forward``)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import jax

from cheetahjax.bias import bias_forces
from cheetahjax.constraints import constraints
from cheetahjax.coordinates import Positions, absolute, absolute_force, layout
from cheetahjax.fluid import fluid_forces
from cheetahjax.inertia import mass_matrix, world_moments
from cheetahjax.kinematics import kinematics
from cheetahjax.model.planar_model import PlanarModel
from cheetahjax.newton import NewtonOptions, Problem, minimise
from cheetahjax.passive import joint_forces
from cheetahjax.scalars import Scalar, add
from cheetahjax.state import SolverReport
from cheetahjax.tree_matrix import TreeMatrix


class Acceleration(NamedTuple):
    """The constrained acceleration in absolute coordinates, and the mass matrix that it was found with."""

    values: list[Scalar]
    mass: TreeMatrix
    report: SolverReport


def forward(
    model: PlanarModel,
    positions: Positions,
    qvel: Sequence[Scalar],
    ctrl: Sequence[jax.Array],
    start: Sequence[Scalar],
    options: NewtonOptions,
) -> Acceleration:
    """The acceleration at a state, the solver starting from another; all but the result in joint coordinates."""
    qpos = positions.total()
    pose = kinematics(model, qpos, qvel)
    moments = world_moments(model, pose)
    mass = mass_matrix(model, pose, moments)
    joints = absolute_force(model, joint_forces(model, qpos, qvel, ctrl))
    bias = bias_forces(model, pose, moments)
    fluid = fluid_forces(model, pose)
    force = [add(*parts) for parts in zip(bias, joints, fluid, strict=True)]
    rows = constraints(model, pose, positions, qvel)
    values, report = minimise(Problem(layout(model), mass, force, rows), absolute(model, start), options)
    return Acceleration(values, mass, report)
