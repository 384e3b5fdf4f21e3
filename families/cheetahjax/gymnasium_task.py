"""Gymnasium's name and options of one of our planar tasks."""

from __future__ import annotations

import dataclasses
from typing import Any

from jaxenv.environment import Environment
from references.mujoco import tasks
from references.mujoco.tasks import PlanarTask

_OURS_ALONE = ("autoreset", "newton")  # fields of our environments that are not options of Gymnasium's


def options(env: Environment) -> dict[str, Any]:
    """Constructor options of Gymnasium's class, as `env` has them."""
    return {field.name: getattr(env, field.name) for field in dataclasses.fields(env) if field.name not in _OURS_ALONE}


def task_name(env: Environment) -> str:
    """Gymnasium's id of our environment."""
    return env.id.rpartition("/")[2]


def record(env: Environment, states: int) -> PlanarTask:
    """The task of `env` with so many recorded states; the same states for everybody who asks."""
    return tasks.record(task_name(env), options(env), states)
