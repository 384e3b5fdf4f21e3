"""Level 3 of episodes that the candidate plays by itself: the reference rolls them out, and all states are compared.

Three things go on at once: the candidate plays a batch, the reference rolls out the one before, and the one before that
is compared. Episodes are compared several at a time, since a comparison costs the same for few states as for many.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from queue import Queue
from threading import Thread
from typing import Any, TypeVar

import numpy as np

from references.protocol import Batch, Rollable, Rolled
from verification.batches import concat, row, rows, size, undefined
from verification.cases import Case
from verification.check import Check
from verification.levels import parts
from verification.levels.context import Context, Plan
from verification.levels.coverage import coverage_of
from verification.levels.pairs import DETAILED, THREW, add_finding, behaviours_of, draws_apart
from verification.localise import differences, suspects
from verification.plugin import Episode, SelfPlay
from verification.results import CheckResult, Finding

LOCKSTEP = "L3/lockstep"
TOGETHER = 32
"""Episodes that are compared at once."""
EACH = 1024
"""Episodes of a part, all of one policy. The candidate plays each part by itself, with a seed of its own."""
_TOLD = 20
"""Faults and steps without an answer that the figures tell one by one."""
Item = TypeVar("Item")


@dataclass(frozen=True)
class Match:
    """One episode as the candidate played it under `policy`, and as the reference rolled it out."""

    episode: Episode
    rolled: Rolled
    policy: str


def shares(policies: Sequence[str], episodes: int) -> list[tuple[str, int]]:
    """(policy, episodes) of each that has any; the first ones take the remainder."""
    each, rest = divmod(episodes, len(policies))
    return [(policy, each + (k < rest)) for k, policy in enumerate(policies) if each + (k < rest)]


@dataclass(frozen=True)
class Part:
    """Episodes of one policy that the candidate plays with `seed`, as part `number` of a run."""

    number: int
    policy: str
    seed: int
    episodes: int


def divided(own: SelfPlay, seed: int, episodes: int) -> list[Part]:
    """The parts of a run. The first ones of each policy have the run's own seed."""
    found: list[Part] = []
    for policy, count in shares(own.policies, episodes):
        for k in range(parts.of_length(count, EACH)):
            drawn = int(np.random.SeedSequence([seed, k]).generate_state(1, np.uint64)[0]) >> 1 if k else seed
            found.append(Part(len(found), policy, drawn, min(EACH, count - k * EACH)))
    return found


def _played(own: SelfPlay, asked: Iterable[Part]) -> Iterator[tuple[Part, Sequence[Episode]]]:
    for part in asked:
        produced = 0
        for batch in own.play(part.seed, part.episodes, part.policy):
            produced += len(batch)
            if produced <= part.episodes:
                yield part, batch
        if produced != part.episodes:
            told = f"the candidate played {produced} of {part.episodes} episodes"
            raise ValueError(f"{told} under policy {part.policy}")


def _rolled(
    reference: Rollable, batches: Iterable[tuple[Part, Sequence[Episode]]]
) -> Iterator[tuple[Part, list[Match]]]:
    for part, episodes in batches:
        rolled = reference.rollout([one.options for one in episodes], [one.actions for one in episodes])
        yield part, [Match(episode, one, part.policy) for episode, one in zip(episodes, rolled, strict=True)]


def _ahead(items: Iterable[Item]) -> Iterator[Item]:
    """The same items, the next one made in a thread while this one is used.

    The thread is a daemon: whoever interrupts the run does not wait for a batch that nobody will compare.
    """
    ready: Queue[tuple[str, Any]] = Queue(1)

    def make() -> None:
        try:
            for item in items:
                ready.put(("item", item))
            ready.put(("end", None))
        except BaseException as error:  # whatever it is, it is raised again where the items are asked for
            ready.put(("error", error))

    Thread(target=make, daemon=True).start()
    while True:
        kind, value = ready.get()
        if kind == "end":
            return
        if kind == "error":
            raise value
        yield value


def run(context: Context, result: CheckResult) -> None:
    """Play, roll out and compare the plan's episodes."""
    own, reference = context.plugin.play.alone, context.reference
    assert own is not None and isinstance(reference, Rollable)
    asked = divided(own, context.plan.seed, context.plan.episodes)
    mine = parts.here(result, len(asked))
    result.unit, result.planned = "episodes", sum(asked[number].episodes for number in mine)
    for name, none in (("episodes_by_policy", {}), ("worker_faults", []), ("unverified", 0), ("reference_errors", [])):
        result.stats.setdefault(name, none)
    assert result.parts is not None
    batches = _ahead(_rolled(reference, _ahead(_played(own, asked[result.parts.done : result.parts.last]))))
    for number in parts.to_do(context, result):
        _compare_part(context, result, asked[number], batches)
    for _ in batches:  # there are no more, unless too many were played, which is an error
        pass
    result.conclude()


