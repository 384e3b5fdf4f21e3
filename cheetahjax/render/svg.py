"""One state as an SVG picture, one unit a metre."""

from __future__ import annotations

import math
from typing import Any

from cheetahjax.model.planar_model import PlanarModel
from cheetahjax.render.colours import BACKGROUND, CART, FLOOR, GRID, TARGET, limb_colour
from cheetahjax.render.figure import Film, film


def svg(model: PlanarModel, state: Any, *, title: str | None = None) -> str:
    """The figure in a state of `model`, capsules as round-capped lines; the camera follows a root that may walk away.

    `state` is a `PhysicsState` or whatever an environment returns as its state, of one environment.
    """
    drawn = film(model, state)
    if len(drawn.ends) != 1:
        raise ValueError(f"svg draws one state, got {len(drawn.ends)}; html draws an episode")
    left, bottom, width, height = drawn.view
    top = -(bottom + height)  # SVG's second axis points down
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{left:.5g} {top:.5g} {width:.5g} {height:.5g}" role="img">',
        f"<title>{_escaped(title or model.name)}</title>",
        _box(left, top, width, height, BACKGROUND),
        *_ground(drawn, left, bottom, width, height),
    ]
    for mark, (x, y) in zip(drawn.marks, drawn.places[0], strict=True):
        r = mark.radius
        if mark.kind == "cart":
            parts.append(_box(x - 1.5 * r, -y - r / 2, 3 * r, r, CART, rx=r / 4))
        else:
            parts.append(f'<circle cx="{x:.5g}" cy="{-y:.5g}" r="{r:.5g}" fill="{TARGET}"/>')
    for bone, ((x1, y1), (x2, y2)) in zip(drawn.bones, drawn.ends[0], strict=True):
        parts.append(
            f'<line x1="{x1:.5g}" y1="{-y1:.5g}" x2="{x2:.5g}" y2="{-y2:.5g}" stroke="{limb_colour(bone.limb)}"'
            f' stroke-width="{2 * bone.radius:.5g}" stroke-linecap="round"/>'
        )
    return "".join([*parts, "</svg>"])


def grid_step(width: float) -> float:
    """Metres between the ground's marks: 1, 2 or 5 times a power of ten, at least four of them to the width."""
    most = width / 4
    power = 10.0 ** math.floor(math.log10(most))
    return max(digit * power for digit in (1, 2, 5) if digit == 1 or digit * power <= most)


def _ground(drawn: Film, left: float, bottom: float, width: float, height: float) -> list[str]:
    """The floor, and marks that stay where they are in the world while the camera moves."""
    camera_x, camera_y = (float(part) for part in drawn.camera[0])
    step, parts = grid_step(width), []
    lines = [index * step - camera_x for index in _multiples(left + camera_x, width, step)]
    if drawn.floor:
        floor = camera_y  # the floor lies at -camera_y, and the second axis points down
        parts.append(_box(left, floor, width, -bottom - floor, FLOOR))
        parts += [_line(x, floor, x, -bottom, GRID, width) for x in lines]
    else:
        levels = [index * step - camera_y for index in _multiples(bottom + camera_y, height, step)]
        parts += [_line(x, -bottom - height, x, -bottom, FLOOR, width) for x in lines]
        parts += [_line(left, -y, left + width, -y, FLOOR, width) for y in levels]
    return parts


def _multiples(start: float, length: float, step: float) -> range:
    return range(math.ceil(start / step), math.floor((start + length) / step) + 1)


def _box(x: float, y: float, width: float, height: float, colour: str, rx: float = 0.0) -> str:
    corner = f' rx="{rx:.5g}"' if rx else ""
    return f'<rect x="{x:.5g}" y="{y:.5g}" width="{width:.5g}" height="{height:.5g}" fill="{colour}"{corner}/>'


def _line(x1: float, y1: float, x2: float, y2: float, colour: str, width: float) -> str:
    ends = f'x1="{x1:.5g}" y1="{y1:.5g}" x2="{x2:.5g}" y2="{y2:.5g}"'
    return f'<line {ends} stroke="{colour}" stroke-width="{width / 400:.3g}"/>'


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;")
