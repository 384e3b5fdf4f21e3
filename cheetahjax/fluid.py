"""Drag of a fluid at rest (MuJoCo: ``mj_inertiaBoxFluidModel``)."""

from __future__ import annotations

import jax.numpy as jnp

from cheetahjax.force_tree import LinkForces
from cheetahjax.kinematics import Kinematics, carried
from cheetahjax.model.planar_model import PlanarModel
from cheetahjax.scalars import Scalar, add, dot, mul, plus, sub


def fluid_forces(model: PlanarModel, pose: Kinematics) -> list[Scalar]:
    """Forces of the fluid along each absolute coordinate; all absent for a model in no fluid."""
    forces = LinkForces.none(model)
    for drag in model.drags:
        arm = pose.world(drag.link, drag.centre)
        along = pose.world(drag.link, drag.axis)
        beside = (along[1], sub(0.0, along[0]))
        rate = pose.rates[drag.link]
        velocity = carried(pose.velocities[drag.link], arm, rate)
        force = (mul(-drag.linear_viscous, velocity[0]), mul(-drag.linear_viscous, velocity[1]))
        for axis, quadratic in zip((along, beside), drag.quadratic, strict=True):
            speed = dot(velocity, axis)
            push = mul(-quadratic, mul(jnp.abs(speed), speed))
            force = plus(force, (mul(push, axis[0]), mul(push, axis[1])))
        forces.push(drag.link, arm, force)
        torque = add(mul(-drag.angular_viscous, rate), mul(-drag.angular_quadratic, mul(jnp.abs(rate), rate)))
        forces.torques[drag.link] = add(forces.torques[drag.link], torque)
    return forces.generalised(model, pose)
