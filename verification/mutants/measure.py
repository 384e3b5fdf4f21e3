"""How good the verifier is: seeded bugs killed per level, how fast, how well localised; and false alarms.

The reference is run once per level. Every mutant is then stepped from the same injected states (L1, L2), and plays the
reference's episodes again, in place from their resets, up to the first difference (L3).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from statistics import median
from typing import Any

import numpy as np

from verification import cases
from verification.batches import (
    legal_many,
    random_actions,
    row,
    rows,
    size,
    stack,
    step_many,
    step_pair,
    step_with_tape,
    undefined,
)
from verification.cases import Case
from verification.levels.context import Context, Plan
from verification.levels.continuous import is_continuous
from verification.levels.interaction import TRACE_STEPS, covering_cases
from verification.levels.mining import live, play_reference, policies
from verification.levels.pairs import behaviours_of, compared_paths, shrinker, state_paths
from verification.levels.steps import injected_cases
from verification.localise import differences, suspects
from verification.mutants.mutant import Mutant
from verification.plugin import Episode, Mutated, Plugin
from verification.protocols import Batch, Restorable, Rollable
from verification.runner import Run, describe, execute
from verification.statistics.rates import wilson

RUN_LEVELS = ("L1", "L2", "L3")
_EPISODES = 64
"""Episodes that a mutant plays at once: the first difference ends its trial."""

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True)
class Transitions:
    """Steps of the reference: before, actions, after; `episodes` [N] numbers the episode (or case) of each."""

    before: Batch
    actions: Batch
    after: Batch
    episodes: np.ndarray


@dataclass(frozen=True)
class Recorded:
    """What the reference did at a level: single steps (L1, L2), or whole episodes (L3)."""

    level: str
    transitions: Sequence[Transitions] = ()
    episodes: Sequence[Episode] = ()


def _recorded(context: Context, level: str, progress: Progress) -> Recorded:
    if level == "L3":
        episodes = _record_episodes(context, progress)
        if is_continuous(context.plugin):
            # Free-running floats leave any one-step tolerance by rounding alone: each step starts from the reference.
            return Recorded(level, [_steps_of(number, episode) for number, episode in enumerate(episodes)])
        return Recorded(level, episodes=episodes)
    return Recorded(level, transitions=_record(context, level, progress))


@dataclass
class Kill:
    """A mutant's first difference at a level: how many cases it took, and where it showed."""

    cases: int
    seconds: float
    field: str
    module: str
    suspects: tuple[tuple[str, float], ...] = ()
    shrunk_steps: int | None = None

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return {"cases": self.cases, "seconds": round(self.seconds, 3), "field": self.field}


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
    if plugin.mutants is None or plugin.mutated is None:
        raise ValueError(f"{plugin.env} declares no mutants: give the plugin `mutants` and `mutated`")
    catalogue = list(plugin.mutants())
    unknown = sorted(set(only or ()) - {mutant.id for mutant in catalogue})
    if unknown:
        raise ValueError(f"no mutant is called {', '.join(unknown)}; {plugin.env} has {[m.id for m in catalogue]}")
    begin = time.monotonic()
    context = Context(plugin, plan)
    candidate = plugin.mutated(catalogue)
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
    recorded = {level: _recorded(context, level, progress) for level in levels}
    reference_seconds = time.monotonic() - begin
    compiling = time.monotonic()
    false = {level: _original_differs(context, recorded[level]) for level in levels}
    original_seconds = time.monotonic() - compiling
    chosen = [(k, mutant) for k, mutant in enumerate(catalogue, 1) if not only or mutant.id in only]
    found = []
    for done, (index, mutant) in enumerate(chosen):
        progress("mutants", done, len(chosen))
        candidate.select_mutant(index)
        one = Row(mutant)
        for level in levels:
            kill = _first_kill(context, recorded[level])
            if kill is not None:
                one.kills[level] = kill
        found.append(one)
    progress("mutants", len(chosen), len(chosen))
    candidate.select_mutant(0)
    alarm_run = _false_alarms(context.plugin, plan, alarms, progress)
    return {
        "info": describe(context),
        **summary(found, levels, context.plugin.survivors),
        "false_alarms": sum(false.values()) + alarm_run["divergences"],
        "false_alarm_episodes": alarm_run["episodes"],
        "false_alarm_steps": alarm_run["steps"],
        "false_alarm_verdict": alarm_run["verdict"],
        "reference_seconds": round(reference_seconds, 2),
        "compile_seconds": round(original_seconds, 2),
        "seconds": round(time.monotonic() - begin, 2),
    }


