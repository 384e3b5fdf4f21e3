"""Gymnasium's planar MuJoCo tasks as a bench needs them: the compiled model, states of random play, C's own step."""

from __future__ import annotations

import dataclasses
import functools
import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from references.mujoco.gymnasium_env import engine, quiet

_LEAST_STEPS, _STEPS_PER_STATE = 4000, 20


@dataclasses.dataclass(frozen=True, kw_only=True, eq=False)
class PlanarTask:
    """A task of Gymnasium, and random play recorded from it. Arrays are float32, `[states, …]`.

    The recorded states are spread over the episodes that random play has; engines begin with these, not with resets,
    so that all are timed on the same kind of motion from the first step. They are rounded to float32 before C steps
    them too: an error is the engine's, not that of storing the state.
    """

    name: str
    model: Any
    model_sha256: str
    frame_skip: int
    low: NDArray[np.float32]
    high: NDArray[np.float32]
    qpos: NDArray[np.float32]
    qvel: NDArray[np.float32]
    warmstart: NDArray[np.float32]
    age: NDArray[np.int32]
    """Steps that each recorded state counts as having behind it: those of its episode, modulo `episode_steps`."""
    start_qpos: NDArray[np.float32]
    start_qvel: NDArray[np.float32]
    """First states of episodes, as many as there are recorded states."""
    episode_steps: int
    """Mean length of a random episode, rounded."""

    @property
    def engine(self) -> str:
        """Origin of the states and the answers of `step_in_c`."""
        import gymnasium

        return f"C MuJoCo {engine().__version__} in float64, model of Gymnasium {gymnasium.__version__}"

    def step_in_c(self, actions: NDArray[np.float32]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """`(qpos, qvel)` of every recorded state one environment step later, by MuJoCo's C engine."""
        mujoco = engine()
        data, after = mujoco.MjData(self.model), []
        for qpos, qvel, warmstart, action in zip(self.qpos, self.qvel, self.warmstart, actions, strict=True):
            data.qpos[:], data.qvel[:], data.qacc_warmstart[:], data.ctrl[:] = qpos, qvel, warmstart, action
            mujoco.mj_step(self.model, data, nstep=self.frame_skip)
            after.append((data.qpos.copy(), data.qvel.copy()))
        return np.stack([qpos for qpos, _ in after]), np.stack([qvel for _, qvel in after])


def record(name: str, chosen: Mapping[str, Any], states: int) -> PlanarTask:
    """Gymnasium's task `name` with so many recorded states; the same states for everybody who asks.

    `chosen`: constructor options of Gymnasium's class.
    """
    return _record(name, json.dumps(dict(chosen)), states)


def make(name: str, chosen: dict[str, Any]) -> Any:
    """`gymnasium.make`, without the checker that slows every step."""
    import gymnasium

    with quiet():  # the cheetah's file has an attribute that MuJoCo warns about
        return gymnasium.make(name, disable_env_checker=True, **chosen)


@functools.lru_cache(maxsize=8)
def _record(name: str, chosen: str, states: int) -> PlanarTask:
    env = make(name, json.loads(chosen))
    inner, rng = env.unwrapped, np.random.default_rng(0)
    low, high = env.action_space.low, env.action_space.high
    total = max(_LEAST_STEPS, _STEPS_PER_STATE * states)
    picked = {int(step) for step in np.linspace(0, total - 1, states)}
    found, lengths, age = [], [], 0
    env.reset(seed=0)
    for step in range(total):
        if step in picked:
            data = inner.data
            found.append((data.qpos.copy(), data.qvel.copy(), data.qacc_warmstart.copy(), age))
        _, _, terminated, truncated, _ = env.step(rng.uniform(low, high).astype(np.float32))
        age += 1
        if terminated or truncated:
            lengths.append(age)
            env.reset()
            age = 0
    starts = []
    for _ in range(states):
        env.reset()
        starts.append((inner.data.qpos.copy(), inner.data.qvel.copy()))
    qpos, qvel, warmstart, ages = (np.stack(part) for part in zip(*found, strict=True))
    start_qpos, start_qvel = (np.stack(part).astype(np.float32) for part in zip(*starts, strict=True))
    episode_steps = max(1, round(float(np.mean(lengths) if lengths else env.spec.max_episode_steps)))
    task = PlanarTask(
        name=name,
        model=inner.model,
        model_sha256=hashlib.sha256(Path(inner.fullpath).read_bytes()).hexdigest(),
        frame_skip=inner.frame_skip,
        low=low.astype(np.float32),
        high=high.astype(np.float32),
        qpos=qpos.astype(np.float32),
        qvel=qvel.astype(np.float32),
        warmstart=warmstart.astype(np.float32),
        age=(ages % episode_steps).astype(np.int32),
        start_qpos=start_qpos,
        start_qvel=start_qvel,
        episode_steps=episode_steps,
    )
    env.close()
    return task
