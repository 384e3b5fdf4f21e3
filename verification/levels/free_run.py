"""E2 and E3: runs that are put back every W steps, or never, against what rounding alone does to the reference."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from references.protocol import OUTCOME, TERMINATED, TRUNCATED
from verification.levels.closed_loop import play_many
from verification.levels.context import Context
from verification.levels.pairs import compared_paths, timed
from verification.levels.study import Study, cannot_restore
from verification.levels.trajectories import Departure, Trajectories, depart, horizon, resolution, scales, thin
from verification.localise import suspects
from verification.results import CheckResult, FieldDifference, Finding

LEAST_RUNS = 8  # fewer have no quantiles worth the name
#: Quantiles of the candidate's error at the end of windows, and the floor's that they are held against: 99 % of a
#: few hundred is an estimate with a heavy tail.
_WINDOW_QUANTILES = (("q50", 0.5, 0.5), ("q99", 0.99, 1.0))
_THRESHOLDS = (1e-3, 1e-2, 1e-1, 1.0)  # of a field's scale, where crossing times are taken


def run_windows(study: Study, context: Context, result: CheckResult) -> None:
    """E2: errors at the end of windows of each width; fields compared exactly may differ only where the floor's do."""
    begin = time.monotonic()
    result.unit = "windows"
    if cannot_restore(context, result):
        return
    recorded, settings = study.recorded(context), study.settings
    rng = context.rng("L3/windows")
    for width in settings.windows:
        firsts, episodes = recorded.windows(width)
        if len(firsts) < LEAST_RUNS:
            result.notes.append(f"only {len(firsts)} windows of {width} steps in the recorded episodes: not judged")
            continue
        chosen = _chosen_windows(rng, firsts + width == recorded.lengths[episodes], settings.most_windows)
        ours, floor = _both(study, context, recorded, firsts[chosen], episodes[chosen], width)
        result.stats[f"windows of {width}"] = _judge_window(study, context, result, recorded, ours, floor, width)
        _judge_events(context, result, ours.events, floor.events, np.full(len(chosen), width), f"windows of {width}")
        result.cases += len(chosen)
        result.steps += len(chosen) * width
        timed(result, begin)
        context.on_progress(result)
    result.conclude()


