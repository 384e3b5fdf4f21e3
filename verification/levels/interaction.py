"""Level 2: interactions.

Pairs of behaviours, meetings of conditions, scripted traces, metamorphic pairs, a Hypothesis state machine.
"""

from __future__ import annotations

import time
from typing import Any

import numpy as np
from numpy.typing import NDArray

from verification import cases
from verification.batches import rows, size, step_many
from verification.cases import Case
from verification.check import Check
from verification.levels import machine, traces
from verification.levels.context import Context
from verification.levels.pairs import (
    add_finding,
    behaviours_of,
    compared_paths,
    join,
    timed,
)
from verification.levels.steps import injected_cases
from verification.localise import suspects
from verification.plugin import Injected
from verification.results import CheckResult, FieldDifference, Finding

PAIRS, MEETINGS, SCRIPTS = "L2/pairs", "L2/meetings", "L2/scripts"
RELATIONS, MACHINE = "L2/relations", "L2/state-machine"
_POOL_FACTOR = 8


def covering(behaviours: NDArray[np.bool_], limit: int) -> tuple[NDArray[np.intp], int, int]:
    """Cases that together show every pair of behaviours that any case shows: greedy, at most `limit`.

    `behaviours`: bool [N, B]. Returns the cases chosen, the pairs that they cover, and the pairs that all N cover.
    """
    count = behaviours.shape[1]
    possible = _pairs_of(behaviours.astype(np.int32), count)
    uncovered, chosen = possible.copy(), []
    left = np.arange(len(behaviours))
    while uncovered.any() and len(left) and len(chosen) < limit:
        part = behaviours[left].astype(np.float32)
        # How many uncovered pairs each case has: x U x for its row x of behaviours.
        gain = np.einsum("nb,nb->n", part @ uncovered.astype(np.float32), part)
        best = int(gain.argmax())
        if gain[best] <= 0:
            break
        shown = behaviours[left[best]]
        uncovered &= ~np.outer(shown, shown)
        chosen.append(left[best])
        left = left[gain > 0] if len(chosen) % 16 == 0 else left
    covered = int((possible & ~uncovered).sum())
    return np.array(chosen, np.intp), covered, int(possible.sum())


def _pairs_of(behaviours: NDArray[np.int32], count: int) -> NDArray[np.bool_]:
    together = behaviours.astype(np.float32).T @ behaviours.astype(np.float32) > 0
    return np.triu(together, 1) if count else together


def covering_cases(context: Context) -> tuple[Injected, dict[str, int]]:
    """Injected cases that show every pair of behaviours that a large pool shows, and how many pairs that are."""
    plan = context.plan
    pool = injected_cases(context, PAIRS, max(plan.interactions * _POOL_FACTOR, 256))
    if context.plugin.injection.interactions:
        extra = context.plugin.injection.interactions(context.rng("L2/interactions"), pool.snapshots, plan.interactions)
        pool = join([pool, extra])
    figures: dict[str, int] = {}
    if context.plugin.behaviours.shown is None:
        chosen = np.arange(min(size(pool.snapshots), plan.interactions))
    else:
        after = step_many(context.reference, pool.snapshots, pool.actions)
        shown = behaviours_of(context, pool.snapshots, pool.actions, after)
        chosen, covered, possible = covering(np.stack(list(shown.values()), axis=1), plan.interactions)
        figures = {"pool": len(pool.labels), "behaviours": len(shown), "pairs_covered": covered, "pairs_seen": possible}
    labels = [pool.labels[i] for i in chosen.tolist()]
    return Injected(rows(pool.snapshots, chosen), rows(pool.actions, chosen), labels), figures


