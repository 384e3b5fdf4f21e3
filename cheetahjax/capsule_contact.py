"""Frictionless contacts between two capsules of one chain (MuJoCo: ``mjraw_CapsuleCapsule``).

Capsules within 1e-4 rad of parallel have two contacts, all others one.
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
from cheetahjax.scalars import Scalar, Vector, add, dot, minus, moment, mul, plus, select, sub, typed
from cheetahjax.segments import Facing, Segments, facing, normal


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
    """Two rows for every pair of the model; one out of reach never acts, nor the second but of parallel capsules."""
    return [row for pair in model.capsule_pairs for row in _pair_contacts(model, pose, pair)]


def _pair_contacts(model: PlanarModel, pose: Kinematics, pair: CapsulePair) -> tuple[CapsuleContact, CapsuleContact]:
    capsules = (pair.first, pair.second)
    first, second = [pose.world(capsule.link, capsule.half) for capsule in capsules]
    arms = [pose.world(capsule.link, capsule.centre) for capsule in capsules]
    centres = [plus(pose.hinges[capsule.link], arm) for capsule, arm in zip(capsules, arms, strict=True)]
    lengths = math.hypot(*pair.first.half), math.hypot(*pair.second.half)
    segments = Segments(lengths, (first, second), minus(centres[0], centres[1]))
    parallel, nearest, other = facing(segments)
    one = _contact(model, pose, pair, segments, arms, nearest)
    dtype = one.reference.dtype

    def second_contact() -> list[jax.Array]:
        two = _contact(model, pose, pair, segments, arms, other)
        return [jnp.asarray(value, dtype) for value in (two.reference, two.weight, *two.jacobian.values())]

    def no_contact() -> list[jax.Array]:
        return [jnp.asarray(value, dtype) for value in (NEVER, *[0.0] * (1 + len(one.jacobian)))]

    # A kernel skips the branch where no lane needs it: capsules are parallel next to never.
    reference, weight, *entries = jax.lax.cond(parallel, second_contact, no_contact)
    constant = isinstance(one.weight, float)  # where the impedance does not depend on the distance
    jacobian = dict(zip(one.jacobian, entries, strict=True))
    return one, CapsuleContact(jacobian, one.weight if constant else weight, reference)


def _contact(
    model: PlanarModel, pose: Kinematics, pair: CapsulePair, segments: Segments, arms: Sequence[Vector], places: Facing
) -> CapsuleContact:
    """The contact of the two spheres at `places`; `arms` lead from the links' hinges to the segments' centres."""
    first, second = pair.first, pair.second
    along = (places.first, places.second)
    arms = [
        plus(arm, (mul(half[0], x), mul(half[1], x))) for arm, half, x in zip(arms, segments.halves, along, strict=True)
    ]
    ends = [plus(pose.hinges[capsule.link], arm) for capsule, arm in zip((first, second), arms, strict=True)]
    direction, length = normal(segments, places, minus(ends[1], ends[0]))
    distance = length - (first.radius + second.radius)
    reach = first.radius + 0.5 * distance
    shift = (mul(direction[0], reach), mul(direction[1], reach))
    touch = [plus(arms[0], shift), plus(arms[1], minus(plus(ends[0], shift), ends[1]))]
    velocities = [
        carried(pose.velocities[capsule.link], arm, pose.rates[capsule.link])
        for capsule, arm in zip((first, second), touch, strict=True)
    ]
    constants = spring(pair.impedance, model.timestep)
    beyond = distance - pair.margin
    impedance = impedance_at(pair.impedance, beyond)
    speed = dot(minus(velocities[1], velocities[0]), direction)
    asked = -constants.damping * speed - constants.stiffness * impedance * beyond
    jacobian: dict[int, Scalar] = {}
    for capsule, arm, sign in ((first, touch[0], -1.0), (second, touch[1], 1.0)):
        _add_chain(model, pose, jacobian, capsule.link, arm, (mul(sign, direction[0]), mul(sign, direction[1])))
    return CapsuleContact(
        jacobian=dict(sorted(jacobian.items())),
        weight=row_weight(impedance, pair.inverse_weight),
        reference=jnp.where(beyond < 0, asked, NEVER),
    )


def _add_chain(
    model: PlanarModel, pose: Kinematics, jacobian: dict[int, Scalar], link: int, arm: Vector, direction: Vector
) -> None:
    """Add the Jacobian of a point on a link, along a direction; what moves the whole chain cancels and is left out."""
    order = layout(model)

    def put(index: int, lever: Vector) -> None:
        coordinate = order.links[index]
        jacobian[coordinate] = add(jacobian.get(coordinate, 0.0), moment(lever, direction))

    put(link, arm)
    for above in model.ancestors(link):
        put(above, pose.offsets[model.child_toward(above, link)])