def _chosen_windows(rng: np.random.Generator, last: NDArray[np.bool_], most: int) -> NDArray[np.int64]:
    """At most `most` windows; up to half of them from those at the end of an episode, where the endings are."""
    ends, others = rng.permutation(np.flatnonzero(last)), rng.permutation(np.flatnonzero(~last))
    kept = max(most // 2, most - len(others))
    return np.concatenate([ends[:kept], others])[:most]


def run_free(study: Study, context: Context, result: CheckResult) -> None:
    """E3: error curves and crossing times until T*, endings within a step, then lengths and returns."""
    begin = time.monotonic()
    result.unit = "episodes"
    if cannot_restore(context, result):
        return
    recorded, settings = study.recorded(context), study.settings
    result.planned = recorded.count
    if recorded.count < LEAST_RUNS:
        result.reason = f"{recorded.count} episodes are too few for quantiles, record at least {LEAST_RUNS}"
        result.conclude()
        return
    width = int(recorded.lengths.max())
    starts = np.zeros(recorded.count, int), np.arange(recorded.count)
    ours, floor = _both(study, context, recorded, *starts, width)
    floats = study.float_paths(context)
    sizes = scales(recorded, floats, settings.share)
    limits = {path: _until(floor, path, sizes[path]) for path in floats}
    figures: dict[str, Any] = {}
    for path in floats:
        unit = settings.factor * resolution(recorded, path, study.precision(path))
        figures[path] = {
            "scale": sizes[path],
            "leaves_at": limits[path] if limits[path] <= width else None,
            "crossings": _judge_crossings(study, context, result, recorded, ours, floor, path, sizes[path], unit),
        }
        _judge_curve(study, context, result, ours, floor, path, limits[path], unit)
    result.stats["fields"] = figures
    result.stats["curves"] = _curves(ours, floor, sizes)
    clear = _clear_steps((ours, floor), sizes, settings.factor)
    _judge_events(context, result, ours.jumps, floor.events, clear, "free runs")
    result.stats["endings"] = _judge_endings(context, result, ours, floor, clear)
    result.cases = recorded.count
    result.steps = int(recorded.lengths.sum())
    timed(result, begin)
    context.on_progress(result)
    _judge_marginals(study, context, result)
    timed(result, begin)
    result.conclude()


def _both(
    study: Study,
    context: Context,
    recorded: Trajectories,
    firsts: NDArray[np.int64],
    episodes: NDArray[np.int64],
    width: int,
) -> tuple[Departure, Departure]:
    """The candidate's departure from the recorded runs, and the noise floor's."""
    paths, table = compared_paths(context), context.table
    ours = depart(context.candidate, table, paths, recorded, firsts, episodes, width)
    perturb = study.rounding(context, f"floor/{width}")
    return ours, depart(context.reference, table, paths, recorded, firsts, episodes, width, perturb)


def _finding(context: Context, step: int, path: str, got: Any, limit: Any, message: str, **case: Any) -> Finding:
    difference = FieldDifference(path, context.table.spec(path).module, got, limit)
    places = suspects(context.plugin, [difference])
    return Finding(step, (difference,), suspects=places, case=case, message=message)


def _judge_window(
    study: Study,
    context: Context,
    result: CheckResult,
    recorded: Trajectories,
    ours: Departure,
    floor: Departure,
    width: int,
) -> dict[str, Any]:
    figures = {}
    for path in study.float_paths(context):
        least = resolution(recorded, path, study.precision(path))
        figures[path] = {}
        for name, q, against in _WINDOW_QUANTILES:
            got, rounding = float(ours.quantile(path, q)[-1]), float(floor.quantile(path, against)[-1])
            limit = study.settings.factor * max(least, 0.0 if np.isnan(rounding) else rounding)
            figures[path][name] = {"candidate": got, "rounding": rounding, "limit": limit}
            # No number at all means that every run of the candidate had ended: the events say so.
            if got > limit:
                message = (
                    f"after {width} steps the {q:.0%} error of {path} is {got:.3g}; rounding alone gives "
                    f"{rounding:.3g}, allowed are {study.settings.factor:g} times that or {least:.3g}"
                )
                result.add(_finding(context, width, path, got, limit, message, window=width, quantile=name))
    return figures


def _judge_curve(
    study: Study,
    context: Context,
    result: CheckResult,
    ours: Departure,
    floor: Departure,
    path: str,
    until: int,
    unit: float,
) -> None:
    """Before T*, the candidate's error within `factor` times the largest so far of the floor's, in half of the runs.

    Run by run: from some states errors grow a thousand times faster than from others.
    """
    got = ours.errors[path][: until - 1]
    envelope = np.maximum.accumulate(np.nan_to_num(floor.errors[path][: until - 1], nan=0.0), axis=0)
    limit = np.maximum(study.settings.factor * envelope, unit)
    for at in range(len(got)):
        going = ~np.isnan(got[at])
        if going.sum() < LEAST_RUNS or np.median(got[at, going] / limit[at, going]) <= 1:
            continue
        error, allowed = float(np.median(got[at, going])), float(np.median(limit[at, going]))
        message = (
            f"in half of the {int(going.sum())} free runs the error of {path} leaves the envelope of rounding by step "
            f"{at + 1}: {error:.3g} (median), where {allowed:.3g} is allowed"
        )
        result.add(_finding(context, at + 1, path, error, allowed, message))
        return


def _judge_crossings(
    study: Study,
    context: Context,
    result: CheckResult,
    recorded: Trajectories,
    ours: Departure,
    floor: Departure,
    path: str,
    scale: float,
    unit: float,
) -> dict[str, Any]:
    """Times at which runs reach each error: in the middle run, not much sooner than `factor` times rounding would."""
    found = {}
    settings = study.settings
    for threshold in (scale * share for share in _THRESHOLDS):
        if threshold < 4 * unit:  # too near to the candidate's own resolution to tell growth from noise
            continue
        own, allowed = ours.crossings(path, threshold), floor.crossings(path, threshold / settings.factor)
        reached = np.isfinite(own) | np.isfinite(allowed)
        found[f"{threshold:.3g}"] = {
            "candidate": _quartiles(own),
            "rounding": _quartiles(floor.crossings(path, threshold)),
            "rounding, with allowance": _quartiles(allowed),
            "runs": int(reached.sum()),
        }
        if reached.sum() < LEAST_RUNS:
            continue
        # Where one of the two never gets there, it would have at the earliest after the episode.
        after = recorded.lengths[reached] + 1.0
        ratio = float(np.median((np.minimum(own[reached], after) + 1) / np.minimum(allowed[reached], after)))
        found[f"{threshold:.3g}"]["ratio"] = ratio
        if ratio < settings.crossing_ratio:
            message = (
                f"free runs are off by {threshold:.3g} in {path} after {ratio:.2f} of the time (median) that "
                f"{settings.factor:g} times the rounding would take; at least {settings.crossing_ratio:g} is asked"
            )
            step = int(np.median(np.minimum(own[reached], after)))
            limit = settings.crossing_ratio
            result.add(_finding(context, step, path, ratio, limit, message, threshold=threshold))
    return found


def _quartiles(times: NDArray[np.float64]) -> list[float | None]:
    """25 %, 50 % and 75 % of the runs have crossed by; None for never."""
    return [float(t) if np.isfinite(t) else None for t in np.quantile(times, [0.25, 0.5, 0.75], method="higher")]


def _judge_events(
    context: Context,
    result: CheckResult,
    ours: Mapping[str, NDArray[np.bool_]],
    floor: Mapping[str, NDArray[np.bool_]],
    clear: NDArray[np.int64],
    where: str,
) -> None:
    """Exact fields in the first `clear` [M] steps of each run, save where the floor's run differs within one step."""
    excused = 0
    for path, wrong in ours.items():
        near = floor[path].copy()
        near[1:] |= floor[path][:-1]
        near[:-1] |= floor[path][1:]
        counted = wrong & (np.arange(len(wrong))[:, None] < clear)
        excused += int((counted & near).sum())
        counted &= ~near
        if counted.any():
            step, run = (int(index[0]) for index in np.nonzero(counted))
            message = (
                f"{path} differs in {int(counted.any(axis=0).sum())} of {counted.shape[1]} {where}, first at {step + 1}"
            )
            result.add(
                _finding(context, step + 1, path, "differs", "equal", message, run=run, steps=int(counted.sum()))
            )
    if excused:
        result.notes.append(f"{where}: {excused} exact values differ where rounding alone changes them too")


def _until(floor: Departure, path: str, scale: float) -> int:
    return horizon(floor, path, scale, LEAST_RUNS)


def _clear_steps(runs: Sequence[Departure], sizes: Mapping[str, float], factor: float) -> NDArray[np.int64]:
    """[M]: the first steps of each run, in which every state field of `runs` agrees far within its scale.

    Only there do exact fields have to be the same: where the numbers have parted, the events follow them.
    """
    clear = np.full(len(runs[0].ends), np.inf)
    for path, scale in sizes.items():
        if not path.startswith(OUTCOME) and scale > 0:
            clear = np.minimum.reduce([clear, *(run.crossings(path, scale / (10 * factor)) - 1 for run in runs)])
    return np.minimum(clear, len(next(iter(runs[0].errors.values())))).astype(np.int64)


def _judge_endings(
    context: Context, result: CheckResult, ours: Departure, floor: Departure, clear: NDArray[np.int64]
) -> dict[str, int]:
    """Endings may come a step early or late; more only where numbers have parted, or rounding alone does that."""
    never = len(next(iter(ours.errors.values()))) + 2
    shift, plain = (np.abs(run.ends - run.recorded_ends) for run in (ours, floor))
    judged = np.minimum(ours.ends, ours.recorded_ends) <= clear
    wrong = judged & (shift > 1) & (plain <= 1)
    if wrong.any():
        run = int(wrong.argmax())
        got, expected = (None if end == never else int(end) for end in (ours.ends[run], ours.recorded_ends[run]))
        message = (
            f"{int(wrong.sum())} of {len(wrong)} free runs end more than a step early or late, where all numbers agree"
        )
        path = next(path for path in (TERMINATED, TRUNCATED) if path in compared_paths(context))
        difference = FieldDifference(path, context.table.spec(path).module, got, expected)
        places = suspects(context.plugin, [difference])
        step = int(min(ours.ends[run], ours.recorded_ends[run]))
        result.add(Finding(step, (difference,), suspects=places, case={"run": run}, message=message))
    ended = np.minimum(ours.ends, ours.recorded_ends) < never
    return {
        "ended": int(ended.sum()),
        "same_step": int((ended & (shift == 0)).sum()),
        "within_one_step": int((ended & (shift <= 1)).sum()),
        "judged": int(judged.sum()),
        "wrong": int(wrong.sum()),
    }


def _curves(ours: Departure, floor: Departure, sizes: Mapping[str, float]) -> dict[str, Any]:
    """Median errors by step; `limit` is the scale at which two runs are no longer the same."""
    found = {}
    for path, scale in sizes.items():
        if path.startswith(OUTCOME):
            continue
        for name, run in (("candidate", ours), ("rounding alone", floor)):
            x, y = thin(run.quantile(path, 0.5, LEAST_RUNS))
            found[f"{path}, {name}"] = {"x": x, "y": y, "limit": scale}
    return found


def _judge_marginals(study: Study, context: Context, result: CheckResult) -> None:
    """Lengths and returns of independent episodes on both sides, each played by the same policies on its own states."""
    from scipy.stats import ks_2samp  # takes a second to import

    settings = study.settings
    sides: dict[str, NDArray[np.float64]] = {}
    for side, env in (("reference", context.reference), ("candidate", context.candidate)):
        rng = context.rng(f"L3/free-run/{side}")
        sides[side] = play_many(context, env, rng, study.episodes(context), settings.most_steps)
    for index, name in enumerate(("length", "return")):
        values = {side: found[index] for side, found in sides.items()}
        test = ks_2samp(values["reference"], values["candidate"], method="asymp")
        p, distance = float(test.pvalue), float(test.statistic)  # type: ignore[attr-defined]
        means = {side: float(found.mean()) for side, found in values.items()}
        result.stats[f"episode {name}s"] = {"mean": means, "ks": distance, "p": p, "episodes": len(values["reference"])}
        if p < settings.alpha:
            message = f"episode {name}s have another law: Kolmogorov–Smirnov distance {distance:.2f}, p = {p:.1e}"
            difference = FieldDifference(f"episode.{name}", "outcome", means["candidate"], means["reference"])
            result.add(Finding(0, (difference,), message=message))
