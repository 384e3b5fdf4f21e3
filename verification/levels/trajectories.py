"""Recorded episodes of the reference, and how far another run leaves them: what continuous environments are judged by.

Everything here is plain numpy around `batches.step_many`: the run that is measured is the candidate, or the reference
itself with its state rounded before every step, which shows what rounding alone does.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from references.protocol import OUTCOME, Batch, Env
from verification.batches import ended, per_case, rows, stack, step_many
from verification.fields import FieldTable, error
from verification.levels.context import Context
from verification.levels.mining import play_reference, policies

Perturb = Callable[[Batch], Batch]


@dataclass(frozen=True)
class Trajectories:
    """N recorded episodes, padded to the longest with copies of their last step.

    `states`: path → [T+1, N, …]; `actions`: agent → [T, N, …]; `lengths`: int [N], steps of each episode;
    `policies`, `seeds` [N] say how each was played.
    """

    states: Batch
    actions: Batch
    lengths: NDArray[np.int64]
    policies: Sequence[str]

    @property
    def count(self) -> int:
        """N."""
        return len(self.lengths)

    def at(self, steps: NDArray[np.int64], episodes: NDArray[np.int64]) -> tuple[Batch, Batch, Batch]:
        """(before, actions, after) of these steps as batches."""
        before = {path: values[steps, episodes] for path, values in self.states.items()}
        after = {path: values[steps + 1, episodes] for path, values in self.states.items()}
        return before, {agent: values[steps, episodes] for agent, values in self.actions.items()}, after

    def every_step(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """(steps, episodes) of all steps played."""
        episodes = np.repeat(np.arange(self.count), self.lengths)
        steps = np.concatenate([np.arange(length) for length in self.lengths])
        return steps, episodes

    def windows(self, width: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """(first steps, episodes) of whole windows of `width` steps: side by side, and the last of each episode."""
        firsts = [
            np.array(sorted({*range(0, last + 1, width), last}) if last >= 0 else [], np.int64)
            for last in (self.lengths - width).tolist()
        ]
        episodes = np.repeat(np.arange(self.count), [len(first) for first in firsts])
        return np.concatenate(firsts), episodes


def record(context: Context, rng: np.random.Generator, episodes: int, most_steps: int) -> Trajectories:
    """Episodes of the reference under all policies and options in turn, cut after `most_steps`."""
    plugin = context.plugin
    order = [(policy, options) for options in plugin.play.options for policy in policies(plugin)]
    played, chosen = [], []
    for episode in range(episodes):
        policy, options = order[episode % len(order)]
        steps = []
        for step in play_reference(context, context.reference, rng, policy, options):
            steps.append(step)
            if len(steps) == most_steps:
                break
        if not steps:
            raise RuntimeError(f"{context.reference.info.name}: an episode with options {dict(options)} has no step")
        played.append(steps)
        chosen.append(policy)
    return _padded(played, chosen)


def _padded(played: Sequence[Sequence[Any]], chosen: Sequence[str]) -> Trajectories:
    longest = max(len(steps) for steps in played)
    states, actions = [], []
    for steps in played:
        padding = longest - len(steps)
        states.append(stack([steps[0][0], *(after for _, _, after in steps), *[steps[-1][2]] * padding]))
        actions.append(stack([joint for _, joint, _ in steps] + [steps[-1][1]] * padding))
    joined = [
        {path: np.stack([part[path] for part in parts], axis=1) for path in parts[0]} for parts in (states, actions)
    ]
    return Trajectories(joined[0], joined[1], np.array([len(steps) for steps in played]), tuple(chosen))


def float_paths(table: FieldTable, paths: Sequence[str]) -> list[str]:
    """The paths compared as numbers with an error."""
    return [path for path in paths if table.spec(path).kind in ("float", "angle")]


def rounding(
    table: FieldTable, paths: Sequence[str], recorded: Trajectories, target: Batch, rng: np.random.Generator
) -> Perturb:
    """Does to a batch's float state what keeping it in the precision of `target` (a batch) does.

    It is rounded, and moved by up to the spacing of numbers of its size, or of the field's usual size (median, as
    recorded): the arithmetic that made a number small rounded larger ones. Fields that only ever held integers are left
    alone.
    """
    spacings = {}
    for path in float_paths(table, paths):
        values = finite(recorded.states[path])
        if not path.startswith(OUTCOME) and (values != np.round(values)).any():
            kind = np.asarray(target[path]).dtype
            spacings[path] = kind, float(np.spacing(np.median(np.abs(values)).astype(kind)))

    def perturb(batch: Batch) -> Batch:
        changed = dict(batch)
        for path, (kind, spacing) in spacings.items():
            values = np.asarray(batch[path])
            with np.errstate(over="ignore", invalid="ignore"):
                rounded = values.astype(kind)
                size = np.fmax(np.spacing(np.abs(rounded)).astype(values.dtype), spacing)
            changed[path] = rounded.astype(values.dtype) + size * rng.uniform(-1, 1, values.shape).astype(values.dtype)
        return changed

    return perturb


@dataclass(frozen=True)
class Departure:
    """Distance of runs from the recorded ones. W steps, M runs.

    * `errors`: path → float64 [W, M], the largest component's error; NaN where one of the two had ended.
    * `events`: path → bool [W, M], paths compared exactly that differ at that step; `jumps`: those that differ from
      the recorded values one step earlier and later as well.
    * `ends`, `recorded_ends`: int [M], the step (from 1) at which each ended; W + 2 where it did not within W + 1.
    """

    errors: Mapping[str, NDArray[np.float64]]
    events: Mapping[str, NDArray[np.bool_]]
    jumps: Mapping[str, NDArray[np.bool_]]
    ends: NDArray[np.int64]
    recorded_ends: NDArray[np.int64]

    def quantile(self, path: str, q: float, least: int = 1) -> NDArray[np.float64]:
        """[W]: quantile over the runs still going on; NaN where these are fewer than `least`."""
        found = np.full(len(self.errors[path]), np.nan)
        for step, values in enumerate(self.errors[path]):
            there = values[~np.isnan(values)]
            if len(there) >= least:
                found[step] = np.quantile(there, q, method="higher")
        return found

    def crossings(self, path: str, threshold: float) -> NDArray[np.float64]:
        """[M]: the first step (from 1) with an error beyond `threshold`; infinite where there is none."""
        over = np.nan_to_num(self.errors[path], nan=0.0, posinf=np.inf) > threshold
        return np.where(over.any(axis=0), over.argmax(axis=0) + 1.0, np.inf)


def depart(
    env: Env,
    table: FieldTable,
    paths: Sequence[str],
    recorded: Trajectories,
    firsts: NDArray[np.int64],
    episodes: NDArray[np.int64],
    width: int,
    perturb: Perturb | None = None,
) -> Departure:
    """Put `env` into recorded states and let it run freely for `width` steps with the recorded actions.

    `firsts`, `episodes` [M]: where each run starts. `perturb` changes the state before every step. A run stops where
    it ends itself, or one step after the recorded episode did (with its last action again), to see if it ends there.
    """
    runs = len(firsts)
    floats = float_paths(table, paths)
    errors = {path: np.full((width, runs), np.nan) for path in floats}
    events = {path: np.zeros((width, runs), bool) for path in paths if path not in floats}
    jumps = {path: wrong.copy() for path, wrong in events.items()}
    never = width + 2
    ends = np.full(runs, never)
    lengths = recorded.lengths[episodes] - firsts
    batch: Batch | None = None
    running = np.arange(runs)
    for step in range(width + 1):
        going = (lengths[running] >= step) & (ends[running] == never)
        batch = None if batch is None else rows(batch, going)
        running = running[going]
        if not len(running):
            break
        here = np.minimum(firsts[running] + step, recorded.lengths[episodes[running]] - 1)
        before, actions, after = recorded.at(here, episodes[running])
        batch = before if batch is None else batch
        batch = step_many(env, batch if perturb is None else perturb(batch), actions)
        ends[running[np.broadcast_to(ended(batch), len(running))]] = step + 1
        both = (lengths[running] > step) & (step < width)
        which = running[both]
        if not len(which):
            continue
        ours, theirs, earlier = rows(batch, both), rows(after, both), rows(before, both)
        next_step = np.minimum(firsts[which] + step + 1, recorded.lengths[episodes[which]] - 1)
        later = recorded.at(next_step, episodes[which])[2]
        for path in floats:
            gap = error(table.spec(path), theirs[path], ours[path])
            errors[path][step, which] = per_case(gap).max(axis=1)
        for path, wrong in events.items():
            wrong[step, which] = table.differs(path, theirs[path], ours[path])
            if wrong[step].any():
                near = [table.differs(path, other[path], ours[path]) for other in (earlier, later)]
                jumps[path][step, which] = wrong[step, which] & near[0] & near[1]
    last = recorded.at(recorded.lengths - 1, np.arange(recorded.count))[2]
    has_end = np.broadcast_to(ended(last), recorded.count)[episodes]
    return Departure(errors, events, jumps, ends, np.where(has_end & (lengths <= width), lengths, never))


def scales(recorded: Trajectories, floats: Sequence[str], share: float) -> dict[str, float]:
    """Per path the error at which two runs are no longer the same run: a share of the spread (5 %–95 %) played."""
    after = recorded.at(*recorded.every_step())[2]
    found = {}
    for path in floats:
        low, high = np.quantile(finite(after[path]), [0.05, 0.95])
        found[path] = share * float(high - low)
    return found


def finite(values: NDArray[Any]) -> NDArray[np.float64]:
    """The finite ones of them, as float64 [n]; a single 0 if there are none."""
    flat = np.asarray(values, np.float64).ravel()
    flat = flat[np.isfinite(flat)]
    return flat if len(flat) else np.zeros(1)


def resolution(recorded: Trajectories, path: str, kind: np.dtype[Any]) -> float:
    """The spacing of `kind`'s numbers at the field's usual (99 %) size: what storing it costs."""
    usual = float(np.quantile(np.abs(finite(recorded.states[path])), 0.99))
    return float(np.spacing(np.asarray(usual, kind)))


def horizon(floor: Departure, path: str, scale: float, least: int) -> int:
    """T*: the first step (from 1) at which rounding alone moves half of the runs by more than `scale`; else W + 1."""
    median = floor.quantile(path, 0.5, least)
    over = np.nan_to_num(median, nan=0.0, posinf=np.inf) > scale
    return int(over.argmax()) + 1 if scale > 0 and over.any() else len(median) + 1


def thin(values: NDArray[Any], most: int = 50) -> tuple[list[int], list[float | None]]:
    """(steps from 1, values) of a curve at no more than `most` points; None for NaN."""
    index = np.unique(np.linspace(0, len(values) - 1, min(most, len(values))).round().astype(int))
    return (index + 1).tolist(), [None if np.isnan(v) else float(v) for v in np.asarray(values, float)[index]]
