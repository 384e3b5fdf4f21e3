"""Episodes of the planar tasks as pages."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from baselines.errors import BaselinesError
from baselines.watch import Episode
from cheetahjax.render import html
from jaxenv.commands import files


def draw(episode: Episode, out: Path, command: str) -> list[Path]:
    """Write the page `out`; see `baselines.watch.Draw`."""
    del command
    env: Any = episode.env
    try:
        page = html(env.model, episode.states, dt=env.dt, title=episode.title, rewards=episode.rewards.tolist())
    except ValueError as error:  # a position that is not finite
        raise BaselinesError(str(error)) from error
    files.write(out, page, "choose another file with --out")
    return [out]
