"""Short films of play as one animated SVG: no scripts, no other files, no binaries."""

from __future__ import annotations

import dataclasses
import html
from collections.abc import Iterator, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from baselines.watch import Episode
from jaxenv import Environment
from jaxenv.drawing import Drawing, ground, head
from jaxenv.spaces import Box

ACROSS = 280
"""Pixels that a page gives a film, unless it says otherwise."""


@dataclasses.dataclass(frozen=True)
class Uniform:
    """Uniformly random play: over the legal actions, or over the whole box of continuous ones."""

    of: Environment
    name: str = "random"

    @property
    def env(self) -> str:
        return self.of.id

    @property
    def env_version(self) -> str:
        return self.of.version

    def initial_carry(self, batch: int) -> tuple[()]:
        del batch
        return ()

    def act(self, key: jax.Array, obs: Any, mask: Any, carry: Any, first: jax.Array) -> tuple[jax.Array, Any]:
        """See `baselines.policy.Policy.act`."""
        del obs
        space = self.of.action_space()
        if isinstance(space, Box):
            return jax.vmap(space.sample)(jax.random.split(key, first.shape[0])), carry
        return jax.random.categorical(key, jnp.where(mask, 0.0, -jnp.inf)).astype(jnp.int32), carry


def drawings(episode: Episode, every: int = 1) -> list[Drawing]:
    """Pictures of the states of an episode, one in `every`. NotImplementedError where the environment has none."""
    count = len(jax.tree.leaves(episode.states)[0])
    at = lambda step: jax.tree.map(lambda leaf: leaf[step], episode.states)  # noqa: E731
    return [episode.env.drawing(at(step), episode.params) for step in range(0, count, every)]


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
        shown = _shown(number / len(frames), (number + 1) / len(frames), seconds * len(frames))
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
            shown = _shown(number / len(pictures), 1, length) if number else ""
            parts.append(f'<g opacity="{int(number == 0)}">{shown}{"".join(_paths(picture, changed))}</g>')
        before = picture
    return "".join([*parts, "</svg>\n"])


def _opening(width: int, height: int, title: str, made_by: str, across: int) -> str:
    sized = head(width, height, title).replace(
        "<svg ", f'<svg width="{across}" height="{across * height / width:.0f}" '
    )
    return f"{sized}<title>{html.escape(title)}</title><desc>{html.escape(made_by)}</desc>"


def _shown(start: float, end: float, length: float) -> str:
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
