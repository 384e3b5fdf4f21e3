"""Forces on links, and springs between links and the world, gathered into absolute coordinates.

Both are one pass from the leaves to the roots, like the composite-rigid-body recursion; no Jacobian is ever formed.
"""

from __future__ import annotations

import dataclasses

from cheetahjax.coordinates import layout
from cheetahjax.kinematics import Kinematics
from cheetahjax.model.planar_model import WORLD, PlanarModel
from cheetahjax.scalars import Scalar, Vector, add, moment, mul, plus, sub


@dataclasses.dataclass
class LinkForces:
    """Forces on each link and their torques about its hinge; `push` adds to them while they are collected."""

    forces: list[Vector]
    torques: list[Scalar]

    @classmethod
    def none(cls, model: PlanarModel) -> LinkForces:
        """No force on any link."""
        return cls([(0.0, 0.0)] * len(model.links), [0.0] * len(model.links))

    def push(self, link: int, arm: Vector, force: Vector) -> None:
        """Add a force that acts at `arm` from the link's hinge."""
        self.forces[link] = plus(self.forces[link], force)
        self.torques[link] = add(self.torques[link], moment(arm, force))

    def generalised(self, model: PlanarModel, pose: Kinematics) -> list[Scalar]:
        """The same along each absolute coordinate: the transposed Jacobian times the forces."""
        order = layout(model)
        total: list[Scalar] = [0.0] * len(order.joints)
        forces = list(self.forces)
        for index in reversed(range(len(model.links))):
            link = model.links[index]
            total[order.links[index]] = add(total[order.links[index]], self.torques[index])
            if link.parent == WORLD:
                for slide, component in zip(order.slides[link.base], forces[index], strict=True):
                    if slide is not None:
                        total[slide] = add(total[slide], component)
            else:
                above = order.links[link.parent]
                total[above] = add(total[above], moment(pose.offsets[index], forces[index]))
                forces[link.parent] = plus(forces[link.parent], forces[index])
        return total


@dataclasses.dataclass(frozen=True)
class Stiffness:
    """A symmetric 2x2 matrix: force per displacement in the plane."""

    uu: Scalar = 0.0
    uv: Scalar = 0.0
    vv: Scalar = 0.0

    def __add__(self, other: Stiffness) -> Stiffness:
        return Stiffness(add(self.uu, other.uu), add(self.uv, other.uv), add(self.vv, other.vv))

    def against_turning(self, arm: Vector) -> Vector:
        """Force per angle turned, where the spring acts at `arm` from the pivot."""
        return (
            sub(mul(self.uu, arm[1]), mul(self.uv, arm[0])),
            sub(mul(self.uv, arm[1]), mul(self.vv, arm[0])),
        )


@dataclasses.dataclass
class LinkStiffness:
    """Springs that hold each link to the world: of translation, of translation against turning, and of turning."""

    translation: list[Stiffness]
    coupling: list[Vector]
    turning: list[Scalar]

    @classmethod
    def none(cls, model: PlanarModel) -> LinkStiffness:
        """No spring on any link."""
        count = len(model.links)
        return cls([Stiffness()] * count, [(0.0, 0.0)] * count, [0.0] * count)

    def attach(self, link: int, arm: Vector, spring: Stiffness) -> None:
        """Add a spring that acts at `arm` from the link's hinge."""
        coupling = spring.against_turning(arm)
        self.translation[link] += spring
        self.coupling[link] = plus(self.coupling[link], coupling)
        self.turning[link] = add(self.turning[link], moment(arm, coupling))

    def generalised(self, model: PlanarModel, pose: Kinematics) -> dict[tuple[int, int], Scalar]:
        """The same as a matrix over the absolute coordinates: J'KJ, with the mass matrix's sparsity."""
        order = layout(model)
        matrix: dict[tuple[int, int], Scalar] = {}

        def put(lower: int, upper: int, value: Scalar) -> None:
            matrix[lower, upper] = add(matrix.get((lower, upper), 0.0), value)

        translation, coupling, turning = list(self.translation), list(self.coupling), list(self.turning)
        for index in reversed(range(len(model.links))):
            link, own = model.links[index], order.links[index]
            put(own, own, turning[index])
            for above in model.ancestors(index):
                put(own, order.links[above], moment(pose.offsets[model.child_toward(above, index)], coupling[index]))
            horizontal, vertical = order.slides[link.base]
            for slide, component in zip((horizontal, vertical), coupling[index], strict=True):
                if slide is not None:
                    put(own, slide, component)
            if link.parent == WORLD:
                if horizontal is not None:
                    put(horizontal, horizontal, translation[index].uu)
                if vertical is not None:
                    put(vertical, vertical, translation[index].vv)
                if horizontal is not None and vertical is not None:
                    put(vertical, horizontal, translation[index].uv)
                continue
            offset = pose.offsets[index]
            # The parent's turning moves this whole subtree as one point at its hinge: absolute angles do not add up.
            lever = translation[index].against_turning(offset)
            translation[link.parent] += translation[index]
            coupling[link.parent] = plus(coupling[link.parent], lever)
            turning[link.parent] = add(turning[link.parent], moment(offset, lever))
        return matrix
