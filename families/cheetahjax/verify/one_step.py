"""E1: single steps from the reference's own states, each within fixed limits of error.

* Physics steps: one ``mj_step``, in float32 and in float64. Nothing may exceed the limits, save where MuJoCo does not
  answer to that precision itself: in float64, where its solver stopped at its tolerance, agrees with us without one,
  and is off by no more than float32's limits as it is run (`STOPPED_SHARE` of the steps at most); and, in float32,
  where a contact begins, or two capsules cease to be parallel, within a millionth of a metre or radian of the
  state, at which the force jumps, and MuJoCo agrees with us from a state that far away. Both are counted, and have to
  be rare. A joint within a millionth of its limit is a class of its own, counted apart: float32 cannot tell the limit's
  sides there, float64 is compared all the same, and the verdict does not hang on how many there are.
* Environment steps: several physics steps, each of which starts from the rounded result of the one before, so that a
  sensitive state amplifies what is within the limits. A step beyond them is taken apart: along our own path, every one
  of its physics steps has to be within them, and such steps have to be rare.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

import jax
import numpy as np
from numpy.typing import NDArray

from families.cheetahjax.verify import sides
from families.cheetahjax.verify.arbiter import AT_LIMIT, STOPPED, Arbiter
from families.cheetahjax.verify.cases import stored, wild
from families.cheetahjax.verify.limits import PRECISIONS, compared, strict
from families.cheetahjax.verify.policies import AGENT
from families.cheetahjax.verify.still import STILL
from families.cheetahjax.verify.tasks import Task, compiled
from families.cheetahjax.verify.teacher import SOLVER, Precision, Teacher
from references.protocol import FIGURES, Batch
from verification.backends import Vmap
from verification.batches import row, rows, size
from verification.cases import Case
from verification.levels.context import Context
from verification.levels.one_step import Errors
from verification.levels.pairs import add_finding, timed
from verification.levels.study import Study
from verification.localise import differences, suspects
from verification.results import CheckResult, Finding

PHYSICS, ENV = "L1/physics-steps", "L1/env-steps"
STOPPED_SHARE = 0.02
"""Share of physics steps at most in which MuJoCo's solver may have stopped early: 0.6 % was the most ever met."""
_STRESS_STEPS = 20
"""Physics steps for which each wild state is followed."""


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
        _note_classes(result, judge.arbiter)
        apart, allowed = sum(judge.arbiter.settled.values()), max(1, round(2 * task.undecided * result.cases))
        stopped, allowed_stops = judge.arbiter.stopped, max(1, round(STOPPED_SHARE * result.cases))
        if apart > allowed:
            message = f"{apart} physics steps were settled by asking MuJoCo again; at most {allowed} may"
            result.add(Finding(1, (), message=message))
        if stopped > allowed_stops:
            message = f"MuJoCo's solver stopped early in {stopped} physics steps; at most {allowed_stops} may be so"
            result.add(Finding(1, (), message=message))
    finally:
        judge.reference.close()
    timed(result, begin)
    result.conclude()


def _note_classes(result: CheckResult, arbiter: Arbiter) -> None:
    result.notes.append(f"{AT_LIMIT}, beyond the limits of error: {arbiter.at_limits} physics steps (counted apart)")
    result.notes.append(f"float64, {STOPPED}, and agrees when it goes on: {arbiter.stopped} physics steps")


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
            # Physics steps have no episode, and so no figures of one.
            state = [path for path in states if path.startswith("state.") and path not in (*FIGURES, STILL)]
            snapshot = {path: states[path][case] for path in state}
            setting = {"precision": precision, "frame skip": 1}
            one = Case(self.context.plugin.env, (row(actions, case),), snapshot, setting=setting)
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
        return {**found, "excused": self.arbiter.to_json()}


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
        names = ("steps", "over the limits", "amplified", AT_LIMIT, "unconverged")
        counts = self.counts.setdefault(kind, dict.fromkeys(names, 0))
        counts["steps"] += size(states)
        counts["over the limits"] += len(wrong)
        counts["unconverged"] += int(ours["solver.unconverged"].sum())
        if len(wrong):
            fine, at_limit = self._taken_apart(rows(states, wrong), rows(actions, wrong))
            counts["amplified"] += int((fine & ~at_limit).sum())
            counts[AT_LIMIT] += int((fine & at_limit).sum())
            for case in wrong[~fine].tolist():
                seen = differences(self.table, list(found), after, ours, case)
                snapshot = {path: v for path, v in row(states, case).items() if path.startswith("state.")}
                setting = {"precision": "float32", "frame skip": self.skip}
                one = Case(self.context.plugin.env, (row(actions, case),), snapshot, setting=setting)
                finding = Finding(1, seen, suspects=suspects(self.context.plugin, seen), case={"made by": labels[case]})
                add_finding(self.context, self.result, one, finding)
        self.result.cases += size(states)
        self.result.steps += size(states)

    def _taken_apart(self, states: Batch, actions: Batch) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
        """Steps [N] that are fine, and those in which a joint at its limit decided.

        Fine is a step whose physics steps, along our own path, are within the limits of the reference's from there.
        """
        here = stored(states)
        fine, at_limit = np.ones(size(here), bool), np.zeros(size(here), bool)
        paths = compared(self.task, "float32")
        for _ in range(self.skip):
            theirs = self.reference.step_many(here, actions)
            ours = self.part.step_many(here, actions)
            found = self.table.compare(paths, theirs, ours)
            wrong = np.flatnonzero(np.logical_or.reduce([*found.values(), np.zeros(size(here), bool)]))
            if len(wrong):
                at_limit[wrong] |= self.arbiter.at_limit(rows(here, wrong))
                settled = self.arbiter.settles("float32", rows(here, wrong), rows(actions, wrong), rows(ours, wrong))
                fine[wrong[~settled]] = False
            here = stored(ours)
        return fine, at_limit

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
