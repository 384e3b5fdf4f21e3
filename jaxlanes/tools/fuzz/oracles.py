"""Oracles of elementary functions: their true values in double precision, and a kernel's largest error.

XLA's own are several units in the last place off, so that they cannot be what a kernel is held to.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import numpy as np

SMALLEST = float(np.finfo(np.float32).tiny)


@dataclasses.dataclass(frozen=True)
class Oracle:
    """`function` of float64 arrays, None for XLA's own result; `limit` in units in the last place of a float32, of at
    least `floor`: beside it the error of a sum that cancels is small."""

    function: Callable[..., Any] | None
    limit: float
    domain: str = "any"
    operands: int = 1
    floor: float = SMALLEST


def _special(name: str) -> Callable[[Any], Any]:
    def function(x: Any) -> Any:
        from scipy import special  # only the fuzzer needs it

        return getattr(special, name)(x)

    return function


def _tan(x: Any) -> Any:
    return np.tan(x)


ORACLES: dict[str, Oracle] = {
    "sin": Oracle(np.sin, 0.6), "cos": Oracle(np.cos, 0.6), "tan": Oracle(_tan, 0.6), "exp": Oracle(np.exp, 0.6),
    "exp2": Oracle(np.exp2, 0.6), "log": Oracle(np.log, 0.6), "log1p": Oracle(np.log1p, 0.6),
    "expm1": Oracle(np.expm1, 0.6), "tanh": Oracle(np.tanh, 0.6), "logistic": Oracle(_special("expit"), 0.6),
    "sinh": Oracle(np.sinh, 0.6), "cosh": Oracle(np.cosh, 0.6), "asinh": Oracle(np.arcsinh, 0.6),
    "acosh": Oracle(np.arccosh, 0.6), "atanh": Oracle(np.arctanh, 0.6, "unit"), "asin": Oracle(np.arcsin, 0.6, "unit"),
    "acos": Oracle(np.arccos, 0.6, "unit"), "atan": Oracle(np.arctan, 0.6), "cbrt": Oracle(np.cbrt, 0.6),
    "erf": Oracle(_special("erf"), 1.0), "erfc": Oracle(_special("erfc"), 1.0),
    "rsqrt": Oracle(lambda x: 1 / np.sqrt(x), 1.5), "erf_inv": Oracle(None, 34.0, "unit"),
    "lgamma": Oracle(None, 64.0, floor=1.0), "digamma": Oracle(None, 64.0, floor=1.0),
    "cumlogsumexp": Oracle(None, 64.0, floor=1.0),
    "pow": Oracle(np.power, 0.6, operands=2), "atan2": Oracle(np.arctan2, 0.6, operands=2),
}  # fmt: skip


def flushed(x: np.ndarray) -> np.ndarray:
    """Subnormal numbers as zeros of their sign."""
    return np.where(np.abs(x) < SMALLEST, np.copysign(np.float32(0), x), x) if x.dtype == np.float32 else x


def wrong(name: str, operands: list[np.ndarray], got: np.ndarray, theirs: np.ndarray) -> np.ndarray:
    """Mask of results outside the limit of the true value; of operands as the kernel sees them, flushed."""
    oracle = ORACLES[name]
    with np.errstate(all="ignore"):
        if oracle.function is None:
            true = theirs.astype(np.float64)
        else:
            true = np.asarray(oracle.function(*(flushed(x.astype(np.float32)).astype(np.float64) for x in operands)))
        rounded = true.astype(np.float32)
        finite = np.isfinite(rounded)
        tiny = np.abs(true) < SMALLEST  # may be flushed
        bad = np.where(np.isnan(rounded), ~np.isnan(got), got != rounded) & ~finite
        bad |= tiny & ~(np.abs(got) <= np.float32(SMALLEST))
        spacing = np.spacing(np.maximum(np.abs(rounded), np.float32(oracle.floor))).astype(np.float64)
        error = np.abs(got.astype(np.float64) - true) / spacing
        bad |= finite & ~tiny & ~(error <= oracle.limit)
        # Near the greatest float a result within the limit may round to infinity.
        edge = np.abs(true) > float(np.finfo(np.float32).max) * (1 - 2.0**-24)
    return bad & ~(edge & (np.abs(got) >= np.finfo(np.float32).max))
