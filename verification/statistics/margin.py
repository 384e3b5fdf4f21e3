"""The margin of an equivalence test, fixed with its reason before any data exists."""

from __future__ import annotations

import math
from dataclasses import dataclass

SPAN_SHARE = 0.05  # of what training gains: a larger loss is a difference a user would notice
NOISE_FLOOR = 2.0  # standard errors of the reference against itself: less cannot be told from noise


@dataclass(frozen=True)
class Margin:
    """The largest difference that still counts as "the same", in the units of what is compared.

    `value`: positive and finite; the test is against ±value. `reason`: why this much is tolerable, a sentence for the
    report. `anchor`: what the figure was derived from, e.g. "5 % of the random-to-trained span of 4,800".
    """

    value: float
    reason: str
    anchor: str = ""

    def __post_init__(self) -> None:
        if isinstance(self.value, bool) or not isinstance(self.value, int | float):
            raise TypeError(f"margin {self.value!r} is not a number: give Margin(0.02, reason=…)")
        if not (math.isfinite(self.value) and self.value > 0):
            raise ValueError(f"margin {self.value!r} must be positive and finite: the test is against ±margin")
        if not isinstance(self.reason, str) or not self.reason.strip():
            raise ValueError(
                f"the margin {self.value!r} has no reason: say why a difference of that size is tolerable, "
                "e.g. Margin(0.02, reason='less than one rating class')"
            )


def require_margin(margin: Margin) -> Margin:
    """The margin itself; a TypeError for a bare number, whose reason nobody could read later."""
    if not isinstance(margin, Margin):
        raise TypeError(f"margin {margin!r} is a bare {type(margin).__name__}: give Margin(value, reason=…)")
    return margin


def margin_problems(
    margin: Margin, *, trained: float, random: float, reference_standard_error: float | None
) -> list[str]:
    """Faults of a margin, in words; empty when it is sound.

    Rule: at most 5 % of the span between a random and a trained policy (else it hides what training is for), and at
    least two standard errors of the reference against itself (else even the reference fails). `trained`, `random`: mean
    returns in the reference. `reference_standard_error`: of the difference between two independent evaluations of the
    reference with the planned n; None when it was not measured, which is itself a problem.
    """
    require_margin(margin)
    problems = []
    if not (math.isfinite(trained) and math.isfinite(random)):
        problems.append(f"the span cannot be judged: trained {trained}, random {random}")
    else:
        span = abs(trained - random)
        if span == 0:
            problems.append(f"trained and random policies both score {trained:g}: training shows nothing to preserve")
        elif margin.value > SPAN_SHARE * span * (1 + 1e-9):
            problems.append(
                f"margin ±{margin.value:g} is {margin.value / span:.1%} of the random-to-trained span {span:g}; "
                f"at most {SPAN_SHARE:.0%} is allowed, ±{SPAN_SHARE * span:g}"
            )
    if reference_standard_error is None:
        problems.append("the reference was not measured against itself: its standard error is unknown")
    elif not (math.isfinite(reference_standard_error) and reference_standard_error >= 0):
        problems.append(f"the reference's standard error {reference_standard_error} is not a standard error")
    elif margin.value < NOISE_FLOOR * reference_standard_error * (1 - 1e-9):
        problems.append(
            f"margin ±{margin.value:g} is less than {NOISE_FLOOR:g} standard errors of the reference against itself "
            f"({reference_standard_error:g}): plan more episodes before the run, do not widen the margin after it"
        )
    return problems
