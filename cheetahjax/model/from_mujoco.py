"""Reads a planar model out of MuJoCo. Needs `mujoco`, which running an environment does not.

Source of the meaning of each number: MuJoCo's ``mjmodel.h``, ``engine_core_constraint.c``
(``mj_diagApprox``, ``getimpedance``), ``engine_collision_driver.c`` (``mj_contactParam`` and the pair filter) and
``engine_passive.c`` (``mj_inertiaBoxFluidModel``).
"""

from __future__ import annotations

import dataclasses
import importlib
import math
from pathlib import Path
from typing import Any

import numpy as np

from cheetahjax.model.planar_model import (
    WORLD,
    Base,
    Capsule,
    CapsulePair,
    ContactPoint,
    Drag,
    Impedance,
    Joint,
    Limit,
    Link,
    Motor,
    PlanarModel,
    Vector2,
)

PLANES = {1: (0, 2), 2: (0, 1)}
"""Axis normal to the plane -> the two axes in it."""
SENSE = {1: 1.0, 2: -1.0}
"""Axis normal to the plane -> sense of a positive hinge about it (see `planar_model`)."""


class NotPlanarError(ValueError):
    """The MuJoCo model uses something that the planar engine does not have."""


@dataclasses.dataclass
class _Place:
    """Part that a MuJoCo body became: a link, a base or the world, and its frame's origin in there."""

    kind: str
    index: int
    origin: np.ndarray


def load(xml: Path | str) -> Any:
    """Compile an MJCF file to a ``mujoco.MjModel``.

    The cheetah's file uses ``settotalmass``, which MuJoCo 4 calls deprecated: its warning is kept off the console and
    out of the log file that MuJoCo would otherwise write into the working folder.
    """
    mujoco: Any = importlib.import_module("mujoco")  # its compiled members are unknown to type checkers
    mujoco.set_mju_user_warning(lambda message: None)
    try:
        return mujoco.MjModel.from_xml_path(str(xml))
    finally:
        mujoco.set_mju_user_warning(None)


def extract(compiled: Any, name: str) -> PlanarModel:
    """The planar model of a compiled ``mujoco.MjModel``; raises `NotPlanarError` naming what does not fit."""
    return _Extraction(compiled, name).run()


