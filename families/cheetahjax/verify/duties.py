"""E4: what long runs add up to: returns, and how much of the time contacts and limits act.

The policies look at the time only, so a difference cannot be theirs. Both sides begin in the same states and are given
the same actions, episode by episode. Contacts part the two within a second or two, but a pair still has in common where
it began and how it was driven, so that its difference varies less than two episodes on their own: a third less for the
cheetah's, and ten times less where episodes are short.

The number of episodes is planned. A first part of fixed size tells how much the differences vary; from that alone, and
never from their mean, follows how many pairs each policy needs to show equality with a power of `POWER`.
"""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from typing import Any

import jax
import numpy as np
from numpy.typing import NDArray

from families.cheetahjax.verify import sides
from families.cheetahjax.verify.policies import AGENT, PERIOD
from families.cheetahjax.verify.poses import model_of, poses
from families.cheetahjax.verify.tasks import Task
from families.cheetahjax.verify.teacher import Teacher
from references.protocol import Batch
from verification.backends import Vmap
from verification.batches import size, stack
from verification.levels.context import Context
from verification.levels.pairs import timed
from verification.results import CheckResult, FieldDifference, Finding
from verification.statistics.equivalence import ROUNDING
from verification.statistics.margin import Margin
from verification.statistics.power import differences_needed
from verification.statistics.tost import paired_tost

CHECK = "L3/statistics"
LEAST_EPISODES = 192
ALPHA = 1e-4
"""Of each test for a difference; there are a dozen."""
POWER = 0.999
"""Of each test for equality, so that of a dozen one fails by chance in a hundred runs at most."""
SURE = 0.95
"""Confidence that the differences vary no more than is planned for."""
MOST_TIMES = 8
"""Times the first part that a policy may be played at most; a plan beyond it is given up."""
PLAYED_ON = 300
"""Steps of a task whose episodes end early: the return is that up to the end, the shares of time are of them all."""
EVERY = 10
"""Steps between two looks at the pose."""
DUTY = Margin(0.05, reason="a twentieth of the time, about the least that some hundred episodes can resolve")
POLICIES = ("uniform", "bang-bang", "swing")
Found = dict[str, dict[str, dict[str, NDArray[np.float64]]]]
"""Side → metric → policy → one number an episode."""
SWING, NOISE = 0.5, 0.5
"""Shares of the controls' range. Without much noise a gait has two attractors, and its returns resolve little."""


