"""Level 1: single steps from injected states, compared field by field, and laws that every step keeps."""

from __future__ import annotations

import itertools
import time
from collections import Counter

import numpy as np

from verification.batches import legal_many, random_actions, size, step_many
from verification.check import Check
from verification.levels import parts
from verification.levels.context import Context, Plan
from verification.levels.mining import live, mine
from verification.levels.pairs import chunks, compare_steps, join, timed
from verification.plugin import Injected
from verification.results import CheckResult, FieldDifference, Finding

INJECTED, PROPERTIES = "L1/injected", "L1/properties"
_NOT_INJECTED = "the plugin injects no states of its own: only states that play reaches are stepped from"


def injected_cases(context: Context, name: str, count: int) -> Injected:
    """Half of the cases as the plugin injects them, half from episodes as they were played (all, without `inject`)."""
    rng = context.rng(name)
    plugin = context.plugin
    own = count // 2 if plugin.injection.inject else 0
    played = live(mine(context, name, count - own))
    actions = random_actions(rng, legal_many(context.reference, played))
    found = [Injected(played, actions, ["played"] * size(played))]
    if plugin.injection.inject:
        found.append(plugin.injection.inject(rng, played, own))
    return join(found)


def _run_injected(context: Context, result: CheckResult) -> None:
    plan, result.unit = context.plan, "steps"
    result.planned = sum(_share(plan, number) for number in parts.here(result, _injected_parts(plan)))
    if context.plugin.injection.inject is None and _NOT_INJECTED not in result.notes:
        result.notes.append(_NOT_INJECTED)
    for number in parts.to_do(context, result):
        _inject(context, result, number)
    result.conclude()


def _injected_parts(plan: Plan) -> int:
    return parts.of_length(plan.injected, plan.lanes)


def _share(plan: Plan, number: int) -> int:
    """Steps of one part of the injected ones."""
    return min(plan.lanes, plan.injected - number * plan.lanes)


def _inject(context: Context, result: CheckResult, number: int) -> None:
    """Play part `number`: one batch, and more where a batch has fewer cases than asked for."""
    begin, before = time.monotonic(), result.seconds
    made = Counter(result.stats.get("made_by", {}))
    last, name = result.cases + _share(context.plan, number), f"{INJECTED}/{number}"
    for again in itertools.count(1):
        batch = injected_cases(context, name, last - result.cases)
        made.update(name for label in batch.labels for name in label.split("+"))
        result.stats["made_by"] = dict(sorted(made.items()))
        for piece in chunks(batch, context.plan.lanes):
            compare_steps(context, piece, result)
        result.seconds = round(before + time.monotonic() - begin, 3)
        if result.cases >= last:
            break
        name = f"{INJECTED}/{number}/{again}"


def _run_properties(context: Context, result: CheckResult) -> None:
    begin = time.monotonic()
    result.unit = "steps"
    count = min(context.plan.injected, context.plan.lanes)
    result.planned = count
    batch = injected_cases(context, PROPERTIES, count)
    after = step_many(context.candidate, batch.snapshots, batch.actions)
    for law in context.plugin.laws.properties:
        holds = np.asarray(law.holds(batch.snapshots, batch.actions, after), bool)
        for index in np.flatnonzero(~holds)[:20]:
            difference = FieldDifference(f"property.{law.name}", "property", "broken", "holds")
            finding = Finding(1, (difference,), case={"made by": batch.labels[index], "property": law.name})
            result.add(finding)
    result.cases = result.steps = size(after)
    result.stats["properties"] = [law.name for law in context.plugin.laws.properties]
    timed(result, begin)
    result.conclude()


def checks(context: Context) -> list[Check]:
    """The checks of level 1 that the plugin's declarations allow."""
    found = [
        Check(INJECTED, "L1", "injected states, one step, every field", _run_injected, ("Restorable",), _injected_parts)
    ]
    if context.plugin.laws.properties:
        found.append(Check(PROPERTIES, "L1", "properties of every step", _run_properties, ("Restorable",)))
    return found
