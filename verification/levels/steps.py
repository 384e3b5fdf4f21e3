"""Level 1: single steps from injected states, compared field by field, and laws that every step keeps."""

from __future__ import annotations

import time

import numpy as np

from verification.batches import legal_many, random_actions, size, step_many
from verification.check import Check
from verification.levels.context import Context
from verification.levels.mining import live, mine
from verification.levels.pairs import chunks, compare_steps, join, timed
from verification.plugin import Injected
from verification.results import CheckResult, FieldDifference, Finding

INJECTED, PROPERTIES = "L1/injected", "L1/properties"


def injected_cases(context: Context, name: str, count: int) -> Injected:
    """Half of the cases as the plugin injects them, half from episodes as they were played (all, without `inject`)."""
    rng = context.rng(name)
    plugin = context.plugin
    own = count // 2 if plugin.injection.inject else 0
    played = live(mine(context, name, count - own))
    actions = random_actions(rng, legal_many(context.reference, played))
    parts = [Injected(played, actions, ["played"] * size(played))]
    if plugin.injection.inject:
        parts.append(plugin.injection.inject(rng, played, own))
    return join(parts)


def _run_injected(context: Context, result: CheckResult) -> None:
    begin = time.monotonic()
    result.unit, result.planned = "steps", context.plan.injected
    if context.plugin.injection.inject is None:
        result.notes.append("the plugin injects no states of its own: only states that play reaches are stepped from")
    made: dict[str, int] = {}
    part = 0
    while result.cases < context.plan.injected:
        count = min(context.plan.lanes, context.plan.injected - result.cases)
        batch = injected_cases(context, f"{INJECTED}/{part}", count)
        for name in (name for label in batch.labels for name in label.split("+")):
            made[name] = made.get(name, 0) + 1
        for piece in chunks(batch, context.plan.lanes):
            compare_steps(context, piece, result)
        part += 1
        timed(result, begin)
    result.stats["made_by"] = dict(sorted(made.items()))
    result.conclude()


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
    found = [Check(INJECTED, "L1", "injected states, one step, every field", _run_injected, ("Restorable",))]
    if context.plugin.laws.properties:
        found.append(Check(PROPERTIES, "L1", "properties of every step", _run_properties, ("Restorable",)))
    return found
