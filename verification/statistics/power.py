"""Power of equivalence tests (TOST) and the sample size they need.

The power of a TOST with standard error σ√(c/n), estimated on ν degrees of freedom, is Owen's integral: the chance that
both one-sided t tests reject, averaged over the chi-distributed estimate of σ. It is evaluated here by quadrature,
exact also at n = 5 where the usual difference of two noncentral t distributions goes negative. With known variance
(ν = ∞) it is the normal formula Φ((Δ-d)/se - z) - Φ(-(Δ+d)/se + z).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
from scipy import special

MAXIMUM_SIZE = 10**12


@cache
def _nodes() -> tuple[Any, Any]:
    return np.polynomial.legendre.leggauss(96)


def tost_power(
    margin: float, standard_error: float, freedom: float, *, true_difference: float = 0.0, alpha: float = 0.05
) -> float:
    """The chance that a TOST against ±margin at level alpha says "equivalent" when the truth is `true_difference`.

    `standard_error`: the true standard error of the estimated difference. `freedom`: degrees of freedom of its
    estimate, `math.inf` where the variance is known. ValueError for an argument outside its domain.
    """
    _require_positive("margin", margin)
    _require_probability("alpha", alpha)
    if not (standard_error >= 0 and math.isfinite(standard_error)):
        raise ValueError(f"standard_error {standard_error} must be finite and not negative")
    if not freedom > 0:
        raise ValueError(f"freedom {freedom} must be positive")
    if standard_error == 0:
        return 1.0 if abs(true_difference) < margin else 0.0
    above, below = (margin - true_difference) / standard_error, (margin + true_difference) / standard_error
    if math.isinf(freedom):
        z = special.ndtri(1 - alpha)
        return max(0.0, float(special.ndtr(above - z) - special.ndtr(z - below)))
    critical = special.stdtrit(freedom, 1 - alpha)
    # The estimate of sigma over sigma is chi / sqrt(freedom); beyond margin / (critical * se) no data can pass.
    lowest = math.sqrt(2 * special.gammaincinv(freedom / 2, 1e-15) / freedom)
    highest = math.sqrt(2 * special.gammainccinv(freedom / 2, 1e-15) / freedom)
    highest = min(highest, margin / (standard_error * critical))
    if highest <= lowest:
        return 0.0
    nodes, weights = _nodes()
    half = (highest - lowest) / 2
    ratio = half * nodes + (highest + lowest) / 2
    log_density = (
        math.log(2)
        + freedom / 2 * math.log(freedom / 2)
        - special.gammaln(freedom / 2)
        + (freedom - 1) * np.log(ratio)
        - freedom * ratio**2 / 2
    )
    passing = special.ndtr(above - critical * ratio) - special.ndtr(critical * ratio - below)
    return float(np.clip(half * np.sum(weights * np.exp(log_density) * np.maximum(passing, 0)), 0.0, 1.0))


def independent_power(margin: float, sd: float, n: int, *, true_difference: float = 0.0, alpha: float = 0.05) -> float:
    """Power of a TOST on two independent arms of n episodes with standard deviation `sd` each (2n - 2 freedom)."""
    _require_count("n", n, 2)
    return tost_power(margin, sd * math.sqrt(2 / n), 2 * n - 2, true_difference=true_difference, alpha=alpha)


def one_sample_power(margin: float, sd: float, n: int, *, true_difference: float = 0.0, alpha: float = 0.05) -> float:
    """Power of a TOST on n differences with standard deviation `sd` (n - 1 freedom): pairs, or policies."""
    _require_count("n", n, 2)
    return tost_power(margin, sd / math.sqrt(n), n - 1, true_difference=true_difference, alpha=alpha)


def achieved_power(
    margin: float,
    sd: float,
    policies: int,
    episodes: int,
    *,
    policy_sd: float = 0.0,
    true_difference: float = 0.0,
    alpha: float = 0.05,
) -> float:
    """Power of the policy-level TOST: `policies` policies, `episodes` episodes of each in each backend.

    `sd`: of one episode's return under one policy. `policy_sd`: of the true gap between policies; 0 supposes that every
    policy sees the same gap, the best case.
    """
    spread = policy_difference_sd(sd, episodes, policy_sd)
    return one_sample_power(margin, spread, policies, true_difference=true_difference, alpha=alpha)


def policy_difference_sd(sd: float, episodes: int, policy_sd: float = 0.0) -> float:
    """Standard deviation of one policy's estimated difference between two backends of `episodes` episodes each."""
    _require_count("episodes", episodes, 1)
    _require_positive("sd", sd)
    if not policy_sd >= 0:
        raise ValueError(f"policy_sd {policy_sd} must not be negative")
    return math.sqrt(policy_sd**2 + 2 * sd**2 / episodes)


