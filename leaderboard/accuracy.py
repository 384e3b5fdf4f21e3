"""Distance of one step of an engine from its reference, on the same states, under the same actions."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

LARGE = 1e-3
"""Velocity errors above this are counted [rad/s, m/s]."""


def errors(
    found: tuple[NDArray[Any], NDArray[Any]], expected: tuple[NDArray[Any], NDArray[Any]], against: str
) -> dict[str, Any]:
    """(positions, velocities) `[states, dof]` beside the reference's, named by `against`.

    `max_dq` and `max_dv` are over all states and degrees of freedom, `median_dv` is of the states' largest, `large_dv`
    the share of states above `LARGE`; those that are not finite are counted in `not_finite` and in nothing else.
    ValueError for other shapes than the reference's.
    """
    for mine, theirs in zip(found, expected, strict=True):
        if np.shape(mine) != np.shape(theirs):
            raise ValueError(f"states of shape {np.shape(mine)} beside the reference's {np.shape(theirs)}")
    dq, dv = (
        np.abs(np.asarray(mine, np.float64) - np.asarray(theirs, np.float64)).max(axis=1)
        for mine, theirs in zip(found, expected, strict=True)
    )
    finite = np.isfinite(dq) & np.isfinite(dv)
    dq, dv = dq[finite], dv[finite]
    some = bool(finite.any())
    return {
        "against": against,
        "states": len(finite),
        "max_dq": float(dq.max()) if some else None,
        "max_dv": float(dv.max()) if some else None,
        "median_dv": float(np.median(dv)) if some else None,
        "large_dv": float((dv > LARGE).mean()) if some else None,
        "not_finite": int((~finite).sum()),
    }
