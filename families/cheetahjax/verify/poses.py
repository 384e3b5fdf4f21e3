"""Poses of a batch of states against contacts and limits, computed by MuJoCo itself."""

from __future__ import annotations

import functools
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from families.cheetahjax.verify.tasks import Task, compiled
from references.mujoco.gymnasium_env import engine


class Model(NamedTuple):
    """Points that can touch the floor, and joints that have limits."""

    ends: tuple[str, ...]
    """Names of the capsules' ends that collide with the floor; "torso 0" and "torso 1"."""
    geoms: NDArray[np.int64]
    """[E] the geom of each end."""
    signs: NDArray[np.float64]
    """[E] +1 or -1: along the capsule's axis."""
    begins: NDArray[np.float64]
    """[E] distance at which the contact begins to act: MuJoCo's margin."""
    limited: NDArray[np.int64]
    """[L] joints with limits."""
    joints: tuple[str, ...]
    low: NDArray[np.float64]
    """[L] where the lower limit begins to act."""
    high: NDArray[np.float64]
    """[L] where the upper limit does."""


@functools.cache
def model_of(name: str) -> Model:
    """The contacts and limits of a task."""
    mujoco = engine()
    model = compiled(name)
    floors = np.flatnonzero(model.geom_type == mujoco.mjtGeom.mjGEOM_PLANE)
    ends: list[str] = []
    geoms: list[int] = []
    begins: list[float] = []
    for geom in np.flatnonzero(model.geom_type == mujoco.mjtGeom.mjGEOM_CAPSULE).tolist():
        if any(_collide(model, geom, int(floor)) for floor in floors):
            for side in (0, 1):
                ends.append(f"{model.geom(geom).name or f'geom {geom}'} {side}")
                geoms.append(geom)
                begins.append(float(np.maximum(model.geom_margin[geom], model.geom_margin[floors]).max()))
    limited = np.flatnonzero(model.jnt_limited)
    return Model(
        tuple(ends),
        np.array(geoms, np.int64),
        np.array([1.0 if k % 2 == 0 else -1.0 for k in range(len(ends))]),
        np.array(begins),
        limited,
        tuple(model.joint(int(joint)).name for joint in limited),
        model.jnt_range[limited, 0] + model.jnt_margin[limited],
        model.jnt_range[limited, 1] - model.jnt_margin[limited],
    )


def _collide(model: Any, first: int, second: int) -> bool:
    kind, affinity = model.geom_contype, model.geom_conaffinity
    return bool((kind[first] & affinity[second]) | (kind[second] & affinity[first]))


class Pose(NamedTuple):
    """A batch of poses."""

    heights: NDArray[np.float64]
    """[N, E]: distance of each capsule end from where its contact begins; negative where it acts."""
    places: NDArray[np.float64]
    """[N, E]: horizontal position of each end."""
    above: NDArray[np.float64]
    """[N, L]: distance of each joint from its lower limit; negative beyond it."""
    below: NDArray[np.float64]
    """[N, L]: the same from its upper limit."""


def poses(task: Task, qpos: NDArray[np.float64]) -> Pose:
    """The poses of a batch of positions [N, nq]."""
    mujoco = engine()
    model, known = compiled(task.name), model_of(task.name)
    qpos = np.asarray(qpos, np.float64)
    above, below = qpos[:, known.limited] - known.low, known.high - qpos[:, known.limited]
    if not len(known.ends):
        none = np.zeros((len(qpos), 0))
        return Pose(none, none, above, below)
    data = mujoco.MjData(model)
    centres, axes = np.empty((2, len(qpos), len(known.ends), 2))
    for case in range(len(qpos)):
        data.qpos[:] = qpos[case]
        mujoco.mj_kinematics(model, data)
        centres[case] = data.geom_xpos[known.geoms][:, [0, 2]]
        axes[case] = data.geom_xmat[known.geoms][:, [2, 8]]
    reach = (known.signs * model.geom_size[known.geoms, 1])[:, None]
    points = centres + axes * reach
    return Pose(points[:, :, 1] - model.geom_size[known.geoms, 0] - known.begins, points[:, :, 0], above, below)
