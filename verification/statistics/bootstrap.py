"""Percentile-bootstrap equivalence tests: no normality, so that heavy tails cannot fake a small standard error."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from verification.statistics.equivalence import (
    Equivalence,
    Spread,
    conclude,
    degenerate_result,
    one_sample,
    require_terms,
    two_arms,
)
from verification.statistics.margin import Margin
from verification.statistics.samples import LEAST_POLICIES, Floats, both_policies, sample

RESAMPLES = 4000
BLOCK = 1 << 21  # resampled values held at once: 16 MiB
FEW_VALUES = 64  # at most so many distinct returns are resampled as counts, which costs no memory


def policy_bootstrap_tost(
    candidate: Any,
    reference: Any,
    margin: Margin,
    alpha: float = 0.05,
    *,
    seed: int = 0,
    resamples: int = RESAMPLES,
) -> Equivalence:
    """Resample policies, then each one's episodes in either backend; the percentiles of the mean gap are the interval.

    Same input as `policy_tost`. With few policies the interval is narrower than t's by about √((K-1)/K) and the t
    quantile, so it confirms the primary test and does not replace it. Reproducible for a `seed`.
    """
    require_terms(margin, alpha)
    _require_resamples(resamples)
    ours, theirs = both_policies(candidate, reference)
    count = len(ours)
    rng = np.random.default_rng(seed)
    chosen = rng.integers(count, size=(resamples, count))
    gaps = np.empty((resamples, count))
    for k, (one, other) in enumerate(zip(ours, theirs, strict=True)):
        picked = chosen == k
        times = int(picked.sum())
        gaps[picked] = _resampled_means(one, times, rng) - _resampled_means(other, times, rng)
    difference = float(np.mean([one.mean() - other.mean() for one, other in zip(ours, theirs, strict=True)]))
    draws = gaps.mean(axis=1)
    return _percentile(
        "bootstrap TOST over policies and episodes",
        difference,
        draws,
        margin,
        alpha,
        n=(sum(map(len, ours)), sum(map(len, theirs))),
        k=count,
        freedom=count - 1,
        spread=one_sample(float(draws.std(ddof=1)) * math.sqrt(count), "policies", LEAST_POLICIES),
        scale=max(float(np.abs(row).max()) for row in (*ours, *theirs)),
    )


def bootstrap_tost(
    candidate: ArrayLike,
    reference: ArrayLike,
    margin: Margin,
    alpha: float = 0.05,
    *,
    seed: int = 0,
    resamples: int = RESAMPLES,
) -> Equivalence:
    """Independent episodes [n1], [n2]: resample each arm; percentiles of the difference of means make the interval."""
    require_terms(margin, alpha)
    _require_resamples(resamples)
    ours, theirs = sample("candidate", candidate), sample("reference", reference)
    rng = np.random.default_rng(seed)
    draws = _resampled_means(ours, resamples, rng) - _resampled_means(theirs, resamples, rng)
    sd = math.sqrt((ours.var(ddof=1) + theirs.var(ddof=1)) / 2)
    return _percentile(
        "bootstrap TOST",
        float(ours.mean() - theirs.mean()),
        draws,
        margin,
        alpha,
        n=(len(ours), len(theirs)),
        k=None,
        freedom=len(ours) + len(theirs) - 2,
        spread=two_arms(sd),
        scale=float(max(np.abs(ours).max(), np.abs(theirs).max())),
    )


def _percentile(
    method: str,
    difference: float,
    draws: Floats,
    margin: Margin,
    alpha: float,
    *,
    n: tuple[int, int],
    k: int | None,
    freedom: float,
    spread: Spread,
    scale: float,
) -> Equivalence:
    if np.ptp(draws) <= 1e-12 * max(scale, margin.value):
        return degenerate_result(method, difference, margin, alpha, n=n, k=k, unit=spread.unit, scale=scale)
    low95, low90, high90, high95 = (float(edge) for edge in np.quantile(draws, [0.025, 0.05, 0.95, 0.975]))
    size = len(draws) + 1
    return conclude(
        method,
        difference,
        float(draws.std(ddof=1)),
        (low90, high90),
        (low95, high95),
        (1 + int((draws <= -margin.value).sum())) / size,
        (1 + int((draws >= margin.value).sum())) / size,
        margin,
        alpha,
        freedom=freedom,
        n=n,
        k=k,
        spread=spread,
    )


def _resampled_means(values: Floats, times: int, rng: np.random.Generator) -> Floats:
    """`times` means of len(values) draws with replacement."""
    size = len(values)
    distinct, counts = np.unique(values, return_counts=True)
    if len(distinct) <= FEW_VALUES:
        return rng.multinomial(size, counts / size, size=times) @ distinct / size
    means = np.empty(times)
    step = max(1, BLOCK // size)
    for start in range(0, times, step):
        stop = min(times, start + step)
        means[start:stop] = values[rng.integers(size, size=(stop - start, size))].mean(axis=1)
    return means


def _require_resamples(resamples: int) -> None:
    if resamples < 1000:
        raise ValueError(f"{resamples} resamples are too few for a 5 % tail: give at least 1000")