def run(task: Task, context: Context, result: CheckResult, vmap: Vmap = jax.vmap) -> None:
    """Pairs of episodes under each policy, as many as are planned; laws and means compared. `vmap`: see `Teacher`."""
    begin = time.monotonic()
    first = -(-max(LEAST_EPISODES, context.plan.episodes) // len(POLICIES))
    result.unit, result.planned = "episodes", 2 * first * len(POLICIES)
    reference = sides.plain_reference(task)
    skip = int(reference.unwrapped.frame_skip)
    ours = Teacher(task, skip, lanes=first * len(POLICIES), vmap=vmap)
    margins = {"return": context.plugin.checks.margins["return"]}
    steppers = {"reference": reference.step_many, "candidate": ours.step_many}

    def play(name: str, counts: Mapping[str, int]) -> Found:
        found = {}
        for side, step in steppers.items():
            found[side] = _play(task, reference, step, context.rng(f"{CHECK}/{name}"), counts, result, context)
            timed(result, begin)
            context.on_progress(result)
        return found

    try:
        found = play("first", dict.fromkeys(POLICIES, first))
        wanted = {policy: _needed(found, policy, margins, first) for policy in POLICIES}
        result.stats["episodes planned"] = {policy: count for policy, (count, _) in wanted.items()}
        more = {policy: min(count, MOST_TIMES * first) - first for policy, (count, _) in wanted.items()}
        result.planned += 2 * sum(more.values())
        if any(more.values()):
            found = _joined(found, play("more", {policy: count for policy, count in more.items() if count}))
    finally:
        reference.close()
    tost = result.stats.setdefault("equivalence", [])
    for metric in found["reference"]:
        for policy in POLICIES:
            ours, theirs = (found[side][metric][policy] for side in ("candidate", "reference"))
            tost.append(_judge(result, metric, policy, ours, theirs, margins.get(metric, DUTY)))
    undecided = [f"{one['metric']}, {one['policy']}" for one in tost if not one["within the margin"]]
    beyond = [f"{policy} {why}" for policy, (count, why) in wanted.items() if count > MOST_TIMES * first]
    timed(result, begin)
    result.conclude()
    if result.verdict == "pass" and (undecided or beyond):
        result.verdict = "inconclusive"
        result.reason = "; ".join(
            [f"not shown to be within the margin: {'; '.join(undecided)}"] * bool(undecided)
            + [f"more episodes are needed than are played ({MOST_TIMES * first}): {'; '.join(beyond)}"] * bool(beyond)
        )


def _needed(found: Found, policy: str, margins: Mapping[str, Margin], first: int) -> tuple[int, str]:
    """Pairs that a policy needs, at least `first`, and the metric that needs the most."""
    from scipy.stats import chi2  # takes a second to import

    most, why = first, ""
    for metric in found["reference"]:
        gaps = found["candidate"][metric][policy] - found["reference"][metric][policy]
        freedom = len(gaps) - 1
        sd = float(gaps.std(ddof=1)) * math.sqrt(freedom / chi2.ppf(1 - SURE, freedom))
        margin = margins.get(metric, DUTY).value
        if sd <= ROUNDING * margin:
            continue
        count = differences_needed(margin, sd, power=POWER)
        if count > most:
            most, why = count, f"{count} for {metric}"
    return most, why


def _joined(first: Found, more: Found) -> Found:
    """Both parts; a policy of which no more was played has its first part alone."""
    return {
        side: {
            metric: {
                policy: np.concatenate([values, more[side].get(metric, {}).get(policy, values[:0])])
                for policy, values in by_policy.items()
            }
            for metric, by_policy in by_metric.items()
        }
        for side, by_metric in first.items()
    }


def _judge(
    result: CheckResult,
    metric: str,
    policy: str,
    ours: NDArray[np.float64],
    theirs: NDArray[np.float64],
    margin: Margin,
) -> dict[str, Any]:
    from scipy.stats import ks_2samp  # takes a second to import

    test = paired_tost(ours, theirs, margin)
    # Of pairs that go together the distance is smaller than of episodes on their own: the test alarms less, not more.
    law = ks_2samp(theirs, ours, method="asymp")
    p, distance = float(law.pvalue), float(law.statistic)  # type: ignore[attr-defined]
    if p < ALPHA:
        message = f"{metric} under {policy} has another law: Kolmogorov–Smirnov distance {distance:.2f}, p = {p:.1e}"
        difference = FieldDifference(f"episode.{metric}", "reward", float(ours.mean()), float(theirs.mean()))
        result.add(Finding(0, (difference,), case={"policy": policy}, message=message))
    return {
        "metric": metric,
        "policy": policy,
        "episodes": len(ours),
        "candidate": {"mean": float(ours.mean()), "sd": float(ours.std(ddof=1))},
        "reference": {"mean": float(theirs.mean()), "sd": float(theirs.std(ddof=1))},
        "difference, 95 %": list(test.ci95),
        "margin": margin.value,
        "within the margin": test.verdict in ("equivalent", "equivalent but biased"),
        "ks": distance,
        "p": p,
    }


def _play(
    task: Task,
    reference: Any,
    step: Any,
    rng: np.random.Generator,
    counts: Mapping[str, int],
    result: CheckResult,
    context: Context,
) -> dict[str, dict[str, NDArray[np.float64]]]:
    """metric → policy → one number an episode: the return, and shares of the time. The same `rng` draws the same."""
    legal = reference.legal()
    starts = []
    for _ in range(sum(counts.values())):
        reference.reset(int(rng.integers(2**31)))
        starts.append(reference.snapshot())
    here: Batch = _state(stack(starts))
    lanes = size(here)
    returns, looks = np.zeros(lanes), 0
    duties = {"time in contact": np.zeros(lanes), "time at limits": np.zeros(lanes)}
    going = np.ones(lanes, bool)
    low, high = legal[AGENT].low, legal[AGENT].high
    for number in range(_steps(task)):
        chosen = [_choose(policy, rng, number, low, high, (count, len(low))) for policy, count in counts.items()]
        actions = {AGENT: np.concatenate(chosen).astype(np.float32)}
        after = step({**here, "state.time": np.full(lanes, min(number, task.horizon // 2))}, actions)
        returns += np.where(going, np.asarray(after["out.reward"], np.float64), 0.0)
        if number % EVERY == 0:
            pose = poses(task, after["state.qpos"])
            duties["time in contact"] += (pose.heights < 0).any(axis=1)
            duties["time at limits"] += (np.minimum(pose.above, pose.below) < 0).any(axis=1)
            looks += 1
        result.steps += int(going.sum())
        going &= ~np.asarray(after["out.terminated"], bool)
        here = _state(after)
        if number % 100 == 0:
            context.on_progress(result)
    result.cases += lanes
    metrics = {"return": returns, **{name: total / looks for name, total in duties.items() if _has(task, name)}}
    ends = np.cumsum([0, *counts.values()])
    return {
        metric: {policy: values[ends[k] : ends[k + 1]] for k, policy in enumerate(counts)}
        for metric, values in metrics.items()
    }


def _choose(
    policy: str, rng: np.random.Generator, number: int, low: NDArray, high: NDArray, shape: tuple[int, int]
) -> NDArray[np.float64]:
    """Actions [N, nu] of step `number`."""
    if policy == "uniform":
        return rng.uniform(low, high, shape)
    if policy == "bang-bang":
        return np.where(rng.random(shape) < 0.5, low, high)
    phase = 2 * np.pi * number / PERIOD + np.pi / 2 * np.arange(len(low))
    swing = np.clip(SWING * np.sin(phase) + rng.normal(0, NOISE, shape), -1, 1)
    return (low + high) / 2 + swing * (high - low) / 2


def _has(task: Task, duty: str) -> bool:
    known = model_of(task.name)
    return bool(len(known.ends) if duty == "time in contact" else len(known.limited))


def _steps(task: Task) -> int:
    return PLAYED_ON if task.endings else task.horizon


def _state(batch: Batch) -> dict[str, NDArray]:
    return {path: values for path, values in batch.items() if path.startswith("state.")}
