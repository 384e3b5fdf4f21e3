"""One number for several seeds, with an interval."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

import numpy as np
from scipy import stats

RESAMPLES = 10_000


@dataclasses.dataclass(frozen=True)
class InterquartileMean:
    """The mean of the middle half of the seeds' scores (Agarwal et al. 2021), 95 % by bootstrap over seeds.

    `low`, `high`: None where there are fewer than two seeds.
    """

    value: float
    low: float | None
    high: float | None
    seeds: int

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return dataclasses.asdict(self)

    def __str__(self) -> str:
        interval = "" if self.low is None else f" ({self.low:.4g} … {self.high:.4g})"
        return f"{self.value:.4g}{interval}"


def interquartile_mean(scores: Sequence[float], seed: int = 0) -> InterquartileMean:
    """Of one score a seed. `ValueError` without any. A quarter of the seeds, rounded down, is cut off at either end."""
    values = np.asarray(scores, np.float64)
    if not len(values):
        raise ValueError("interquartile_mean: no scores")
    middle = float(stats.trim_mean(values, 0.25))
    if len(values) < 2:
        return InterquartileMean(middle, None, None, len(values))
    drawn = np.random.default_rng(seed).choice(values, (RESAMPLES, len(values)))
    low, high = np.quantile(stats.trim_mean(drawn, 0.25, axis=1), [0.025, 0.975])
    return InterquartileMean(middle, float(low), float(high), len(values))
