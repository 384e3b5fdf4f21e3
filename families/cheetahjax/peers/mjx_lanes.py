"""MJX, Google DeepMind's port of MuJoCo to JAX, on the model file that Gymnasium's task uses."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from importlib.metadata import version
from io import StringIO
from typing import Any

import jax

from families.cheetahjax.gymnasium_task import record
from families.cheetahjax.peers.lanes import Lanes
from leaderboard.accuracy import errors
from leaderboard.peer import PeerRequest, PeerSession

TUNED = (4, 8)
"""iterations, ls_iterations: the fewest that still meet C's step on random play to float32's rounding."""


class Mjx:
    """Physics alone: no observation, reward or termination. `iterations` None leaves the file's solver settings."""

    def __init__(self, model: Any, frame_skip: int, iterations: tuple[int, int] | None) -> None:
        with redirect_stdout(StringIO()):  # it prints that there is no Warp, which is not what is measured
            from mujoco import mjx  # pyright: ignore[reportAttributeAccessIssue]

        if iterations:
            model = copy.copy(model)
            model.opt.iterations, model.opt.ls_iterations = iterations
        self._mjx, self._frame_skip = mjx, frame_skip
        self.options = model.opt
        self._model = mjx.put_model(model, impl="jax")
        self._empty = mjx.make_data(model, impl="jax")

    def begin(self, qpos: jax.Array, qvel: jax.Array, warmstart: jax.Array) -> Any:
        return self._empty.replace(qpos=qpos, qvel=qvel, qacc_warmstart=warmstart)

    def step(self, state: Any, action: jax.Array) -> Any:
        state = state.replace(ctrl=action)
        physics = lambda state, _: (self._mjx.step(self._model, state), None)  # noqa: E731
        return jax.lax.scan(physics, state, None, length=self._frame_skip)[0]

    def pose(self, state: Any) -> tuple[jax.Array, jax.Array]:
        return state.qpos, state.qvel


@contextmanager
def session(name: str, iterations: tuple[int, int] | None, request: PeerRequest) -> Iterator[PeerSession]:
    """MJX under `name`, with so many solver and line search iterations, or as many as the model file says."""
    task = record(request.env, request.batch)
    engine = Mjx(task.model, task.frame_skip, iterations)
    lanes = Lanes(engine, task, request.devices)
    actions, found = lanes.first_step()
    yield PeerSession(
        name=name,
        version=version("mujoco-mjx"),
        config={
            "iterations": int(engine.options.iterations),
            "ls_iterations": int(engine.options.ls_iterations),
            "solver": "newton",
            "dtype": "float32",
            "frame_skip": task.frame_skip,
            "devices": lanes.devices,
            "model": "Gymnasium's file",
            "model_sha256": task.model_sha256,
            "work": f"physics only; lanes start anew every {task.episode_steps} steps, a random episode's mean length",
        },
        batch=lanes.batch,
        timer=lanes.time,
        physics_per_step=task.frame_skip,
        trace_seconds=lanes.trace_seconds,
        compile_seconds=lanes.compile_seconds,
        error=errors(found, task.step_in_c(actions), task.engine),
    )
