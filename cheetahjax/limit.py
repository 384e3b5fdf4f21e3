"""Joint limits (MuJoCo: ``mj_instantiateLimit``)."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import jax
import jax.numpy as jnp

from cheetahjax.contact import NEVER
from cheetahjax.coordinates import Positions
from cheetahjax.impedance import impedance_at, row_weight, spring
from cheetahjax.model.planar_model import Joint, Limit, PlanarModel
from cheetahjax.scalars import Scalar, select, typed


@dataclasses.dataclass(frozen=True)
class JointLimit:
    """The nearer end of one joint's range. MuJoCo makes a row for either end; no range here lets both act at once."""

    joint: Joint
    side: jax.Array
    """+1 at the lower end, -1 at the upper: the direction in which the row pushes."""
    weight: Scalar
    reference: jax.Array

    def residual(self, joint_acceleration: Scalar) -> jax.Array:
        """Excess of the joint's acceleration away from the end over what the row asks for; a negative row acts."""
        return self.side * joint_acceleration - self.reference

    def push(self, residual: jax.Array) -> tuple[jax.Array, jax.Array]:
        """The joint force of the row, if it acts, and its stiffness against the joint's acceleration."""
        held = select(residual < 0, typed(self.weight, residual), 0.0)
        return -held * self.side * residual, held


def limits(model: PlanarModel, positions: Positions, qvel: Sequence[Scalar]) -> list[JointLimit]:
    """A row for every joint that has limits; one that is within its range never acts."""
    start, displacement = positions
    return [
        _limit(model, joint, joint.limit, jnp.asarray(start[joint.dof]), displacement[joint.dof], qvel[joint.dof])
        for joint in model.joints
        if joint.limit is not None
    ]


def _limit(
    model: PlanarModel, joint: Joint, limit: Limit, start: jax.Array, displacement: Scalar, velocity: Scalar
) -> JointLimit:
    constants = spring(limit.impedance, model.timestep)
    above, below = (start - limit.lower) + displacement, (limit.upper - start) - displacement
    side = jnp.where(above < below, 1.0, -1.0).astype(start.dtype)
    beyond = jnp.minimum(above, below)
    if limit.margin:
        beyond = beyond - limit.margin
    impedance = impedance_at(limit.impedance, beyond)
    asked = -constants.damping * side * velocity - constants.stiffness * impedance * beyond
    return JointLimit(
        joint=joint,
        side=side,
        weight=row_weight(impedance, limit.inverse_weight),
        reference=select(beyond < 0, asked, NEVER),
    )
