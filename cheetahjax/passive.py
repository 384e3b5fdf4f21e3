"""Springs, dampers and motors at the joints (MuJoCo: ``mj_passive``, ``mj_fwdActuation``)."""

from __future__ import annotations

from collections.abc import Sequence

import jax.numpy as jnp

from cheetahjax.model.planar_model import PlanarModel
from cheetahjax.scalars import Scalar, add, mul, sub


def joint_forces(
    model: PlanarModel, qpos: Sequence[Scalar], qvel: Sequence[Scalar], ctrl: Sequence[Scalar]
) -> list[Scalar]:
    """The force or torque at each joint, in MuJoCo's order. Controls outside a motor's range are clamped to it."""
    forces: list[Scalar] = []
    for joint in model.joints:
        spring = mul(-joint.stiffness, sub(qpos[joint.dof], joint.spring_reference)) if joint.stiffness else 0.0
        damper = mul(-joint.damping, qvel[joint.dof]) if joint.damping else 0.0
        forces.append(add(spring, damper))
    for motor, control in zip(model.motors, ctrl, strict=True):
        clamped = jnp.minimum(jnp.maximum(control, motor.lower), motor.upper)
        forces[motor.dof] = add(forces[motor.dof], mul(motor.gear, clamped))
    return forces
