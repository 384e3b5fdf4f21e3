"""Recordings of the reference at each level, which every mutant is compared with."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from references.protocol import Batch
from verification.batches import is_over, legal_many, random_actions, rows, size, stack, step_many
from verification.levels.context import Context
from verification.levels.continuous import is_continuous
from verification.levels.interaction import covering_cases
from verification.levels.mining import live, play_reference, policies
from verification.levels.pairs import state_paths
from verification.levels.steps import injected_cases
from verification.levels.traces import TRACE_STEPS
from verification.plugin import Episode

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
    """Record of the reference at a level: single steps (L1, L2), or whole episodes (L3)."""

    level: str
    transitions: Sequence[Transitions] = ()
    episodes: Sequence[Episode] = ()


def record(context: Context, level: str, progress: Progress) -> Recorded:
    if level == "L3":
        episodes = _record_episodes(context, progress)
        if is_continuous(context.plugin):
            # Free-running floats leave any one-step tolerance by rounding alone: each step starts from the reference.
            return Recorded(level, [_steps_of(number, episode) for number, episode in enumerate(episodes)])
        return Recorded(level, episodes=episodes)
    return Recorded(level, transitions=_record_steps(context, level, progress))


def _record_steps(context: Context, level: str, progress: Progress) -> list[Transitions]:
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
        going = ~np.broadcast_to(is_over(after), size(after))
        snapshots, numbers = state_paths(live(after)), numbers[going]
        if size(snapshots):
            actions = random_actions(context.rng(f"mutants/trace/{step}"), legal_many(context.reference, snapshots))
    return found


def _record_episodes(context: Context, progress: Progress) -> list[Episode]:
    """Episodes of the reference, under all its policies and options."""
    plugin, plan = context.plugin, context.plan
    rng = context.rng("mutants/episodes")
    if plugin.play.trace is not None:
        found = []
        for episode in plugin.play.trace(rng, plan.episodes):
            found.append(episode)
            progress("L3 in the reference", len(found), plan.episodes)
        return found
    order = [(policy, options) for options in plugin.play.options for policy in policies(plugin)]
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
