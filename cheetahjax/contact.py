"""Contacts of capsule ends with the floor and their friction pyramid (MuJoCo: ``mjc_PlaneCapsule``, ``mj_diagApprox``).

In the plane the pyramid's four edges normal +- friction x tangent are three distinct rows: the two edges across the
plane are both the bare normal. Rows stand in the order: with the tangent, against it, and the normal, which counts
twice. A frictionless contact (``condim`` 1) is the normal row alone.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import jax
import jax.numpy as jnp

from cheetahjax.force_tree import LinkForces, LinkStiffness, Stiffness
from cheetahjax.impedance import impedance_at, row_weight, spring
from cheetahjax.kinematics import Kinematics, carried
from cheetahjax.model.planar_model import ContactPoint, PlanarModel
from cheetahjax.scalars import Scalar, Vector, add, mul, plus, select, sub, typed

NEVER = -1e20
"""Reference acceleration of a row whose constraint is out of reach: no acceleration can make it act."""


@dataclasses.dataclass(frozen=True)
class Contact:
    """One contact: where it is, its weight, and the accelerations its rows ask for."""

    point: ContactPoint
    arm: Vector
    """From the link's hinge to the point midway between the two surfaces."""
    weight: Scalar
    """D of each row; the normal row of a frictional contact counts twice."""
    normal: Scalar
    """Reference acceleration along the normal."""
    tangent: Scalar
    """The same along the floor, times the friction coefficient; absent without friction."""

    @property
    def row_count(self) -> int:
        """Number of distinct rows."""
        return 1 if self.point.dimension == 1 else 3

    def residuals(self, hinge: Vector, rate: Scalar) -> list[Scalar]:
        """Excess of each row's acceleration over what it asks for, from those of the link; negative rows act."""
        along, up = carried(hinge, self.arm, rate)
        normal = up - self.normal
        if self.point.dimension == 1:
            return [normal]
        tangent = sub(mul(self.point.friction, along), self.tangent)
        return [normal + tangent, normal - tangent, normal]

    def act(self, residuals: Sequence[jax.Array], forces: LinkForces, stiffness: LinkStiffness) -> None:
        """Add the force of the rows that act, and its stiffness against the acceleration, to the link's."""
        friction = self.point.friction
        weights = [select(residual < 0, typed(self.weight, residual), 0.0) for residual in residuals]
        pushes = [-weight * residual for weight, residual in zip(weights, residuals, strict=True)]
        if self.point.dimension == 1:
            force: Vector = (0.0, pushes[0])
            held = Stiffness(vv=weights[0])
        else:
            both, difference = add(weights[0], weights[1]), sub(weights[0], weights[1])
            force = (mul(friction, sub(pushes[0], pushes[1])), add(pushes[0], pushes[1], 2 * pushes[2]))
            held = Stiffness(
                uu=mul(friction * friction, both), uv=mul(friction, difference), vv=add(both, 2 * weights[2])
            )
        forces.push(self.point.link, self.arm, force)
        stiffness.attach(self.point.link, self.arm, held)


def contacts(model: PlanarModel, pose: Kinematics) -> list[Contact]:
    """Every contact that the model can have, those out of reach included with rows that never act."""
    return [_contact(model, pose, point) for point in model.contact_points]


def _contact(model: PlanarModel, pose: Kinematics, point: ContactPoint) -> Contact:
    link, constants = point.link, spring(point.impedance, model.timestep)
    centre = pose.world(link, point.centre)
    distance = jnp.asarray(add(plus(pose.hinges[link], centre)[1], -point.radius))
    arm = (centre[0], sub(add(centre[1], -point.radius), 0.5 * distance))
    along, up = carried(pose.velocities[link], arm, pose.rates[link])
    beyond = distance - point.margin if point.margin else distance
    impedance = impedance_at(point.impedance, beyond)
    inverse_inertia = point.inverse_weight
    if point.dimension == 3:
        inverse_inertia *= (1 + point.friction**2) * 2 * point.friction**2
    asked = -constants.damping * up - constants.stiffness * impedance * beyond
    return Contact(
        point=point,
        arm=arm,
        weight=row_weight(impedance, inverse_inertia),
        normal=select(beyond < 0, asked, NEVER),
        tangent=0.0 if point.dimension == 1 else mul(-constants.damping * point.friction, along),
    )
