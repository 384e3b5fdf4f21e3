"""Constants of a planar articulated model: what MuJoCo's compiler made of an MJCF file, reduced to one plane.

Everything here is a Python float, int, string or tuple, so a model hashes, compares, and becomes constants of the
compiled step. Units are MuJoCo's: metre, kilogram, second, radian.

The plane has a horizontal axis u (MuJoCo's x) and a second axis v (MuJoCo's z, or y for the tasks seen from above).
An angle turns the vector (u, v) into (u cos + v sin, v cos - u sin), which is MuJoCo's positive turn about +y in the
xz plane; a hinge about -y, or about +z in the xy plane, turns the other way and has ``sign = -1``.
"""

from __future__ import annotations

import dataclasses
from typing import Literal

Vector2 = tuple[float, float]
WORLD = -1
"""The parent of a link that hangs on its base, not on another link."""


@dataclasses.dataclass(frozen=True)
class Impedance:
    """Stiffness of a constraint, as in MJCF (`solref`, `solimp`; see "Solver parameters" in MuJoCo's manual)."""

    solref: Vector2
    """Time constant [s] and damping ratio of the reference spring."""
    solimp: tuple[float, float, float, float, float]
    """Impedance at the surface, impedance at full width, width, midpoint, power."""


@dataclasses.dataclass(frozen=True)
class Limit:
    """The range of a joint, held by one soft constraint at either end."""

    lower: float
    upper: float
    margin: float
    """Distance to an end at which its constraint begins to act."""
    inverse_weight: float
    """MuJoCo's ``dof_invweight0``: the joint's inverse inertia in the reference pose."""
    impedance: Impedance


@dataclasses.dataclass(frozen=True)
class Joint:
    """A sliding joint or a hinge; positions, springs and limits are in MuJoCo's joint coordinate."""

    name: str
    dof: int
    """Its index in ``qpos``, ``qvel`` and ``qacc``."""
    reference: float
    """``qpos0``: the coordinate at which the body stands where the model file puts it."""
    armature: float
    damping: float
    stiffness: float
    spring_reference: float
    limit: Limit | None


@dataclasses.dataclass(frozen=True)
class Base:
    """A body that only translates (or stands still): the cart, or the point that a root link hangs on.

    ``mass`` is that of the base alone, without its links. A missing slide means that it cannot move along that axis.
    """

    name: str
    mass: float
    position: Vector2
    """Its place when its slides are at their references."""
    horizontal: Joint | None
    vertical: Joint | None


@dataclasses.dataclass(frozen=True)
class Link:
    """A rigid body on a hinge, in a frame whose origin is that hinge."""

    name: str
    base: int
    """Index of the base that its tree stands on."""
    parent: int
    """Index of the parent link, or `WORLD` for a link that hangs on its base. Parents come before children."""
    offset: Vector2
    """The hinge in the parent's frame."""
    hinge: Joint
    sign: float
    """+1 or -1: the hinge's sense of turning against the plane's."""
    mass: float
    centre: Vector2
    """Centre of mass."""
    inertia: float
    """Moment of inertia about the centre of mass, normal to the plane."""


@dataclasses.dataclass(frozen=True)
class ContactPoint:
    """One end of a capsule that can touch the floor v = 0: the centre of its end sphere, fixed to a link."""

    name: str
    link: int
    centre: Vector2
    radius: float
    friction: float
    dimension: Literal[1, 3]
    """MuJoCo's ``condim``: 1 is frictionless, 3 has friction along the floor."""
    margin: float
    inverse_weight: float
    """Sum of both bodies' translational ``body_invweight0``."""
    impedance: Impedance


@dataclasses.dataclass(frozen=True)
class Capsule:
    """A capsule fixed to a link: a segment from ``centre - half`` to ``centre + half``, with a radius."""

    name: str
    link: int
    centre: Vector2
    half: Vector2
    radius: float


@dataclasses.dataclass(frozen=True)
class CapsulePair:
    """Two capsules of one tree that can touch each other without friction (``condim`` 1)."""

    first: Capsule
    second: Capsule
    margin: float
    inverse_weight: float
    impedance: Impedance


@dataclasses.dataclass(frozen=True)
class Motor:
    """An actuator: generalised force = gear x control, the control clamped to its range first."""

    name: str
    dof: int
    gear: float
    lower: float
    upper: float


@dataclasses.dataclass(frozen=True)
class Drag:
    """Drag of the fluid on one body (MuJoCo's inertia-box model): forces in the axes of its principal inertia."""

    link: int
    centre: Vector2
    axis: Vector2
    """Direction of the body's first axis in the link's frame; the second is a quarter turn from it."""
    linear_viscous: float
    """Force = -linear_viscous x velocity."""
    angular_viscous: float
    """Torque = -angular_viscous x angular velocity."""
    quadratic: Vector2
    """Force along either axis = -quadratic x |velocity| x velocity."""
    angular_quadratic: float
    """Torque = -angular_quadratic x |angular velocity| x angular velocity."""


@dataclasses.dataclass(frozen=True)
class PlanarModel:
    """One task's physics. Hashable; equal models share compiled code."""

    name: str
    timestep: float
    integrator: Literal["euler", "rk4"]
    """``euler`` is MuJoCo's semi-implicit Euler with joint damping taken implicitly."""
    gravity: Vector2
    bases: tuple[Base, ...]
    links: tuple[Link, ...]
    contact_points: tuple[ContactPoint, ...]
    capsule_pairs: tuple[CapsulePair, ...]
    motors: tuple[Motor, ...]
    drags: tuple[Drag, ...]

    @property
    def nv(self) -> int:
        """Number of joints: the length of ``qpos``, ``qvel`` and ``qacc``."""
        return len(self.joints)

    @property
    def nu(self) -> int:
        """Number of motors: the length of ``ctrl``."""
        return len(self.motors)

    @property
    def joints(self) -> tuple[Joint, ...]:
        """All joints in MuJoCo's order."""
        slides = [slide for base in self.bases for slide in (base.horizontal, base.vertical) if slide is not None]
        return tuple(sorted([*slides, *(link.hinge for link in self.links)], key=lambda joint: joint.dof))

    def ancestors(self, link: int) -> list[int]:
        """The links above this one, nearest first."""
        above = []
        while (link := self.links[link].parent) != WORLD:
            above.append(link)
        return above

    def child_toward(self, ancestor: int, link: int) -> int:
        """The child of `ancestor` on the way down to `link`."""
        while self.links[link].parent != ancestor:
            link = self.links[link].parent
        return link