def _compare_part(
    context: Context, result: CheckResult, part: Part, batches: Iterator[tuple[Part, list[Match]]]
) -> None:
    """Take and compare the batches of a part, whose episodes come before those of the next one."""
    begin, before, left = time.monotonic(), result.seconds, part.episodes
    by_policy = result.stats["episodes_by_policy"]
    while left > 0:
        played, batch = next(batches)
        assert played is part
        left -= len(batch)
        for first in range(0, len(batch), TOGETHER):
            group = batch[first : first + TOGETHER]
            _compare(context, result, group)
            by_policy[part.policy] = by_policy.get(part.policy, 0) + len(group)
            result.seconds = round(before + time.monotonic() - begin, 3)
            context.on_progress(result)


def _compare(context: Context, result: CheckResult, group: Sequence[Match]) -> None:
    """Count a group of episodes, and every one that differs as a finding."""
    for match in group:
        told = [{"reason": reason, "policy": match.policy, **match.episode.label} for reason in match.rolled.faults]
        result.stats["worker_faults"] = [*result.stats["worker_faults"], *told][:_TOLD]
    found = [match for match in group if size(match.rolled.states)]
    result.stats["unverified"] += len(group) - len(found)
    if not found:
        return
    lengths = np.array([size(match.rolled.states) for match in found])
    ends = np.cumsum(lengths)
    theirs = concat([match.rolled.states for match in found])
    ours = concat([rows(m.episode.states, slice(0, n)) for m, n in zip(found, lengths.tolist(), strict=True)])
    by_path = context.table.compare(_paths(context, theirs, ours), theirs, ours)
    unanswered = undefined(theirs)
    wrong = np.logical_or.reduce([*by_path.values(), np.zeros(len(unanswered), bool)]) & ~unanswered
    shown = _behaviours(context, found, theirs, lengths)
    for number, match in enumerate(found):
        first, last = int(ends[number] - lengths[number]), int(ends[number])
        result.cases += 1
        threw = bool(unanswered[last - 1])
        result.steps += last - first - 1 - threw
        if threw:
            result.stats[THREW] = result.stats.get(THREW, 0) + 1
            told = {"message": match.rolled.stopped, "policy": match.policy, **match.episode.label}
            result.stats["reference_errors"] = [*result.stats["reference_errors"], told][:_TOLD]
        differing = np.flatnonzero(wrong[first:last])
        if len(differing):
            step = int(differing[0])
            seen = differences(context.table, list(by_path), theirs, ours, first + step)
            draws = draws_apart(context.plugin, row(theirs, first + step), row(ours, first + step))
            places = suspects(context.plugin, seen, *shown(number, step))
            finding = Finding(step, seen, draws=draws, suspects=places, message=match.rolled.stopped)
            _add(context, result, match, finding)
        elif match.rolled.stopped and not threw:
            _add(context, result, match, Finding(last - first, (), message=match.rolled.stopped))


def _add(context: Context, result: CheckResult, match: Match, finding: Finding) -> None:
    episode = match.episode
    finding = Finding(**{**vars(finding), "case": {"policy": match.policy, **episode.label}})
    if result.divergences >= DETAILED:
        result.add(finding, DETAILED)
        return
    actions = tuple(row(episode.actions, step) for step in range(min(finding.step, size(episode.actions))))
    add_finding(context, result, Case(context.plugin.env, actions, None, episode.seed, episode.options), finding)


def _paths(context: Context, theirs: Batch, ours: Batch) -> list[str]:
    """The paths to compare, from these states: no environment is reset for it."""
    if "_paths" not in context.__dict__:
        context.__dict__["_paths"] = context.table.check(theirs, ours)
    return list(context.__dict__["_paths"])


def _behaviours(context: Context, found: Sequence[Match], states: Batch, lengths: Any) -> Any:
    """Count what the steps exercised; returns what `suspects` is told of the step that led to a state."""
    ends = np.cumsum(lengths)
    steps = int(ends[-1]) - len(found)
    if not steps:
        return lambda number, step: ()
    inner = np.ones(int(ends[-1]), bool)
    inner[ends - 1] = False
    before = np.flatnonzero(inner)
    actions = concat([rows(m.episode.actions, slice(0, n - 1)) for m, n in zip(found, lengths.tolist(), strict=True)])
    shown = behaviours_of(context, rows(states, before), actions, rows(states, before + 1))
    answered = ~undefined(rows(states, before + 1))
    coverage_of(context).add({name: np.asarray(present) & answered for name, present in shown.items()})

    def told(number: int, step: int) -> tuple[Any, ...]:
        if not step or not shown:
            return ()
        place = int(ends[number] - lengths[number]) - number + step - 1
        return shown, np.arange(steps) == place, place

    return told


def checks(context: Context) -> list[Check]:
    """Level 3 of a plugin whose candidate plays by itself."""
    own = context.plugin.play.alone
    if own is None:
        return []
    missing = () if isinstance(context.reference, Rollable) else ("a Rollable reference",)

    def count(plan: Plan) -> int:
        return len(divided(own, plan.seed, plan.episodes))

    return [Check(LOCKSTEP, "L3", own.title, run, missing, count)]
