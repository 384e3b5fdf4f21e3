"""E1: single steps from the reference's own states, each within fixed limits of error.

* Physics steps: one ``mj_step``, in float32 and in float64. Nothing may exceed the limits, save where MuJoCo does not
  answer to that precision itself: where its solver stopped at its tolerance, and agrees with us without one; and, in
  float32, where a contact or a limit begins within a millionth of a metre or radian of the state, at which the force
  jumps, and MuJoCo agrees with us from a state that far away. Both are counted, and have to be rare.
* Environment steps: several physics steps, each of which starts from the rounded result of the one before, so that a
  sensitive state amplifies what is within the limits. A step beyond them is taken apart: along our own path, every one
  of its physics steps has to be within them, and such steps have to be rare.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Any

import jax
import numpy as np
from numpy.typing import NDArray

from families.cheetahjax.verify import sides
from families.cheetahjax.verify.cases import stored, wild
from families.cheetahjax.verify.policies import AGENT
from families.cheetahjax.verify.tasks import Task, compiled
from families.cheetahjax.verify.teacher import SOLVER, Precision, Teacher
from references.mujoco.gymnasium_env import engine
from references.protocol import Batch
from verification.backends import Vmap
from verification.batches import row, rows, size
from verification.cases import Case
from verification.fields import FieldSpec, FieldTable
from verification.levels.context import Context
from verification.levels.one_step import Errors
from verification.levels.pairs import add_finding, timed
from verification.levels.study import Study
from verification.localise import differences, suspects
from verification.results import CheckResult, Finding

PHYSICS, ENV = "L1/physics-steps", "L1/env-steps"
_NEIGHBOURS = 128
_STRESS_STEPS = 20
"""Physics steps for which each wild state is followed."""
PRECISIONS: tuple[Precision, ...] = ("float32", "float64")


def modules(task: Task) -> Mapping[str, tuple[str, ...]]:
    """Module of the record → its paths, the first to go wrong first."""
    told = tuple("out.info." + name for name in task.metrics)
    return {
        "acceleration": ("state.warmstart",),
        "velocity": ("state.qvel",),
        "position": ("state.qpos",),
        "clock": ("state.time",),
        "observation": ("out.obs",),
        "reward": (*told, "out.reward"),
        "ending": ("out.terminated", "out.truncated"),
    }


def strict(task: Task, precision: Precision) -> FieldTable:
    """The limits of one physics step as field specs."""
    limits, step = task.limits, float(compiled(task.name).opt.timestep)
    why = f"E1 of one physics step, {precision}"

    def spec(path: str, module: str, atol: float, rtol: float = 0.0) -> FieldSpec:
        if precision == "float64":
            atol, rtol = limits.double, limits.double if path == "state.warmstart" else 0.0
        return FieldSpec(path, module, "float", atol=atol, rtol=rtol, why=why)

    specs = []
    for module, paths in modules(task).items():
        for path in paths:
            if module in ("position",) or path.endswith("_position"):
                specs.append(spec(path, module, limits.qpos, 2.0**-23))  # a stored number's own spacing, far away
            elif module == "velocity":
                specs.append(spec(path, module, limits.qvel))
            elif module == "acceleration":
                specs.append(spec(path, module, limits.qvel / step * _undamped(task)))
            elif module in ("observation", "reward"):
                specs.append(spec(path, module, limits.outcome))
            else:
                specs.append(FieldSpec(path, module))
    return FieldTable(specs, tuple(modules(task)))


def _undamped(task: Task) -> float:
    """Factor by which an acceleration's error may exceed that of the velocity gained, over the time step.

    MuJoCo's Euler integrator takes joint damping implicitly: the warm start is the acceleration M⁻¹f, and the velocity
    gains h (M + hB)⁻¹f. Armature bounds M from below.
    """
    model = compiled(task.name)
    if model.opt.integrator != engine().mjtIntegrator.mjINT_EULER or not model.dof_damping.any():
        return 1.0
    damped = model.dof_damping > 0
    return 1.0 + float(model.opt.timestep * (model.dof_damping[damped] / model.dof_armature[damped]).max())


def compared(task: Task, precision: Precision) -> list[str]:
    """The paths of a teacher's step. Gymnasium charges for control in float32, and so no float64 reward is compared."""
    paths = [path for module in modules(task).values() for path in module]
    left_out = {"state.time", "out.terminated", "out.truncated"}
    if precision == "float64":
        left_out |= {"out.obs", "out.reward", "out.info.reward_ctrl"}
    return [path for path in paths if path not in left_out]


