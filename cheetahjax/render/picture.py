"""One state as shapes, for `PlanarEnv.render`: the same view for all states of a model, so that a film is steady."""

from __future__ import annotations

import functools
import math
from collections.abc import Iterator
from typing import Any

import numpy as np

from cheetahjax.model.planar_model import PlanarModel
from cheetahjax.render.colours import BACKGROUND, CART, FLOOR, GRID, TARGET, limb_colour
from cheetahjax.render.figure import Film, film
from cheetahjax.render.svg import grid_step
from cheetahjax.state import PhysicsState
from jaxenv.drawing import Box, Drawing, Line, Shape, disc

WIDTH = 480
"""Pixels."""
ROOM = 1.2
"""Size of the view in what a figure at rest reaches."""


def picture(model: PlanarModel, state: Any) -> Drawing:
    """The figure in one state, its links as lines with round ends. ValueError for a position that is not finite."""
    drawn = film(model, state)
    if len(drawn.ends) != 1:
        raise ValueError(f"{model.name}: render draws one state, got {len(drawn.ends)}")
    left, bottom, width, height = _view(model)
    scale = WIDTH / width

    def at(x: float, y: float) -> tuple[float, float]:
        return (float(x) - left) * scale, (bottom + height - float(y)) * scale

    shapes: list[Shape] = list(_ground(drawn, left, bottom, width, height, scale))
    for mark, place in zip(drawn.marks, drawn.places[0], strict=True):
        (x, y), r = at(*place), mark.radius * scale
        cart = Box(x - 1.5 * r, y - r / 2, 3 * r, r, CART, r / 4)
        shapes.append(cart if mark.kind == "cart" else disc(x, y, r, TARGET))
    for bone, (start, end) in zip(drawn.bones, drawn.ends[0], strict=True):
        shapes.append(Line(*at(*start), *at(*end), max(2 * bone.radius * scale, 1), limb_colour(bone.limb)))
    return Drawing(WIDTH, round(height * scale), BACKGROUND, tuple(shapes), model.name)


def _ground(drawn: Film, left: float, bottom: float, width: float, height: float, scale: float) -> Iterator[Shape]:
    """The floor, and marks that stay where they are in the world while the camera moves."""
    camera_x, camera_y = (float(part) for part in drawn.camera[0])
    step, whole = grid_step(width), height * scale
    across = [(k * step - camera_x - left) * scale for k in _multiples(left + camera_x, width, step)]
    if drawn.floor:
        floor = (bottom + height + camera_y) * scale
        if floor < whole:
            yield Box(0, floor, WIDTH, whole - floor, FLOOR)
        yield from (Line(x, floor, x, whole, 1.2, GRID) for x in across)
    else:
        yield from (Line(x, 0, x, whole, 1.2, FLOOR) for x in across)
        for k in _multiples(bottom + camera_y, height, step):
            y = (bottom + height + camera_y - k * step) * scale
            yield Line(0, y, WIDTH, y, 1.2, FLOOR)


def _multiples(start: float, length: float, step: float) -> range:
    return range(math.ceil(start / step), math.floor((start + length) / step) + 1)


@functools.cache
def _view(model: PlanarModel) -> tuple[float, float, float, float]:
    """Left, bottom, width and height in metres of what is shown, relative to the camera."""
    rest: Any = np.array([joint.reference for joint in model.joints], np.float32)
    drawn = film(model, PhysicsState(rest, 0 * rest, 0 * rest))
    ends = drawn.ends[0].reshape(-1, 2)
    reach = ROOM * float(np.abs(ends).max() + max(bone.radius for bone in drawn.bones))
    root = model.bases[0].horizontal
    limit = None if root is None else root.limit
    half = reach + (max(abs(limit.lower), abs(limit.upper)) if limit else 0.0)
    if drawn.floor:
        return -half, -0.15 * reach, 2 * half, 1.25 * reach
    return -half, -reach, 2 * half, 2 * reach
