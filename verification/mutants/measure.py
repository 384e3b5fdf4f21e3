"""Measure of the verifier: seeded bugs killed per level, how fast, how well localised; and false alarms.

The reference is run once per level. Every mutant is then stepped from the same injected states (L1, L2), and plays the
reference's episodes again, in place from their resets, up to the first difference (L3).
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from statistics import median
from typing import Any

from jaxenv.commands.files import StorageError
from verification.cases import save
from verification.levels.context import Context, Plan
from verification.mutants.mutant import Mutant
from verification.mutants.recording import Progress, Recorded, record
from verification.mutants.trial import Kill, count_different, first_kill
from verification.plugin import Mutated, Plugin
from verification.runner import Run, describe, execute
from verification.statistics.rates import wilson

RUN_LEVELS = ("L1", "L2", "L3")


@dataclass
class Row:
    """One mutant's results."""

    mutant: Mutant
    kills: dict[str, Kill] = field(default_factory=dict)


def measure(
    plugin: Plugin,
    plan: Plan,
    alarms: int,
    only: Sequence[str] | None = None,
    progress: Progress = lambda what, done, total: None,
) -> dict[str, Any]:
    """The report's `mutants` entry. `ValueError` when the plugin declares no mutants, or `only` names unknown ones."""
    if plugin.mutants.seeded is None or plugin.mutants.mutated is None:
        raise ValueError(f"{plugin.env} declares no mutants: give the plugin `Mutants(seeded=..., mutated=...)`")
    catalogue = list(plugin.mutants.seeded())
    unknown = sorted(set(only or ()) - {mutant.id for mutant in catalogue})
    if unknown:
        raise ValueError(f"no mutant is called {', '.join(unknown)}; {plugin.env} has {[m.id for m in catalogue]}")
    begin = time.monotonic()
    context = Context(plugin, plan)
    candidate = plugin.mutants.mutated(catalogue)
    context.__dict__["candidate"] = candidate
    try:
        return _measure(context, candidate, catalogue, alarms, only, progress, begin)
    finally:
        context.close()


def _measure(
    context: Context,
    candidate: Mutated,
    catalogue: Sequence[Mutant],
    alarms: int,
    only: Sequence[str] | None,
    progress: Progress,
    begin: float,
) -> dict[str, Any]:
    plan = context.plan
    candidate.select_mutant(0)
    levels = [level for level in RUN_LEVELS if level in plan.levels]
    recorded = {level: record(context, level, progress) for level in levels}
    reference_seconds = time.monotonic() - begin
    compiling = time.monotonic()
    unmutated = {level: found for level in levels if (found := _unmutated(context, recorded[level]))}
    original_seconds = time.monotonic() - compiling
    chosen = [(k, mutant) for k, mutant in enumerate(catalogue, 1) if not only or mutant.id in only]
    found = []
    for done, (index, mutant) in enumerate(chosen):
        progress("mutants", done, len(chosen))
        candidate.select_mutant(index)
        one = Row(mutant)
        for level in levels:
            kill = first_kill(context, recorded[level], shrink=not one.kills)
            if kill is not None:
                one.kills[level] = kill
        found.append(one)
    progress("mutants", len(chosen), len(chosen))
    candidate.select_mutant(0)
    alarm_run = _false_alarms(context.plugin, plan, alarms, progress)
    return {
        "info": describe(context),
        **summary(found, levels, context.plugin.mutants.survivors),
        "unmutated": unmutated,
        "false_alarms": alarm_run["divergences"],
        "false_alarm_episodes": alarm_run["episodes"],
        "false_alarm_steps": alarm_run["steps"],
        "false_alarm_verdict": alarm_run["verdict"],
        "reference_seconds": round(reference_seconds, 2),
        "compile_seconds": round(original_seconds, 2),
        "seconds": round(time.monotonic() - begin, 2),
    }


def _unmutated(context: Context, recorded: Recorded) -> dict[str, Any]:
    """Differences of the candidate without any mutant from the reference; {} if there are none.

    The first case is kept as the levels keep theirs.
    """
    count = count_different(context, recorded)
    first = first_kill(context, recorded, shrink=False) if count else None
    if first is None:
        return {}
    told = {"cases": count, "field": first.field, "file": ""}
    if first.case is not None and first.finding is not None:
        with suppress(StorageError):  # what was found counts all the same
            told["file"] = str(save(context.plan.failures, first.case, first.finding))
    return told


def _false_alarms(plugin: Plugin, plan: Plan, episodes: int, progress: Progress) -> dict[str, Any]:
    """The reference against itself: `episodes` whole ones, and as many injected steps as a mutant gets."""
    progress("reference against itself", 0, 1)
    same = (
        plugin.mutants.self_check() if plugin.mutants.self_check else plugin.between(candidate=plugin.sides.reference)
    )
    run = execute(Run(same, replace(plan, levels=("L1", "L3"), episodes=episodes)))
    progress("reference against itself", 1, 1)
    return {
        "divergences": sum(result.divergences for result in run.results),
        "episodes": sum(result.cases for result in run.results if result.unit == "episodes"),
        "steps": sum(result.steps for result in run.results),
        "verdict": run.verdict,
    }


def summary(found: Sequence[Row], levels: Sequence[str], survivors: Any) -> dict[str, Any]:
    """Kill rates with Wilson intervals, unique kills, localisation and sizes, of the mutants measured."""
    total = len(found)
    killed = [one for one in found if one.kills]
    interval = wilson(len(killed), total)
    by_level = {}
    for level in levels:
        here = [one for one in found if level in one.kills]
        unique = [one.mutant.id for one in here if len(one.kills) == 1]
        low, high = _ends(wilson(len(here), total))
        by_level[level] = {
            "killed": len(here),
            "of": total,
            "rate": len(here) / total,
            "ci95": [low, high],
            "unique": unique,
        }
    firsts = [next(iter(one.kills.values())) for one in killed]
    ranks = [_rank(one) for one in killed]
    sizes = [kill.shrunk_steps for kill in firsts if kill.shrunk_steps is not None]
    return {
        "mutants": total,
        "killed": len(killed),
        "rate": len(killed) / total,
        "rate_ci95": list(_ends(interval)),
        "by_level": by_level,
        "localisation": {
            "top1": sum(rank == 1 for rank in ranks) / len(killed) if killed else None,
            "top3": sum(rank is not None and rank <= 3 for rank in ranks) / len(killed) if killed else None,
        },
        "median_shrunk_steps": median(sizes) if sizes else None,
        "rows": [_row_json(one, levels, survivors) for one in found],
    }


def _ends(interval: Any) -> tuple[float, float]:
    return float(interval.low), float(interval.high)


def _rank(one: Row) -> int | None:
    """Place of the mutated module among the suspects of its first kill, from 1."""
    places = [place for place, _ in next(iter(one.kills.values())).suspects]
    return places.index(one.mutant.module) + 1 if one.mutant.module in places else None


def _row_json(one: Row, levels: Sequence[str], survivors: Any) -> dict[str, Any]:
    first = next(iter(one.kills.values()), None)
    return {
        "id": one.mutant.id,
        "module": one.mutant.module,
        "changes": one.mutant.changes,
        "expected": one.mutant.expected,
        "killed_by": {level: level in one.kills for level in levels},
        "first_kill": {level: kill.to_json() for level, kill in one.kills.items()},
        "suspects": [place for place, _ in first.suspects] if first else [],
        "rank": _rank(one) if first else None,
        "shrunk_steps": first.shrunk_steps if first else None,
        "explanation": "" if first else survivors.get(one.mutant.id, ""),
    }
