"""E1: the candidate is put into the reference's state before every step, and every field keeps its own tolerance."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from references.protocol import Batch
from verification.batches import per_case, row, rows, size, step_many
from verification.cases import Case
from verification.fields import FieldTable, error
from verification.levels.context import Context
from verification.levels.mining import live
from verification.levels.pairs import add_finding, compared_paths, state_paths, timed
from verification.levels.study import Study, cannot_restore
from verification.localise import differences, suspects
from verification.results import CheckResult, Finding

PLAYED = "played"


class Errors:
    """Gathers one-step errors: per float path all errors, how many are over the tolerance, and the worst case."""

    def __init__(self, table: FieldTable, floats: list[str]) -> None:
        self.table, self.floats = table, floats
        self._gaps: dict[str, list[NDArray[np.float64]]] = {path: [] for path in floats}
        self._over = dict.fromkeys(floats, 0)
        self._worst: dict[str, tuple[float, dict[str, Any]]] = {}

    def add(self, reference: Batch, candidate: Batch, labels: list[str]) -> None:
        """Results of the same steps on both sides."""
        if not labels:
            return
        for path in self.floats:
            spec = self.table.spec(path)
            gap = per_case(error(spec, reference[path], candidate[path])).max(axis=1)
            self._gaps[path].append(gap)
            self._over[path] += int(self.table.differs(path, reference[path], candidate[path]).sum())
            case = int(gap.argmax())
            if path not in self._worst or gap[case] > self._worst[path][0]:
                values = {"reference": reference[path][case], "candidate": candidate[path][case]}
                plain = {side: np.asarray(value, np.float64).tolist() for side, value in values.items()}
                self._worst[path] = (float(gap[case]), {**plain, "made by": labels[case]})

    def to_json(self) -> dict[str, Any]:
        """Per path: median, 99 %, 99.9 % and largest error, steps over the tolerance, the tolerance, the worst case."""
        found = {}
        for path in self.floats:
            if not self._gaps[path]:
                continue
            gaps, spec = np.concatenate(self._gaps[path]), self.table.spec(path)
            q50, q99, q999 = (float(np.quantile(gaps, q, method="higher")) for q in (0.5, 0.99, 0.999))
            found[path] = {
                "q50": q50,
                "q99": q99,
                "q999": q999,
                "max": float(gaps.max()),
                "over": self._over[path],
                "steps": len(gaps),
                "tolerance": {"atol": spec.atol, "rtol": spec.rtol, "ulp": spec.ulp},
                "worst": self._worst[path][1],
            }
        return found


def run(study: Study, context: Context, result: CheckResult) -> None:
    """Every recorded step, then the plugin's injected ones."""
    begin = time.monotonic()
    result.unit = "steps"
    if cannot_restore(context, result):
        return
    recorded = study.recorded(context)
    steps, episodes = recorded.every_step()
    injected = context.plan.injected if context.plugin.injection.inject else 0
    result.planned = len(steps) + injected
    played = Errors(context.table, study.float_paths(context))
    perturb = study.rounding(context, "L1/one-step-error/rounding")
    marginal = 0
    for first in range(0, len(steps), context.plan.lanes):
        part = slice(first, first + context.plan.lanes)
        before, actions, after = recorded.at(steps[part], episodes[part])
        labels = [f"{PLAYED}, {recorded.policies[e]}" for e in episodes[part]]
        ours = step_many(context.candidate, before, actions)
        played.add(after, ours, labels)
        found = context.table.compare(compared_paths(context), after, ours)
        excused = _decided_by_rounding(context, found, before, actions, ours, perturb)
        marginal += int(excused.sum())
        _judge(context, result, before, actions, after, ours, labels, {p: w & ~excused for p, w in found.items()})
        timed(result, begin)
    result.stats["played"] = played.to_json()
    if marginal:
        result.stats["decided_by_rounding"] = marginal
        result.notes.append(f"{marginal} played steps lie so near a threshold that rounding the state decides them")
    if context.plugin.injection.inject:
        stress = Errors(context.table, study.float_paths(context))
        rng = context.rng("L1/one-step-error/injected")
        for first in range(0, injected, context.plan.lanes):
            chosen = rng.permutation(len(steps))[: context.plan.lanes]
            pool = live(recorded.at(steps[chosen], episodes[chosen])[0])
            cases = context.plugin.injection.inject(rng, pool, min(context.plan.lanes, injected - first))
            after = step_many(context.reference, cases.snapshots, cases.actions)
            ours = step_many(context.candidate, cases.snapshots, cases.actions)
            stress.add(after, ours, list(cases.labels))
            found = context.table.compare(compared_paths(context), after, ours)
            _judge(context, result, cases.snapshots, cases.actions, after, ours, list(cases.labels), found)
            timed(result, begin)
        result.stats["injected"] = stress.to_json()
    else:
        result.notes.append("the plugin injects no states of its own: only states that play reaches are stepped from")
    result.conclude()


def _decided_by_rounding(
    context: Context,
    found: Mapping[str, NDArray[np.bool_]],
    before: Batch,
    actions: Batch,
    ours: Batch,
    perturb: Any,
) -> NDArray[np.bool_]:
    """bool [N]: steps in which only exact fields differ, and as they do in the reference from its rounded state."""
    cases = size(before)
    exact, inexact = np.zeros(cases, bool), np.zeros(cases, bool)
    for path, wrong in found.items():
        (inexact if context.table.spec(path).kind in ("float", "angle") else exact)[wrong] = True
    index = np.flatnonzero(exact & ~inexact)
    excused = np.zeros(cases, bool)
    if len(index):
        twin = step_many(context.reference, perturb(rows(before, index)), rows(actions, index))
        same = np.ones(len(index), bool)
        for path in found:
            if context.table.spec(path).kind not in ("float", "angle"):
                same &= ~context.table.differs(path, np.asarray(twin[path]), np.asarray(ours[path])[index])
        excused[index] = same
    return excused


def _judge(
    context: Context,
    result: CheckResult,
    before: Batch,
    actions: Batch,
    after: Batch,
    ours: Batch,
    labels: list[str],
    found: Mapping[str, NDArray[np.bool_]],
) -> None:
    """Count the steps, and every one that differs as a finding, the largest errors first."""
    cases = len(labels)
    result.cases += cases
    result.steps += cases
    paths = [path for path, wrong in found.items() if wrong.any()]
    wrong = np.logical_or.reduce([found[path] for path in paths]) if paths else np.zeros(cases, bool)
    excess = np.zeros(cases)
    for path in paths:
        gap = per_case(error(context.table.spec(path), after[path], ours[path])).max(axis=1)
        excess = np.maximum(excess, np.where(found[path], gap, 0.0))
    for case in sorted(np.flatnonzero(wrong).tolist(), key=lambda case: -excess[case]):
        seen = differences(context.table, paths, after, ours, case)
        finding = Finding(1, seen, suspects=suspects(context.plugin, seen), case={"made by": labels[case]})
        snapshot = dict(state_paths(row(before, case)))
        add_finding(context, result, Case(context.plugin.env, (row(actions, case),), snapshot), finding)
    context.on_progress(result)
