"""Speed of PufferLib's Pong at its best: threads in C, each with games of its own, observations written.

Run as a module (``python -m references.puffer_pong.throughput``) for the speed of random play.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from statistics import median
from threading import Barrier
from typing import Any

import numpy as np
from numpy.typing import NDArray

from references.puffer_pong.compiler import BUILDS, Build
from references.puffer_pong.install import ReferenceUnavailableError
from references.puffer_pong.library import Vector

UNIT = "env steps/s"
ENVS = (64, 256, 1024, 4096)
"""Games a thread that are tried when none are chosen; more, up to `LARGEST`, while more are faster."""
LARGEST = 2**16
_STRIDE = 4

Policy = Callable[[NDArray[np.float32]], Any]
"""observations float32 [games, 8] → actions [games] (integers, or floats in continuous play), as anything that
`np.asarray` takes. The observations are PufferLib's own buffer: the next step overwrites it."""

_FRAMES_A_CALL = 2**20  # some tens of milliseconds in C, so that Python costs nothing even with many threads
_MOMENT = 0.1  # seconds of a try


class Timer:
    """Warm threads: `timer(seconds)` plays on all of them at once and gives env steps per second, all together.

    `envs`: games a thread. `tried`: speed by games a thread, of the sizes among which `envs` was chosen (else empty).
    """

    def __init__(self, threads: ThreadPoolExecutor, count: int, make: Callable[[int, int], Callable[[], int]]) -> None:
        # `make(envs, thread)` gives a function that plays some steps and returns how many.
        self._threads, self._count, self._make = threads, count, make
        self.envs = 0
        self.tried: dict[int, float] = {}
        self._players: list[Callable[[], int]] = []

    def __call__(self, seconds: float) -> float:
        """Play for about so many seconds; every thread plays at least once."""
        barrier = Barrier(self._count)
        waiting = [self._threads.submit(_play, player, barrier, seconds) for player in self._players]
        return sum(future.result() for future in waiting)

    def tune(self, sizes: Sequence[int]) -> None:
        """Keep the size, games a thread, at which all threads together are fastest.

        Among several, sizes beyond the largest of `sizes` are tried for as long as they win.
        """
        self._try(sizes)
        while self.tried and self.envs == max(self.tried) and self.envs * _STRIDE <= LARGEST:
            self._try((self.envs, self.envs * _STRIDE))

    def _try(self, sizes: Sequence[int], rounds: int = 3) -> None:
        players = {envs: [self._make(envs, thread) for thread in range(self._count)] for envs in sizes}
        speeds: dict[int, list[float]] = {envs: [] for envs in players}
        for number in range(rounds + 1 if len(players) > 1 else 1):
            for self.envs, self._players in players.items():
                speed = self(_MOMENT)
                if number:  # the first round warms caches, and compiles policies
                    speeds[self.envs].append(speed)
        found = {envs: median(samples) for envs, samples in speeds.items() if samples}
        if found:
            self.tried |= found
            self.envs = max(found, key=found.__getitem__)
            self._players = players[self.envs]


def _play(player: Callable[[], int], barrier: Barrier, seconds: float) -> float:
    barrier.wait()
    start, steps = time.perf_counter(), 0
    while True:
        steps += player()
        elapsed = time.perf_counter() - start
        if elapsed >= seconds:
            return steps / elapsed


@contextmanager
def throughput_session(
    threads: int,
    frame_skip: int,
    envs: int | None = None,
    continuous: bool = False,
    params: Mapping[str, float] | None = None,
    build: Build = "fast",
) -> Iterator[Timer]:
    """A `Timer` of uniformly random legal play inside C; nothing but the time is taken in Python.

    `envs`: games a thread; None tries `ENVS`, and more while more are faster, and keeps the fastest.
    """

    def make(envs: int, thread: int) -> Callable[[], int]:
        vector = Vector(envs, frame_skip, continuous, params, build)
        vector.reset(seed=thread)
        steps = max(1, _FRAMES_A_CALL // (envs * frame_skip))

        def play() -> int:
            vector.run_random(steps)
            return steps * envs

        return play

    with _timer(threads, envs, make) as timer:
        yield timer


@contextmanager
def policy_session(
    threads: int,
    frame_skip: int,
    policy: Policy,
    envs: int | None = None,
    continuous: bool = False,
    params: Mapping[str, float] | None = None,
    build: Build = "fast",
) -> Iterator[Timer]:
    """A `Timer` of rollouts: each thread takes turns between `policy` on its own games' observations and their step.

    `policy` is called from all threads at once, for a moment before anything is timed (which compiles it, once for each
    size that is tried). `envs` as in `throughput_session`. `ValueError` when it does not give one action a game.
    """

    def make(envs: int, thread: int) -> Callable[[], int]:
        vector = Vector(envs, frame_skip, continuous, params, build)
        vector.reset(seed=thread)

        def play() -> int:
            actions = np.asarray(policy(vector.observations))
            if actions.shape != (envs,):
                raise ValueError(f"the policy gave actions of shape {actions.shape} for {envs} games, need ({envs},)")
            vector.actions[:] = actions
            vector.step()
            return envs

        return play

    with _timer(threads, envs, make) as timer:
        yield timer


@contextmanager
def _timer(threads: int, envs: int | None, make: Callable[[int, int], Callable[[], int]]) -> Iterator[Timer]:
    if threads < 1:
        raise ValueError(f"{threads} threads; there is at least 1")
    with ThreadPoolExecutor(threads) as pool:
        timer = Timer(pool, threads, make)
        timer.tune(ENVS if envs is None else (envs,))
        yield timer


def report(seconds: float = 0.5, samples: int = 5) -> None:
    """Print the speed of random play: each build, frame skip 1 and 8, one thread and one per core."""
    cores = os.cpu_count() or 1
    for frame_skip in (1, 8):
        for threads in sorted({1, cores}):
            for build in BUILDS:
                with throughput_session(threads, frame_skip, build=build) as timer:
                    figures = [timer(seconds) for _ in range(samples)]
                print(
                    f"frame skip {frame_skip}, threads {threads}, {build:7} ({' '.join(BUILDS[build])}): median "
                    f"{median(figures) / 1e6:.2f} M {UNIT} with {timer.envs} games a thread",
                    flush=True,
                )


if __name__ == "__main__":
    try:
        report()
    except ReferenceUnavailableError as error:
        sys.exit(str(error))
