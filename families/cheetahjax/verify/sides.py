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

import jaxenv
from families.cheetahjax.verify.still import Either, FrozenReference, MutatedEither, frozen
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
MUTATED = ("cheetahjax", "jaxenv")
"""Packages that are copied for the mutants."""


def plain_reference(task: Task, **options: Any) -> MujocoReference:
    """Gymnasium's task; `options` are its constructor's."""
    return MujocoReference(task.name, task.metrics, **options)


def episodes_reference(task: Task) -> Any:
    """Gymnasium's task with the figures of its episodes; it can stand still where the task may."""
    return _either(task, MujocoReference(task.name, task.metrics, episode=True))


def reference(task: Task, table: FieldTable) -> Any:
    """Gymnasium's task as the plugin's reference: it says which steps less than float32 resolves decides."""
    return _either(task, DecidedReference(task, table))


def _either(task: Task, live: MujocoReference) -> Any:
    return Either(live, lambda: FrozenReference(task)) if task.still else live


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
        super().__init__(task.name, task.metrics, episode=True)
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


def candidate(task: Task, vmap: Vmap = jax.vmap, **options: Any) -> Any:
    """Our task as it is registered, driven by its public `step`; `vmap` makes the batched one."""
    env = jaxenv.make(task.env_id, **options)

    def driven(env: Any) -> JaxenvCandidate:
        to_snapshot, from_snapshot = snapshots(env)
        functions = {"to_snapshot": to_snapshot, "from_snapshot": from_snapshot}
        return JaxenvCandidate(env, **functions, info=task.metrics, episode=True, lanes=LANES, jit=jit, vmap=vmap)

    return Either(driven(env), lambda: driven(frozen(env))) if task.still else driven(env)


def mutated(task: Task, mutants: Sequence[Mutant]) -> Any:
    """Our task, and the base class of all environments, with all `mutants` in them."""

    def driven(change: Callable[[Any], Any] = lambda env: env) -> MutatedJaxenvCandidate:
        return MutatedJaxenvCandidate(
            mutants,
            MUTATED,
            task.target,
            snapshots=snapshots,
            change=change,
            compiler_options=COMPILER_OPTIONS,
            info=task.metrics,
            episode=True,
            lanes=LANES,
        )

    return MutatedEither(driven(), lambda: driven(frozen)) if task.still else driven()


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
