"""Batches of single steps played on both sides, compared, and turned into findings: what L1 and L2 share."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from jaxenv.commands.files import StorageError
from leaderboard.invocation import spelled
from references.protocol import OUTCOME, Batch, Snapshot
from verification import cases
from verification.batches import TAPE_PATH, Pair, concat, per_case, restore_many, row, rows, size, step_pair, undefined
from verification.cases import Case
from verification.levels.context import Context
from verification.levels.coverage import coverage_of
from verification.localise import differences, suspects
from verification.plugin import Injected, Plugin
from verification.results import KEPT, CheckResult, FieldDifference, Finding
from verification.shrink import Shrinker

THREW = "reference_threw"
"""The figure of a check that counts the steps to which the reference gave no answer."""
DETAILED = KEPT
"""Findings that a check describes in full; of the others only the first path is counted."""


def compared_paths(context: Context) -> list[str]:
    """The paths to compare, in module order, from a first snapshot of both sides. `PluginError` if they do not fit."""
    cached = context.__dict__.get("_paths")
    if cached is None:
        options = context.plugin.play.options[0]
        cases.reset_pair(context.plugin, context.reference, context.candidate, context.plan.seed, options)
        paths = context.table.check(context.reference.snapshot(), context.candidate.snapshot())
        cached = context.__dict__["_paths"] = paths
    return list(cached)


def chunks(injected: Injected, lanes: int) -> Iterator[Injected]:
    """The cases in parts of at most `lanes`."""
    for first in range(0, size(injected.snapshots), lanes):
        part = slice(first, first + lanes)
        yield Injected(rows(injected.snapshots, part), rows(injected.actions, part), injected.labels[part])


def state_paths(batch: Batch) -> Batch:
    """A batch without what the last step gave out."""
    return {path: values for path, values in batch.items() if not path.startswith(OUTCOME)}


def compare_steps(context: Context, injected: Injected, result: CheckResult) -> tuple[Pair, NDArray[np.bool_]]:
    """Play one batch on both sides and record what differs; returns both results and which cases differ."""
    paths = compared_paths(context)
    pair = step_pair(context.plugin, context.reference, context.candidate, injected.snapshots, injected.actions)
    found = context.table.compare(paths, pair.reference, pair.candidate)
    wrong = pair.different(found)
    unanswered = int(undefined(pair.reference).sum())
    result.cases += len(wrong)
    result.steps += len(wrong) - unanswered
    if unanswered:
        result.stats[THREW] = result.stats.get(THREW, 0) + unanswered
    behaviours = behaviours_of(context, injected.snapshots, injected.actions, pair.reference)
    coverage_of(context).add(behaviours)
    if wrong.any():
        _add_all(context, injected, pair, found, wrong, behaviours, result)
    context.on_progress(result)
    return pair, wrong


def _add_all(
    context: Context,
    injected: Injected,
    pair: Pair,
    found: Mapping[str, NDArray[np.bool_]],
    wrong: NDArray[np.bool_],
    behaviours: Mapping[str, NDArray[np.bool_]],
    result: CheckResult,
) -> None:
    """Count every case that differs; describe the first ones in full."""
    ordered = list(found)
    for case in np.flatnonzero(wrong).tolist():
        draws = pair.tape_errors.get(case, "")
        if result.divergences >= DETAILED:
            first = TAPE_PATH if draws else next(path for path in ordered if found[path][case])
            result.add(Finding(1, (FieldDifference(first, "", None, None),)), DETAILED)
            continue
        seen = differences(context.table, ordered, pair.reference, pair.candidate, case)
        if draws:
            seen = (FieldDifference(TAPE_PATH, "noise", draws, "the same draws"), *seen)
        else:
            draws = draws_apart(context.plugin, row(pair.reference, case), row(pair.candidate, case))
        places = suspects(context.plugin, seen, behaviours, wrong, case)
        finding = Finding(1, seen, draws=draws, suspects=places, case={"made by": injected.labels[case]})
        snapshot = dict(state_paths(row(injected.snapshots, case)))
        add_finding(context, result, Case(context.plugin.env, (row(injected.actions, case),), snapshot), finding)


def draws_apart(plugin: Plugin, reference: Snapshot, candidate: Snapshot) -> str:
    """The draws between two states in words, if the plugin can tell; else ""."""
    return plugin.draws.apart(reference, candidate) if plugin.draws.apart else ""


def behaviours_of(context: Context, before: Batch, actions: Batch, after: Batch) -> Mapping[str, NDArray[np.bool_]]:
    """The plugin's behaviours of a batch of steps; {} if it declares none."""
    find = context.plugin.behaviours.shown
    return {} if find is None else find(before, actions, after)


