"""Pictures made of plain shapes: `Drawing` gives pixels (with numpy alone) and SVG from one list of shapes.

On the host: not for `jit`. Lengths are pixels, x grows to the right and y downwards. Colours are "#rrggbb".
"""

from __future__ import annotations

import dataclasses
import html
from collections.abc import Iterable
from typing import TypeAlias

import numpy as np

from jaxenv import letters


@dataclasses.dataclass(frozen=True)
class Box:
    """A rectangle, with corners rounded by `radius`."""

    x: float
    y: float
    width: float
    height: float
    colour: str
    radius: float = 0.0

    @property
    def bounds(self) -> tuple[float, float, float, float]:
        """Left, top, right, bottom."""
        return self.x, self.y, self.x + self.width, self.y + self.height

    def distance(self, x: np.ndarray, y: np.ndarray) -> np.ndarray:
        """Signed distance from the edge, negative inside."""
        rounding = min(self.radius, self.width / 2, self.height / 2)
        across = np.abs(x - self.x - self.width / 2) - self.width / 2 + rounding
        down = np.abs(y - self.y - self.height / 2) - self.height / 2 + rounding
        outside = np.hypot(np.maximum(across, 0), np.maximum(down, 0))
        return outside + np.minimum(np.maximum(across, down), 0) - rounding

    def svg(self) -> str:
        """One SVG element."""
        corner = f' rx="{self.radius:.4g}"' if self.radius else ""
        size = f'width="{self.width:.4g}" height="{self.height:.4g}"'
        return f'<rect x="{self.x:.4g}" y="{self.y:.4g}" {size}{corner} fill="{self.colour}"/>'


@dataclasses.dataclass(frozen=True)
class Line:
    """A line with round ends, `width` pixels thick; one whose ends are equal is a disc."""

    x1: float
    y1: float
    x2: float
    y2: float
    width: float
    colour: str

    @property
    def bounds(self) -> tuple[float, float, float, float]:
        """Left, top, right, bottom."""
        half = self.width / 2
        left, right = sorted((self.x1, self.x2))
        top, bottom = sorted((self.y1, self.y2))
        return left - half, top - half, right + half, bottom + half

    def distance(self, x: np.ndarray, y: np.ndarray) -> np.ndarray:
        """Signed distance from the edge, negative inside."""
        along, down = self.x2 - self.x1, self.y2 - self.y1
        length = along * along + down * down
        share = np.clip(((x - self.x1) * along + (y - self.y1) * down) / length, 0, 1) if length else 0.0
        return np.hypot(x - self.x1 - share * along, y - self.y1 - share * down) - self.width / 2

    def svg(self) -> str:
        """One SVG element."""
        if (self.x1, self.y1) == (self.x2, self.y2):
            return f'<circle cx="{self.x1:.4g}" cy="{self.y1:.4g}" r="{self.width / 2:.4g}" fill="{self.colour}"/>'
        ends = f'x1="{self.x1:.4g}" y1="{self.y1:.4g}" x2="{self.x2:.4g}" y2="{self.y2:.4g}"'
        return f'<line {ends} stroke="{self.colour}" stroke-width="{self.width:.4g}" stroke-linecap="round"/>'


def disc(x: float, y: float, radius: float, colour: str) -> Line:
    """A filled circle."""
    return Line(x, y, x, y, 2 * radius, colour)


@dataclasses.dataclass(frozen=True)
class Text:
    """One line of text, `scale` times 7 pixels high; (x, y) is its top left, or its top middle or top right.

    Pixels show capital letters, digits and common signs of `jaxenv.letters`, and a box for any other sign.
    """

    x: float
    y: float
    text: str
    colour: str
    scale: int = 1
    anchor: str = "start"

    @property
    def width(self) -> int:
        """Of the whole text."""
        return max(letters.ADVANCE * len(self.text) - 1, 0) * self.scale

    @property
    def left(self) -> float:
        """x of the first letter."""
        return self.x - {"start": 0.0, "middle": 0.5, "end": 1.0}[self.anchor] * self.width

    def mask(self) -> np.ndarray:
        """bool[7 * scale, width]: where there is ink."""
        ink = letters.ink(self.text)
        return np.kron(ink, np.ones((self.scale, self.scale), bool)).astype(bool)

    def svg(self) -> str:
        """One SVG element, as wide as the pixels are."""
        if not self.text.strip():
            return ""
        size, base = 9.5 * self.scale, self.y + letters.HEIGHT * self.scale
        fitted = f'textLength="{self.width:.4g}" lengthAdjust="spacingAndGlyphs"'
        place = f'x="{self.left:.4g}" y="{base:.4g}" font-size="{size:.4g}" {fitted}'
        return f'<text {place} fill="{self.colour}">{html.escape(self.text)}</text>'


