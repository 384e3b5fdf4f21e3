"""Both sides as E1 compares them, one case at a time: a precision and a number of physics steps.

`replay` and shrinking of what E1 finds play it here: the environment itself steps in float32 and its own frame skip.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import Any, cast

import jax
import numpy as np
from numpy.typing import NDArray

from families.cheetahjax.verify import limits, sides
from families.cheetahjax.verify.policies import AGENT
from families.cheetahjax.verify.tasks import Task, compiled
from families.cheetahjax.verify.teacher import SOLVER, Precision, Teacher
from references.mujoco.gymnasium_env import STATE_NAMES, MujocoReference
from references.protocol import OUTCOME, Actions, Bounds, EnvInfo, Snapshot, row, stack
from verification.backends import Vmap
from verification.fields import FieldSpec
from verification.plugin import Plugin

PRECISION, FRAME_SKIP = "precision", "frame skip"
NOT_ASKED = "E1 does not compare it: the engine alone steps, and Gymnasium charges for control in float32"


def settings(task: Task) -> dict[str, tuple[Any, ...]]:
    """Settings that a case of the task may have been found in."""
    return {PRECISION: limits.PRECISIONS, FRAME_SKIP: (1, frame_skip(task))}


def frame_skip(task: Task) -> int:
    """Physics steps of one environment step."""
    return int(sides.environment(task).frame_skip)


def under(task: Task, plugin: Plugin, vmap: Vmap, setting: Mapping[str, Any]) -> Plugin:
    """The task's plugin in a setting: E1's sides, and its limits as the fields' tolerances."""
    precision = cast(Precision, setting.get(PRECISION, "float32"))
    skip = int(setting[FRAME_SKIP]) if FRAME_SKIP in setting else frame_skip(task)
    asked = limits.compared(task, precision)
    fields = [
        spec if spec.path in asked else FieldSpec(spec.path, spec.module, "ignore", why=NOT_ASKED)
        for spec in limits.strict(task, precision).specs
    ]
    made = plugin.between(
        reference=partial(exact_reference, task, skip), candidate=partial(Taught, task, skip, precision, vmap)
    )
    return replace(made, state=replace(made.state, fields=fields))


def exact_reference(task: Task, skip: int) -> MujocoReference:
    """MuJoCo, whose solver goes on to the minimum: E1 asks so where they differ (see `arbiter.Arbiter`)."""
    reference = sides.plain_reference(task, frame_skip=skip)
    reference.unwrapped.model.opt.tolerance = 0.0
    return reference


class Taught:
    """`Teacher` as an `Env` that is `Restorable`: a single case, its state kept in the teacher's precision."""

    def __init__(self, task: Task, skip: int, precision: Precision, vmap: Vmap = jax.vmap) -> None:
        env = sides.environment(task)
        self.info = EnvInfo(f"{env.id}, {precision}, frame skip {skip}", env.version, (AGENT,))
        self._model, self._dtype = compiled(task.name), np.dtype(precision)
        self._teacher = Teacher(task, skip, precision, lanes=1, vmap=vmap)
        self._held: dict[str, Any] = {}
        self.reset(0)

    def reset(self, seed: int, options: Mapping[str, Any] | None = None) -> None:
        """The initial pose at rest, whatever the seed: the reference's first state is restored after it."""
        still = np.zeros(self._model.nv)
        values = {"qpos": self._model.qpos0, "qvel": still, "warmstart": still}
        self.restore({**{f"state.{name}": values[name] for name in STATE_NAMES}, "state.time": np.int64(0)})

    def step(self, actions: Actions) -> None:
        """Play one action: {"agent": float array}."""
        self._held = self._step(actions[AGENT])

    def snapshot(self) -> Snapshot:
        """State and outcome."""
        return dict(self._held)

    def restore(self, snapshot: Snapshot) -> None:
        """Become that state, rounded to the precision. `ValueError` names the paths that are missing."""
        paths = [f"state.{name}" for name in STATE_NAMES]
        lacking = [path for path in (*paths, "state.time") if path not in snapshot]
        if lacking:
            raise ValueError(f"{self.info.name}: cannot restore, the snapshot lacks {lacking}")
        self._held = {path: np.asarray(snapshot[path], self._dtype) for path in paths}
        self._held["state.time"] = np.int64(snapshot["state.time"])
        blank = self._step(np.zeros(self._model.nu, np.float32))
        self._held |= {path: np.zeros_like(value) for path, value in blank.items() if path.startswith(OUTCOME)}

    def legal(self) -> Mapping[str, NDArray[np.bool_] | Bounds]:
        """The motors' ranges."""
        low, high = np.asarray(self._model.actuator_ctrlrange, np.float32).T
        return {AGENT: Bounds(low, high)}

    def _step(self, action: Any) -> dict[str, Any]:
        states = stack([{path: value for path, value in self._held.items() if path.startswith("state.")}])
        after = row(self._teacher.step_many(states, {AGENT: np.asarray(action, np.float32)[None]}), 0)
        solver = {f"solver.{name}" for name in SOLVER}
        return {path: np.array(value)[()] for path, value in after.items() if path not in solver}
