"""Battles of Gen 1 as pages, told by the real Showdown."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from baselines.errors import BaselinesError
from baselines.watch import Episode
from families.pokejax_gen1.replay.command import ReplayMismatchError, stem_of, write_replay
from families.pokejax_gen1.replay.playing import recorded
from pokejax.common.pools import load_pool
from references.showdown.install import ReferenceUnavailableError
from references.showdown.workers import WorkerPool


def draw(episode: Episode, out: Path, command: str) -> list[Path]:
    """Write the page, its logs and its recording, as ``pokejax replay`` does; see `baselines.watch.Draw`."""
    env: Any = episode.env
    rng, rows = env.draw(episode.start, episode.params)
    teams = load_pool(env.pool_source).teams[np.asarray(rows)]
    battle = recorded(episode, np.asarray([rng.hi, rng.lo], np.uint32), teams)
    try:
        with WorkerPool(1) as pool:
            return write_replay(battle, pool, stem_of(out, "battle"), command, episode.players)
    except ReferenceUnavailableError as error:
        raise BaselinesError(str(error)) from error
    except ReplayMismatchError as error:
        raise BaselinesError(f"JAX and the reference differ in this battle\n{error}") from error
