"""Equivalence of two proportions by the score test of Miettinen and Nurminen.

The variance is taken under the hypothesis being tested (the two rates differ by exactly ±margin), which keeps the level
at small n and at rates near 0 and 1, where a t test on 0/1 data does not.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from scipy import special

from verification.statistics.equivalence import Equivalence, Spread, conclude, require_terms
from verification.statistics.margin import Margin


def score_tost_proportions(
    successes1: int, n1: int, successes2: int, n2: int, margin: Margin, alpha: float = 0.05
) -> Equivalence:
    """TOST of rate 1 minus rate 2 (candidate minus reference) against ±margin, which must be below 1.

    Intervals invert the score test. The powers use the normal formula with the pooled rate. ValueError for impossible
    counts.
    """
    require_terms(margin, alpha)
    for name, successes, trials in (("1 (candidate)", successes1, n1), ("2 (reference)", successes2, n2)):
        if trials < 2 or not 0 <= successes <= trials:
            raise ValueError(f"arm {name}: {successes} successes of {trials} trials; need 0 ≤ successes ≤ trials ≥ 2")
    if margin.value >= 1:
        raise ValueError(f"margin {margin.value:g} on a rate must be below 1 (0.02 is two percentage points)")

    def score(difference: float) -> float:
        return score_statistic(successes1, n1, successes2, n2, difference)

    rate1, rate2 = successes1 / n1, successes2 / n2
    observed = rate1 - rate2
    pooled = (successes1 + successes2) / (n1 + n2)
    # With no success, or nothing but successes, one pseudo-observation keeps the planning variance off zero.
    planning = min(max(pooled, 0.5 / (n1 + n2)), 1 - 0.5 / (n1 + n2))
    variance = planning * (1 - planning)
    error = math.sqrt(variance * (1 / n1 + 1 / n2))
    unpooled = math.sqrt(rate1 * (1 - rate1) / n1 + rate2 * (1 - rate2) / n2)
    return conclude(
        "score TOST for proportions",
        observed,
        unpooled if unpooled > 0 else error,
        _interval(score, observed, 0.90),
        _interval(score, observed, 0.95),
        float(special.ndtr(-score(-margin.value))),
        float(special.ndtr(score(margin.value))),
        margin,
        alpha,
        freedom=math.inf,
        n=(n1, n2),
        k=None,
        spread=Spread("per arm", lambda n: math.sqrt(2 * variance / n), lambda _: math.inf),
    )


def score_statistic(successes1: int, n1: int, successes2: int, n2: int, difference: float) -> float:
    """Miettinen and Nurminen's z for "rate 1 - rate 2 = difference", about standard normal under it.

    The estimates are restricted to that difference (closed root of the cubic), the variance carries their n/(n - 1).
    """
    rate1, rate2 = successes1 / n1, successes2 / n2
    restricted2 = _restricted_rate(successes1, n1, successes2, n2, difference)
    restricted1 = min(max(restricted2 + difference, 0.0), 1.0)
    total = n1 + n2
    variance = (restricted1 * (1 - restricted1) / n1 + restricted2 * (1 - restricted2) / n2) * total / (total - 1)
    distance = rate1 - rate2 - difference
    if variance <= 0:  # the restricted rates are 0 or 1: the data either meet the hypothesis or exclude it
        return 0.0 if abs(distance) < 1e-12 else math.copysign(math.inf, distance)
    return distance / math.sqrt(variance)


def _restricted_rate(successes1: int, n1: int, successes2: int, n2: int, difference: float) -> float:
    """The maximum-likelihood rate 2 given rate 1 = rate 2 + difference."""
    total, successes = n1 + n2, successes1 + successes2
    if difference == 0:
        return successes / total
    # Likelihood equation a x^3 + b x^2 + c x + d = 0, its root in the admissible interval by the trigonometric formula.
    a = total
    b = (n1 + 2 * n2) * difference - total - successes
    c = (n2 * difference - total - 2 * successes2) * difference + successes
    d = successes2 * difference * (1 - difference)
    shift = b / (3 * a)
    q = shift**3 - b * c / (6 * a * a) + d / (2 * a)
    p = math.copysign(math.sqrt(max(shift * shift - c / (3 * a), 0.0)), q)
    ratio = q / p**3 if p else 0.0
    angle = (math.pi + math.acos(min(max(ratio, -1.0), 1.0))) / 3
    root = 2 * p * math.cos(angle) - shift
    return min(max(root, max(0.0, -difference)), min(1.0, 1 - difference))


def _interval(score: Callable[[float], float], observed: float, confidence: float) -> tuple[float, float]:
    """The differences that the two-sided score test at 1 - confidence does not reject."""
    from scipy.optimize import brentq  # takes half a second to import

    z = float(special.ndtri(0.5 + confidence / 2))
    edge = 1 - 1e-12

    def bounded(difference: float) -> float:
        return min(max(score(difference), -1e6), 1e6)

    def bound(sign: int) -> float:
        end = sign * edge
        if abs(observed) >= edge and observed * sign > 0:
            return float(sign)
        if sign * bounded(end) > -z:  # even the extreme difference is not rejected
            return float(sign)
        root: Any = brentq(lambda difference: bounded(difference) + sign * z, observed, end, xtol=1e-12)
        return float(root)

    return bound(-1), bound(1)
