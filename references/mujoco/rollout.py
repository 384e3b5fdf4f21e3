"""Times MuJoCo's C engine at its best: `mujoco.rollout`, open loop, a thread per core, each with lanes of its own."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np

from references.mujoco.gymnasium_env import engine
from references.mujoco.tasks import PlanarTask

LANES = (1, 4, 16, 64)
"""Lanes of a thread that are tried; the fastest is kept."""
_CALL_STEPS, _CALL_BYTES = 100, 2**25  # environment steps of a call at most, and bytes of the states that it writes
_CONTROLS = 4  # sets of actions, drawn beforehand and used in turns
_ROUNDS, _TRY_SECONDS = 3, 0.2


class Lanes:
    """Lanes whose states are carried from call to call; each starts anew after as many steps as a random episode has
    on average, from a first state of Gymnasium's. Controls stay for `frame_skip` physics steps."""

    def __init__(self, task: PlanarTask, threads: int, per_thread: int, rollout: Any) -> None:
        self._task, self._rollout, count = task, rollout, threads * per_thread
        self._data = [engine().MjData(task.model) for _ in range(threads)]
        states = _full_states(task, task.qpos, task.qvel)
        self._starts = _full_states(task, task.start_qpos, task.start_qvel)
        bytes_a_step = count * task.frame_skip * states.itemsize * states.shape[1]
        self.steps = max(1, min(_CALL_STEPS, task.episode_steps, _CALL_BYTES // bytes_a_step))
        index = np.arange(count) % len(states)
        self._states, self._age, self._next = states[index], task.age[index].copy(), 0
        rng = np.random.default_rng(0)
        shape = (_CONTROLS, count, self.steps, *task.low.shape)
        self._controls = np.repeat(rng.uniform(task.low, task.high, shape), task.frame_skip, axis=2)
        self._written = np.empty((count, self.steps * task.frame_skip, states.shape[1]))
        self._calls = 0

    def time(self, seconds: float) -> float:
        """Play for about so long, at least one call; environment steps per second, all threads together."""
        begun, calls = time.perf_counter(), 0
        while calls == 0 or time.perf_counter() - begun < seconds:
            self._call()
            calls += 1
        return calls * len(self._states) * self.steps / (time.perf_counter() - begun)

    def _call(self) -> None:
        ended = self._age >= self._task.episode_steps
        if some := int(ended.sum()):
            self._states[ended] = self._starts[(self._next + np.arange(some)) % len(self._starts)]
            self._next, self._age[ended] = self._next + some, 0
        self._calls += 1
        self._rollout.rollout(
            self._task.model,
            self._data,
            self._states,
            self._controls[self._calls % _CONTROLS],
            state=self._written,
        )
        self._states[:] = self._written[:, -1]
        self._age += self.steps


@dataclass(frozen=True)
class Timed:
    """Warm threads. `time(seconds)` gives environment steps per second; `tuning` says how they were set up."""

    version: str
    time: Callable[[float], float]
    tuning: dict[str, int]


@contextmanager
def throughput_session(task: PlanarTask, threads: int) -> Iterator[Timed]:
    """Threads that play the task's model with random controls, in the arrangement that is fastest here."""
    from mujoco.rollout import Rollout

    with Rollout(nthread=threads) as rollout:
        candidates = {lanes: Lanes(task, threads, lanes, rollout) for lanes in LANES}
        best = _fastest(candidates)
        lanes = candidates[best]
        candidates.clear()
        tuning = {"threads": threads, "lanes per thread": best, "steps per call": lanes.steps}
        yield Timed(engine().__version__, lanes.time, tuning)


def _fastest(candidates: dict[int, Lanes]) -> int:
    speeds = dict.fromkeys(candidates, 0.0)
    for _ in range(_ROUNDS):
        for lanes, candidate in candidates.items():
            speeds[lanes] = max(speeds[lanes], candidate.time(_TRY_SECONDS))
    return max(speeds, key=speeds.__getitem__)


def _full_states(task: PlanarTask, qpos: np.ndarray, qvel: np.ndarray) -> np.ndarray:
    """MuJoCo's state vectors, `[states, size]` float64."""
    mujoco = engine()
    kind = mujoco.mjtState.mjSTATE_FULLPHYSICS
    data, states = mujoco.MjData(task.model), np.empty((len(qpos), mujoco.mj_stateSize(task.model, kind)))
    for state, positions, velocities in zip(states, qpos, qvel, strict=True):
        data.qpos[:], data.qvel[:] = positions, velocities
        mujoco.mj_getState(task.model, data, state, kind)
    return states
