"""The result of an equivalence test and the rule that turns numbers into one of four verdicts."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

from scipy import special

from verification.statistics.margin import Margin, require_margin
from verification.statistics.power import MAXIMUM_SIZE, smallest_size, tost_power

Verdict = Literal["equivalent", "equivalent but biased", "different", "inconclusive"]
WANTED_POWER = 0.9
# A standard error this small beside the means is the rounding of a sum of equal numbers.
ROUNDING = 1e-12


@dataclass(frozen=True)
class Equivalence:
    """A two one-sided tests (TOST) comparison of candidate minus reference.

    `n`: observations of (candidate, reference); `k`: policies, or None where the episode is the unit of replication.
    `p_low`: against "difference ≤ -margin"; `p_high`: against "difference ≥ margin"; both < alpha passes. `ci90` and
    `ci95`: confidence intervals for the difference. `power_at_zero` and `power_at_quarter`: chance of passing had the
    truth been 0 or margin/4, with the spread that was seen. `n_needed`: of `unit`, for power 0.9 at a true difference
    of 0; None where no feasible number would do. `degenerate`: the data have no spread, so the difference itself is
    compared with the margin; powers are then 1, no n_needed exists, and no test was made. No field is ever NaN.

    `verdict` is the two-by-two table of "TOST passes" and "the 95 % interval excludes 0":
    * "equivalent": passes, and 0 is inside;
    * "equivalent but biased": passes, 0 is outside: smaller than the margin but real, so look for the cause;
    * "different": fails, 0 is outside: a difference is proved, and it may exceed the margin. The notes say whether the
      whole 95 % interval already lies beyond the margin on one side;
    * "inconclusive": fails, 0 is inside: too few data for either. Never evidence of parity.
    """

    method: str
    n: tuple[int, int]
    k: int | None
    difference: float
    standard_error: float
    ci90: tuple[float, float]
    ci95: tuple[float, float]
    p_low: float
    p_high: float
    margin: float
    margin_reason: str
    verdict: Verdict
    power_at_zero: float
    power_at_quarter: float
    n_needed: int | None
    unit: str
    degenerate: bool
    alpha: float
    notes: tuple[str, ...] = ()

    @property
    def passes(self) -> bool:
        """True if the TOST itself passes: verdict "equivalent" or "equivalent but biased"."""
        return self.verdict.startswith("equivalent")

    def to_json(self) -> dict[str, Any]:
        """All fields, as JSON values."""
        return asdict(self)


@dataclass(frozen=True)
class Combined:
    """A primary test and the robust ones beside it. `verdict` is the primary's where all agree on passing, else
    "inconclusive"; `notes` says who disagreed and which test was left out and why."""

    verdict: Verdict
    primary: Equivalence
    robust: tuple[Equivalence, ...]
    notes: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """All fields, as JSON values."""
        return asdict(self)


def combined_verdict(primary: Equivalence, robust: Sequence[Equivalence], notes: Sequence[str] = ()) -> Combined:
    """Demand that every robust test agrees with the primary one on whether the TOST passes."""
    against = [test for test in robust if test.passes != primary.passes]
    if not against:
        return Combined(primary.verdict, primary, tuple(robust), tuple(notes))
    says = "passes" if primary.passes else "fails"
    other = "fail" if primary.passes else "pass"
    note = f"{primary.method} {says} while these {other}: {', '.join(test.method for test in against)}"
    return Combined("inconclusive", primary, tuple(robust), (*notes, note))


@dataclass(frozen=True)
class Spread:
    """Decrease of an estimate's standard error with n: `error(n)` and `freedom(n)`, n counted in `unit`."""

    unit: str
    error: Callable[[int], float]
    freedom: Callable[[int], float]
    least: int = 2

    def needed(self, margin: float, alpha: float) -> int | None:
        """The n for power 0.9 at a true difference of 0; None beyond 10**12."""

        def power_at(n: int) -> float:
            return tost_power(margin, self.error(n), self.freedom(n), alpha=alpha)

        if power_at(MAXIMUM_SIZE) < WANTED_POWER:
            return None
        return smallest_size(power_at, WANTED_POWER, margin, least=self.least)


def two_arms(sd: float, unit: str = "per arm") -> Spread:
    """Two independent arms of n each with standard deviation `sd`."""
    return Spread(unit, lambda n: sd * math.sqrt(2 / n), lambda n: 2 * n - 2)


def one_sample(sd: float, unit: str, least: int = 2) -> Spread:
    """n differences with standard deviation `sd`."""
    return Spread(unit, lambda n: sd / math.sqrt(n), lambda n: n - 1, least)


