"""Checked input of the equivalence tests."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

LEAST_POLICIES = 5
Floats = NDArray[np.float64]


def sample(name: str, values: ArrayLike, least: int = 2) -> Floats:
    """A flat float64 array of at least `least` finite numbers; ValueError says which arm and what is wrong."""
    array = np.asarray(values, dtype=np.float64)
    if array.ndim != 1:
        raise ValueError(
            f"{name} has shape {array.shape}: this test takes a flat array of episodes; "
            "for policies × episodes use policy_tost, whose unit is the policy"
        )
    if len(array) < least:
        raise ValueError(f"{name} has {len(array)} episodes; at least {least} are needed")
    bad = ~np.isfinite(array)
    if bad.any():
        at = int(np.flatnonzero(bad)[0])
        raise ValueError(f"{name}[{at}] is {array[at]}: every return must be finite")
    return array


def policies(name: str, returns: ArrayLike | Sequence[Any]) -> list[Floats]:
    """K flat arrays, one a policy, from a [K, M] array or a sequence of arrays of unequal length; K ≥ 5, M ≥ 1."""
    if isinstance(returns, np.ndarray) and returns.ndim != 2:
        raise ValueError(f"{name} has shape {returns.shape}: give [policies, episodes] or one array a policy")
    rows = [sample(f"{name}[{k}]", row, least=1) for k, row in enumerate(returns)]  # type: ignore[arg-type]
    if len(rows) < LEAST_POLICIES:
        raise ValueError(
            f"{name} has {len(rows)} policies; at least {LEAST_POLICIES} are needed: the unit of replication is the "
            "trained policy, episodes of one policy share its luck, and with so few policies the t quantile and the "
            "spread between policies say nothing. Train more seeds; more episodes do not help"
        )
    return rows


def both_policies(candidate: Any, reference: Any) -> tuple[list[Floats], list[Floats]]:
    """Both arms, with policy k of one being policy k of the other."""
    ours, theirs = policies("candidate", candidate), policies("reference", reference)
    if len(ours) != len(theirs):
        raise ValueError(
            f"candidate has {len(ours)} policies and reference {len(theirs)}: the same policies must play in both"
        )
    return ours, theirs


def trimmed_mean(values: Floats, trim: float) -> float:
    """Mean without the floor(trim * n) smallest and as many largest values."""
    if trim == 0:
        return float(values.mean())
    cut = int(trim * len(values))
    return float(np.sort(values)[cut : len(values) - cut].mean())


def require_trim(trim: float) -> float:
    """trim itself; ValueError outside [0, 0.5)."""
    if not 0 <= trim < 0.5:
        raise ValueError(f"trim {trim} must lie in 0 ≤ trim < 0.5 (0.2 drops a fifth at each end)")
    return trim