class _Extraction:
    def __init__(self, compiled: Any, name: str) -> None:
        self.compiled = compiled
        self.name = name
        self.bases: list[Base] = []
        self.links: list[Link] = []
        self.drags: list[Drag] = []
        self.places = {0: _Place("world", -1, np.zeros(2))}
        normals = {self.axis_index(compiled.jnt_axis[j])[0] for j in range(compiled.njnt) if compiled.jnt_type[j] == 3}
        if len(normals) != 1 or not normals <= set(PLANES):
            raise NotPlanarError(f"{name}: the hinges are not all about y or all about z")
        self.normal = normals.pop()
        self.plane = list(PLANES[self.normal])

    def run(self) -> PlanarModel:
        compiled = self.compiled
        self.refuse_what_is_missing()
        for body in range(1, compiled.nbody):
            self.place_body(body)
        points, pairs = self.contacts()
        return PlanarModel(
            name=self.name,
            timestep=float(compiled.opt.timestep),
            integrator={0: "euler", 1: "rk4"}[int(compiled.opt.integrator)],  # type: ignore[arg-type]
            gravity=self.planar(compiled.opt.gravity),
            bases=tuple(self.bases),
            links=tuple(self.links),
            contact_points=tuple(points),
            capsule_pairs=tuple(pairs),
            motors=tuple(self.motor(index) for index in range(compiled.nu)),
            drags=tuple(self.drags),
        )

    def refuse_what_is_missing(self) -> None:
        compiled = self.compiled
        faults = {
            "equality constraints": compiled.neq,
            "tendons": compiled.ntendon,
            "explicit contact pairs": compiled.npair,
            "contact excludes": compiled.nexclude,
            "activation states": compiled.na,
            "friction loss": np.any(compiled.dof_frictionloss),
            "gravity compensation": np.any(compiled.body_gravcomp),
            "actuator force limits": np.any(compiled.jnt_actfrclimited) or np.any(compiled.actuator_forcelimited),
            "an elliptic friction cone": compiled.opt.cone != 0,
            "impratio other than 1": compiled.opt.impratio != 1,
            "wind": np.any(compiled.opt.wind),
            "disabled or enabled features": compiled.opt.disableflags or compiled.opt.enableflags,
            "an integrator other than Euler and RK4": int(compiled.opt.integrator) not in (0, 1),
            "joints other than slides and hinges": not np.all(np.isin(compiled.jnt_type, (2, 3))),
            "bodies turned in their parents": not np.allclose(compiled.body_quat, (1, 0, 0, 0), atol=1e-12),
            "the ellipsoid fluid model": np.any(compiled.geom_fluid[:, 0]),
            "actuators other than clamped motors on joints": np.any(compiled.actuator_trntype)
            or np.any(compiled.actuator_biastype)
            or np.any(compiled.actuator_gaintype)
            or not np.all(compiled.actuator_gainprm[:, 0] == 1)
            or not np.all(compiled.actuator_ctrllimited),
        }
        if missing := [what for what, there in faults.items() if there]:
            raise NotPlanarError(f"{self.name}: the planar engine has no {', no '.join(missing)}")

    def planar(self, vector: Any) -> Vector2:
        u, v = (float(vector[axis]) for axis in self.plane)
        return u, v

    def axis_index(self, axis: np.ndarray) -> tuple[int, float]:
        """Index and sense of an axis that is a coordinate axis."""
        index = int(np.argmax(np.abs(axis)))
        if abs(abs(axis[index]) - 1) > 1e-12:
            raise NotPlanarError(f"{self.name}: joint axis {axis} is not a coordinate axis")
        return index, float(np.sign(axis[index]))

    def joint(self, index: int) -> Joint:
        compiled = self.compiled
        limit = None
        if compiled.jnt_limited[index]:
            lower, upper = (float(end) for end in compiled.jnt_range[index])
            limit = Limit(
                lower=lower,
                upper=upper,
                margin=float(compiled.jnt_margin[index]),
                inverse_weight=float(compiled.dof_invweight0[index]),
                impedance=_impedance(compiled.jnt_solref[index], compiled.jnt_solimp[index]),
            )
        return Joint(
            name=compiled.joint(index).name,
            dof=index,
            reference=float(compiled.qpos0[index]),
            armature=float(compiled.dof_armature[index]),
            damping=float(compiled.dof_damping[index]),
            stiffness=float(compiled.jnt_stiffness[index].flat[0]),
            spring_reference=float(compiled.qpos_spring[index]),
            limit=limit,
        )

    def place_body(self, body: int) -> None:
        compiled, name = self.compiled, self.compiled.body(body).name
        parent = self.places[int(compiled.body_parentid[body])]
        origin = parent.origin + np.array(self.planar(compiled.body_pos[body]))
        first = int(compiled.body_jntadr[body])
        joints = list(range(first, first + int(compiled.body_jntnum[body]))) if first >= 0 else []
        slides = [j for j in joints if compiled.jnt_type[j] == 2]
        hinges = [j for j in joints if compiled.jnt_type[j] == 3]
        if joints != slides + hinges or len(hinges) > 1:
            raise NotPlanarError(f"{self.name}: body {name} does not have slides first and then at most one hinge")
        if slides and parent.kind != "world":
            raise NotPlanarError(f"{self.name}: body {name} slides against another body")
        if not joints:
            self.places[body] = _Place(parent.kind, parent.index, origin)
            self.add_mass(body)
            return
        mass, centre, inertia = self.mass_properties(body)
        if not hinges:
            self.bases.append(self.base(name, mass, origin, slides))
            self.places[body] = _Place("base", len(self.bases) - 1, np.zeros(2))
            self.add_drag(body)
            return
        anchor = np.array(self.planar(compiled.jnt_pos[hinges[0]]))
        if parent.kind == "world":
            self.bases.append(self.base(f"{name}_base", 0.0, origin + anchor, slides))
            base, above, offset = len(self.bases) - 1, WORLD, np.zeros(2)
        elif parent.kind == "base":
            base, above, offset = parent.index, WORLD, origin + anchor
        else:
            base, above, offset = self.links[parent.index].base, parent.index, origin + anchor
        _, sense = self.axis_index(compiled.jnt_axis[hinges[0]])
        self.links.append(
            Link(
                name=name,
                base=base,
                parent=above,
                offset=_pair(offset),
                hinge=self.joint(hinges[0]),
                sign=sense * SENSE[self.normal],
                mass=mass,
                centre=_pair(centre - anchor),
                inertia=inertia,
            )
        )
        self.places[body] = _Place("link", len(self.links) - 1, -anchor)
        self.add_drag(body)

    def base(self, name: str, mass: float, position: np.ndarray, slides: list[int]) -> Base:
        by_axis: dict[int, Joint] = {}
        for slide in slides:
            axis, sense = self.axis_index(self.compiled.jnt_axis[slide])
            if axis not in self.plane or sense != 1:
                raise NotPlanarError(f"{self.name}: slide {self.compiled.joint(slide).name} leaves the plane's axes")
            by_axis[axis] = self.joint(slide)
        horizontal, vertical = (by_axis.get(axis) for axis in self.plane)
        return Base(name=name, mass=mass, position=_pair(position), horizontal=horizontal, vertical=vertical)

    def mass_properties(self, body: int) -> tuple[float, np.ndarray, float]:
        """Mass, centre of mass in the body's frame, and inertia about it normal to the plane."""
        compiled = self.compiled
        rotation = _rotation(compiled.body_iquat[body])
        tensor = rotation @ np.diag(compiled.body_inertia[body]) @ rotation.T
        centre = np.array(self.planar(compiled.body_ipos[body]))
        return float(compiled.body_mass[body]), centre, float(tensor[self.normal, self.normal])

    def add_mass(self, body: int) -> None:
        """Merge a body without joints into what carries it."""
        place = self.places[body]
        mass, centre, inertia = self.mass_properties(body)
        if place.kind == "base":
            base = self.bases[place.index]
            self.bases[place.index] = dataclasses.replace(base, mass=base.mass + mass)
        elif place.kind == "link":
            link = self.links[place.index]
            centre = centre + place.origin
            total = link.mass + mass
            merged = (link.mass * np.array(link.centre) + mass * centre) / total
            apart = np.array(link.centre) - centre
            inertia = link.inertia + inertia + link.mass * mass / total * float(apart @ apart)
            self.links[place.index] = dataclasses.replace(link, mass=total, centre=_pair(merged), inertia=inertia)
        self.add_drag(body)

    def add_drag(self, body: int) -> None:
        compiled = self.compiled
        density, viscosity = float(compiled.opt.density), float(compiled.opt.viscosity)
        place = self.places[body]
        if not (density or viscosity) or place.kind == "world":
            return
        if place.kind == "base":
            raise NotPlanarError(f"{self.name}: body {compiled.body(body).name} slides in a fluid without turning")
        inertia = compiled.body_inertia[body]
        sums = np.sum(inertia) - 2 * inertia
        box = np.sqrt(np.maximum(1e-15, sums) / compiled.body_mass[body] * 6)
        rotation = _rotation(compiled.body_iquat[body])
        across = int(np.argmax(np.abs(rotation[self.normal])))
        along, beside = (axis for axis in range(3) if axis != across)
        diameter = float(np.mean(box))
        self.drags.append(
            Drag(
                link=place.index,
                centre=_pair(place.origin + self.planar(compiled.body_ipos[body])),
                axis=self.planar(rotation[:, along]),
                linear_viscous=3 * math.pi * diameter * viscosity,
                angular_viscous=math.pi * diameter**3 * viscosity,
                quadratic=_pair(density / 2 * box[across] * np.array([box[beside], box[along]])),
                angular_quadratic=float(density * box[across] * (box[along] ** 4 + box[beside] ** 4) / 64),
            )
        )

    def motor(self, index: int) -> Motor:
        compiled = self.compiled
        lower, upper = (float(end) for end in compiled.actuator_ctrlrange[index])
        dof = int(compiled.actuator_trnid[index, 0])
        name = compiled.actuator(index).name or f"{compiled.joint(dof).name}_motor"
        return Motor(name=name, dof=dof, gear=float(compiled.actuator_gear[index, 0]), lower=lower, upper=upper)

    def contacts(self) -> tuple[list[ContactPoint], list[CapsulePair]]:
        """Every pair of geoms that MuJoCo's filter lets collide."""
        plane, capsule = 0, 3  # mjtGeom
        compiled = self.compiled
        points: list[ContactPoint] = []
        pairs: list[CapsulePair] = []
        for first in range(compiled.ngeom):
            for second in range(first + 1, compiled.ngeom):
                if not _may_collide(compiled, first, second):
                    continue
                kinds = compiled.geom_type[first], compiled.geom_type[second]
                where = f"{self.name}: geoms {compiled.geom(first).name} and {compiled.geom(second).name}"
                if kinds == (plane, capsule):
                    if np.any(compiled.geom_pos[first]) or not np.allclose(compiled.geom_quat[first], (1, 0, 0, 0)):
                        raise NotPlanarError(f"{where}: the floor is not the plane z = 0")
                    points += self.floor_contacts(first, second)
                elif kinds == (capsule, capsule):
                    pairs.append(self.capsule_pair(first, second, where))
                else:
                    raise NotPlanarError(f"{where}: only floor-capsule and capsule-capsule contacts are known")
        return points, pairs

    def capsule(self, geom: int) -> Capsule:
        compiled = self.compiled
        axis = _rotation(compiled.geom_quat[geom])[:, 2]
        if abs(axis[self.normal]) > 1e-12:
            raise NotPlanarError(f"{self.name}: capsule {compiled.geom(geom).name} leaves the plane")
        place = self.places[int(compiled.geom_bodyid[geom])]
        if place.kind != "link":
            raise NotPlanarError(f"{self.name}: capsule {compiled.geom(geom).name} is not on a link")
        radius, half_length = float(compiled.geom_size[geom][0]), float(compiled.geom_size[geom][1])
        return Capsule(
            name=compiled.geom(geom).name,
            link=place.index,
            centre=_pair(place.origin + self.planar(compiled.geom_pos[geom])),
            half=_pair(half_length * np.array(self.planar(axis))),
            radius=radius,
        )

    def contact_parameters(self, first: int, second: int) -> tuple[float, float, float, int, Impedance]:
        """Margin, inverse weight, sliding friction, condim and impedance of a pair (``mj_contactParam``)."""
        compiled = self.compiled
        if compiled.geom_priority[first] != compiled.geom_priority[second] or np.any(compiled.geom_gap):
            raise NotPlanarError(f"{self.name}: geoms with priorities or gaps")
        weights = compiled.geom_solmix[first], compiled.geom_solmix[second]
        mix = weights[0] / sum(weights)
        solref, solimp = (
            mix * parameter[first] + (1 - mix) * parameter[second]
            for parameter in (compiled.geom_solref, compiled.geom_solimp)
        )
        bodies = compiled.geom_bodyid[first], compiled.geom_bodyid[second]
        return (
            float(compiled.geom_margin[first] + compiled.geom_margin[second]),
            float(sum(compiled.body_invweight0[body, 0] for body in bodies)),
            float(max(compiled.geom_friction[first, 0], compiled.geom_friction[second, 0])),
            int(max(compiled.geom_condim[first], compiled.geom_condim[second])),
            _impedance(solref, solimp),
        )

    def floor_contacts(self, floor: int, geom: int) -> list[ContactPoint]:
        capsule = self.capsule(geom)
        margin, inverse_weight, friction, dimension, impedance = self.contact_parameters(floor, geom)
        if dimension not in (1, 3):
            raise NotPlanarError(f"{self.name}: contact of {capsule.name} has condim {dimension}")
        return [
            ContactPoint(
                name=f"{capsule.name}{'+' if end > 0 else '-'}",
                link=capsule.link,
                centre=_pair(np.array(capsule.centre) + end * np.array(capsule.half)),
                radius=capsule.radius,
                friction=friction,
                dimension=dimension,  # type: ignore[arg-type]
                margin=margin,
                inverse_weight=inverse_weight,
                impedance=impedance,
            )
            for end in (1, -1)
        ]

    def capsule_pair(self, first: int, second: int, where: str) -> CapsulePair:
        margin, inverse_weight, _, dimension, impedance = self.contact_parameters(first, second)
        if dimension != 1:
            raise NotPlanarError(f"{where}: a contact between links must have condim 1, not {dimension}")
        pair = CapsulePair(self.capsule(first), self.capsule(second), margin, inverse_weight, impedance)
        above = max(pair.first.link, pair.second.link)
        while above > min(pair.first.link, pair.second.link):
            above = self.links[above].parent
        if above != min(pair.first.link, pair.second.link):
            raise NotPlanarError(f"{where}: a contact between two branches of the tree would couple them")
        return pair


