"""Frictionless contacts between two capsules of one chain (MuJoCo: ``mjraw_CapsuleCapsule``).

MuJoCo gives two capsules that are parallel to the last bit two contacts, and these one; such a state is never met but
by construction.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import jax
import jax.numpy as jnp

from cheetahjax.contact import NEVER
from cheetahjax.coordinates import layout
from cheetahjax.impedance import impedance_at, row_weight, spring
from cheetahjax.kinematics import Kinematics, carried
from cheetahjax.model.planar_model import CapsulePair, PlanarModel
from cheetahjax.scalars import Scalar, Vector, add, dot, moment, mul, plus, select, sub


@dataclasses.dataclass(frozen=True)
class CapsuleContact:
    """One row: its Jacobian over the absolute coordinates that it has an entry for, weight and reference."""

    jacobian: dict[int, Scalar]
    weight: Scalar
    reference: jax.Array

    def residual(self, acceleration: Sequence[Scalar]) -> jax.Array:
        """How far the capsules' acceleration apart exceeds what the row asks for; negative acts."""
        apart = add(*[mul(entry, acceleration[coordinate]) for coordinate, entry in self.jacobian.items()])
        return jnp.asarray(sub(apart, self.reference))

    def act(self, residual: jax.Array) -> tuple[dict[int, Scalar], dict[tuple[int, int], Scalar]]:
        """The row's force along its coordinates, if it acts, and its stiffness."""
        held = select(residual < 0, self.weight, 0.0)
        push = -held * residual
        force = {coordinate: mul(push, entry) for coordinate, entry in self.jacobian.items()}
        stiffness = {
            (lower, upper): mul(held, mul(low, up))
            for lower, low in self.jacobian.items()
            for upper, up in self.jacobian.items()
            if upper <= lower
        }
        return force, stiffness


def capsule_contacts(model: PlanarModel, pose: Kinematics) -> list[CapsuleContact]:
    """A row for every pair of the model; one out of reach never acts."""
    return [_capsule_contact(model, pose, pair) for pair in model.capsule_pairs]


def _capsule_contact(model: PlanarModel, pose: Kinematics, pair: CapsulePair) -> CapsuleContact:
    first, second = pair.first, pair.second
    halves = [pose.world(capsule.link, capsule.half) for capsule in (first, second)]
    arms = [pose.world(capsule.link, capsule.centre) for capsule in (first, second)]
    centres = [plus(pose.hinges[capsule.link], arm) for capsule, arm in zip((first, second), arms, strict=True)]
    between = _minus(centres[0], centres[1])
    along = _closest(halves, between)
    arms = [plus(arm, (mul(half[0], x), mul(half[1], x))) for arm, half, x in zip(arms, halves, along, strict=True)]
    ends = [plus(pose.hinges[capsule.link], arm) for capsule, arm in zip((first, second), arms, strict=True)]
    apart = _minus(ends[1], ends[0])
    # Crossing segments have no normal. MuJoCo takes one out of the plane when their nearest points coincide to 1e-15,
    # and the row then pushes nothing that moves; in float32 those points only coincide to its own rounding.
    squared = jnp.asarray(dot(apart, apart))
    crossing = squared < max(1e-15, 8 * float(jnp.finfo(squared.dtype).eps)) ** 2
    length = jnp.sqrt(jnp.where(crossing, 1.0, squared))
    normal = tuple(jnp.where(crossing, 0.0, part / length) for part in apart)
    distance = jnp.where(crossing, 0.0, length) - (first.radius + second.radius)
    reach = first.radius + 0.5 * distance
    shift = (mul(normal[0], reach), mul(normal[1], reach))
    touch = [plus(arms[0], shift), plus(arms[1], _minus(plus(ends[0], shift), ends[1]))]
    velocities = [
        carried(pose.velocities[capsule.link], arm, pose.rates[capsule.link])
        for capsule, arm in zip((first, second), touch, strict=True)
    ]
    constants = spring(pair.impedance, model.timestep)
    beyond = distance - pair.margin
    impedance = impedance_at(pair.impedance, beyond)
    speed = dot(_minus(velocities[1], velocities[0]), (normal[0], normal[1]))
    asked = -constants.damping * speed - constants.stiffness * impedance * beyond
    jacobian: dict[int, Scalar] = {}
    for capsule, arm, sign in ((first, touch[0], -1.0), (second, touch[1], 1.0)):
        _add_chain(model, pose, jacobian, capsule.link, arm, (mul(sign, normal[0]), mul(sign, normal[1])))
    return CapsuleContact(
        jacobian=dict(sorted(jacobian.items())),
        weight=row_weight(impedance, pair.inverse_weight),
        reference=jnp.where(beyond < 0, asked, NEVER),
    )


def _minus(a: Vector, b: Vector) -> Vector:
    return sub(a[0], b[0]), sub(a[1], b[1])


def _closest(halves: Sequence[Vector], between: Vector) -> tuple[jax.Array, jax.Array]:
    """Where on two segments their nearest points lie, each from -1 to 1; `between` is first centre minus second."""
    a, c = jnp.asarray(dot(halves[0], halves[0])), jnp.asarray(dot(halves[1], halves[1]))
    b = -jnp.asarray(dot(halves[0], halves[1]))
    u, v = -jnp.asarray(dot(halves[0], between)), jnp.asarray(dot(halves[1], between))
    determinant = a * c - b * b
    determinant = jnp.where(jnp.abs(determinant) < 1e-15, 1e-15, determinant)
    x, y = (c * u - b * v) / determinant, (a * v - b * u) / determinant
    y = jnp.where(x > 1, (v - b) / c, jnp.where(x < -1, (v + b) / c, y))
    x = jnp.clip(x, -1.0, 1.0)
    x = jnp.where(y > 1, jnp.clip((u - b) / a, -1.0, 1.0), jnp.where(y < -1, jnp.clip((u + b) / a, -1.0, 1.0), x))
    return x, jnp.clip(y, -1.0, 1.0)


def _add_chain(
    model: PlanarModel, pose: Kinematics, jacobian: dict[int, Scalar], link: int, arm: Vector, normal: Vector
) -> None:
    """Add the Jacobian of a point on a link, along a direction; what moves the whole chain cancels and is left out."""
    order = layout(model)

    def put(index: int, lever: Vector) -> None:
        coordinate = order.links[index]
        jacobian[coordinate] = add(jacobian.get(coordinate, 0.0), moment(lever, normal))

    put(link, arm)
    for above in model.ancestors(link):
        put(above, pose.offsets[model.child_toward(above, link)])
