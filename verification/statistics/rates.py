"""Bounds on rates from counts: kill rates, divergence rates, behaviours never seen; and many tests at once."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import special


@dataclass(frozen=True)
class Interval:
    """A rate with its bounds, all in [0, 1]; `confidence` is the level of the pair."""

    estimate: float
    low: float
    high: float
    confidence: float


def wilson(successes: int, trials: int, confidence: float = 0.95) -> Interval:
    """Wilson's score interval: close to its level on average, and never outside [0, 1]. For reporting kill rates."""
    _require_counts(successes, trials)
    z = float(special.ndtri(0.5 + _require_confidence(confidence) / 2))
    rate, weight = successes / trials, z * z / trials
    centre = (rate + weight / 2) / (1 + weight)
    half = z / (1 + weight) * math.sqrt(rate * (1 - rate) / trials + weight / (4 * trials))
    low = 0.0 if successes == 0 else max(0.0, centre - half)
    high = 1.0 if successes == trials else min(1.0, centre + half)
    return Interval(rate, low, high, confidence)


def clean_bound(trials: int, confidence: float = 0.95) -> float:
    """The exact upper bound on the rate of what never happened in n independent `trials`: 1 - (1 - confidence)^(1/n).

    1 with no trials: nothing was excluded.
    """
    _require_confidence(confidence)
    if trials < 0:
        raise ValueError(f"{trials} trials: a count cannot be negative")
    if trials == 0:
        return 1.0
    return -math.expm1(math.log1p(-confidence) / trials)


def rule_of_three(trials: int) -> float:
    """The 95 % bound 3/n that people can compute in their heads; slightly above `clean_bound`, at most 1."""
    if trials < 0:
        raise ValueError(f"{trials} trials: a count cannot be negative")
    return 1.0 if trials == 0 else min(1.0, 3 / trials)


def clean_sentence(trials: int, unit: str = "episodes") -> str:
    """Worth of a clean count, in the words that every report prints."""
    if trials == 0:
        return f"no {unit} compared: nothing is bounded"
    return (
        f"no divergence in {trials:,} {unit} bounds the rate at {clean_bound(trials):.3g} per {_singular(unit)} (95 %)"
    )


@dataclass(frozen=True)
class UnseenMass:
    """Good and Turing's estimate of the chance that the next observation is of a kind never seen before.

    `singletons`, `doubletons`: kinds seen once and twice; `observations`: all. `standard_error` is Esty's
    √(singletons + 2 doubletons)/N without his small negative term, for the error of prediction. It supposes independent
    observations: behaviours of one episode are not, so the figure is a guide, not a bound.
    """

    mass: float
    standard_error: float
    kinds: int
    singletons: int
    doubletons: int
    observations: int


def unseen_mass(counts: Counter[Hashable]) -> UnseenMass:
    """Good–Turing from counts by kind; kinds with count 0 are ignored. ValueError where nothing was observed."""
    seen = [count for count in counts.values() if count]
    if any(count < 0 for count in seen):
        raise ValueError("a count is negative: pass how often each behaviour was seen")
    total = sum(seen)
    if total == 0:
        raise ValueError("nothing was observed: the unseen mass is unknown, not zero")
    once, twice = sum(count == 1 for count in seen), sum(count == 2 for count in seen)
    spread = math.sqrt(once + 2 * twice) / total
    return UnseenMass(once / total, spread, len(seen), once, twice, total)


def holm(p_values: Sequence[float] | NDArray[np.float64]) -> NDArray[np.float64]:
    """Holm's corrected p-values [n], in the order given: reject those ≤ alpha and the family errs with chance ≤ alpha.

    Valid however the tests depend on each other.
    """
    p = np.asarray(p_values, dtype=np.float64)
    if p.ndim != 1 or np.isnan(p).any() or ((p < 0) | (p > 1)).any():
        raise ValueError("p-values must be a flat sequence of numbers in 0 .. 1")
    order = np.argsort(p, kind="stable")
    stepped = np.maximum.accumulate(p[order] * np.arange(len(p), 0, -1))
    corrected = np.empty_like(p)
    corrected[order] = np.minimum(1.0, stepped)
    return corrected


def _require_counts(successes: int, trials: int) -> None:
    if trials < 1:
        raise ValueError(f"{trials} trials: a rate needs at least one")
    if not 0 <= successes <= trials:
        raise ValueError(f"{successes} successes of {trials} trials is impossible")


def _require_confidence(confidence: float) -> float:
    if not 0 < confidence < 1:
        raise ValueError(f"confidence {confidence} must lie strictly between 0 and 1 (0.95, not 95)")
    return confidence


def _singular(unit: str) -> str:
    return unit[:-1] if unit.endswith("s") else unit
