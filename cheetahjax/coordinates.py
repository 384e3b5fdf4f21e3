"""Joint coordinates and absolute coordinates.

MuJoCo counts a hinge's angle from its parent link. The engine computes with absolute angles (from the world's
vertical), in which the diagonal of the mass matrix is constant and two branches of the tree never couple. Its
coordinates are, in this order: the slides of each base, then the angle of each link.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import NamedTuple

from cheetahjax.model.planar_model import WORLD, Joint, PlanarModel
from cheetahjax.scalars import Scalar, add, mul, sub


class Positions(NamedTuple):
    """Joint positions in MuJoCo's order, as a sum: stiff limits feel the digits that the sum has no room for."""

    start: Sequence[Scalar]
    """Positions at which the environment's step began."""
    displacement: Sequence[Scalar]

    def total(self) -> list[Scalar]:
        """The sum."""
        return [add(s, d) for s, d in zip(self.start, self.displacement, strict=True)]


class Layout(NamedTuple):
    """Places of links and joints among the absolute coordinates."""

    joints: tuple[Joint, ...]
    """The joint of each coordinate."""
    slides: tuple[tuple[int | None, int | None], ...]
    """For each base, the coordinates of its horizontal and vertical slide."""
    links: tuple[int, ...]
    """The coordinate of each link's angle."""
    parents: tuple[int, ...]
    """The coordinate tree: each coordinate's parent, or -1. A vertical slide's parent is the horizontal one."""

    def ancestors(self, coordinate: int) -> list[int]:
        """The coordinates above this one, nearest first."""
        above = []
        while (coordinate := self.parents[coordinate]) >= 0:
            above.append(coordinate)
        return above


@functools.cache
def layout(model: PlanarModel) -> Layout:
    """The absolute coordinates of a model."""
    joints: list[Joint] = []
    slides, roots, parents = [], [], []
    for base in model.bases:
        ends: list[int | None] = []
        top = -1
        for slide in (base.horizontal, base.vertical):
            ends.append(None if slide is None else len(joints))
            if slide is not None:
                joints.append(slide)
                parents.append(top)
                top = len(joints) - 1
        slides.append((ends[0], ends[1]))
        roots.append(top)
    first = len(joints)
    for link in model.links:
        joints.append(link.hinge)
        parents.append(roots[link.base] if link.parent == WORLD else first + link.parent)
    links = tuple(range(first, len(joints)))
    return Layout(tuple(joints), tuple(slides), links, tuple(parents))


def absolute(model: PlanarModel, joint_values: Sequence[Scalar]) -> list[Scalar]:
    """Velocities or accelerations in joint coordinates (MuJoCo's order) -> in absolute coordinates."""
    order = layout(model)
    values: list[Scalar] = [joint_values[joint.dof] for joint in order.joints]
    for link, coordinate in zip(model.links, order.links, strict=True):
        own = mul(link.sign, values[coordinate])
        values[coordinate] = own if link.parent == WORLD else add(values[order.links[link.parent]], own)
    return values


def relative(model: PlanarModel, values: Sequence[Scalar]) -> list[Scalar]:
    """Velocities or accelerations in absolute coordinates -> in joint coordinates (MuJoCo's order)."""
    order = layout(model)
    joint_values: list[Scalar] = [0.0] * len(values)
    for coordinate, joint in enumerate(order.joints):
        joint_values[joint.dof] = values[coordinate]
    for link, coordinate in zip(model.links, order.links, strict=True):
        above = 0.0 if link.parent == WORLD else values[order.links[link.parent]]
        joint_values[link.hinge.dof] = mul(link.sign, sub(values[coordinate], above))
    return joint_values


def absolute_force(model: PlanarModel, joint_forces: Sequence[Scalar]) -> list[Scalar]:
    """Forces of the joints (MuJoCo's order) -> the same in absolute coordinates: a hinge pushes both its links."""
    order = layout(model)
    forces: list[Scalar] = [joint_forces[joint.dof] for joint in order.joints]
    for link, coordinate in zip(model.links, order.links, strict=True):
        forces[coordinate] = mul(link.sign, joint_forces[link.hinge.dof])
    for link in model.links:
        if link.parent != WORLD:
            above = order.links[link.parent]
            forces[above] = sub(forces[above], mul(link.sign, joint_forces[link.hinge.dof]))
    return forces


def absolute_diagonal(model: PlanarModel, joint_values: Sequence[float]) -> dict[tuple[int, int], float]:
    """A diagonal matrix over the joints (armature, damping) -> the same matrix in absolute coordinates."""
    order = layout(model)
    matrix: dict[tuple[int, int], float] = {}

    def put(row: int, column: int, value: float) -> None:
        if value:
            matrix[row, column] = matrix.get((row, column), 0.0) + value

    for coordinate, joint in enumerate(order.joints):
        put(coordinate, coordinate, joint_values[joint.dof])
    for link, coordinate in zip(model.links, order.links, strict=True):
        if link.parent != WORLD:
            above, value = order.links[link.parent], joint_values[link.hinge.dof]
            put(above, above, value)
            put(coordinate, above, -value)
    return matrix
