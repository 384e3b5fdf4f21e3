"""Laws of every step, whatever the reference does, and pairs of steps that must agree."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from families.cheetahjax.verify.policies import AGENT
from families.cheetahjax.verify.poses import poses
from families.cheetahjax.verify.still import stands_still
from families.cheetahjax.verify.tasks import Task, compiled, step_seconds
from references.mujoco.gymnasium_env import engine
from references.protocol import LIMIT, Batch
from verification.batches import per_case, rows
from verification.plugin import Property, Relation

STATE = ("state.qpos", "state.qvel", "state.warmstart", "state.time")
FAR = 37.5
_HUGE = 1e4


def _near(first: NDArray, second: NDArray, atol: float, rtol: float = 1e-5) -> NDArray[np.bool_]:
    first, second = np.asarray(first, np.float64), np.asarray(second, np.float64)
    return np.abs(first - second) <= atol + rtol * np.abs(second)


def ordinary(before: Batch, actions: Batch) -> NDArray[np.bool_]:
    """bool [N]: steps of the physics from numbers under controls that are numbers."""
    controls = np.asarray(actions[AGENT], np.float64)
    found = ~stands_still(before) & (np.isfinite(controls) & (np.abs(controls) < _HUGE)).all(axis=1)
    for path in ("state.qpos", "state.qvel"):
        found &= np.isfinite(before[path]).all(axis=1)
    return found


def of_ordinary(law: Property) -> Property:
    """The law, asked of `ordinary` steps."""

    def holds(before: Batch, actions: Batch, after: Batch) -> NDArray[np.bool_]:
        chosen = np.flatnonzero(ordinary(before, actions))
        found = np.ones(len(after["state.time"]), bool)
        if len(chosen):
            found[chosen] = law.holds(rows(before, chosen), rows(actions, chosen), rows(after, chosen))
        return found

    return Property(law.name, holds)


def time_passes(horizon: int) -> Property:
    """One step at a time, and the last one truncates unless the episode has terminated."""

    def holds(before: Batch, actions: Batch, after: Batch) -> NDArray[np.bool_]:
        counted = after["state.time"] == before["state.time"] + 1
        over = (after["state.time"] >= before.get(LIMIT, horizon)) & ~np.asarray(after["out.terminated"], bool)
        return counted & (np.asarray(after["out.truncated"], bool) == over)

    return Property("time passes, and truncates", holds)


def finite(before: Batch, actions: Batch, after: Batch) -> NDArray[np.bool_]:
    """Every number is one."""
    parts = [per_case(np.isfinite(after[path])).all(axis=1) for path in after]
    return np.logical_and.reduce(parts)


def speed(dt: float) -> Property:
    """The speed is the displacement over the step's time."""

    def holds(before: Batch, actions: Batch, after: Batch) -> NDArray[np.bool_]:
        gone = after["state.qpos"][:, 0].astype(np.float64) - before["state.qpos"][:, 0]
        # Two stored positions know their difference to a spacing only.
        unknown = 2 * np.spacing(np.abs(after["state.qpos"][:, 0]).astype(np.float32)).astype(np.float64) / dt
        same = after["out.info.x_position"] == after["state.qpos"][:, 0]
        paid = _near(after["out.info.reward_forward"], after["out.info.x_velocity"], 1e-6)
        return same & paid & (np.abs(after["out.info.x_velocity"] - gone / dt) <= 1e-4 + unknown)

    return Property("the forward reward is the speed, the displacement over the step's time", holds)


def control(weight: float) -> Property:
    """The control cost is that of the action as it came, clamped or not."""

    def holds(before: Batch, actions: Batch, after: Batch) -> NDArray[np.bool_]:
        cost = weight * np.square(np.asarray(actions[AGENT], np.float64)).sum(axis=1)
        return _near(after["out.info.reward_ctrl"], -cost, 1e-6)

    return Property("the control cost is that of the action as it came", holds)


def sum_of(*parts: str) -> Property:
    """The reward is the sum of these metrics."""

    def holds(before: Batch, actions: Batch, after: Batch) -> NDArray[np.bool_]:
        total = sum(np.asarray(after["out.info." + part], np.float64) for part in parts)
        return _near(after["out.reward"], np.asarray(total), 1e-5)

    return Property("the reward is " + " + ".join(parts), holds)


def observed(travel: tuple[int, ...], bound: float | None) -> Property:
    """The observation is the positions without the root's travel, then the velocities, clipped to `bound`."""

    def holds(before: Batch, actions: Batch, after: Batch) -> NDArray[np.bool_]:
        qvel = after["state.qvel"] if bound is None else np.clip(after["state.qvel"], -bound, bound)
        expected = np.concatenate([np.delete(after["state.qpos"], travel, axis=1), qvel], axis=1)
        return (after["out.obs"] == expected).all(axis=1)

    return Property("the observation is the state without the root's travel", holds)