def _pair(vector: Any) -> Vector2:
    return float(vector[0]), float(vector[1])


def _rotation(quaternion: np.ndarray) -> np.ndarray:
    mujoco: Any = importlib.import_module("mujoco")
    matrix = np.zeros(9)
    mujoco.mju_quat2Mat(matrix, quaternion)
    return matrix.reshape(3, 3)


def _impedance(solref: Any, solimp: Any) -> Impedance:
    if solref[0] <= 0:
        raise NotPlanarError(f"solref {solref} is in the direct format (stiffness, damping)")
    return Impedance(solref=_pair(solref), solimp=tuple(float(part) for part in solimp))  # type: ignore[arg-type]


def _may_collide(compiled: Any, first: int, second: int) -> bool:
    """MuJoCo's filter (``filterBodyPair`` and the contype/conaffinity test)."""
    bits = (compiled.geom_contype[first] & compiled.geom_conaffinity[second]) or (
        compiled.geom_contype[second] & compiled.geom_conaffinity[first]
    )
    welds = [int(compiled.body_weldid[compiled.geom_bodyid[geom]]) for geom in (first, second)]
    parents = [int(compiled.body_weldid[compiled.body_parentid[weld]]) for weld in welds]
    related = welds[0] == welds[1] or (all(welds) and (welds[0] == parents[1] or welds[1] == parents[0]))
    return bool(bits) and not related