def add_finding(context: Context, result: CheckResult, case: Case, finding: Finding) -> None:
    """Save the case (shrunk, for the first few of a check, in its own setting) and count the finding."""
    plan, saved = context.plan, finding
    case = replace(case, backend=context.plugin.running.backend)
    context = context.under(case.setting)
    if result.divergences < plan.shrink:
        shrunk = shrinker(context).shrink(case)
        if shrunk is not None:
            whole = None if plan.shard is None else _kept(context, result, case, finding, finding)
            case = shrunk.case
            history = {**finding.case, "shrunk": shrunk.history}
            finding = _with(finding, shrunk_steps=len(case.actions), case=history, unshrunk=whole)
            again = cases.play(
                context.plugin, context.table, compared_paths(context), context.reference, context.candidate, case
            )
            # The file tells what its own, smaller case shows.
            saved = _with(finding, step=again[0], differences=again[1], draws=again[2]) if again else finding
    if result.divergences < DETAILED:
        finding = _kept(context, result, case, saved, finding)
    result.add(finding)


def _kept(context: Context, result: CheckResult, case: Case, saved: Finding, finding: Finding) -> Finding:
    """The finding with the file of its case, in which `saved` stands; a note in its place where none can be written."""
    try:
        path = cases.save(context.plan.failures, case, saved)
    except StorageError as error:  # what was found counts all the same
        result.notes.append(f"a counterexample is not kept: {error}")
        return finding
    return _with(finding, file=str(path), repro=spelled("verification", "replay", path))


def _with(finding: Finding, **changes: Any) -> Finding:
    return Finding(**{**vars(finding), **changes})


def shrinker(context: Context) -> Shrinker:
    """A shrinker for this run's implementations."""
    return Shrinker(context.plugin, context.table, compared_paths(context), context.reference, context.candidate)


def same_after_restore(context: Context, env: Any, snapshots: Batch) -> Mapping[str, NDArray[np.bool_]]:
    """Paths (and cases) that restoring and snapshotting again does not give back; outcomes are not asked for.

    A field with a tolerance may be rounded to the implementation's own precision once; a second time changes nothing.
    """
    again = restore_many(env, snapshots)
    twice = restore_many(env, again)
    wrong = {}
    for path in state_paths(snapshots):
        bad = _unequal(again[path], twice[path])
        if context.table.spec(path).tolerant:
            bad |= context.table.differs(path, snapshots[path], again[path])
        else:
            bad |= _unequal(snapshots[path], again[path])
        if bad.any():
            wrong[path] = bad
    return wrong


def _unequal(first: Any, second: Any) -> NDArray[np.bool_]:
    """bool [N]: cases of two batches of values that are not the same, NaN being the same as NaN."""
    a, b = np.asarray(first), np.asarray(second)
    same = (a == b) | ((a != a) & (b != b)) if a.shape == b.shape else np.zeros(a.shape, bool)
    return np.asarray(~per_case(same).all(axis=1))


def timed(result: CheckResult, begin: float) -> None:
    """Note the seconds since `begin` (of `time.monotonic`)."""
    result.seconds = round(time.monotonic() - begin, 3)


def join(parts: Sequence[Injected]) -> Injected:
    """Several batches of cases as one."""
    return Injected(
        concat([state_paths(part.snapshots) for part in parts]),
        concat([part.actions for part in parts]),
        [label for part in parts for label in part.labels],
    )