def _record(context: Context, level: str, progress: Progress) -> list[Transitions]:
    plan = context.plan
    if level == "L1":
        found, total = [], 0
        while total < plan.injected:
            progress("L1 in the reference", total, plan.injected)
            count = min(plan.lanes, plan.injected - total)
            cases_ = injected_cases(context, f"mutants/{len(found)}", count)
            after = step_many(context.reference, cases_.snapshots, cases_.actions)
            found.append(Transitions(cases_.snapshots, cases_.actions, after, total + np.arange(size(after))))
            total += size(after)
        progress("L1 in the reference", total, plan.injected)
        return found
    return _record_interactions(context)


def _steps_of(number: int, episode: Episode) -> Transitions:
    count = size(episode.actions)
    before, after = rows(episode.states, slice(0, count)), rows(episode.states, slice(1, count + 1))
    return Transitions(state_paths(before), episode.actions, after, np.full(count, number))


def _record_interactions(context: Context) -> list[Transitions]:
    current, _ = covering_cases(context)
    snapshots, actions = current.snapshots, current.actions
    numbers = np.arange(size(snapshots))
    found = []
    for step in range(TRACE_STEPS):
        if not size(snapshots):
            break
        after = step_many(context.reference, snapshots, actions)
        found.append(Transitions(snapshots, actions, after, numbers))
        going = ~np.broadcast_to(cases.ended(after), size(after))
        snapshots, numbers = state_paths(live(after)), numbers[going]
        if size(snapshots):
            actions = random_actions(context.rng(f"mutants/trace/{step}"), legal_many(context.reference, snapshots))
    return found


def _record_episodes(context: Context, progress: Progress) -> list[Episode]:
    """Episodes of the reference, under all its policies and options."""
    plugin, plan = context.plugin, context.plan
    rng = context.rng("mutants/episodes")
    if plugin.trace is not None:
        found = []
        for episode in plugin.trace(rng, plan.episodes):
            found.append(episode)
            progress("L3 in the reference", len(found), plan.episodes)
        return found
    order = [(policy, options) for options in plugin.options for policy in policies(plugin)]
    found = []
    for number in range(plan.episodes):
        policy, options = order[number % len(order)]
        seed = int(rng.integers(2**31))
        steps = list(play_reference(context, context.reference, rng, policy, options, seed))
        if steps:
            states = stack([steps[0][0], *(after for _, _, after in steps)])
            found.append(Episode(seed, options, stack([actions for _, actions, _ in steps]), states))
        progress("L3 in the reference", number + 1, plan.episodes)
    return found


def _original_differs(context: Context, recorded: Recorded) -> int:
    """How many cases differ with no mutant selected: false alarms (or real bugs)."""
    if recorded.episodes:
        return sum(found is not None for found in _lockstep(context, recorded.episodes))
    return sum(int(_compare(context, part)[1].sum()) for part in recorded.transitions)


def _lockstep(context: Context, episodes: Sequence[Episode]) -> Iterator[tuple[int, Batch] | None]:
    """Each episode, played in place from its reset: None, or the first differing step and the candidate's states."""
    paths = compared_paths(context)
    for first in range(0, len(episodes), _EPISODES):
        part = episodes[first : first + _EPISODES]
        for episode, states in zip(part, _played(context, part), strict=True):
            count = min(size(states), size(episode.states))
            theirs = rows(episode.states, slice(0, count))
            found = context.table.compare(paths, theirs, rows(states, slice(0, count)))
            wrong = np.zeros(count, bool)
            for bad in found.values():
                wrong |= bad
            wrong &= ~undefined(theirs)
            yield (int(wrong.argmax()), states) if wrong.any() else None


