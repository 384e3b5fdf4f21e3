"""E2 and E3: how long a run of ours stays with MuJoCo's, beside what rounding makes of MuJoCo itself.

Contacts amplify every difference, some fivefold in a second, so no two engines stay together for ever: not even MuJoCo
beside itself with a state rounded to float32. What can be asked is that ours stays nearly as long.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import jax
import numpy as np
from numpy.typing import NDArray

from families.cheetahjax.verify import sides
from families.cheetahjax.verify.cases import stored
from families.cheetahjax.verify.policies import AGENT
from families.cheetahjax.verify.tasks import Task
from families.cheetahjax.verify.teacher import Teacher
from references.protocol import Batch, Bounds
from verification.backends import Vmap
from verification.batches import row, rows, size, stack
from verification.levels.context import Context
from verification.levels.mining import policies
from verification.levels.pairs import timed
from verification.results import CheckResult, FieldDifference, Finding

CHECK = "L3/crossings"
RUNS, STEPS = 64, 150
WINDOW, WINDOWS_WITHIN = 5, 0.99
ERROR = 1e-3
"""Metres or radians of any joint: farther off, a run is another one."""
LEAST_RATIO = {"float32": 0.7, "float64": 0.9}
"""Our median time to `ERROR`, at least this share of that of MuJoCo with its state rounded, or nudged by `NUDGE`."""
NUDGE = 1e-12

Step = Callable[[Batch, Batch], Batch]


def run(task: Task, context: Context, result: CheckResult, vmap: Vmap = jax.vmap) -> None:
    """`RUNS` episodes of `STEPS` steps under all policies but "limp", each run again four times with its actions.

    `vmap`: see `Teacher`.
    """
    begin = time.monotonic()
    result.unit, result.planned = "episodes", RUNS
    rng = context.rng(CHECK)
    reference = sides.plain_reference(task)
    single = sides.plain_reference(task, frame_skip=1)
    skip = int(reference.unwrapped.frame_skip)

    def rounded(states: Batch, actions: Batch) -> Batch:
        for _ in range(skip):
            states = stored(single.step_many(_early(states), actions))
        return states

    exact = Teacher(task, 1, "float64", lanes=RUNS)

    def double(states: Batch, actions: Batch) -> Batch:
        for _ in range(skip):
            states = exact.step_many(states, actions)
        return states

    try:
        states, actions = _play(task, context, reference, rng)
        runs: dict[str, Step] = {
            "float32": Teacher(task, skip, lanes=RUNS, vmap=vmap).step_many,
            "float64": double,
            "MuJoCo, rounded to float32": rounded,
            "MuJoCo, nudged": lambda batch, joint: reference.step_many(_early(batch), joint),
        }
        times: dict[str, NDArray[np.float64]] = {}
        for name, step in runs.items():
            start = _only_state(states[0])
            if name == "MuJoCo, nudged":
                nudge = NUDGE * rng.choice([-1, 1], start["state.qpos"].shape)
                start = {**start, "state.qpos": start["state.qpos"] + nudge}
            errors = _follow(step, start, states, actions)
            times[name] = np.where((errors > ERROR).any(axis=0), (errors > ERROR).argmax(axis=0) + 1.0, STEPS + 1.0)
            q10, q50, q90 = np.quantile(times[name], [0.1, 0.5, 0.9])
            result.stats[name] = {
                "steps to the error": {"min": float(times[name].min()), "q10": q10, "q50": q50, "q90": q90},
                "largest error at 20 steps": float(errors[19].max()),
            }
            result.steps += RUNS * STEPS
            timed(result, begin)
            context.on_progress(result)
        for ours, floor in (("float32", "MuJoCo, rounded to float32"), ("float64", "MuJoCo, nudged")):
            ratio = float(np.median(times[ours]) / np.median(times[floor]))
            result.stats[f"{ours}, ratio"] = ratio
            if ratio < LEAST_RATIO[ours]:
                message = (
                    f"free runs in {ours} are {ERROR:g} off after {ratio:.2f} of the time that {floor} takes (medians)"
                )
                _fail(result, f"{ours} runs", ratio, LEAST_RATIO[ours], message)
        _judge_windows(runs["float32"], states, actions, result)
    finally:
        reference.close()
        single.close()
    result.cases = RUNS
    timed(result, begin)
    result.conclude()


def _judge_windows(step: Step, states: list[Batch], actions: list[Batch], result: CheckResult) -> None:
    worst = []
    for first in range(0, STEPS - WINDOW + 1, WINDOW):
        part = slice(first, first + WINDOW)
        errors = _follow(step, _only_state(states[first]), states[first : first + WINDOW + 1], actions[part])
        worst.append(errors.max(axis=0))
        result.steps += RUNS * WINDOW
    ends = np.concatenate(worst)
    share = float((ends <= ERROR).mean())
    result.stats[f"windows of {WINDOW}"] = {"windows": len(ends), "within": share, "largest error": float(ends.max())}
    if share < WINDOWS_WITHIN:
        message = f"{share:.2%} of windows of {WINDOW} steps stay within {ERROR:g}; {WINDOWS_WITHIN:.0%} is asked"
        _fail(result, f"windows of {WINDOW}", share, WINDOWS_WITHIN, message)


def _fail(result: CheckResult, what: str, got: float, limit: float, message: str) -> None:
    difference = FieldDifference("state.qpos", "position", got, limit)
    result.add(Finding(0, (difference,), case={"of": what}, message=message))


def _play(task: Task, context: Context, reference: Any, rng: np.random.Generator) -> tuple[list[Batch], list[Batch]]:
    """States [STEPS + 1] and actions [STEPS] of `RUNS` episodes of the reference, played on where they end."""
    starts = []
    for _ in range(RUNS):
        reference.reset(int(rng.integers(2**31)))
        starts.append(reference.snapshot())
    # Without control a body comes to rest, and no difference grows.
    chosen = [policy for name, policy in policies(context.plugin).items() if name != "limp"]
    legal = reference.legal()
    assert isinstance(legal[AGENT], Bounds)
    states: list[Batch] = [stack(starts)]
    actions: list[Batch] = []
    for number in range(STEPS):
        here = {**states[-1], "state.time": np.full(RUNS, number)}
        joint = [chosen[case % len(chosen)](rng, row(here, case), legal)[AGENT] for case in range(RUNS)]
        actions.append({AGENT: np.stack(joint)})
        states.append(reference.step_many(_early(here), actions[-1]))
    return states, actions


def _early(states: Batch) -> dict[str, NDArray]:
    """The same long before truncation."""
    kept = {path: values for path, values in states.items() if path.startswith("state.")}
    return {**kept, "state.time": np.zeros_like(kept["state.time"])}


def _only_state(batch: Batch) -> dict[str, NDArray]:
    return rows({path: values for path, values in batch.items() if path.startswith("state.")}, slice(None))


def _follow(step: Step, start: Batch, states: list[Batch], actions: list[Batch]) -> NDArray[np.float64]:
    """[T, N]: the largest error of any joint's position after each step, from `start` with the recorded actions."""
    errors = np.empty((len(actions), size(start)))
    here: Batch = start
    for number, joint in enumerate(actions):
        here = _only_state(step(here, joint))
        gap = np.abs(np.asarray(here["state.qpos"], np.float64) - states[number + 1]["state.qpos"]).max(axis=1)
        errors[number] = np.where(np.isfinite(gap), gap, np.inf)
    return errors
