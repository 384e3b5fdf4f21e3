"""Times the reference in Python, a process on each core, with the environment's own decks."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from leaderboard.family import Bench
from leaderboard.reference import Request, Session
from leaderboard.section import Section


@contextmanager
def session(request: Request) -> Iterator[Session]:
    """Processes that play at random. ValueError for another mode, and for mirrored decks."""
    from references.tcg_pocket.env import VERSION
    from references.tcg_pocket.throughput import UNIT, throughput_session

    env: Any = request.env
    if request.mode != "env_random_legal":
        raise ValueError(f"the reference plays at random inside its processes; there is no {request.mode} for it")
    if env.mirrored or not env.first_player_draws:
        raise ValueError("the reference's processes play the default rules: neither mirrored nor without a first draw")
    decks = [(deck.ids, deck.energy) for deck in env.played]
    with throughput_session(request.cores, decks) as timer:
        yield Session(
            name="references.tcg_pocket",
            version=VERSION,
            cores=request.cores,
            unit=UNIT,
            timer=timer,
            note="Written to be read, not to be fast; both players' observations are made after each ply, as ours are.",
        )


BENCH = Bench(sections=(Section(cores=1), Section()), session=session)
