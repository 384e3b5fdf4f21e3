"""Behaviours of a step: each contact and limit, flight, sliding and sticking, clamping, truncation."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from families.cheetahjax.verify.policies import AGENT
from families.cheetahjax.verify.poses import Model, Pose, model_of, poses
from families.cheetahjax.verify.still import stands_still
from families.cheetahjax.verify.tasks import Task, compiled
from references.protocol import LIMIT, Batch

SLIDES, STICKS = 1e-3, 1e-4
"""Metres in one step: more is sliding, less is sticking."""

SOURCES = {
    "contact *": ("cheetahjax.contact", "cheetahjax.force_tree", "cheetahjax.impedance"),
    "several contacts": ("cheetahjax.newton", "cheetahjax.force_tree"),
    "slides": ("cheetahjax.contact",),
    "sticks": ("cheetahjax.contact",),
    "limit *": ("cheetahjax.limit", "cheetahjax.impedance"),
    "flies": ("cheetahjax.bias", "cheetahjax.inertia"),
    "control clamped": ("cheetahjax.passive",),
    "a control *": ("cheetahjax.envs.planar_env", "cheetahjax.passive"),
    "truncated*": ("cheetahjax.envs.planar_env",),
    "terminated*": ("cheetahjax.envs.locomotion",),
}


def behaviours(before: Batch, actions: Batch, after: Batch, task: Task) -> Mapping[str, NDArray[np.bool_]]:
    """name → bool [N]."""
    known, still = model_of(task.name), stands_still(before)
    now, then = (_poses(task, batch["state.qpos"], still) for batch in (before, after))
    found = _of_poses(task, known, now, then)
    found = {name: present & ~still for name, present in found.items()}
    low, high = compiled(task.name).actuator_ctrlrange.T
    action = np.asarray(actions[AGENT], np.float64)
    found |= {
        "control clamped": ((action < low) | (action > high)).any(axis=1),
        "no control": ~action.any(axis=1),
        "a control is no number": np.isnan(action).any(axis=1),
        "a control without end": np.isinf(action).any(axis=1),
        "fast": ~still & (np.abs(before["state.qvel"]).max(axis=1) > task.most_speed / 3),
        "truncated": np.asarray(after["out.truncated"], bool),
        "truncated by a lower limit": np.asarray(after["out.truncated"], bool)
        & (np.asarray(before.get(LIMIT, task.horizon)) < task.horizon),
    }
    if task.still:
        found["stands still"] = still
    if task.endings:
        terminated = np.asarray(after["out.terminated"], bool)
        found["terminated"] = terminated
        found["terminated at the limit"] = terminated & (
            np.asarray(after.get("state.time", 0)) >= before.get(LIMIT, task.horizon)
        )
    if task.travel:
        found["far away"] = np.abs(before["state.qpos"][:, task.travel[0]]) > 100
    return found


def _poses(task: Task, qpos: NDArray[Any], still: NDArray[np.bool_]) -> Pose:
    """Poses [N]; of a state that stands still, which may hold no numbers, the initial one."""
    return poses(task, np.where(still[:, None], compiled(task.name).qpos0, qpos))


def _of_poses(task: Task, known: Model, now: Pose, then: Pose) -> dict[str, Any]:
    touching, still = now.heights < 0, then.heights < 0
    found: dict[str, Any] = {f"contact {end}": touching[:, k] for k, end in enumerate(known.ends)}
    if known.ends:
        moved = np.abs(then.places - now.places)
        held = touching & still
        found |= {
            "flies": ~touching.any(axis=1) & ~still.any(axis=1),
            "lands": ~touching.any(axis=1) & still.any(axis=1),
            "takes off": touching.any(axis=1) & ~still.any(axis=1),
            "several contacts": touching.sum(axis=1) >= 3,
            "slides": (held & (moved > SLIDES)).any(axis=1),
            "sticks": (held & (moved < STICKS)).any(axis=1),
        }
    for k, joint in enumerate(known.joints):
        found[f"limit {joint} lower"] = now.above[:, k] < 0
        found[f"limit {joint} upper"] = now.below[:, k] < 0
    return found


def declared(task: Task) -> tuple[str, ...]:
    """All names that `behaviours` gives."""
    model = compiled(task.name)
    one = {
        "state.qpos": model.qpos0[None],
        "state.qvel": np.zeros((1, model.nv)),
        "out.truncated": np.zeros(1, bool),
        "out.terminated": np.zeros(1, bool),
    }
    return tuple(behaviours(one, {AGENT: np.zeros((1, model.nu))}, one, task))
