"""All constraint rows of a state: their residuals at an acceleration, and the forces and stiffness they answer with."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import jax
import jax.numpy as jnp

from cheetahjax.capsule_contact import CapsuleContact, capsule_contacts
from cheetahjax.contact import Contact, contacts
from cheetahjax.coordinates import Positions, absolute_force, layout, relative
from cheetahjax.force_tree import LinkForces, LinkStiffness
from cheetahjax.kinematics import Kinematics, hinge_motions
from cheetahjax.limit import JointLimit, limits
from cheetahjax.model.planar_model import WORLD, PlanarModel
from cheetahjax.scalars import Scalar, add, sub
from cheetahjax.tree_matrix import matrix_sum


@dataclasses.dataclass(frozen=True)
class Constraints:
    """The rows of one state. Residuals are flat lists: of the floor contacts, the capsule pairs, and the limits."""

    model: PlanarModel
    pose: Kinematics
    contacts: list[Contact]
    capsules: list[CapsuleContact]
    limits: list[JointLimit]

    def residuals(self, acceleration: Sequence[Scalar]) -> list[jax.Array]:
        """Every row's acceleration minus its reference, at an acceleration in absolute coordinates."""
        order = layout(self.model)
        hinges = hinge_motions(self.model, self.pose, acceleration)
        joints = relative(self.model, acceleration)
        rows: list[jax.Array] = []
        for contact in self.contacts:
            link = contact.point.link
            rows += map(jnp.asarray, contact.residuals(hinges[link], acceleration[order.links[link]]))
        rows += [capsule.residual(acceleration) for capsule in self.capsules]
        return rows + [limit.residual(joints[limit.joint.dof]) for limit in self.limits]

    def act(self, residuals: Sequence[jax.Array]) -> tuple[list[Scalar], dict[tuple[int, int], Scalar]]:
        """Force of the rows that act (J'f) and its stiffness (J'DJ), in absolute coordinates."""
        order = layout(self.model)
        forces, stiffness = LinkForces.none(self.model), LinkStiffness.none(self.model)
        remaining = iter(residuals)
        for contact in self.contacts:
            contact.act([next(remaining) for _ in range(contact.row_count)], forces, stiffness)
        pushes: list[Scalar] = [0.0] * self.model.nv
        held: dict[tuple[int, int], Scalar] = {}
        coordinate_of = {joint.dof: coordinate for coordinate, joint in enumerate(order.joints)}
        parent_of = {link.hinge.dof: link.parent for link in self.model.links}
        pressed: list[Scalar] = [0.0] * self.model.nv
        for capsule in self.capsules:
            along, stiff_pair = capsule.act(next(remaining))
            for coordinate, part in along.items():
                pressed[coordinate] = add(pressed[coordinate], part)
            held = matrix_sum(held, stiff_pair)
        for limit in self.limits:
            dof = limit.joint.dof
            pushes[dof], stiff = limit.push(next(remaining))
            own = coordinate_of[dof]
            held[own, own] = add(held.get((own, own), 0.0), stiff)
            if parent_of.get(dof, WORLD) != WORLD:
                above = order.links[parent_of[dof]]
                held[above, above] = add(held.get((above, above), 0.0), stiff)
                held[own, above] = sub(held.get((own, above), 0.0), stiff)
        floor, joints = forces.generalised(self.model, self.pose), absolute_force(self.model, pushes)
        force = [add(*parts) for parts in zip(floor, joints, pressed, strict=True)]
        return force, matrix_sum(stiffness.generalised(self.model, self.pose), held)


def constraints(model: PlanarModel, pose: Kinematics, positions: Positions, qvel: Sequence[Scalar]) -> Constraints:
    """The rows of a state given joint by joint."""
    ends = limits(model, positions, qvel)
    return Constraints(model, pose, contacts(model, pose), capsule_contacts(model, pose), ends)
