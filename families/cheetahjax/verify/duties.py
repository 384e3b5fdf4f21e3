"""E4: what long runs add up to, on both sides by themselves: returns, and how much of the time contacts and limits act.

The policies look at the time only, so a difference cannot be theirs.
"""

from __future__ import annotations

import time
from typing import Any

import jax
import numpy as np
from numpy.typing import NDArray
from scipy import stats

from families.cheetahjax.verify import sides
from families.cheetahjax.verify.policies import AGENT, PERIOD
from families.cheetahjax.verify.poses import poses
from families.cheetahjax.verify.tasks import Task
from families.cheetahjax.verify.teacher import Teacher
from references.protocol import Batch
from verification.backends import Vmap
from verification.batches import size, stack
from verification.levels.context import Context
from verification.levels.pairs import timed
from verification.results import CheckResult, FieldDifference, Finding
from verification.statistics.margin import Margin
from verification.statistics.tost import welch_tost

CHECK = "L3/statistics"
LEAST_EPISODES = 256
ALPHA = 1e-4
"""Of each test for a difference; there are a dozen."""
PLAYED_ON = 300
"""Steps of a task whose episodes end early: the return is that up to the end, the shares of time are of them all."""
LONG, _MOST_TIMES = 1000, 8
EVERY = 10
"""Steps between two looks at the pose."""
DUTY = Margin(0.05, reason="a twentieth of the time, about the least that some ninety episodes can resolve")
POLICIES = ("uniform", "bang-bang", "swing")
SWING, NOISE = 0.5, 0.5
"""Shares of the controls' range. Without much noise a gait has two attractors, and its returns resolve little."""


def run(task: Task, context: Context, result: CheckResult, vmap: Vmap = jax.vmap) -> None:
    """At least `LEAST_EPISODES` episodes on either side, a third under each policy; laws and means compared.

    Of short episodes more are played: a mean over few steps resolves little. `vmap`: see `Teacher`.
    """
    begin = time.monotonic()
    times = max(min(_MOST_TIMES, LONG // _steps(task)), task.more_episodes)
    each = -(-max(LEAST_EPISODES, context.plan.episodes) * times // len(POLICIES))
    result.unit, result.planned = "episodes", 2 * each * len(POLICIES)
    reference = sides.plain_reference(task)
    skip = int(reference.unwrapped.frame_skip)
    lanes = each * len(POLICIES)
    ours = Teacher(task, skip, lanes=lanes, vmap=vmap)
    steppers = {"reference": reference.step_many, "candidate": ours.step_many}
    found: dict[str, dict[str, NDArray[np.float64]]] = {}
    try:
        for side, step in steppers.items():
            rng = context.rng(f"{CHECK}/{side}")
            found[side] = _play(task, reference, step, rng, each, result, context)
            timed(result, begin)
            context.on_progress(result)
    finally:
        reference.close()
    tost = result.stats.setdefault("equivalence", [])
    margins = {"return": context.plugin.checks.margins["return"]}
    for metric in found["reference"]:
        for number, policy in enumerate(POLICIES):
            part = slice(number * each, (number + 1) * each)
            ours, theirs = (found[side][metric][part] for side in ("candidate", "reference"))
            tost.append(_judge(result, metric, policy, ours, theirs, margins.get(metric, DUTY)))
    undecided = [f"{one['metric']}, {one['policy']}" for one in tost if not one["within the margin"]]
    timed(result, begin)
    result.conclude()
    if result.verdict == "pass" and undecided:
        result.verdict = "inconclusive"
        result.reason = f"not shown to be within the margin: {'; '.join(undecided)}; play more episodes"


def _judge(
    result: CheckResult,
    metric: str,
    policy: str,
    ours: NDArray[np.float64],
    theirs: NDArray[np.float64],
    margin: Margin,
) -> dict[str, Any]:
    test = welch_tost(ours, theirs, margin)
    law = stats.ks_2samp(theirs, ours, method="asymp")
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
    each: int,
    result: CheckResult,
    context: Context,
) -> dict[str, NDArray[np.float64]]:
    """metric → one number an episode: the return, the length where it varies, and shares of the time."""
    legal = reference.legal()
    starts = []
    for _ in range(each * len(POLICIES)):
        reference.reset(int(rng.integers(2**31)))
        starts.append(reference.snapshot())
    here: Batch = _state(stack(starts))
    lanes = size(here)
    returns, looks = np.zeros(lanes), 0
    duties = {"time in contact": np.zeros(lanes), "time at limits": np.zeros(lanes)}
    going = np.ones(lanes, bool)
    low, high = legal[AGENT].low, legal[AGENT].high
    for number in range(_steps(task)):
        uniform = rng.uniform(low, high, (each, len(low)))
        ends = np.where(rng.random(uniform.shape) < 0.5, low, high)
        phase = 2 * np.pi * number / PERIOD + np.pi / 2 * np.arange(len(low))
        swing = np.clip(SWING * np.sin(phase) + rng.normal(0, NOISE, uniform.shape), -1, 1)
        swing = (low + high) / 2 + swing * (high - low) / 2
        actions = {AGENT: np.concatenate([uniform, ends, swing]).astype(np.float32)}
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
    shares = {name: total / looks for name, total in duties.items()}
    return {"return": returns, **{name: share for name, share in shares.items() if share.any()}}


def _steps(task: Task) -> int:
    return PLAYED_ON if task.endings else task.horizon


def _state(batch: Batch) -> dict[str, NDArray]:
    return {path: values for path, values in batch.items() if path.startswith("state.")}