def _run_pairs(context: Context, result: CheckResult) -> None:
    """Cases chosen to show every pair of behaviours, each played a few steps on both sides."""
    begin = time.monotonic()
    result.unit = "episodes"
    if context.plugin.behaviours.shown is None:
        result.notes.append("the plugin names no behaviours: cases are a sample instead of a covering set")
    current, figures = covering_cases(context)
    result.stats |= figures
    chosen = current.labels
    result.planned = len(chosen)
    steps = traces.play(context, current, result, "L2/trace")
    result.cases, result.steps = len(chosen), steps
    timed(result, begin)
    result.conclude()


def _run_meetings(context: Context, result: CheckResult) -> None:
    from verification.levels import meetings  # with JAX, which not every candidate needs

    meetings.run(context, result)


def _run_scripts(context: Context, result: CheckResult) -> None:
    """The plugin's scripted traces, on both sides."""
    begin = time.monotonic()
    result.unit, result.planned = "episodes", len(context.plugin.injection.scripts)
    paths = compared_paths(context)
    for script in context.plugin.injection.scripts:
        case = Case(context.plugin.env, tuple(script.actions), None, script.seed, script.options)
        found = cases.play(context.plugin, context.table, paths, context.reference, context.candidate, case)
        result.cases += 1
        result.steps += len(script.actions)
        if found:
            step, seen, message = found
            places = suspects(context.plugin, seen)
            finding = Finding(step, seen, draws=message, suspects=places, case={"script": script.name})
            add_finding(context, result, case, finding)
    timed(result, begin)
    result.conclude()


def _run_relations(context: Context, result: CheckResult) -> None:
    """Metamorphic pairs: a changed case must give the changed result, whatever the reference says."""
    begin = time.monotonic()
    result.unit = "steps"
    pool = injected_cases(context, RELATIONS, min(context.plan.interactions, context.plan.lanes))
    result.planned = 0
    plain = step_many(context.candidate, pool.snapshots, pool.actions)
    for relation in context.plugin.laws.relations:
        applies = np.ones(size(plain), bool)
        if relation.applies is not None:
            applies = np.asarray(relation.applies(pool.snapshots, pool.actions), bool)
        chosen = np.flatnonzero(applies)
        result.stats[relation.name] = len(chosen)
        if not len(chosen):
            result.notes.append(f"{relation.name}: applies to none of {size(plain)} cases")
            continue
        result.planned += len(chosen)
        changed = relation.change(rows(pool.snapshots, chosen), rows(pool.actions, chosen))
        expected = relation.expect(rows(plain, chosen))
        got = step_many(context.candidate, *changed)
        found = context.table.compare([path for path in compared_paths(context) if path in expected], expected, got)
        wrong = np.zeros(len(chosen), bool)
        for bad in found.values():
            wrong |= bad
        for case in np.flatnonzero(wrong)[:20].tolist():
            seen = tuple(
                FieldDifference(
                    path, context.table.spec(path).module, _plain(got[path][case]), _plain(expected[path][case])
                )
                for path, bad in found.items()
                if bad[case]
            )
            result.add(Finding(1, seen, case={"relation": relation.name, "made by": pool.labels[int(chosen[case])]}))
        result.cases += len(chosen)
        result.steps += 2 * len(chosen)
    timed(result, begin)
    result.conclude()


def _plain(value: Any) -> Any:
    return np.asarray(value).tolist()


def checks(context: Context) -> list[Check]:
    """The checks of level 2 that the plugin's declarations allow."""
    found = [Check(PAIRS, "L2", "pairs of behaviours, a few steps each", _run_pairs, ("Restorable",))]
    if context.plugin.conditions.traced:
        title = "meetings of conditions of the source, a few steps each"
        found.append(Check(MEETINGS, "L2", title, _run_meetings, ("Restorable",)))
    if context.plugin.injection.scripts:
        found.append(Check(SCRIPTS, "L2", "scripted traces", _run_scripts))
    if context.plugin.laws.relations:
        found.append(Check(RELATIONS, "L2", "metamorphic pairs", _run_relations, ("Restorable",)))
    found.append(Check(MACHINE, "L2", "Hypothesis state machine", machine.run))
    return found
