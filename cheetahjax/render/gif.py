"""An episode as an animated GIF. Needs Pillow, which nothing else here does."""

from __future__ import annotations

import io
import math
from typing import Any

from cheetahjax.model.planar_model import PlanarModel
from cheetahjax.render.colours import BACKGROUND, CART, FLOOR, GRID, TARGET, limb_colour
from cheetahjax.render.figure import Film, film
from cheetahjax.render.svg import grid_step

PIXELS = 480
"""Width of the picture."""
FINER = 2
"""Drawn so much larger and then reduced, for smooth edges."""
SHORTEST = 0.02
"""Seconds: viewers show shorter frames slowly, so steps are left out instead."""


def gif(model: PlanarModel, states: Any, *, dt: float) -> bytes:
    """The file for states of `model` stacked along a leading axis, `dt` seconds apart, in real time.

    Raises ImportError without Pillow.
    """
    try:
        from PIL import Image, ImageDraw
    except ImportError as error:
        raise ImportError(
            "an animated GIF needs Pillow (`pip install pillow`); a page (.html) needs nothing"
        ) from error
    drawn = film(model, states)
    stride = max(1, math.ceil(SHORTEST / dt - 1e-9))
    _, _, width, height = drawn.view
    scale = PIXELS * FINER / width
    size = PIXELS * FINER, max(1, round(height * scale))
    frames = []
    for index in range(0, len(drawn.ends), stride):
        picture = Image.new("RGB", size, BACKGROUND)
        _draw(ImageDraw.Draw(picture), drawn, index, scale, size)
        small = picture.resize((PIXELS, max(1, size[1] // FINER)))
        frames.append(small.convert("P", palette=Image.Palette.ADAPTIVE, colors=32))
    file = io.BytesIO()
    milliseconds = round(stride * dt * 100) * 10  # GIF counts hundredths of a second
    frames[0].save(file, "GIF", save_all=True, append_images=frames[1:], duration=milliseconds, loop=0)
    return file.getvalue()


def _draw(brush: Any, drawn: Film, index: int, scale: float, size: tuple[int, int]) -> None:
    left, bottom, width, height = drawn.view
    camera_x, camera_y = (float(part) for part in drawn.camera[index])
    step = grid_step(width)

    def at(x: float, y: float) -> tuple[float, float]:
        return (x - left) * scale, (bottom + height - y) * scale

    if drawn.floor:
        brush.rectangle((at(left, -camera_y), size), fill=FLOOR)
    colour, top = (GRID, -camera_y) if drawn.floor else (FLOOR, bottom + height)
    for mark in range(math.ceil((left + camera_x) / step), math.floor((left + width + camera_x) / step) + 1):
        x = mark * step - camera_x
        brush.line((at(x, bottom), at(x, top)), fill=colour, width=FINER)
    if not drawn.floor:
        for mark in range(math.ceil((bottom + camera_y) / step), math.floor((bottom + height + camera_y) / step) + 1):
            y = mark * step - camera_y
            brush.line((at(left, y), at(left + width, y)), fill=FLOOR, width=FINER)
    for mark, (x, y) in zip(drawn.marks, drawn.places[index], strict=True):
        r = mark.radius
        if mark.kind == "cart":
            brush.rectangle((at(x - 1.5 * r, y + r / 2), at(x + 1.5 * r, y - r / 2)), fill=CART)
        else:
            brush.ellipse((at(x - r, y + r), at(x + r, y - r)), fill=TARGET)
    for bone, ends in zip(drawn.bones, drawn.ends[index], strict=True):
        r, colour = bone.radius, limb_colour(bone.limb)
        brush.line([at(x, y) for x, y in ends], fill=colour, width=max(1, round(2 * r * scale)))
        for x, y in ends:
            brush.ellipse((at(x - r, y + r), at(x + r, y - r)), fill=colour)
