"""Frictionless contacts between two capsules of one chain (MuJoCo: ``mjraw_CapsuleCapsule``).

MuJoCo gives two capsules that are parallel to the last bit two contacts, and these one; such a state is never met but
by construction.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence

import jax
import jax.numpy as jnp

from cheetahjax.contact import NEVER
from cheetahjax.coordinates import layout
from cheetahjax.impedance import impedance_at, row_weight, spring
from cheetahjax.kinematics import Kinematics, carried
from cheetahjax.model.planar_model import CapsulePair, PlanarModel
from cheetahjax.scalars import Scalar, Vector, add, dot, moment, mul, plus, select, sub, typed


@dataclasses.dataclass(frozen=True)
class CapsuleContact:
    """One row: its Jacobian over the absolute coordinates that it has an entry for, weight and reference."""

    jacobian: dict[int, Scalar]
    weight: Scalar
    reference: jax.Array

    def residual(self, acceleration: Sequence[Scalar]) -> jax.Array:
        """Excess of the capsules' acceleration apart over what the row asks for; a negative row acts."""
        apart = add(*[mul(entry, acceleration[coordinate]) for coordinate, entry in self.jacobian.items()])
        return jnp.asarray(sub(apart, self.reference))

    def act(self, residual: jax.Array) -> tuple[dict[int, Scalar], dict[tuple[int, int], Scalar]]:
        """The row's force along its coordinates, if it acts, and its stiffness."""
        held = select(residual < 0, typed(self.weight, residual), 0.0)
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
    along, meet = _closest(halves, between)
    arms = [plus(arm, (mul(half[0], x), mul(half[1], x))) for arm, half, x in zip(arms, halves, along, strict=True)]
    ends = [plus(pose.hinges[capsule.link], arm) for capsule, arm in zip((first, second), arms, strict=True)]
    apart = _minus(ends[1], ends[0])
    # Crossing segments have no normal. MuJoCo takes one out of the plane when their nearest points coincide to 1e-15,
    # and the row then pushes nothing that moves. In a plane they coincide exactly where the segments meet, whatever
    # rounding leaves of their distance; segments nearly in line may seem to meet, in points that are far apart.
    directions = [
        (mul(1 / math.hypot(*capsule.half), half[0]), mul(1 / math.hypot(*capsule.half), half[1]))
        for capsule, half in zip((first, second), halves, strict=True)
    ]
    normal, length = _normal(directions, along, apart)
    near = length < math.sqrt(float(jnp.finfo(length.dtype).eps))
    crossing = (meet & near) | (length < 1e-15)
    normal = jnp.where(crossing, 0.0, normal[0]), jnp.where(crossing, 0.0, normal[1])
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


def _closest(halves: Sequence[Vector], between: Vector) -> tuple[tuple[jax.Array, jax.Array], jax.Array]:
    """Where on two segments their nearest points lie, each from -1 to 1, and bool: whether the segments meet.

    `between` is the first segment's centre minus the second's.
    """
    a, c = jnp.asarray(dot(halves[0], halves[0])), jnp.asarray(dot(halves[1], halves[1]))
    b = -jnp.asarray(dot(halves[0], halves[1]))
    u, v = -jnp.asarray(dot(halves[0], between)), jnp.asarray(dot(halves[1], between))
    determinant = a * c - b * b
    parallel = jnp.abs(determinant) < 1e-15
    determinant = jnp.where(parallel, 1e-15, determinant)
    x, y = (c * u - b * v) / determinant, (a * v - b * u) / determinant
    meet = ~parallel & (jnp.abs(x) <= 1) & (jnp.abs(y) <= 1)
    y = jnp.where(x > 1, (v - b) / c, jnp.where(x < -1, (v + b) / c, y))
    x = jnp.clip(x, -1.0, 1.0)
    x = jnp.where(y > 1, jnp.clip((u - b) / a, -1.0, 1.0), jnp.where(y < -1, jnp.clip((u + b) / a, -1.0, 1.0), x))
    return (x, jnp.clip(y, -1.0, 1.0)), meet


def _normal(
    directions: Sequence[Vector], along: Sequence[jax.Array], apart: Vector
) -> tuple[tuple[jax.Array, jax.Array], jax.Array]:
    """The unit vector from the first segment's nearest point to the second's, and their distance.

    `directions` are unit vectors along the segments, `along` says where on them the points lie, from -1 to 1.

    Where one of the points lies within its segment the vector is square to that segment, which tells its direction far
    better than the short way between two points that nearly meet. Of segments nearly in line rounding may put the
    points anywhere, and then the way between them is not square to either: it is taken as it is.
    """
    squared = jnp.asarray(dot(apart, apart))
    length = jnp.sqrt(jnp.where(squared == 0, 1.0, squared))
    normal = jnp.asarray(apart[0] / length), jnp.asarray(apart[1] / length)
    length = jnp.where(squared == 0, 0.0, length)
    for direction, place in zip(directions, along, strict=True):
        slip = jnp.asarray(dot(apart, direction))
        beside = jnp.asarray(sub(mul(apart[0], direction[1]), mul(apart[1], direction[0])))
        rounding = 16 * float(jnp.finfo(beside.dtype).eps)
        within = (jnp.abs(place) < 1) & (jnp.abs(slip) < 0.01 * jnp.abs(beside) + rounding)
        sign = jnp.where(beside < 0, -1.0, 1.0).astype(beside.dtype)
        square = mul(sign, direction[1]), mul(-sign, direction[0])
        normal = jnp.where(within, square[0], normal[0]), jnp.where(within, square[1], normal[1])
        length = jnp.where(within, jnp.abs(beside), length)
    return normal, length


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
