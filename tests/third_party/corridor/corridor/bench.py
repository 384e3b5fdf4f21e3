"""The bench's part: `Walk`, played at random in one process."""

import random
import time
from contextlib import contextmanager

from corridor.reference import Walk
from leaderboard.family import Bench
from leaderboard.reference import Session
from leaderboard.section import Section


def _play(seconds):
    walk, steps, began = Walk(), 0, time.perf_counter()
    walk.reset(0)
    while time.perf_counter() - began < seconds:
        _, terminated, truncated = walk.step(random.randrange(2))
        if terminated or truncated:
            walk.reset(steps)
        steps += 1
    return steps / (time.perf_counter() - began)


@contextmanager
def _session(request):
    yield Session(name="Walk", version="1.0", cores=1, unit="environment steps", timer=_play)


BENCH = Bench(sections=(Section(cores=1),), session=_session)
