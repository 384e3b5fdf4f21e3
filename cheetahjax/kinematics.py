"""Positions and velocities of the links (MuJoCo: ``mj_kinematics``, ``mj_comVel``)."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import jax.numpy as jnp

from cheetahjax.coordinates import absolute, layout
from cheetahjax.model.planar_model import WORLD, PlanarModel, Vector2
from cheetahjax.scalars import Scalar, Vector, add, mul, plus, sub, turned


@dataclasses.dataclass(frozen=True)
class Kinematics:
    """Positions and velocities of the links; every list has one entry for each link.

    Vectors are in world axes. ``hinges`` are positions of the links' origins: heights above the floor, but horizontally
    from their base's own position at its reference, so that nothing depends on how far away the base has slid.
    """

    cosines: list[Scalar]
    sines: list[Scalar]
    rates: list[Scalar]
    """Absolute angular velocities."""
    offsets: list[Vector]
    """From the parent's hinge, or from the base, to the link's own."""
    hinges: list[Vector]
    velocities: list[Vector]
    """Velocities of the hinges."""

    def world(self, link: int, vector: Vector2) -> Vector:
        """A vector fixed to a link, in world axes."""
        return _rotate(self.cosines[link], self.sines[link], vector)


def _rotate(cosine: Scalar, sine: Scalar, vector: Vector2) -> Vector:
    u, v = vector
    return add(mul(cosine, u), mul(sine, v)), sub(mul(cosine, v), mul(sine, u))


def kinematics(model: PlanarModel, qpos: Sequence[Scalar], qvel: Sequence[Scalar]) -> Kinematics:
    """The kinematics in a state given joint by joint."""
    order = layout(model)
    turns = absolute(model, [sub(qpos[joint.dof], joint.reference) for joint in model.joints])
    rates = absolute(model, qvel)
    angles = [turns[coordinate] for coordinate in order.links]
    cosines: list[Scalar] = [jnp.cos(angle) for angle in angles]
    sines: list[Scalar] = [jnp.sin(angle) for angle in angles]
    offsets: list[Vector] = []
    hinges: list[Vector] = []
    velocities: list[Vector] = []
    for link in model.links:
        if link.parent == WORLD:
            base = model.bases[link.base]
            height: Scalar = base.position[1] + link.offset[1]
            if base.vertical is not None:
                height = add(qpos[base.vertical.dof], height - base.vertical.reference)
            offsets.append(link.offset)
            hinges.append((link.offset[0], height))
            velocities.append(base_motion(model, link.base, rates))
        else:
            offset = _rotate(cosines[link.parent], sines[link.parent], link.offset)
            offsets.append(offset)
            hinges.append(plus(hinges[link.parent], offset))
            velocities.append(carried(velocities[link.parent], offset, rates[order.links[link.parent]]))
    return Kinematics(cosines, sines, [rates[c] for c in order.links], offsets, hinges, velocities)


def base_motion(model: PlanarModel, base: int, values: Sequence[Scalar]) -> Vector:
    """A base's velocity or acceleration, from those of all coordinates."""
    horizontal, vertical = layout(model).slides[base]
    return 0.0 if horizontal is None else values[horizontal], 0.0 if vertical is None else values[vertical]


def carried(motion: Vector, arm: Vector, rate: Scalar) -> Vector:
    """The motion of a point at `arm` from one that moves with `motion` on a link turning with `rate`."""
    du, dv = turned(arm)
    return plus(motion, (mul(du, rate), mul(dv, rate)))


def hinge_motions(model: PlanarModel, pose: Kinematics, values: Sequence[Scalar]) -> list[Vector]:
    """Motion of every hinge that goes with motions of all coordinates; linear: the hinges' Jacobian times `values`."""
    order = layout(model)
    motions: list[Vector] = []
    for index, link in enumerate(model.links):
        if link.parent == WORLD:
            motions.append(base_motion(model, link.base, values))
        else:
            rate = values[order.links[link.parent]]
            motions.append(carried(motions[link.parent], pose.offsets[index], rate))
    return motions
