"""Short films of play as one animated SVG: no scripts, no other files, no binaries."""

from __future__ import annotations

import html
from collections.abc import Iterator, Sequence

import jax
import numpy as np

from baselines.watch import Episode
from jaxenv.drawing import Drawing, ground, head, shown_between

ACROSS = 280
"""Pixels that a page gives a film, unless it says otherwise."""


def drawings(episode: Episode, every: int = 1) -> list[Drawing]:
    """Pictures of the states of an episode, one in `every`. NotImplementedError where the environment has none."""
    count = len(jax.tree.leaves(episode.states)[0])
    states = (jax.tree.map(lambda leaf, at=step: leaf[at], episode.states) for step in range(0, count, every))
    return [episode.env.drawing(state, episode.params) for state in states]


def of_drawings(pictures: Sequence[Drawing], seconds: float, title: str, made_by: str, across: int = ACROSS) -> str:
    """SVG text, `across` pixels wide, that shows each picture for `seconds`, over and over.

    What all have in common stands in it once.
    """
    first = pictures[0]
    frames = [[shape.svg() for shape in picture.shapes] for picture in pictures]
    common = 0
    while common < len(frames[0]) and all(
        frame[common : common + 1] == frames[0][common : common + 1] for frame in frames
    ):
        common += 1
    parts = [_opening(first.width, first.height, title, made_by, across), ground(first), *frames[0][:common]]
    for number, frame in enumerate(frames):
        shown = shown_between(number / len(frames), (number + 1) / len(frames), seconds * len(frames))
        parts.append(f'<g opacity="{int(number == 0)}">{shown}{"".join(frame[common:])}</g>')
    return "".join([*parts, "</svg>\n"])


def of_pixels(pictures: Sequence[np.ndarray], seconds: float, title: str, made_by: str, across: int = ACROSS) -> str:
    """The same of uint8[height, width, 3], a picture for `seconds`; after the first only what changes is held.

    Meant for few colours and large areas, as an old console has them. Equal neighbours become one rectangle.
    """
    height, width, _ = pictures[0].shape
    length = seconds * len(pictures)
    parts = [_opening(width, height, title, made_by, across)]
    before = None
    for number, picture in enumerate(pictures):
        changed = np.ones((height, width), bool) if before is None else (picture != before).any(-1)
        if changed.any():
            shown = shown_between(number / len(pictures), 1, length) if number else ""
            parts.append(f'<g opacity="{int(number == 0)}">{shown}{"".join(_paths(picture, changed))}</g>')
        before = picture
    return "".join([*parts, "</svg>\n"])


def _opening(width: int, height: int, title: str, made_by: str, across: int) -> str:
    sized = head(width, height, title).replace(
        "<svg ", f'<svg width="{across}" height="{across * height / width:.0f}" '
    )
    return f"{sized}<title>{html.escape(title)}</title><desc>{html.escape(made_by)}</desc>"


def _paths(picture: np.ndarray, changed: np.ndarray) -> Iterator[str]:
    """One path for each colour: runs of changed pixels along the rows, joined downwards where they are equal."""
    codes = picture.astype(np.int64) @ np.array([65536, 256, 1])
    found: dict[int, list[list[int]]] = {}  # colour → [left, top, width, height]
    open_: dict[tuple[int, int, int], list[int]] = {}
    for y in range(len(codes)):
        runs = {}
        row = np.where(changed[y], codes[y], -1)
        edges = np.flatnonzero(np.diff(row, prepend=-2, append=-2))
        for left, right in zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True):
            colour = int(row[left])
            if colour < 0:
                continue
            above = open_.get((colour, left, right))
            if above is None:
                above = [left, y, right - left, 0]
                found.setdefault(colour, []).append(above)
            above[3] += 1
            runs[colour, left, right] = above
        open_ = runs
    for colour, boxes in found.items():
        steps = "".join(f"M{x} {y}h{w}v{h}h-{w}z" for x, y, w, h in boxes)
        yield f'<path fill="#{colour:06x}" d="{steps}"/>'
