"""XLA's program of the same play, timed in turns with another backend's."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from leaderboard.program import Program
from leaderboard.samples import Samples


class BesideXla(Samples):
    """`make()` compiles the program; it is warmed up here, and timed by `sample`."""

    name = "xla"

    def __init__(self, make: Callable[[], Program]) -> None:
        self._program = make()
        self._pace = float("inf")
        for _ in range(3):
            self._pace = min(self._pace, self._time(1))
        super().__init__(self._play)

    def _play(self, seconds: float) -> float:
        times = max(1, int(np.ceil(seconds / self._pace)))
        return self._program.steps_per_run * times / self._time(times)

    def summary(self, ours: float) -> dict[str, Any]:
        """Compiler of the peer, all samples, their median, and `ours` (steps per second) over it."""
        median, program = statistics.median(self._samples), self._program
        return {
            "devices": program.devices,
            "compiler_options": program.compiler_options,
            "trace_seconds": program.trace_seconds,
            "compile_seconds": program.compile_seconds,
            "median_sps": median,
            "samples": self.samples,
            "ratio": ours / median,
        }

    def _time(self, times: int) -> float:
        started = time.perf_counter()
        self._program.run(times)
        return time.perf_counter() - started
