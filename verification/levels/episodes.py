"""Level 3: whole episodes in lockstep under several policies, one of them guided by what was seldom exercised."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

import numpy as np

from references.protocol import UNDEFINED, Actions, Batched, Snapshot
from verification import cases
from verification.batches import TAPE_PATH, Bounds, is_over, random_actions, stack, step_many, step_with_tape
from verification.cases import Case
from verification.check import Check
from verification.levels import parts, rolled
from verification.levels.context import Context, Plan
from verification.levels.coverage import counts_so_far, coverage_of
from verification.levels.mining import policies
from verification.levels.pairs import DETAILED, THREW, add_finding, behaviours_of, compared_paths
from verification.localise import suspects
from verification.results import CheckResult, FieldDifference, Finding

EPISODES = "L3/episodes"
GUIDED = "guided"
_EXPLORE = 0.2
_TRIED = 8
TOGETHER = 16
"""Episodes of a part. What a guided one chooses goes by what its own part has exercised before."""


class Guided:
    """Chooses, of a few random joint actions tried in the candidate, the one whose behaviours were seen least."""

    def __init__(self, context: Context) -> None:
        self.context, self.before = context, counts_so_far(context)

    def __call__(self, rng: np.random.Generator, snapshot: Snapshot, legal: Mapping[str, Any]) -> Actions:
        if rng.random() < _EXPLORE:
            return random_actions(rng, legal)
        many = {agent: _repeat(allowed, _TRIED) for agent, allowed in legal.items()}
        actions = random_actions(rng, many)
        before = stack([snapshot] * _TRIED)
        after = step_many(self.context.candidate, before, actions)
        shown = behaviours_of(self.context, before, actions, after)
        counts = counts_so_far(self.context) - self.before
        novelty = np.zeros(_TRIED)
        for name, present in shown.items():
            novelty += np.asarray(present) / (1.0 + counts[name])
        best = int(novelty.argmax())
        return {agent: action[best] for agent, action in actions.items()}


def _repeat(allowed: Any, count: int) -> Any:
    if isinstance(allowed, Bounds):
        return Bounds(np.repeat(allowed.low[None], count, 0), np.repeat(allowed.high[None], count, 0))
    return np.repeat(np.asarray(allowed)[None], count, 0)


def _run_episodes(context: Context, result: CheckResult) -> None:
    plan, result.unit = context.plan, "episodes"
    result.planned = sum(len(_episodes(plan, number)) for number in parts.here(result, _parts(plan)))
    for number in parts.to_do(context, result):
        _play(context, result, _episodes(plan, number))
    result.conclude()


def _parts(plan: Plan) -> int:
    return parts.of_length(plan.episodes, TOGETHER)


def _episodes(plan: Plan, part: int) -> range:
    return range(part * TOGETHER, min((part + 1) * TOGETHER, plan.episodes))


def _play(context: Context, result: CheckResult, episodes: range) -> None:
    """Play these episodes of a run: policies and options take turns over the whole of it."""
    begin, before = time.monotonic(), result.seconds
    plugin = context.plugin
    chosen = dict(policies(plugin))
    if plugin.behaviours.shown is not None and isinstance(context.candidate, Batched):
        chosen[GUIDED] = Guided(context)
    names = list(chosen)
    by_policy = result.stats.setdefault("episodes_by_policy", {})
    for episode in episodes:
        policy = names[episode % len(names)]
        options = plugin.play.options[(episode // len(names)) % len(plugin.play.options)]
        rng = context.rng(f"{EPISODES}/{episode}")
        seed = int(rng.integers(2**31))
        _one(context, result, rng, seed, options, policy, chosen[policy])
        by_policy[policy] = by_policy.get(policy, 0) + 1
        result.cases += 1
        result.seconds = round(before + time.monotonic() - begin, 3)
        if episode % 8 == 0:
            context.on_progress(result)


def _one(context: Context, result: CheckResult, rng: Any, seed: int, options: Any, policy: str, choose: Any) -> None:
    """One episode on both sides, to its end or the first difference."""
    plugin, reference, candidate = context.plugin, context.reference, context.candidate
    paths = compared_paths(context)
    cases.reset_pair(plugin, reference, candidate, seed, options)
    played: list[Actions] = []
    trace: list[tuple[Snapshot, Actions, Snapshot]] = []
    before = reference.snapshot()
    found = cases.compare_one(context.table, paths, before, candidate.snapshot())
    message = ""
    while not found and not message and not is_over(before) and len(played) < plugin.play.horizon:
        actions = choose(rng, before, reference.legal())
        reference.step(actions)
        if plugin.draws.noise == "tape":
            message = step_with_tape(reference, candidate, actions)
        else:
            candidate.step(actions)
        after = reference.snapshot()
        found = cases.compare_one(context.table, paths, after, candidate.snapshot())
        played.append(actions)
        trace.append((before, actions, after))
        before = after
    if before.get(UNDEFINED, False):
        result.stats[THREW] = result.stats.get(THREW, 0) + 1
    result.steps += len(played) - bool(before.get(UNDEFINED, False))
    shown = _behaviours(context, trace)
    coverage_of(context).add(shown)
    if found or message:
        failing = np.zeros(len(trace), bool)
        failing[-1:] = True
        if message:
            found = (FieldDifference(TAPE_PATH, "noise", message, "the same draws"), *found)
        places = suspects(plugin, found, shown, failing, len(trace) - 1 if trace else None)
        case = Case(plugin.env, tuple(played), None, seed, options)
        finding = Finding(len(played), found, draws=message, suspects=places, case={"seed": seed, "policy": policy})
        if result.divergences < DETAILED:
            add_finding(context, result, case, finding)
        else:
            result.add(finding, DETAILED)


def _behaviours(context: Context, trace: list[tuple[Snapshot, Actions, Snapshot]]) -> Mapping[str, Any]:
    if context.plugin.behaviours.shown is None or not trace:
        return {}
    before, actions, after = (stack([step[k] for step in trace]) for k in range(3))
    return behaviours_of(context, before, actions, after)


def checks(context: Context) -> list[Check]:
    """Level 3: episodes that the candidate plays by itself, if the plugin has them; else both sides step together."""
    if context.plugin.play.alone is not None:
        return rolled.checks(context)
    return [Check(EPISODES, "L3", "whole episodes in lockstep", _run_episodes, parts=_parts)]
