"""Brax's half cheetah, with its own model file and as its own environment: not quite Gymnasium's task."""

from __future__ import annotations

import hashlib
import importlib
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from importlib.metadata import version
from io import StringIO
from typing import Any

import jax
import numpy as np

from families.cheetahjax.gymnasium_task import record
from families.cheetahjax.peers.lanes import Lanes
from leaderboard.accuracy import errors
from leaderboard.peer import PeerRequest, PeerSession
from references.mujoco.tasks import PlanarTask


class Brax:
    """Brax's environment as it is: observation and reward are computed."""

    def __init__(self, backend: str) -> None:
        from references.mujoco.gymnasium_env import quiet

        with warnings.catch_warnings(), quiet(), redirect_stdout(StringIO()):
            warnings.simplefilter("ignore")  # Brax, a solver library of its and its model file say that they are old
            from brax import envs  # pyright: ignore[reportMissingImports]

            self.env: Any = envs.get_environment("halfcheetah", backend=backend)
        self.physics_per_step = int(self.env._n_frames)

    def begin(self, qpos: jax.Array, qvel: jax.Array, warmstart: jax.Array) -> Any:
        del warmstart  # its solvers have none
        state = self.env.reset(jax.random.key(0))
        pipeline = self.env.pipeline_init(qpos, qvel)
        return state.replace(pipeline_state=pipeline, obs=self.env._get_obs(pipeline))

    def step(self, state: Any, action: jax.Array) -> Any:
        return self.env.step(state, action)

    def pose(self, state: Any) -> tuple[jax.Array, jax.Array]:
        return state.pipeline_state.q, state.pipeline_state.qd

    def model_sha256(self) -> str:
        from etils import epath

        return hashlib.sha256((epath.resource_path("brax") / "envs/assets/half_cheetah.xml").read_bytes()).hexdigest()


@contextmanager
def session(name: str, backend: str, request: PeerRequest) -> Iterator[PeerSession]:
    """Brax under `name`, by one of its backends."""
    task = record(request.env, request.batch)
    engine = Brax(backend)
    lanes = Lanes(engine, task, request.devices)
    actions, (qpos, qvel) = lanes.first_step()
    expected = task.step_in_c(actions)
    yield PeerSession(
        name=name,
        version=version("brax"),
        config={
            "backend": backend,
            "n_frames": engine.physics_per_step,
            "timestep": float(engine.env.sys.opt.timestep),
            "dtype": "float32",
            "devices": lanes.devices,
            "model": f"Brax's file, another cheetah: {'; '.join(_differences(engine, task))}",
            "model_sha256": engine.model_sha256(),
            "work": f"its own observation and reward; lanes start anew every {task.episode_steps} steps",
        },
        batch=lanes.batch,
        timer=lanes.time,
        physics_per_step=engine.physics_per_step,
        trace_seconds=lanes.trace_seconds,
        compile_seconds=lanes.compile_seconds,
        error=errors((_unwound(qpos, expected[0], task), qvel), expected, task.engine),
    )


def _unwound(qpos: np.ndarray, expected: np.ndarray, task: PlanarTask) -> np.ndarray:
    """Whole turns taken off angles: backends with bodies' rotations for their state do not count them."""
    mujoco: Any = importlib.import_module("mujoco")
    turns = np.round((expected - qpos) / (2 * np.pi))
    hinges = np.asarray(task.model.jnt_type) == mujoco.mjtJoint.mjJNT_HINGE
    return qpos + np.where(hinges, turns * 2 * np.pi, 0)


def _differences(engine: Brax, task: PlanarTask) -> list[str]:
    """In words, what of the model that Brax simulates is not as in Gymnasium's."""
    ours, theirs, found = task.model, engine.env.sys.mj_model, []
    pairs = [_floor_pairs(model) for model in (ours, theirs)]
    if pairs[0] != pairs[1]:
        found.append(f"{pairs[1]} bodies' shapes meet the floor, not {pairs[0]}")
    gears = [np.asarray(ours.actuator_gear[:, 0]), np.asarray(engine.env.sys.actuator.gear)]
    if not np.array_equal(gears[0], gears[1]):
        words = [" ".join(f"{gear:g}" for gear in each) for each in gears]
        found.append(f"gears {words[1]}, not {words[0]}")
    steps = [float(ours.opt.timestep), float(engine.env.sys.opt.timestep)]
    if not np.isclose(steps[0], steps[1]):
        found.append(f"physics steps of {steps[1]:g} s, not {steps[0]:g} s")
    mass = [float(model.body_mass.sum()) for model in (ours, theirs)]
    if not np.isclose(mass[0], mass[1]):
        found.append(f"{mass[1]:g} kg, not {mass[0]:g} kg")
    return found or ["the same in floor contacts, gears, step and mass"]


def _floor_pairs(model: Any) -> int:
    """Shapes of moving bodies that may touch the world's first shape, the floor."""
    floor_type, floor_affinity = model.geom_contype[0], model.geom_conaffinity[0]
    return sum(
        bool((model.geom_contype[geom] & floor_affinity) | (model.geom_conaffinity[geom] & floor_type))
        for geom in range(1, model.ngeom)
        if model.geom_bodyid[geom]
    )
