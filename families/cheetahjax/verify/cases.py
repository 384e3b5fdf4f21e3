"""Injected states: near every edge of the contacts and limits, and far outside what play reaches."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from families.cheetahjax.verify import edges
from families.cheetahjax.verify.policies import AGENT
from families.cheetahjax.verify.poses import model_of, poses
from families.cheetahjax.verify.still import STILL
from families.cheetahjax.verify.tasks import Task, compiled
from references.mujoco.gymnasium_env import engine
from references.protocol import Batch, with_figures
from verification.batches import rows, size
from verification.plugin import Injected

_NEAREST, _FARTHEST = -6.0, -3.0
"""Powers of ten: how near to an edge [m, rad]. Nearer, float32 may land on its other side."""


def inject(rng: np.random.Generator, snapshots: Batch, n: int, task: Task) -> Injected:
    """`n` cases: a pose of one kind, then changes of speed, place, warm start, time and action, each in some cases."""
    batch = {path: np.array(v) for path, v in rows(snapshots, rng.integers(0, size(snapshots), n)).items()}
    batch = with_figures(batch, task.horizon) | ({STILL: np.zeros(n, bool)} if task.still else {})
    known = model_of(task.name)
    kinds = ["wild", "upright", "upside down"]
    kinds += ["contact edge", "airborne", "pressed"] if known.ends else []
    kinds += ["limit edge", "beyond limits"] if len(known.limited) else []
    kinds += ["ending edge"] if task.endings else []
    kinds += ["stands still"] if task.still else []
    kind = rng.choice(kinds, n)
    moving = kind != "stands still"
    _place(rng, task, batch, kind)
    edges.stand_still(rng, task, batch, np.flatnonzero(~moving))
    labels = [[str(name)] for name in kind]
    for name, chance, change in (
        ("fast", 0.15, _fast),
        ("at rest", 0.1, _rest),
        ("cold", 0.1, _cold),
        ("another warm start", 0.1, _warm),
        ("far away", 0.1, _far),
        ("last steps", 0.1, edges.late),
        ("another episode", 0.1, edges.another_episode),
    ):
        chosen = (rng.random(n) < chance) & (moving | (name == "another episode"))
        if name == "last steps":  # an episode may end both ways at once
            chosen |= (kind == "ending edge") & (rng.random(n) < 0.3)
        change(rng, task, batch, np.flatnonzero(chosen))
        _note(labels, chosen, name)
    actions, strong, none = _actions(rng, task, n)
    _note(labels, strong, "beyond the controls' range")
    _note(labels, none, "no control")
    if task.endings:
        edge = np.flatnonzero((kind == "ending edge") & (rng.random(n) < 0.5))
        beside = np.zeros(n, bool)
        beside[edge[edges.decided(rng, task, batch, edge, actions)]] = True
        _note(labels, beside, "just decided")
    odd = rng.random(n) < 0.08
    edges.odd_controls(rng, actions, odd)
    _note(labels, odd, "an odd control")
    return Injected(stored(batch), {AGENT: actions}, ["+".join(parts) for parts in labels])


def stored(batch: Batch) -> dict[str, NDArray[np.generic]]:
    """The states rounded to float32, so that both sides begin in the very same one."""
    with np.errstate(over="ignore"):
        return {
            path: values.astype(np.float32).astype(np.float64) if values.dtype.kind == "f" else values
            for path, values in batch.items()
            if path.startswith("state.")
        }


def wild(rng: np.random.Generator, task: Task, n: int) -> dict[str, NDArray[np.generic]]:
    """`n` states of the stress set: any pitch, joints up to 10 % of their range beyond it, fast, the solver cold."""
    model, known = compiled(task.name), model_of(task.name)
    qpos = np.tile(model.qpos0, (n, 1))
    span = known.high - known.low
    qpos[:, known.limited] = known.low + span * rng.uniform(-0.1, 1.1, (n, len(known.limited)))
    for joint, (low, high) in task.free.items():
        qpos[:, model.joint(joint).qposadr[0]] += rng.uniform(low, high, n)
    speed = np.full(model.nv, task.root_speed)
    speed[known.limited] = task.joint_speed
    qvel = rng.normal(0, speed, (n, model.nv))
    return stored(
        {
            "state.qpos": qpos,
            "state.qvel": qvel,
            "state.warmstart": np.zeros((n, model.nv)),
            "state.time": np.zeros(n, np.int64),
        }
    )


def _place(rng: np.random.Generator, task: Task, batch: dict[str, NDArray], kind: NDArray[np.str_]) -> None:
    qpos, known = batch["state.qpos"], model_of(task.name)
    where = np.flatnonzero(kind == "wild")
    fresh = wild(rng, task, len(where))
    for path in ("state.qpos", "state.qvel", "state.warmstart"):
        batch[path][where] = fresh[path]
    pitch = _pitch(task)
    where = np.flatnonzero(kind == "upside down")
    qpos[where, pitch] = np.pi * rng.choice([-1, 1], len(where)) + rng.normal(0, 0.3, len(where))
    if len(known.ends):
        height = 1  # every task that touches a floor has its root's height there
        where = np.flatnonzero(kind == "airborne")
        qpos[where, height] += rng.uniform(1, 5, len(where))
        where = np.flatnonzero(np.isin(kind, ["contact edge", "pressed"]))
        ends = rng.integers(0, len(known.ends), len(where))
        # Any pitch for some, so that every end comes to be the lowest or among them.
        qpos[where, pitch] += np.where(rng.random(len(where)) < 0.5, rng.uniform(-np.pi, np.pi, len(where)), 0.0)
        distance = poses(task, qpos[where]).heights[np.arange(len(where)), ends]
        deep = kind[where] == "pressed"
        wanted = np.where(deep, -rng.uniform(0, 0.02, len(where)), _beside(rng, len(where)))
        qpos[where, height] += wanted - distance
        batch["state.qvel"][where] *= np.where(rng.random(len(where)) < 0.5, 1.0, 0.1)[:, None]
    _near_endings(rng, task, qpos, np.flatnonzero(kind == "ending edge"))
    if len(known.limited):
        where = np.flatnonzero(kind == "limit edge")
        joint, upper = rng.integers(0, len(known.limited), len(where)), rng.random(len(where)) < 0.5
        edge = np.where(upper, known.high[joint], known.low[joint])
        qpos[where, known.limited[joint]] = edge + _beside(rng, len(where))
        where = np.flatnonzero(kind == "beyond limits")
        span = known.high - known.low
        qpos[np.ix_(where, known.limited)] = known.low + span * rng.uniform(-0.2, 1.2, (len(where), len(span)))


def _near_endings(rng: np.random.Generator, task: Task, qpos: NDArray, where: NDArray[np.int64]) -> None:
    joints = rng.choice(list(task.endings), len(where))
    for case, joint in zip(where.tolist(), joints.tolist(), strict=True):
        edge = rng.choice(task.endings[joint])
        qpos[case, joint] = edge + rng.choice([-1, 1]) * 10 ** rng.uniform(-4, -1.5)


def _pitch(task: Task) -> int:
    """The first hinge."""
    return int(np.flatnonzero(compiled(task.name).jnt_type == engine().mjtJoint.mjJNT_HINGE)[0])


def _beside(rng: np.random.Generator, n: int) -> NDArray[np.float64]:
    return rng.choice([-1, 1], n) * 10 ** rng.uniform(_NEAREST, _FARTHEST, n)


def _fast(rng: np.random.Generator, task: Task, batch: dict[str, NDArray], where: NDArray[np.int64]) -> None:
    faster = batch["state.qvel"][where] * rng.uniform(2, 5, (len(where), 1))
    batch["state.qvel"][where] = np.clip(faster, -task.most_speed, task.most_speed)


def _rest(rng: np.random.Generator, task: Task, batch: dict[str, NDArray], where: NDArray[np.int64]) -> None:
    batch["state.qvel"][where] = 0
    batch["state.warmstart"][where] = 0


def _cold(rng: np.random.Generator, task: Task, batch: dict[str, NDArray], where: NDArray[np.int64]) -> None:
    batch["state.warmstart"][where] = 0


def _warm(rng: np.random.Generator, task: Task, batch: dict[str, NDArray], where: NDArray[np.int64]) -> None:
    shape = batch["state.warmstart"][where].shape
    batch["state.warmstart"][where] = rng.normal(0, 1, shape) * 10 ** rng.uniform(0, 3, (len(where), 1))


def _far(rng: np.random.Generator, task: Task, batch: dict[str, NDArray], where: NDArray[np.int64]) -> None:
    for joint in task.travel:
        batch["state.qpos"][where, joint] = rng.choice([-1, 1], len(where)) * 10 ** rng.uniform(2, 4, len(where))


def _actions(rng: np.random.Generator, task: Task, n: int) -> tuple[NDArray[np.float32], NDArray, NDArray]:
    """Uniform and bang-bang actions [n, nu], and which of them (bool [n]) leave the range or are zero."""
    low, high = compiled(task.name).actuator_ctrlrange.T
    actions = rng.uniform(low, high, (n, len(low)))
    ends = np.where(actions > (low + high) / 2, high, low)
    actions = np.where((rng.random(n) < 0.3)[:, None], ends, actions)
    strong, none = rng.random(n) < 0.2, rng.random(n) < 0.1
    actions *= np.where(strong, rng.uniform(1, 4, n), 1.0)[:, None]
    actions[none] = 0
    actions = actions.astype(np.float32)
    beyond = ((actions < low.astype(np.float32)) | (actions > high.astype(np.float32))).any(axis=1)
    return actions, beyond, none


def _note(labels: list[list[str]], chosen: NDArray[np.bool_], name: str) -> None:
    for case in np.flatnonzero(chosen).tolist():
        labels[case].append(name)