def episodes_needed(
    margin: float, sd: float, *, power: float = 0.9, alpha: float = 0.05, true_difference: float = 0.0
) -> int:
    """The smallest n per arm for which `independent_power` reaches `power`."""
    _require_positive("sd", sd)
    return smallest_size(
        lambda n: independent_power(margin, sd, n, true_difference=true_difference, alpha=alpha),
        power,
        margin,
        true_difference,
    )


def score_sd(rate: float, draw_rate: float = 0.0) -> float:
    """Standard deviation of a game's score in {0, ½, 1} with mean `rate`, of which `draw_rate` games are drawn."""
    if not 0 < rate < 1:
        raise ValueError(f"win rate {rate} must lie strictly between 0 and 1")
    if not 0 <= draw_rate <= 2 * min(rate, 1 - rate):
        raise ValueError(f"draw rate {draw_rate} is impossible with a mean score of {rate}")
    variance = rate * (1 - rate) - draw_rate / 4
    if variance <= 0:
        raise ValueError(f"mean score {rate} with draw rate {draw_rate} leaves no variance: no power to compute")
    return math.sqrt(variance)


def battles_needed(
    margin: float,
    rate: float = 0.5,
    *,
    draw_rate: float = 0.0,
    power: float = 0.9,
    alpha: float = 0.05,
    true_difference: float = 0.0,
) -> int:
    """The smallest number of battles per arm for a margin on the win rate: `episodes_needed` with the score's own sd.

    The t test on scores, valid with draws too; the score test for proportions (known variance) needs at most one battle
    fewer at these sizes.
    """
    if not margin < 1:
        raise ValueError(f"margin {margin} on a win rate must be below 1 (0.02 is two percentage points)")
    sd = score_sd(rate, draw_rate)
    return episodes_needed(margin, sd, power=power, alpha=alpha, true_difference=true_difference)


def policies_needed(
    margin: float,
    sd: float,
    episodes: int,
    *,
    policy_sd: float = 0.0,
    power: float = 0.9,
    alpha: float = 0.05,
    true_difference: float = 0.0,
) -> int:
    """The smallest number of policies, at least the 5 that the test demands, with `achieved_power` ≥ `power`."""
    spread = policy_difference_sd(sd, episodes, policy_sd)
    return differences_needed(margin, spread, power=power, alpha=alpha, true_difference=true_difference, least=5)


def differences_needed(
    margin: float, sd: float, *, power: float = 0.9, alpha: float = 0.05, true_difference: float = 0.0, least: int = 2
) -> int:
    """The smallest n ≥ least for which `one_sample_power` reaches `power`."""
    return smallest_size(
        lambda n: one_sample_power(margin, sd, n, true_difference=true_difference, alpha=alpha),
        power,
        margin,
        true_difference,
        least,
    )


def smallest_size(
    power_at: Callable[[int], float], power: float, margin: float, true_difference: float = 0.0, least: int = 2
) -> int:
    """The smallest n ≥ least with power_at(n) ≥ power, for a power that rises with n.

    ValueError where no n will do: the true difference is not inside the margin, or more than 10**12 would be needed.
    """
    _require_positive("margin", margin)
    _require_probability("power", power)
    if not abs(true_difference) < margin:
        raise ValueError(
            f"true difference {true_difference:g} is not inside the margin ±{margin:g}: "
            "no number of episodes makes the two equivalent"
        )
    below, above = least - 1, least
    while power_at(above) < power:
        below, above = above, 2 * above
        if above > MAXIMUM_SIZE:
            raise ValueError(f"more than {MAXIMUM_SIZE:.0e} would be needed for margin ±{margin:g}")
    while above - below > 1:
        middle = (above + below) // 2
        if power_at(middle) < power:
            below = middle
        else:
            above = middle
    return above


def _require_positive(name: str, value: float) -> None:
    if not (value > 0 and math.isfinite(value)):
        raise ValueError(f"{name} {value} must be positive and finite")


def _require_probability(name: str, value: float) -> None:
    if not 0 < value < 1:
        raise ValueError(f"{name} {value} must lie strictly between 0 and 1")


def _require_count(name: str, value: int, least: int) -> None:
    if not value >= least:
        raise ValueError(f"{name} {value} must be at least {least}")