def energy_falls(task: Task) -> Property:
    """Flying without control inside its limits, a body only loses energy: its joints are damped.

    Energies are MuJoCo's, springs included. The integrator is of first order: a fast body may seem to gain what one
    step's error is worth.
    """

    def holds(before: Batch, actions: Batch, after: Batch) -> NDArray[np.bool_]:
        applies = ~np.asarray(actions[AGENT]).any(axis=1) & (np.abs(before["state.qvel"]).max(axis=1) < 5)
        for batch in (before, after):
            pose = poses(task, batch["state.qpos"])
            inside = (np.minimum(pose.above, pose.below) > 0.02).all(axis=1)
            applies &= inside & (pose.heights > 0.05).all(axis=1)
        fine = np.ones(len(applies), bool)
        for case in np.flatnonzero(applies).tolist():
            start, end = (
                _energy(task, batch["state.qpos"][case], batch["state.qvel"][case]) for batch in (before, after)
            )
            allowed = start.total + 0.02 * start.kinetic + 0.02
            fine[case] = start.touching or end.touching or end.total <= allowed
        return fine

    return Property("in the air without control, energy is lost", holds)


class _Energy(NamedTuple):
    total: float
    kinetic: float
    touching: bool
    """The floor, or itself."""


def _energy(task: Task, qpos: NDArray, qvel: NDArray) -> _Energy:
    mujoco = engine()
    model = compiled(task.name)
    data = mujoco.MjData(model)
    data.qpos[:], data.qvel[:] = qpos, qvel
    mujoco.mj_fwdPosition(model, data)
    mujoco.mj_fwdVelocity(model, data)
    mujoco.mj_energyPos(model, data)
    mujoco.mj_energyVel(model, data)
    potential, kinetic = data.energy
    return _Energy(float(potential + kinetic), float(kinetic), bool(data.ncon))


def _changed(batch: Batch, **changes: NDArray) -> dict[str, NDArray]:
    return {**batch, **{path.replace("__", "."): values for path, values in changes.items()}}


def _shift(batch: Batch) -> dict[str, NDArray]:
    qpos = np.array(batch["state.qpos"])
    qpos[:, 0] += np.asarray(FAR, qpos.dtype)
    moved = _changed(batch, state__qpos=qpos)
    if "out.info.x_position" in batch:
        moved["out.info.x_position"] = batch["out.info.x_position"] + np.float32(FAR)
    moved.pop("out.info.distance_from_origin", None)
    return moved


def translation() -> Relation:
    """Nothing depends on where along the floor it happens."""
    return Relation(
        "the same further along",
        lambda before, actions: (_shift(before), dict(actions)),
        _shift,
        lambda before, actions: np.abs(before["state.qpos"][:, 0]) < 100,
    )


def _only(*paths: str) -> Callable[[Batch], Batch]:
    return lambda after: {path: after[path] for path in paths}


def clamping(task: Task) -> Relation:
    """A control beyond its range acts like the end of the range; the reward, which charges for it, is not compared."""
    low, high = compiled(task.name).actuator_ctrlrange.T.astype(np.float32)
    return Relation(
        "controls are clamped",
        lambda before, actions: (dict(before), {AGENT: np.clip(actions[AGENT], low, high)}),
        _only(*STATE),
        lambda before, actions: ((actions[AGENT] < low) | (actions[AGENT] > high)).any(axis=1),
    )


def warm_start() -> Relation:
    """The solver's start does not matter to its end."""
    return Relation(
        "the warm start does not matter",
        lambda before, actions: (_changed(before, state__warmstart=np.zeros_like(before["state.warmstart"])), actions),
        _only("state.qpos", "state.qvel", "out.reward"),
    )


def clock() -> Relation:
    """Physics does not know the time."""
    return Relation(
        "the time does not matter",
        lambda before, actions: (_changed(before, state__time=np.zeros_like(before["state.time"])), dict(actions)),
        _only("state.qpos", "state.qvel", "out.reward", "out.obs"),
    )


def laws_of(task: Task) -> tuple[Property, ...]:
    """The properties of a task."""
    found = [Property("all is finite", finite), sum_of(*task.reward), energy_falls(task)]
    if task.travel:
        found += [speed(step_seconds(task.name)), observed(task.travel, task.bound)]
    if "reward_ctrl" in task.reward:
        found.append(control(task.control_cost))
    return (time_passes(task.horizon), *map(of_ordinary, found))


def relations_of(task: Task) -> tuple[Relation, ...]:
    """The relations of a task."""
    along = (translation(),) if task.travel else ()
    return tuple(map(_of_ordinary_pairs, (*along, clamping(task), warm_start(), clock())))


def _of_ordinary_pairs(law: Relation) -> Relation:
    def applies(before: Batch, actions: Batch) -> NDArray[np.bool_]:
        found = ordinary(before, actions)
        return found if law.applies is None else found & law.applies(before, actions)

    return replace(law, applies=applies)
