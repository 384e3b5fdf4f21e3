"""Both sides: Gymnasium's task on the C engine, and ours with the C engine's names for the state."""

from __future__ import annotations

import dataclasses
import functools
import importlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import jax
import numpy as np
from numpy.typing import NDArray

from families.cheetahjax.verify.tasks import Task
from references.mujoco.gymnasium_env import MujocoReference
from references.protocol import UNDEFINED, Batch
from verification.adapters.jaxenv import JaxenvCandidate, MutatedJaxenvCandidate
from verification.backends import Vmap
from verification.fields import FieldTable
from verification.mutants.mutant import Mutant

LANES = (8, 128, 1024)
# Without XLA's fusion pass the step compiles in a fraction of the time, and the results differ in nothing.
COMPILER_OPTIONS = {"xla_disable_hlo_passes": "fusion"}
jit = functools.partial(jax.jit, compiler_options=COMPILER_OPTIONS)


RESOLUTION = 1e-6
"""Metres or radians: where less decides on a contact, a limit or an ending, float32 may decide otherwise."""
_PAIRS = 2


def plain_reference(task: Task, **options: Any) -> MujocoReference:
    """Gymnasium's task; `options` are its constructor's."""
    return MujocoReference(task.name, task.metrics, **options)


def reference(task: Task, table: FieldTable) -> DecidedReference:
    """Gymnasium's task as the plugin's reference: it says which steps less than float32 resolves decides."""
    return DecidedReference(task, table)


def nudges(task: Task, rng: np.random.Generator, shape: tuple[int, ...]) -> NDArray[np.float64]:
    """Moves of positions [N, nq] within `RESOLUTION`; none along the floor, on which nothing depends."""
    moves = rng.uniform(-RESOLUTION, RESOLUTION, shape)
    moves[:, list(task.travel[:1])] = 0
    return moves


class DecidedReference(MujocoReference):
    """Every batched step is taken again from states nearby, in opposite pairs, to see whether they agree.

    "out.undefined" is set where they do not, within half of the tolerances of `table`: a contact that just begins or
    just does not, an ending just reached. What ours makes of such a step is not asked.
    """

    def __init__(self, task: Task, table: FieldTable) -> None:
        super().__init__(task.name, task.metrics)
        self._task, self._table = task, table

    def step_many(self, snapshots: Batch, actions: Batch) -> Batch:
        """Every case restored and stepped once."""
        after = super().step_many(snapshots, actions)
        halved = [dataclasses.replace(spec, atol=spec.atol / 2, rtol=spec.rtol / 2) for spec in self._table.specs]
        half = FieldTable(halved, sorted({spec.module for spec in halved}))
        undecided = np.zeros(len(after["out.reward"]), bool)
        qpos = np.asarray(snapshots["state.qpos"], np.float64)
        rng = np.random.default_rng(0)
        for _ in range(_PAIRS):
            moves = nudges(self._task, rng, qpos.shape)
            for moved in (qpos + moves, qpos - moves):
                near = super().step_many({**snapshots, "state.qpos": moved}, actions)
                for wrong in half.compare(list(after), after, near).values():
                    undecided |= wrong
        return {**after, UNDEFINED: undecided}


def environment(task: Task, **options: Any) -> Any:
    """Our task; `options` are its constructor's."""
    module, _, name = task.target.partition(":")
    return getattr(importlib.import_module(module), name)(**options)


def candidate(task: Task, vmap: Vmap = jax.vmap, **options: Any) -> JaxenvCandidate:
    """Our task as the verifier drives it; `vmap` makes its batched step."""
    env = environment(task, **options)
    to_snapshot, from_snapshot = snapshots(env)
    return JaxenvCandidate(
        env, to_snapshot=to_snapshot, from_snapshot=from_snapshot, info=task.metrics, lanes=LANES, jit=jit, vmap=vmap
    )


def mutated(task: Task, mutants: Sequence[Mutant]) -> MutatedJaxenvCandidate:
    """Our task with all `mutants` in it."""
    return MutatedJaxenvCandidate(
        mutants,
        "cheetahjax",
        task.target,
        snapshots=snapshots,
        compiler_options=COMPILER_OPTIONS,
        info=task.metrics,
        lanes=LANES,
    )


def snapshots(env: Any) -> tuple[Callable[[Any], Mapping[str, Any]], Callable[[Mapping[str, Any]], Any]]:
    """(state → paths, paths → state), by the reference's paths."""
    template = jax.eval_shape(lambda: env.reset_env(jax.random.key(0), env.default_params)[1])

    def to_snapshot(state: Any) -> dict[str, Any]:
        physics = state.physics
        return {
            "state.qpos": physics.qpos,
            "state.qvel": physics.qvel,
            "state.warmstart": physics.warmstart,
            "state.time": state.time,
        }

    def from_snapshot(paths: Mapping[str, Any]) -> Any:
        parts = {name: paths["state." + name] for name in ("qpos", "qvel", "warmstart")}
        return env.state_at(template.physics.replace(**parts), paths["state.time"])

    return to_snapshot, from_snapshot
