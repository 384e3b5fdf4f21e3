"""Meetings of conditions that the environment's own source tests together: shown, sought, and compared."""

from __future__ import annotations

import time
from collections import Counter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from references.protocol import Batch, Env
from verification.batches import legal_many, random_actions, restore_many, rows, size
from verification.levels import traces
from verification.levels.context import Context
from verification.levels.pairs import join, state_paths, timed
from verification.levels.steps import injected_cases
from verification.meetings.formula import Prover
from verification.meetings.impossible import declared
from verification.meetings.meetings import DECIDES, PAIR, Meetings
from verification.meetings.search import Search
from verification.meetings.traced import Watched
from verification.plugin import Injected
from verification.results import CheckResult, FieldDifference, Finding

MEETINGS = "L2/meetings"
_POOL_FACTOR = 4
"""Cases of the pool for each case of `Plan.interactions`."""
_LANES = 1024
_ROUNDS = 12
"""Rounds of search, at most; the number is fixed, so that a run can be repeated."""
_IDLE = 4
"""Rounds without a meeting after which the search ends."""
_KINDS = {PAIR: "pairs", DECIDES: "terms that decide"}


def run(context: Context, result: CheckResult) -> None:
    """Show the meetings by usual cases, seek the others, and compare a case of each with the reference."""
    begin = time.monotonic()
    result.unit = "episodes"
    found = meetings_of(context)
    result.stats |= found.stats
    result.notes += found.notes
    for name in found.contradicted:
        difference = FieldDifference("meeting", "meeting", "shown", f"declared impossible: {found.reasons[name]}")
        result.add(Finding(1, (difference,), case={"meeting": name}))
    result.planned = size(found.cases.snapshots)
    result.steps = traces.play(context, found.cases, result, "L2/meetings/trace")
    result.cases = result.planned
    timed(result, begin)
    result.conclude()


class Found:
    """The meetings of one run. `cases`: steps that were the first to show one; `stats`, `notes`: for the report."""

    def __init__(self, search: Search, by_search: set[int], proved: set[int], reasons: dict[str, str]) -> None:
        self.search, self.reasons = search, reasons
        every = search.meetings.every
        self.cases = Injected(*search.batch()) if search.cases else Injected({}, {}, [])
        names = {meeting.name for meeting in every}
        self.contradicted = [every[n].name for n in sorted(search.shown) if every[n].name in reasons]
        table = {kind: Counter[str]() for kind in _KINDS}
        self.open: list[str] = []
        for number, meeting in enumerate(every):
            if number in search.shown:
                state = "found by search" if number in by_search else "met"
            elif number in proved:
                state = "proved impossible"
            elif meeting.name in reasons:
                state = "declared impossible"
            else:
                state = "open"
                self.open.append(meeting.where)
            table[meeting.kind][state] += 1
        states = ("met", "found by search", "proved impossible", "declared impossible", "open")
        collected = search.watched.collected
        self.stats: dict[str, Any] = {
            "conditions": sum(tap.condition for tap in collected.taps),
            "decisions": {"judged": len(search.meetings.parts), "not judged": search.meetings.unjudged},
            "meetings": {
                _KINDS[kind]: {"all": sum(counts.values()), **{state: counts[state] for state in states}}
                for kind, counts in table.items()
            },
            "open_meetings": sorted(self.open),
        }
        strangers = sorted(set(reasons) - names)
        self.notes = [f"declared impossible, but no meeting of this source: {name}" for name in strangers]
        if self.open:
            self.notes.append(
                f"{len(self.open)} meetings are open, neither met nor shown to be impossible: "
                "`stats.open_meetings` of the JSON report names each"
            )


def meetings_of(context: Context) -> Found:
    """All meetings of the plugin's environment, met by a pool of usual cases or sought by search."""
    plan, conditions = context.plan, context.plugin.conditions
    assert conditions.traced is not None
    reasons = declared(conditions.impossible)
    rng = context.rng(MEETINGS)
    pool = injected_cases(context, MEETINGS, max(plan.interactions * _POOL_FACTOR, 256))
    pool = Injected(state_paths(pool.snapshots), pool.actions, pool.labels)
    watched = Watched(conditions.traced(), conditions.within, (rows(pool.snapshots, [0]), rows(pool.actions, [0])))
    meetings = Meetings(watched.collected)
    search = Search(watched, meetings, _finisher(context), _injector(context), crossed=conditions.crossed)
    for first in range(0, len(pool.labels), _LANES):
        part = slice(first, first + _LANES)
        search.see(rng, rows(pool.snapshots, part), rows(pool.actions, part), list(pool.labels[part]))
    met = set(search.shown)
    prover = Prover(watched.collected)
    proved = {
        number
        for number, meeting in enumerate(meetings.every)
        if search.open[number] and meetings.impossible(meeting, prover)
    }
    for number, meeting in enumerate(meetings.every):
        if number in proved or meeting.name in reasons:
            search.open[number] = False
    idle = 0
    for _ in range(_ROUNDS):
        if not any(search.open) or idle == _IDLE:
            break
        idle = 0 if search.seek(rng, min(max(plan.interactions // 2, 64), _LANES)) else idle + 1
    return Found(search, set(search.shown) - met, proved, reasons)


def _finisher(context: Context) -> Any:
    plugin, reference = context.plugin, context.reference

    def finish(rng: np.random.Generator, snapshots: Batch, labels: list[str]) -> tuple[Batch, Batch, list[str]]:
        for keep in (plugin.state.valid, lambda batch: accepted(reference, batch)):
            if keep is not None and labels:
                fine = np.flatnonzero(keep(snapshots))
                snapshots, labels = rows(snapshots, fine), [labels[case] for case in fine.tolist()]
        if not labels:
            return snapshots, {}, []
        return snapshots, random_actions(rng, legal_many(reference, snapshots)), labels

    return finish


def _injector(context: Context) -> Any:
    inject = context.plugin.injection.inject
    if inject is None:
        return None

    def made(rng: np.random.Generator, snapshots: Batch, count: int) -> tuple[Batch, Batch, list[str]]:
        fine = (
            snapshots if context.plugin.state.valid is None else rows(snapshots, context.plugin.state.valid(snapshots))
        )
        if not size(fine):
            return snapshots, {}, []
        found = join([inject(rng, fine, count)])
        index = np.flatnonzero(accepted(context.reference, found.snapshots))
        labels = [f"searched+{found.labels[case]}" for case in index.tolist()]
        return rows(found.snapshots, index), rows(found.actions, index), labels

    return made


def accepted(reference: Env, snapshots: Batch) -> NDArray[np.bool_]:
    """Bool [N]: states that the reference can be put into. One that it refuses is found by halving."""
    fine = np.ones(size(snapshots), bool)

    def judge(index: NDArray[np.intp]) -> None:
        try:
            restore_many(reference, rows(snapshots, index))
        except ValueError:
            if len(index) == 1:
                fine[index] = False
                return
            judge(index[: len(index) // 2])
            judge(index[len(index) // 2 :])

    if len(fine):
        judge(np.arange(len(fine)))
    return fine
