"""Speed of the reference at its best: random legal play inside Node, one worker per core, text off, nothing
recorded. A step is one commit of both sides' choices, which is what one environment transition is."""

from __future__ import annotations

import os
import struct
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from statistics import median
from typing import Any

from references.showdown.install import VERSION
from references.showdown.workers import OP_MEASURE, WorkerPool, text_field

UNIT = "joint steps/s"
_WARM_UP = 1.5  # seconds, for Node's compiler


@contextmanager
def throughput_session(
    workers: int | None = None, format: str = "gen1randombattle"
) -> Iterator[Callable[[float], float]]:
    """Warm workers, one per core by default, and a function that plays for some seconds on all of them at once and
    returns their joint steps per second together. For interleaving with other measurements."""
    with WorkerPool(workers) as pool:
        round_number = 0

        def sample(seconds: float) -> float:
            nonlocal round_number
            round_number += 1
            waiting = []
            for worker in range(pool.size):
                # Different choices in every worker and round; teams come from one pool that all share.
                body = text_field(format) + struct.pack("<II", max(1, int(seconds * 1000)), round_number << 8 | worker)
                waiting.append(pool.submit(OP_MEASURE, body, timeout=seconds + 60))
            results = [future.result().json() for future in waiting]
            return sum(result["steps"] / result["seconds"] for result in results)

        sample(_WARM_UP)
        yield sample


def throughput(seconds: float = 10.0, workers: int | None = None, samples: int = 10) -> dict[str, Any]:
    """Measure for about `seconds`, cut into `samples`. Returns name, version, cores, samples, median_sps,
    median_sps_per_core and unit; `cores` is the number of workers, each of which keeps one core busy."""
    cores = workers or os.cpu_count() or 1
    with throughput_session(cores) as sample:
        figures = [sample(seconds / samples) for _ in range(samples)]
    return {
        "name": "pokemon-showdown",
        "version": VERSION,
        "cores": cores,
        "samples": figures,
        "median_sps": median(figures),
        "median_sps_per_core": median(figures) / cores,
        "unit": UNIT,
    }
