"""Pong's episodes as pages."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import jax

from baselines.watch import Episode
from jaxenv.commands import files
from pongjax.render import html


def draw(episode: Episode, out: Path, command: str) -> list[Path]:
    """Write the page `out`; see `baselines.watch.Draw`."""
    del command
    env: Any = episode.env
    states = episode.states
    if episode.terminated and env.strict:  # as in PufferLib, that is the next game's first state
        states = jax.tree.map(lambda leaf: leaf[:-1], states)
    page = html(states, episode.params, title=episode.title, frame_skip=env.frame_skip)
    files.write(out, page, "choose another file with --out")
    return [out]
