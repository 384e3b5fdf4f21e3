"""Our step from the reference's own states, in either precision, with the solver's report."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from typing import Any, Literal

import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray

from families.cheetahjax.verify.policies import AGENT
from families.cheetahjax.verify.sides import COMPILER_OPTIONS, environment, snapshots
from families.cheetahjax.verify.tasks import Task
from references.protocol import Batch
from verification.backends import Vmap
from verification.batches import size

Precision = Literal["float32", "float64"]
LANES = 1024
SOLVER = ("iterations", "damped_steps", "unconverged")


class Teacher:
    """Steps of `frame_skip` physics steps, restored before each; "solver.*" beside the reference's paths.

    Reward and metrics are in the precision of the state; observations are float32 always. Batches are cut and padded to
    `lanes`. `vmap` makes the step in float32; in float64 it is XLA's, since a kernel's numbers have 32 bits.
    """

    def __init__(
        self,
        task: Task,
        frame_skip: int,
        precision: Precision = "float32",
        lanes: int = LANES,
        vmap: Vmap = jax.vmap,
    ) -> None:
        self._precision, self._lanes = precision, lanes
        self._dtype = np.dtype(precision)
        with self._context():
            env = environment(task, frame_skip=frame_skip)
            params = env.default_params
            to_snapshot, from_snapshot = snapshots(env)

            def step(paths: dict[str, Any], action: jax.Array) -> dict[str, Any]:
                state = from_snapshot(paths)
                advance, outcome = env.transition(state, action, params)
                found = dict(to_snapshot(advance.state))
                found["out.reward"] = jnp.asarray(outcome.reward, self._dtype)
                found["out.terminated"] = jnp.asarray(outcome.terminated, bool)
                found["out.obs"] = env.obs_spec.flatten(env.observe(advance.state, params))
                found |= {f"out.info.{name}": jnp.asarray(outcome.metrics[name], self._dtype) for name in task.metrics}
                return found | {f"solver.{name}": getattr(advance.report, name) for name in SOLVER}

            batched = vmap(step) if precision == "float32" else jax.vmap(step)
            self._step = jax.jit(batched, compiler_options=COMPILER_OPTIONS)

    def step_many(self, states: Batch, actions: Batch) -> dict[str, NDArray[Any]]:
        """Every case restored, in this precision, and stepped once."""
        names = ("state.qpos", "state.qvel", "state.warmstart")
        done = []
        with self._context():
            for first in range(0, size(states), self._lanes):
                index = np.minimum(np.arange(first, first + self._lanes), size(states) - 1)
                paths: dict[str, Any] = {name: jnp.asarray(states[name][index], self._dtype) for name in names}
                paths["state.time"] = jnp.asarray(states["state.time"][index], jnp.int32)
                out = self._step(paths, jnp.asarray(actions[AGENT][index], jnp.float32))
                done.append({path: np.asarray(v)[: size(states) - first] for path, v in out.items()})
        return {path: np.concatenate([part[path] for part in done]) for path in done[0]}

    @contextmanager
    def _context(self) -> Iterator[None]:
        with jax.enable_x64(True) if self._precision == "float64" else nullcontext():
            yield
