"""Distance of two distributions: reported beside an equivalence test, not tested.

Equal means can hide a different shape (a policy that falls half the time and runs twice as far). Each distance
comes with the size that two samples of one distribution would show by chance, for independent values; no verdict is
drawn from it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from verification.statistics.samples import sample

# Mean of Kolmogorov's distribution, sqrt(pi/2) * ln 2.
_KOLMOGOROV_MEAN = math.sqrt(math.pi / 2) * math.log(2)


@dataclass(frozen=True)
class Distance:
    """`kolmogorov_smirnov`: largest gap of the distribution functions, in [0, 1]; `expected` is its size by chance.
    `wasserstein`: mean distance that mass must move, in the data's units; `wasserstein_share` the same in standard
    deviations of the reference, None where the reference has no spread."""

    what: str
    n: tuple[int, int]
    kolmogorov_smirnov: float
    expected: float
    wasserstein: float
    wasserstein_share: float | None
    quantiles_candidate: tuple[float, ...]
    quantiles_reference: tuple[float, ...]

    def to_json(self) -> dict[str, Any]:
        """All fields, as JSON values."""
        return asdict(self)


@dataclass(frozen=True)
class Occupancy:
    """`total_variation`: half the sum of absolute differences of the action shares, in [0, 1]; `expected` is its size
    by chance for independent actions (a policy's actions are not, so a little above it is nothing). `largest`: the
    actions whose shares differ most, with candidate's minus reference's share."""

    actions: tuple[int, int]
    total_variation: float
    expected: float
    largest: tuple[tuple[str, float], ...]

    def to_json(self) -> dict[str, Any]:
        """All fields, as JSON values."""
        return asdict(self)


QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)


def compare_distribution(what: str, candidate: ArrayLike, reference: ArrayLike) -> Distance:
    """Distances between two samples [n1], [n2], e.g. of returns or of episode lengths; `what` names them."""
    from scipy.stats import wasserstein_distance  # takes a second to import

    ours = sample(f"{what} of the candidate", candidate, least=1)
    theirs = sample(f"{what} of the reference", reference, least=1)
    pooled = np.sort(np.concatenate([ours, theirs]))
    shares = [np.searchsorted(np.sort(arm), pooled, side="right") / len(arm) for arm in (ours, theirs)]
    moved = float(wasserstein_distance(ours, theirs))
    spread = float(theirs.std())
    return Distance(
        what=what,
        n=(len(ours), len(theirs)),
        kolmogorov_smirnov=float(np.abs(shares[0] - shares[1]).max()),
        expected=min(1.0, _KOLMOGOROV_MEAN * math.sqrt(1 / len(ours) + 1 / len(theirs))),
        wasserstein=moved,
        wasserstein_share=moved / spread if spread > 0 else None,
        quantiles_candidate=tuple(np.quantile(ours, QUANTILES).tolist()),
        quantiles_reference=tuple(np.quantile(theirs, QUANTILES).tolist()),
    )


def compare_occupancy(candidate: Mapping[Any, int], reference: Mapping[Any, int], shown: int = 5) -> Occupancy:
    """Compare how often each action was taken, from counts by action."""
    totals = [sum(counts.values()) for counts in (candidate, reference)]
    for name, total in zip(("candidate", "reference"), totals, strict=True):
        if total <= 0:
            raise ValueError(f"{name} has no actions: its occupancy is unknown")
    actions = sorted(set(candidate) | set(reference), key=str)
    shares = np.array(
        [
            [counts.get(action, 0) / total for action in actions]
            for counts, total in zip((candidate, reference), totals, strict=True)
        ]
    )
    if (shares < 0).any():
        raise ValueError("an action has a negative count")
    gaps = shares[0] - shares[1]
    together = (shares[0] * totals[0] + shares[1] * totals[1]) / sum(totals)
    # Mean absolute value of a normal deviate, summed over the actions.
    chance = np.sqrt(2 / math.pi * together * (1 - together) * (1 / totals[0] + 1 / totals[1])).sum() / 2
    order = np.argsort(-np.abs(gaps), kind="stable")[:shown]
    return Occupancy(
        actions=(totals[0], totals[1]),
        total_variation=float(np.abs(gaps).sum() / 2),
        expected=min(1.0, float(chance)),
        largest=tuple((str(actions[at]), float(gaps[at])) for at in order if gaps[at] != 0),
    )
