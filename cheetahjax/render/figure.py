"""Shapes to draw of a model: capsules on its links, carts and targets, and their places in each state."""

from __future__ import annotations

import dataclasses
import functools
import math
from typing import Any, Literal

import jax
import jax.numpy as jnp
import numpy as np

from cheetahjax.kinematics import kinematics
from cheetahjax.model.planar_model import WORLD, PlanarModel, Vector2
from cheetahjax.state import PhysicsState
from jaxenv.autoreset import unwrap

ROD_RADIUS = 0.08
"""Of a link whose shape the physics does not know, in its lengths."""
NARROWEST = 1.25
"""Width of what is to be seen, at least, in its heights."""
MARGIN = 0.1
"""Around the figure, in sizes of what is to be seen."""


@dataclasses.dataclass(frozen=True)
class Bone:
    """A capsule: a segment in a link's frame, and a radius [m]."""

    link: int
    start: Vector2
    end: Vector2
    radius: float
    limb: int
    """0 for the root link, and a number of its own for each branch that hangs on it."""


@dataclasses.dataclass(frozen=True)
class Mark:
    """A base that has mass: a cart that links stand on, or a target that stands alone."""

    base: int
    kind: Literal["cart", "target"]
    radius: float


@dataclasses.dataclass(frozen=True)
class Film:
    """Positions of everything in each of ``T`` states, in metres, relative to the camera."""

    bones: tuple[Bone, ...]
    marks: tuple[Mark, ...]
    floor: bool
    """True if there is one, at height 0."""
    camera: np.ndarray
    """``[T, 2]``: what the camera looks at: the root, along the axes on which it may leave; 0 along others."""
    ends: np.ndarray
    """``[T, bones, 2, 2]``: start and end of every bone."""
    places: np.ndarray
    """``[T, marks, 2]``"""

    @property
    def view(self) -> tuple[float, float, float, float]:
        """Left, bottom, width and height of what holds the whole film, relative to the camera."""
        radii = np.array([bone.radius for bone in self.bones])[None, :, None, None]
        points = [(self.ends - radii).reshape(-1, 2), (self.ends + radii).reshape(-1, 2)]
        if self.marks:
            points += [self.places.reshape(-1, 2) - self.largest_mark, self.places.reshape(-1, 2) + self.largest_mark]
        if self.floor:
            points.append(np.stack([np.zeros(len(self.camera)), -self.camera[:, 1]], -1))
        shown = np.concatenate(points)
        shown = shown[np.isfinite(shown).all(-1)]
        if not len(shown):
            raise ValueError("there is nothing to draw: no position is finite")
        low, high = shown.min(0), shown.max(0)
        margin = MARGIN * float((high - low).max())
        left, bottom = (float(end) - margin for end in low)
        width, height = (float(end) + 2 * margin for end in high - low)
        lacking = max(0.0, NARROWEST * height - width)
        return left - lacking / 2, bottom, width + lacking, height

    @property
    def largest_mark(self) -> float:
        return max((mark.radius for mark in self.marks), default=0.0)


def bones(model: PlanarModel) -> tuple[Bone, ...]:
    """The capsules that touch the floor, and a rod of equal moment of inertia for every link that has none."""
    found = []
    for index, link in enumerate(model.links):
        own = [point for point in model.contact_points if point.link == index]
        limb = _limb(model, index)
        for name in dict.fromkeys(point.name[:-1] for point in own):
            start, end = (point for point in own if point.name[:-1] == name)
            found.append(Bone(index, start.centre, end.centre, start.radius, limb))
        if not own:
            length = math.sqrt(12 * link.inertia / link.mass)
            reach = math.hypot(*link.centre)
            along = (link.centre[0] / reach, link.centre[1] / reach) if reach else (1.0, 0.0)
            start, end = (
                (link.centre[0] + side * along[0] * length / 2, link.centre[1] + side * along[1] * length / 2)
                for side in (-1, 1)
            )
            found.append(Bone(index, start, end, ROD_RADIUS * length, limb))
    return tuple(found)


def marks(model: PlanarModel) -> tuple[Mark, ...]:
    """The bases that have mass."""
    thick = max(bone.radius for bone in bones(model))
    stood_on = {link.base for link in model.links}
    return tuple(
        Mark(index, "cart" if index in stood_on else "target", 2 * thick if index in stood_on else thick)
        for index, base in enumerate(model.bases)
        if base.mass
    )


def film(model: PlanarModel, states: Any) -> Film:
    """Of one state or of states stacked along a leading axis: `PhysicsState`, or a task's state that holds one."""
    qpos = np.atleast_2d(np.asarray(physics_of(states).qpos))
    if qpos.ndim != 2 or qpos.shape[1] != model.nv or not len(qpos):
        raise ValueError(f"{model.name}: qpos must be [{model.nv}] or [T, {model.nv}] with T > 0, not {qpos.shape}")
    camera, ends, places = (np.asarray(part, float) for part in _places(model)(qpos))
    return Film(bones(model), marks(model), bool(model.contact_points), camera, ends, places)


def physics_of(state: Any) -> PhysicsState:
    """The physics within a state of any kind."""
    inner = unwrap(state)
    return inner if isinstance(inner, PhysicsState) else inner.physics


@functools.cache
def _places(model: PlanarModel) -> Any:
    """``qpos[T, nv]`` -> the camera, the bones' ends and the marks' places, as in `Film`."""
    root = model.bases[0]
    free = [slide if slide is not None and slide.limit is None else None for slide in (root.horizontal, root.vertical)]
    if any(model.gravity):
        free[1] = None

    def slid(base: int, qpos: jax.Array) -> list[jax.Array]:
        parts = zip(model.bases[base].position, (model.bases[base].horizontal, model.bases[base].vertical), strict=True)
        return [jnp.float32(at) if slide is None else at - slide.reference + qpos[slide.dof] for at, slide in parts]

    def one(qpos: jax.Array) -> tuple[jax.Array, jax.Array, jax.Array]:
        pose = kinematics(model, [qpos[i] for i in range(model.nv)], [0.0] * model.nv)
        camera = [jnp.float32(0) if slide is None else at for slide, at in zip(free, slid(0, qpos), strict=True)]

        def on_link(bone: Bone, point: Vector2) -> jax.Array:
            across, up = pose.world(bone.link, point)
            hinge_across, hinge_up = pose.hinges[bone.link]
            # Differences of what lies far away first: they keep their digits.
            sideways = slid(model.links[bone.link].base, qpos)[0] - camera[0]
            return jnp.stack([sideways + (hinge_across + across), (hinge_up + up) - camera[1]])

        ends = jnp.stack([jnp.stack([on_link(bone, bone.start), on_link(bone, bone.end)]) for bone in bones(model)])
        places = [jnp.stack(slid(mark.base, qpos)) - jnp.stack(camera) for mark in marks(model)]
        return jnp.stack(camera), ends, jnp.stack(places) if places else jnp.zeros((0, 2))

    return jax.jit(jax.vmap(one))


def _limb(model: PlanarModel, link: int) -> int:
    chain = [link, *model.ancestors(link)]
    if len(chain) == 1:
        return 0
    branches = [index for index, other in enumerate(model.links) if other.parent == chain[-1]]
    assert model.links[chain[-1]].parent == WORLD
    return 1 + branches.index(chain[-2])