Shape: TypeAlias = Box | Line | Text


@dataclasses.dataclass(frozen=True)
class Drawing:
    """A picture of `width` by `height` pixels: a background and shapes on it, the last one on top."""

    width: int
    height: int
    background: str
    shapes: tuple[Shape, ...]
    title: str = ""

    def pixels(self) -> np.ndarray:
        """uint8[height, width, 3]: red, green and blue; edges are smoothed."""
        canvas = np.empty((self.height, self.width, 3), np.float32)
        canvas[:] = _rgb(self.background)
        for shape in self.shapes:
            if isinstance(shape, Text):
                _write(canvas, shape)
            else:
                _fill(canvas, shape)
        return np.rint(canvas).astype(np.uint8)

    def svg(self) -> str:
        """The same picture as SVG, without scripts and without other files."""
        body = "".join(shape.svg() for shape in self.shapes)
        return f"{head(self.width, self.height, self.title)}{ground(self)}{body}</svg>"


def head(width: int, height: int, title: str) -> str:
    """The opening of an SVG picture."""
    said = f'role="img" aria-label="{html.escape(title)}"'
    font = 'font-family="ui-monospace,monospace" font-weight="600"'
    return f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" {said} {font}>'


def ground(drawing: Drawing) -> str:
    """The background of an SVG picture."""
    return f'<rect width="{drawing.width}" height="{drawing.height}" fill="{drawing.background}"/>'


def shown_between(start: float, end: float, length: float) -> str:
    """The animation that shows a group from `start` to `end`, shares of a length in seconds."""
    times, values = [0.0, start, end], [0, 1, 0]
    if start == 0:
        times, values = [0.0, end], [1, 0]
    if end >= 1:
        times, values = times[:-1], values[:-1]
    places, levels = (";".join(f"{value:.4g}" for value in row) for row in (times, values))
    times_ = f'keyTimes="{places}" values="{levels}"'
    return (
        f'<animate attributeName="opacity" calcMode="discrete" repeatCount="indefinite" dur="{length:.4g}s" {times_}/>'
    )


def bar(x: float, y: float, width: float, height: float, share: float) -> Iterable[Shape]:
    """A bar of health: green, yellow up to half, red up to a fifth."""
    share = min(max(share, 0.0), 1.0)
    colour = "#2f9e44" if share > 0.5 else "#e0a100" if share > 0.2 else "#d6336c"
    yield Box(x, y, width, height, "#ced4da", height / 2)
    if share > 0:
        yield Box(x, y, width * share, height, colour, height / 2)


def _rgb(colour: str) -> np.ndarray:
    return np.frombuffer(bytes.fromhex(colour.removeprefix("#")), np.uint8).astype(np.float32)


def _fill(canvas: np.ndarray, shape: Box | Line) -> None:
    """Blend a shape in. How far a pixel's middle lies inside the edge, plus a half, is the share that it covers."""
    left, top, right, bottom = (float(edge) for edge in shape.bounds)
    if not np.isfinite([left, top, right, bottom]).all():
        raise ValueError(f"{shape}: a number is not finite; the state cannot be drawn")
    height, width, _ = canvas.shape
    x0, x1 = max(int(np.floor(left)) - 1, 0), min(int(np.ceil(right)) + 1, width)
    y0, y1 = max(int(np.floor(top)) - 1, 0), min(int(np.ceil(bottom)) + 1, height)
    if x0 >= x1 or y0 >= y1:
        return
    y, x = np.mgrid[y0:y1, x0:x1] + 0.5
    cover = np.clip(0.5 - shape.distance(x, y), 0, 1).astype(np.float32)[..., None]
    part = canvas[y0:y1, x0:x1]
    part += cover * (_rgb(shape.colour) - part)


def _write(canvas: np.ndarray, text: Text) -> None:
    mask, left, top = text.mask(), round(text.left), round(text.y)
    height, width, _ = canvas.shape
    x0, y0 = max(left, 0), max(top, 0)
    x1, y1 = min(left + mask.shape[1], width), min(top + mask.shape[0], height)
    if x0 < x1 and y0 < y1:
        canvas[y0:y1, x0:x1][mask[y0 - top : y1 - top, x0 - left : x1 - left]] = _rgb(text.colour)
