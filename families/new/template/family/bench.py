"""The reference's timer."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from families.new.template.reference.driver import steps_per_second
from families.new.template.reference.game import VERSION
from leaderboard.family import Bench
from leaderboard.reference import Request, Session
from leaderboard.section import Section


@contextmanager
def session(request: Request) -> Iterator[Session]:
    """The game on one core. ValueError for another mode than random play, which it is not timed in."""
    if request.mode != "env_random_legal":
        raise ValueError(f"mode {request.mode!r}: this reference plays at random only; use --mode env_random_legal")
    yield Session(
        name="the toy reference of the template",
        version=VERSION,
        cores=1,
        unit="steps of the game",
        timer=steps_per_second,
    )


BENCH = Bench(sections=(Section(cores=1),), session=session)
