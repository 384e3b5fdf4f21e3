"""Injected values at the edges: thresholds of endings and clamps, controls that are no numbers, the limit of time."""

from __future__ import annotations

import functools
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from families.cheetahjax.verify.policies import AGENT
from families.cheetahjax.verify.still import STILL
from families.cheetahjax.verify.tasks import Task, compiled
from references.mujoco.gymnasium_env import MujocoReference
from references.protocol import LENGTH, LIMIT, RETURN

ODD_CONTROLS = (np.nan, np.inf, -np.inf, 0.0, -0.0, 1e11, -1e25)
"""Values of a single control among ordinary ones: no number, without end, either zero, beyond what squares hold."""
NEAREST, NEAR = 5e-6, 2e-5
"""Distance of a decided edge from where the ending begins [m, rad]; nearer, float32 may decide otherwise."""
_RANGES = {"_healthy_z_range": (1,), "_healthy_angle_range": (2,), "_healthy_state_range": None}
_HALVINGS, _REACH = 22, 0.05


class Threshold(NamedTuple):
    """A number at which something changes in a component of the state, [positions, velocities]."""

    component: int
    at: float


@functools.cache
def thresholds(name: str, endings: tuple[tuple[int, tuple[float, ...]], ...], bound: float | None) -> list[Threshold]:
    """All thresholds of a task: the healthy ranges of Gymnasium's environment, `endings`, and the clamp `bound`."""
    inner, model = MujocoReference(name).unwrapped, compiled(name)
    count = model.nq + model.nv
    found = {(joint, edge) for joint, edges in endings for edge in edges}
    for option, components in _RANGES.items():
        for edge in getattr(inner, option, ()):
            found |= {(component, float(edge)) for component in components or range(2, count)}
    if bound is not None:
        found |= {(component, side * bound) for component in range(model.nq, count) for side in (-1, 1)}
    return [Threshold(*each) for each in sorted(found) if np.isfinite(each[1])]


def of_task(task: Task) -> list[Threshold]:
    """The thresholds of a task."""
    return thresholds(task.name, tuple(sorted(task.endings.items())), task.bound)


def stand_still(rng: np.random.Generator, task: Task, batch: dict[str, NDArray], where: NDArray[np.int64]) -> None:
    """The physics stands still near the initial pose, a single component at a threshold, beside it, or no number.

    In one case of five it is two components.
    """
    if not len(where):
        return
    model = compiled(task.name)
    state = np.tile(np.concatenate([model.qpos0, np.zeros(model.nv)]), (len(where), 1))
    state += rng.uniform(-0.01, 0.01, state.shape)
    edges = of_task(task)
    endings = [edge for edge in edges if edge.component in task.endings]
    free = [k for k in range(state.shape[1]) if k not in task.travel]
    every = [(component, value) for component, at in edges for value in _nearest(at)]
    order = rng.permutation(len(every))
    for case in range(len(where)):
        if case < len(every):  # each threshold once alone, whatever the dice say
            component, value = every[order[case]]
            state[case, component] = value
            continue
        for _ in range(1 + (rng.random() < 0.2)):
            # Half of them where the rules end an episode most: height and angle.
            some = endings if endings and rng.random() < 0.5 else edges
            component, at = some[rng.integers(len(some))] if some else (int(rng.choice(free)), 0.0)
            state[case, component] = _at(rng, at)
            if rng.random() < 0.15:
                state[case, int(rng.choice(free))] = rng.choice([np.nan, np.inf, -np.inf, 0.0, -0.0])
    batch["state.qpos"][where], batch["state.qvel"][where] = state[:, : model.nq], state[:, model.nq :]
    batch["state.warmstart"][where] = 0
    batch[STILL][where] = True
    late(rng, task, batch, where[rng.random(len(where)) < 0.5])


def _nearest(at: float) -> tuple[np.float32, np.float32, np.float32]:
    """The threshold as float32 holds it, and the next number below and above."""
    exact = np.float32(at)
    return exact, np.nextafter(exact, np.float32(-np.inf)), np.nextafter(exact, np.float32(np.inf))


def _at(rng: np.random.Generator, at: float) -> float:
    """The threshold, the next number below or above, or one further off."""
    nearest = _nearest(at)
    return float(rng.choice([*nearest, *nearest, *(nearest[0] * np.array([1.001, 0.999], np.float32))]))


def late(rng: np.random.Generator, task: Task, batch: dict[str, NDArray], where: NDArray[np.int64]) -> None:
    """The step is the one before the limit, the last, or the one after it; in half of the cases the limit is lower."""
    lowered = rng.random(len(where)) < 0.5
    limit = np.where(lowered, rng.integers(1, task.horizon, len(where)), task.horizon)
    batch[LIMIT][where] = limit
    batch["state.time"][where] = np.maximum(limit - rng.integers(0, 3, len(where)), 0)


def another_episode(rng: np.random.Generator, task: Task, batch: dict[str, NDArray], where: NDArray[np.int64]) -> None:
    """The episode's return and length are others than its time tells."""
    batch[RETURN][where] = rng.uniform(-1000, 1000, len(where))
    batch[LENGTH][where] = rng.integers(0, task.horizon, len(where))


def odd_controls(rng: np.random.Generator, actions: NDArray[np.float32], where: NDArray[np.bool_]) -> None:
    """One control of some cases [N, nu] becomes one of `ODD_CONTROLS`, in place."""
    for case in np.flatnonzero(where).tolist():
        actions[case, rng.integers(actions.shape[1])] = rng.choice(ODD_CONTROLS)


def decided(
    rng: np.random.Generator, task: Task, batch: dict[str, NDArray], where: NDArray[np.int64], actions: NDArray
) -> NDArray[np.bool_]:
    """Put cases between `NEAREST` and `NEAR` from where the reference's step begins to end the episode; which could be.

    Found by halving an interval of one joint around each ending's edge. bool [len(where)].
    """
    done = np.zeros(len(where), bool)
    if not len(where):
        return done
    reference, rest = _plain(task.name), np.arange(len(where))
    names = ("state.qpos", "state.qvel", "state.warmstart")
    states = {name: np.array(batch[name][where]) for name in names} | {"state.time": np.zeros(len(where), np.int64)}
    joints = rng.choice(list(task.endings), len(where))
    edges = np.array([rng.choice(task.endings[joint]) for joint in joints.tolist()])

    def ends(values: NDArray[np.float64]) -> NDArray[np.bool_]:
        qpos = np.array(states["state.qpos"])
        qpos[rest, joints] = values
        return reference.step_many({**states, "state.qpos": qpos}, {AGENT: actions[where]})["out.terminated"]

    low, high = edges - _REACH, edges + _REACH
    below = ends(low)
    done = below != ends(high)
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        same = ends(middle) == below
        low, high = np.where(same, middle, low), np.where(same, high, middle)
    beside = (low + high) / 2 + rng.choice([-1, 1], len(where)) * rng.uniform(NEAREST, NEAR, len(where))
    batch["state.qpos"][where[done], joints[done]] = beside[done]
    return done


@functools.cache
def _plain(name: str) -> MujocoReference:
    return MujocoReference(name)
