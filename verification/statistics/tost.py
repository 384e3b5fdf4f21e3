"""Equivalence tests: two one-sided t tests, in the designs that evaluations of policies need.

Differences are candidate minus reference. The unit of replication decides the test: `policy_tost` where K trained
policies play M episodes in each backend (episodes of one policy are not independent evidence about other policies);
`welch_tost` and `yuen_tost` for independent episodes of one fixed policy; `paired_tost` where each pair shares its
initial conditions (decks, teams, serve) but not its dynamics noise.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from verification.statistics.bootstrap import bootstrap_tost, policy_bootstrap_tost
from verification.statistics.equivalence import (
    Combined,
    Equivalence,
    combined_verdict,
    from_t,
    one_sample,
    require_terms,
    two_arms,
)
from verification.statistics.margin import Margin
from verification.statistics.proportions import score_tost_proportions
from verification.statistics.samples import (
    LEAST_POLICIES,
    Floats,
    both_policies,
    require_trim,
    sample,
    trimmed_mean,
)

TRIM = 0.2
SCORES = (0.0, 0.5, 1.0)
FEW_VALUES = 3


def policy_tost(
    candidate: Any, reference: Any, margin: Margin, alpha: float = 0.05, *, trim: float = 0.0
) -> Equivalence:
    """The primary test: d_k = difference of policy k's mean returns, then a one-sample TOST on the d_k (K - 1 freedom).

    `candidate`, `reference`: [K, M], or K arrays of unequal length; row k is the same policy in both. `trim`: share of
    the episodes dropped at each end of every policy's returns before the mean (0.2 for heavy tails), policies are never
    dropped. ValueError for K < 5, unequal K, or a return that is not finite.
    """
    require_terms(margin, alpha)
    require_trim(trim)
    ours, theirs = both_policies(candidate, reference)
    means = np.array([[trimmed_mean(row, trim) for row in arm] for arm in (ours, theirs)])
    gaps = means[0] - means[1]
    count, sd = len(gaps), float(gaps.std(ddof=1))
    notes: tuple[str, ...] = ()
    if all(np.array_equal(one, other) for one, other in zip(ours, theirs, strict=True)):
        notes = (
            "every episode has the same return in both: if the two share their dynamics noise, this repeats the "
            "lockstep and is no evidence of its own",
        )
    return from_t(
        "TOST over policies" if trim == 0 else f"TOST over policies, episodes {trim:.0%} trimmed",
        float(gaps.mean()),
        sd / math.sqrt(count),
        count - 1,
        margin,
        alpha,
        n=(sum(map(len, ours)), sum(map(len, theirs))),
        k=count,
        spread=one_sample(sd, "policies", LEAST_POLICIES),
        scale=float(np.abs(means).max()),
        notes=notes,
    )


def policy_yuen_tost(candidate: Any, reference: Any, margin: Margin, alpha: float = 0.05) -> Equivalence:
    """`policy_tost` with a fifth of each policy's episodes trimmed at either end: returns with heavy tails.

    Not for win rates: a trimmed mean of 0s and 1s is another quantity. `policy_equivalence` leaves it out there.
    """
    return policy_tost(candidate, reference, margin, alpha, trim=TRIM)


def welch_tost(candidate: ArrayLike, reference: ArrayLike, margin: Margin, alpha: float = 0.05) -> Equivalence:
    """Independent episodes [n1], [n2] of unequal variance: Welch's standard error, Satterthwaite's freedom."""
    return yuen_tost(candidate, reference, margin, alpha, trim=0.0)


def yuen_tost(
    candidate: ArrayLike, reference: ArrayLike, margin: Margin, alpha: float = 0.05, *, trim: float = TRIM
) -> Equivalence:
    """Yuen's test of trimmed means, independent episodes [n1], [n2]: for returns with heavy tails.

    It compares the means of the middle 1 - 2 trim of each arm, with winsorised variances. With trim 0 it is Welch's.
    """
    require_terms(margin, alpha)
    require_trim(trim)
    ours, theirs = sample("candidate", candidate), sample("reference", reference)
    squares, frees, deviations = [], [], []
    for name, arm in (("candidate", ours), ("reference", theirs)):
        size = len(arm)
        kept = size - 2 * int(trim * size)
        if kept < 2:
            raise ValueError(f"{name} has {size} episodes, of which trimming {trim:g} keeps {kept}; two are needed")
        variance = _winsorised(arm, trim).var(ddof=1)
        squares.append(float(variance * (size - 1) / (kept * (kept - 1))))
        frees.append(kept - 1)
        # The equal-arms standard deviation whose sqrt(2/n) gives this arm's share of the standard error.
        deviations.append(squares[-1] * size)
    error = math.sqrt(sum(squares))
    bottom = sum(square**2 / free for square, free in zip(squares, frees, strict=True))
    centres = [trimmed_mean(arm, trim) for arm in (ours, theirs)]
    return from_t(
        "Welch TOST" if trim == 0 else f"Yuen TOST, {trim:.0%} trimmed",
        centres[0] - centres[1],
        error,
        error**4 / bottom if bottom > 0 else min(frees),
        margin,
        alpha,
        n=(len(ours), len(theirs)),
        k=None,
        spread=two_arms(math.sqrt(sum(deviations) / 2)),
        scale=float(max(np.abs(ours).max(), np.abs(theirs).max())),
    )


def paired_tost(candidate: ArrayLike, reference: ArrayLike, margin: Margin, alpha: float = 0.05) -> Equivalence:
    """Pairs [n] that share initial conditions: a one-sample TOST on the n differences (n - 1 freedom)."""
    require_terms(margin, alpha)
    ours, theirs = sample("candidate", candidate), sample("reference", reference)
    if len(ours) != len(theirs):
        raise ValueError(f"candidate has {len(ours)} episodes and reference {len(theirs)}: pairs need as many of each")
    gaps = ours - theirs
    sd = float(gaps.std(ddof=1))
    return from_t(
        "paired TOST",
        float(gaps.mean()),
        sd / math.sqrt(len(gaps)),
        len(gaps) - 1,
        margin,
        alpha,
        n=(len(ours), len(theirs)),
        k=None,
        spread=one_sample(sd, "pairs"),
        scale=float(max(np.abs(ours).max(), np.abs(theirs).max())),
    )


def win_rate_tost(candidate: ArrayLike, reference: ArrayLike, margin: Margin, alpha: float = 0.05) -> Equivalence:
    """Independent battles' scores in {0, ½, 1}: the score test for proportions without draws, Welch's with them."""
    ours, theirs = sample("candidate", candidate), sample("reference", reference)
    for name, arm in (("candidate", ours), ("reference", theirs)):
        wrong = ~np.isin(arm, SCORES)
        if wrong.any():
            at = int(np.flatnonzero(wrong)[0])
            raise ValueError(f"{name}[{at}] is {arm[at]}: a score is 1 for a win, 0.5 for a draw, 0 for a loss")
    if (ours == 0.5).any() or (theirs == 0.5).any():
        return welch_tost(ours, theirs, margin, alpha)
    return score_tost_proportions(int(ours.sum()), len(ours), int(theirs.sum()), len(theirs), margin, alpha)


def policy_equivalence(
    candidate: Any, reference: Any, margin: Margin, alpha: float = 0.05, *, seed: int = 0
) -> Combined:
    """`policy_tost` with its trimmed and bootstrap companions; they must agree on passing, else "inconclusive"."""
    ours, theirs = both_policies(candidate, reference)
    robust, notes = [], []
    if _has_few_values([*ours, *theirs]):
        notes.append(_NO_TRIM)
    else:
        robust.append(policy_yuen_tost(ours, theirs, margin, alpha))
    robust.append(policy_bootstrap_tost(ours, theirs, margin, alpha, seed=seed))
    return combined_verdict(policy_tost(ours, theirs, margin, alpha), robust, notes)


def episode_equivalence(
    candidate: ArrayLike, reference: ArrayLike, margin: Margin, alpha: float = 0.05, *, seed: int = 0
) -> Combined:
    """`welch_tost` on independent episodes of one fixed policy, with its trimmed and bootstrap companions."""
    ours, theirs = sample("candidate", candidate), sample("reference", reference)
    robust, notes = [], []
    if _has_few_values([ours, theirs]):
        notes.append(_NO_TRIM)
    else:
        robust.append(yuen_tost(ours, theirs, margin, alpha))
    robust.append(bootstrap_tost(ours, theirs, margin, alpha, seed=seed))
    return combined_verdict(welch_tost(ours, theirs, margin, alpha), robust, notes)


_NO_TRIM = f"no trimmed test: the returns take at most {FEW_VALUES} values, so there are no tails to trim"


def _has_few_values(arms: list[Floats]) -> bool:
    return len(np.unique(np.concatenate(arms))) <= FEW_VALUES


def _winsorised(values: Floats, trim: float) -> Floats:
    cut = int(trim * len(values))
    if cut == 0:
        return values
    ordered = np.sort(values)
    return np.clip(ordered, ordered[cut], ordered[len(ordered) - cut - 1])