def _played(context: Context, episodes: Sequence[Episode]) -> Iterator[Batch]:
    candidate, plugin = context.candidate, context.plugin
    if isinstance(candidate, Rollable):
        yield from candidate.rollout([episode.options for episode in episodes], [e.actions for e in episodes])
        return
    for episode in episodes:
        candidate.reset(episode.seed, episode.options)
        if not plugin.same_start:
            assert isinstance(candidate, Restorable)
            candidate.restore(row(episode.states, 0))
        states = [candidate.snapshot()]
        for step in range(size(episode.actions)):
            actions = row(episode.actions, step)
            if plugin.noise == "tape":
                context.reference.restore(row(episode.states, step))  # type: ignore[attr-defined]
                context.reference.step(actions)
                step_with_tape(context.reference, candidate, actions)
            else:
                candidate.step(actions)
            states.append(candidate.snapshot())
        yield stack(states)


def _compare(context: Context, part: Transitions) -> tuple[dict[str, Any], np.ndarray, Batch]:
    if context.plugin.noise == "tape":
        pair = step_pair(context.plugin, context.reference, context.candidate, part.before, part.actions)
        ours, errors = pair.candidate, pair.tape_errors
    else:
        ours, errors = step_many(context.candidate, part.before, part.actions), {}
    found = context.table.compare(compared_paths(context), part.after, ours)
    wrong = np.zeros(size(part.after), bool)
    for bad in found.values():
        wrong |= bad
    wrong[list(errors)] = True
    answered = ~undefined(part.after)
    return {path: bad & answered for path, bad in found.items() if (bad & answered).any()}, wrong & answered, ours


def _first_kill(context: Context, recorded: Recorded) -> Kill | None:
    begin = time.monotonic()
    try:
        if recorded.episodes:
            return _killed_in_episodes(context, recorded.episodes, begin)
        return _killed_in_steps(context, recorded, begin)
    except (ValueError, RuntimeError, FloatingPointError) as error:  # a mutant that crashes is found
        return Kill(1, time.monotonic() - begin, f"{type(error).__name__}: {error}"[:200], "")


def _killed_in_steps(context: Context, recorded: Recorded, begin: float) -> Kill | None:
    for part in recorded.transitions:
        found, wrong, ours = _compare(context, part)
        if not wrong.any():
            continue
        case = int(wrong.argmax())
        shown = differences(context.table, list(found), part.after, ours, case)
        behaviours = behaviours_of(context, part.before, part.actions, part.after)
        places = suspects(context.plugin, shown, behaviours, wrong, case)
        kill = Kill(int(part.episodes[case]) + 1, time.monotonic() - begin, shown[0].name, shown[0].module, places)
        start = dict(state_paths(row(part.before, case)))
        return _shrunk(context, kill, Case(context.plugin.env, (row(part.actions, case),), start))
    return None


def _killed_in_episodes(context: Context, episodes: Sequence[Episode], begin: float) -> Kill | None:
    for number, found in enumerate(_lockstep(context, episodes)):
        if found is None:
            continue
        step, states = found
        episode = episodes[number]
        shown = differences(context.table, compared_paths(context), episode.states, states, step)
        steps = size(episode.actions)
        failing = np.arange(steps) == step - 1
        before, after = rows(episode.states, slice(0, steps)), rows(episode.states, slice(1, steps + 1))
        behaviours = behaviours_of(context, before, episode.actions, after) if step else None
        places = suspects(context.plugin, shown, behaviours, failing, step - 1 if step else None)
        kill = Kill(number + 1, time.monotonic() - begin, shown[0].name, shown[0].module, places)
        actions = tuple(row(episode.actions, k) for k in range(step))
        return _shrunk(context, kill, Case(context.plugin.env, actions, None, episode.seed, episode.options))
    return None


def _shrunk(context: Context, kill: Kill, case: Case) -> Kill:
    shrunk = shrinker(context).shrink(case)
    kill.shrunk_steps = shrunk.steps if shrunk else len(case.actions)
    return kill


def _false_alarms(plugin: Plugin, plan: Plan, episodes: int, progress: Progress) -> dict[str, Any]:
    """The reference against itself: `episodes` whole ones, and as many injected steps as a mutant gets."""
    progress("reference against itself", 0, 1)
    same = plugin.self_check() if plugin.self_check else replace(plugin, candidate=plugin.reference)
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
