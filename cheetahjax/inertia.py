"""Composite masses and the mass matrix (MuJoCo: ``mj_crb``).

In absolute angles a subtree's inertia about its hinge does not depend on the pose, so it is a constant of the model;
only the couplings turn with the links.
"""

from __future__ import annotations

import functools
from typing import NamedTuple

from cheetahjax.coordinates import absolute_diagonal, layout
from cheetahjax.kinematics import Kinematics
from cheetahjax.model.planar_model import WORLD, PlanarModel, Vector2
from cheetahjax.scalars import Scalar, Vector, dot, turned
from cheetahjax.tree_matrix import matrix_sum


class Composite(NamedTuple):
    """Constants of the subtrees, each with the mass of its descendants gathered at their hinges."""

    base_masses: tuple[float, ...]
    """Mass of each base with all its links."""
    first_moments: tuple[Vector2, ...]
    """For each link, mass times centre of mass about its hinge, in its own frame."""
    inertias: tuple[float, ...]
    """For each link, moment of inertia about its hinge."""


@functools.cache
def composite(model: PlanarModel) -> Composite:
    """The constants of a model's subtrees."""
    masses = [link.mass for link in model.links]
    base_masses = [base.mass for base in model.bases]
    moments = [(link.mass * link.centre[0], link.mass * link.centre[1]) for link in model.links]
    inertias = [link.inertia + link.mass * (link.centre[0] ** 2 + link.centre[1] ** 2) for link in model.links]
    for index in reversed(range(len(model.links))):
        link = model.links[index]
        if link.parent == WORLD:
            base_masses[link.base] += masses[index]
            continue
        mass, (u, v) = masses[index], link.offset
        masses[link.parent] += mass
        moments[link.parent] = (moments[link.parent][0] + mass * u, moments[link.parent][1] + mass * v)
        inertias[link.parent] += mass * (u * u + v * v)
    return Composite(tuple(base_masses), tuple(moments), tuple(inertias))


def world_moments(model: PlanarModel, pose: Kinematics) -> list[Vector]:
    """Each subtree's first moment about its hinge, in world axes."""
    return [pose.world(index, moment) for index, moment in enumerate(composite(model).first_moments)]


def mass_matrix(model: PlanarModel, pose: Kinematics, moments: list[Vector]) -> dict[tuple[int, int], Scalar]:
    """The joint-space inertia, armature included, in absolute coordinates."""
    order, constants = layout(model), composite(model)
    matrix: dict[tuple[int, int], Scalar] = {}
    for base, slides in enumerate(order.slides):
        for slide in slides:
            if slide is not None:
                matrix[slide, slide] = constants.base_masses[base]
    for index, link in enumerate(model.links):
        own = order.links[index]
        matrix[own, own] = constants.inertias[index]
        for slide, component in zip(order.slides[link.base], turned(moments[index]), strict=True):
            if slide is not None:
                matrix[own, slide] = component
        for above in model.ancestors(index):
            offset = pose.offsets[model.child_toward(above, index)]
            matrix[own, order.links[above]] = dot(offset, moments[index])
    return matrix_sum(matrix, absolute_diagonal(model, [joint.armature for joint in model.joints]))
