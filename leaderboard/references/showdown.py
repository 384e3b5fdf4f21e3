"""Times Pokémon Showdown's own simulator, unmodified, one Node worker per core."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from leaderboard.reference import Session


@contextmanager
def session(env_id: str, workers: int) -> Iterator[Session]:
    """Workers that play the format named by the last part of `env_id`. Installs the reference on first use."""
    from verification.references.showdown.install import VERSION
    from verification.references.showdown.throughput import UNIT, throughput_session

    with throughput_session(workers, format=env_id.rpartition("/")[2]) as timer:
        yield Session(name="pokemon-showdown", version=VERSION, cores=workers, unit=UNIT, timer=timer)