def from_t(
    method: str,
    difference: float,
    standard_error: float,
    freedom: float,
    margin: Margin,
    alpha: float,
    *,
    n: tuple[int, int],
    k: int | None,
    spread: Spread,
    scale: float,
    notes: tuple[str, ...] = (),
) -> Equivalence:
    """The result of a t-based TOST. `scale`: size of the means, against which a standard error counts as rounding."""
    if standard_error <= ROUNDING * max(scale, margin.value):
        return degenerate_result(
            method, difference, margin, alpha, n=n, k=k, unit=spread.unit, scale=scale, notes=notes
        )
    p_low = float(special.stdtr(freedom, -(difference + margin.value) / standard_error))
    p_high = float(special.stdtr(freedom, (difference - margin.value) / standard_error))
    half90 = float(special.stdtrit(freedom, 0.95)) * standard_error
    half95 = float(special.stdtrit(freedom, 0.975)) * standard_error
    return conclude(
        method,
        difference,
        standard_error,
        (difference - half90, difference + half90),
        (difference - half95, difference + half95),
        p_low,
        p_high,
        margin,
        alpha,
        freedom=freedom,
        n=n,
        k=k,
        spread=spread,
        notes=notes,
    )


def conclude(
    method: str,
    difference: float,
    standard_error: float,
    ci90: tuple[float, float],
    ci95: tuple[float, float],
    p_low: float,
    p_high: float,
    margin: Margin,
    alpha: float,
    *,
    freedom: float,
    n: tuple[int, int],
    k: int | None,
    spread: Spread,
    notes: tuple[str, ...] = (),
) -> Equivalence:
    """The verdict and the powers for a test whose standard error is not zero."""
    passes = max(p_low, p_high) < alpha
    excludes_zero = ci95[0] > 0 or ci95[1] < 0
    verdict: Verdict = "inconclusive"
    if passes:
        verdict = "equivalent but biased" if excludes_zero else "equivalent"
    elif excludes_zero:
        verdict = "different"
        beyond = ci95[0] > margin.value or ci95[1] < -margin.value
        notes = (
            *notes,
            "the 95 % interval lies wholly beyond the margin"
            if beyond
            else "a difference is proved; whether it exceeds the margin is open",
        )
    return Equivalence(
        method=method,
        n=n,
        k=k,
        difference=difference,
        standard_error=standard_error,
        ci90=ci90,
        ci95=ci95,
        p_low=p_low,
        p_high=p_high,
        margin=margin.value,
        margin_reason=margin.reason,
        verdict=verdict,
        power_at_zero=tost_power(margin.value, standard_error, freedom, alpha=alpha),
        power_at_quarter=tost_power(
            margin.value, standard_error, freedom, true_difference=margin.value / 4, alpha=alpha
        ),
        n_needed=spread.needed(margin.value, alpha),
        unit=spread.unit,
        degenerate=False,
        alpha=alpha,
        notes=notes,
    )


def degenerate_result(
    method: str,
    difference: float,
    margin: Margin,
    alpha: float,
    *,
    n: tuple[int, int],
    k: int | None,
    unit: str,
    scale: float,
    notes: tuple[str, ...] = (),
) -> Equivalence:
    """Data without spread: the difference is known, and is compared with the margin as it stands."""
    if abs(difference) <= ROUNDING * max(scale, margin.value):
        difference = 0.0
    inside = abs(difference) < margin.value
    verdict: Verdict = "different"
    if inside:
        verdict = "equivalent" if difference == 0 else "equivalent but biased"
    return Equivalence(
        method=method,
        n=n,
        k=k,
        difference=difference,
        standard_error=0.0,
        ci90=(difference, difference),
        ci95=(difference, difference),
        p_low=0.0 if difference > -margin.value else 1.0,
        p_high=0.0 if difference < margin.value else 1.0,
        margin=margin.value,
        margin_reason=margin.reason,
        verdict=verdict,
        power_at_zero=1.0,
        power_at_quarter=1.0,
        n_needed=None,
        unit=unit,
        degenerate=True,
        alpha=alpha,
        notes=(*notes, "the data have no spread: the difference was compared with the margin, no test was made"),
    )


def require_terms(margin: Margin, alpha: float) -> None:
    """TypeError for a margin without its reason, ValueError for an alpha outside (0, 0.5)."""
    require_margin(margin)
    if not 0 < alpha < 0.5:
        raise ValueError(f"alpha {alpha} must lie strictly between 0 and 0.5")