# ---- physics steps


def run_physics(task: Task, study: Study, context: Context, result: CheckResult, vmap: Vmap = jax.vmap) -> None:
    """Every recorded state, then wild ones, one physics step each, in both precisions; `vmap`: see `Teacher`."""
    begin = time.monotonic()
    result.unit = "steps"
    recorded = study.recorded(context)
    steps, episodes = recorded.every_step()
    result.planned = len(steps) + context.plan.injected
    judge = _PhysicsJudge(task, vmap, context, result)
    try:
        for first in range(0, len(steps), context.plan.lanes):
            part = slice(first, first + context.plan.lanes)
            before, actions, _ = recorded.at(steps[part], episodes[part])
            labels = [f"played, {recorded.policies[e]}" for e in episodes[part]]
            judge.add("rollout", stored(before), actions, labels)
            timed(result, begin)
            context.on_progress(result)
        rng = context.rng(PHYSICS)
        left = context.plan.injected
        while left:
            starts = min(max(left // _STRESS_STEPS, 1), context.plan.lanes)
            states = wild(rng, task, starts)
            low, high = compiled(task.name).actuator_ctrlrange.T
            for step in range(_STRESS_STEPS):
                if not left:
                    break
                count = min(left, size(states))
                states = rows(states, slice(0, count))
                if step % 5 == 0:
                    ctrl = np.where(rng.random((count, len(low))) < 0.5, low, high).astype(np.float32)
                label = "wild, cold" if step == 0 else "wild, warm"
                states = judge.add("stress", states, {AGENT: ctrl[:count]}, [label] * count)
                left -= count
            timed(result, begin)
            context.on_progress(result)
        result.stats |= judge.to_json()
        apart, allowed = sum(judge.arbiter.settled.values()), max(1, round(2 * task.undecided * result.cases))
        if apart > allowed:
            message = f"{apart} physics steps were settled by asking MuJoCo again; at most {allowed} may"
            result.add(Finding(1, (), message=message))
    finally:
        judge.reference.close()
    timed(result, begin)
    result.conclude()


class Arbiter:
    """Settles whether MuJoCo, asked more exactly, or from a state that float32 cannot tell apart, answers as we do."""

    def __init__(self, task: Task) -> None:
        self.task = task
        self.reference = sides.plain_reference(task, frame_skip=1)
        self.tables: dict[Precision, FieldTable] = {precision: strict(task, precision) for precision in PRECISIONS}
        self.settled = {"MuJoCo's solver stopped early": 0, "float32 cannot tell the states apart": 0}
        self._rng = np.random.default_rng(0)

    def settles(self, precision: Precision, states: Batch, actions: Batch, ours: Batch) -> NDArray[np.bool_]:
        """bool [N]: physics steps that leave the limits and are fine."""
        table, paths = self.tables[precision], compared(self.task, precision)
        option = self.reference.unwrapped.model.opt
        tolerance = option.tolerance
        option.tolerance = 0.0
        try:
            exact = self.reference.step_many(states, actions)
        finally:
            option.tolerance = tolerance
        fine = ~_wrong(table, paths, exact, ours)
        self.settled["MuJoCo's solver stopped early"] += int(fine.sum())
        if precision == "float32":
            for case in np.flatnonzero(~fine).tolist():
                fine[case] = self._cannot_be_told(states, actions, ours, case)
        return fine

    def _cannot_be_told(self, states: Batch, actions: Batch, ours: Batch, case: int) -> bool:
        one = slice(case, case + 1)
        many = {path: np.repeat(np.asarray(values)[one], _NEIGHBOURS, 0) for path, values in states.items()}
        many["state.qpos"] = many["state.qpos"] + sides.nudges(self.task, self._rng, many["state.qpos"].shape)
        near = self.reference.step_many(many, {AGENT: np.repeat(actions[AGENT][one], _NEIGHBOURS, 0)})
        paths = compared(self.task, "float32")
        mine = {path: np.repeat(np.asarray(ours[path])[one], _NEIGHBOURS, 0) for path in paths}
        same = not _wrong(self.tables["float32"], paths, near, mine).all()
        self.settled["float32 cannot tell the states apart"] += int(same)
        return same


def _wrong(table: FieldTable, paths: Sequence[str], theirs: Batch, ours: Batch) -> NDArray[np.bool_]:
    found = table.compare(paths, theirs, ours)
    return np.logical_or.reduce([*found.values(), np.zeros(size(theirs), bool)])


class _PhysicsJudge:
    def __init__(self, task: Task, vmap: Vmap, context: Context, result: CheckResult) -> None:
        self.task, self.context, self.result = task, context, result
        self.arbiter = Arbiter(task)
        self.reference = self.arbiter.reference
        self.teachers: dict[Precision, Teacher] = {
            precision: Teacher(task, 1, precision, vmap=vmap) for precision in PRECISIONS
        }
        self.tables = self.arbiter.tables
        self.errors: dict[tuple[str, Precision], Errors] = {}
        self.solver: dict[tuple[str, Precision], dict[str, list[NDArray]]] = {}

    def add(self, kind: str, states: Batch, actions: Batch, labels: list[str]) -> dict[str, NDArray]:
        """Judge one batch; returns the reference's states after it, as float32 holds them."""
        after = self.reference.step_many(states, actions)
        for precision, teacher in self.teachers.items():
            ours, table = teacher.step_many(states, actions), self.tables[precision]
            paths = compared(self.task, precision)
            errors = self.errors.setdefault((kind, precision), Errors(table, paths))
            errors.add(after, ours, labels)
            counts = self.solver.setdefault((kind, precision), {name: [] for name in SOLVER})
            for name in SOLVER:
                counts[name].append(ours["solver." + name])
            self._judge(precision, states, actions, after, ours, labels)
        self.result.cases += size(states)
        self.result.steps += size(states)
        return stored(after)

    def _judge(
        self, precision: Precision, states: Batch, actions: Batch, after: Batch, ours: Batch, labels: Sequence[str]
    ) -> None:
        table, paths = self.tables[precision], compared(self.task, precision)
        found = table.compare(paths, after, ours)
        wrong = np.logical_or.reduce([*found.values(), np.zeros(size(states), bool)])
        cases = np.flatnonzero(wrong)
        if len(cases):
            fine = self.arbiter.settles(precision, rows(states, cases), rows(actions, cases), rows(ours, cases))
            cases = cases[~fine]
        for case in cases.tolist():
            seen = differences(table, list(found), after, ours, case)
            made = {"made by": labels[case], "precision": precision, "frame skip": 1}
            places = suspects(self.context.plugin, seen)
            snapshot = {path: v for path, v in row(states, case).items() if path.startswith("state.")}
            one = Case(self.context.plugin.env, (row(actions, case),), snapshot)
            add_finding(self.context, self.result, one, Finding(1, seen, suspects=places, case=made))
        unconverged = np.flatnonzero(ours["solver.unconverged"])
        for case in unconverged.tolist():
            message = "the solver ended before its active set repeated"
            self.result.add(Finding(1, (), case={"made by": labels[case], "precision": precision}, message=message))

    def to_json(self) -> dict[str, Any]:
        """Errors and the solver's figures of each kind of state and precision."""
        found: dict[str, Any] = {}
        for (kind, precision), errors in self.errors.items():
            counts = {name: np.concatenate(parts) for name, parts in self.solver[kind, precision].items()}
            iterations = counts["iterations"]
            found[f"{kind}, {precision}"] = {
                "errors": errors.to_json(),
                "solver": {
                    "iterations mean": float(iterations.mean()),
                    "iterations max": int(iterations.max()),
                    "fallback steps": int(counts["damped_steps"].sum()),
                    "unconverged": int(counts["unconverged"].sum()),
                },
            }
        return {**found, "excused": self.arbiter.settled}


# ---- environment steps


def run_env(task: Task, study: Study, context: Context, result: CheckResult, vmap: Vmap = jax.vmap) -> None:
    """Every recorded step, then wild ones, in float32; what leaves the limits is taken apart. `vmap`: see `Teacher`."""
    begin = time.monotonic()
    result.unit = "steps"
    recorded = study.recorded(context)
    steps, episodes = recorded.every_step()
    result.planned = len(steps) + context.plan.injected
    judge = _EnvJudge(task, vmap, context, result)
    try:
        for first in range(0, len(steps), context.plan.lanes):
            part = slice(first, first + context.plan.lanes)
            before, actions, after = recorded.at(steps[part], episodes[part])
            labels = [f"played, {recorded.policies[e]}" for e in episodes[part]]
            judge.add("rollout", before, actions, after, labels)
            timed(result, begin)
            context.on_progress(result)
        rng = context.rng(ENV)
        for first in range(0, context.plan.injected, context.plan.lanes):
            count = min(context.plan.lanes, context.plan.injected - first)
            states = wild(rng, task, count)
            low, high = compiled(task.name).actuator_ctrlrange.T
            actions = {AGENT: np.where(rng.random((count, len(low))) < 0.5, low, high).astype(np.float32)}
            judge.add("stress", states, actions, judge.played.step_many(states, actions), ["wild"] * count)  # type: ignore[attr-defined]
            timed(result, begin)
            context.on_progress(result)
        judge.conclude()
    finally:
        judge.reference.close()
    timed(result, begin)
    result.conclude()


class _EnvJudge:
    def __init__(self, task: Task, vmap: Vmap, context: Context, result: CheckResult) -> None:
        self.task, self.context, self.result = task, context, result
        self.arbiter = Arbiter(task)
        self.reference, self.played = self.arbiter.reference, sides.plain_reference(task)
        self.skip = int(self.played.unwrapped.frame_skip)
        self.whole, self.part = Teacher(task, self.skip, vmap=vmap), Teacher(task, 1, vmap=vmap)
        self.table = strict(task, "float32")
        self.errors: dict[str, Errors] = {}
        self.counts: dict[str, dict[str, int]] = {}

    def add(self, kind: str, states: Batch, actions: Batch, after: Batch, labels: list[str]) -> None:
        paths = compared(self.task, "float32")
        ours = self.whole.step_many(states, actions)
        self.errors.setdefault(kind, Errors(self.table, paths)).add(after, ours, labels)
        found = self.table.compare(paths, after, ours)
        wrong = np.flatnonzero(np.logical_or.reduce([*found.values(), np.zeros(size(states), bool)]))
        counts = self.counts.setdefault(kind, {"steps": 0, "over the limits": 0, "amplified": 0, "unconverged": 0})
        counts["steps"] += size(states)
        counts["over the limits"] += len(wrong)
        counts["unconverged"] += int(ours["solver.unconverged"].sum())
        if len(wrong):
            amplified = self._amplified(rows(states, wrong), rows(actions, wrong))
            counts["amplified"] += int(amplified.sum())
            for case in wrong[~amplified].tolist():
                seen = differences(self.table, list(found), after, ours, case)
                snapshot = {path: v for path, v in row(states, case).items() if path.startswith("state.")}
                one = Case(self.context.plugin.env, (row(actions, case),), snapshot)
                finding = Finding(1, seen, suspects=suspects(self.context.plugin, seen), case={"made by": labels[case]})
                add_finding(self.context, self.result, one, finding)
        self.result.cases += size(states)
        self.result.steps += size(states)

    def _amplified(self, states: Batch, actions: Batch) -> NDArray[np.bool_]:
        """bool [N]: along our own path each physics step is within the limits of the reference's from there."""
        here = stored(states)
        fine = np.ones(size(here), bool)
        paths = compared(self.task, "float32")
        for _ in range(self.skip):
            theirs = self.reference.step_many(here, actions)
            ours = self.part.step_many(here, actions)
            found = self.table.compare(paths, theirs, ours)
            wrong = np.flatnonzero(np.logical_or.reduce([*found.values(), np.zeros(size(here), bool)]))
            if len(wrong):
                settled = self.arbiter.settles("float32", rows(here, wrong), rows(actions, wrong), rows(ours, wrong))
                fine[wrong[~settled]] = False
            here = stored(ours)
        return fine

    def conclude(self) -> None:
        for kind, counts in self.counts.items():
            self.result.stats[kind] = {"errors": self.errors[kind].to_json(), **counts}
            allowed = max(1, round(self.task.undecided * counts["steps"]))
            if counts["amplified"] > allowed:
                message = (
                    f"{counts['amplified']} of {counts['steps']} environment steps ({kind}) amplify rounding beyond "
                    f"the limits of a physics step; at most {allowed} may"
                )
                self.result.add(Finding(1, (), message=message))
        over = {kind: f"{c['over the limits']} of {c['steps']}" for kind, c in self.counts.items()}
        told = ", ".join(f"{kind} {count}" for kind, count in over.items())
        self.result.notes.append(
            f"environment steps beyond the limits of one physics step, each made of {self.skip} within them: {told}"
        )
