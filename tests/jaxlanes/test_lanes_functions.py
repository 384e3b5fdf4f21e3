"""Elementary functions: within 0.6 units in the last place of the true value, and right where they are not finite."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import numpy as np
import pytest
from jax import lax
from scipy import special

import jaxlanes

SMALLEST = float(np.finfo(np.float32).tiny)
EDGES = [0.0, -0.0, np.inf, -np.inf, np.nan, 1, -1, 88.7, 89, -87, -104, 128, -126, 1e6, 1048576, 1e10, 3e38, 2.0**-20,
         1e-4, -1e-4, 0.5, -0.5, 2.5, 3, -3]  # fmt: skip
FAR = [3.882206e7, -1.5070359e14, -4.7768014e15, -4.7898348e30, -3.2266167e36]
"""Arguments at which the tangent of a C library in float32 is up to 1.2 units off."""


def wide() -> np.ndarray:
    rng = np.random.default_rng(0)
    sizes = np.exp(rng.uniform(-87, 87, 20_000)) * rng.choice([-1, 1], 20_000)
    parts = [rng.standard_normal(30_000) * 10, rng.uniform(-1, 1, 20_000), sizes, EDGES, FAR]
    return np.concatenate(parts).astype(np.float32)


def unit() -> np.ndarray:
    near = [1, -1, 0, -0.0, 1.5, np.nan, 1e-6, 1 - 6e-8, -1 + 6e-8, 0.5, -0.5]
    return np.concatenate([np.random.default_rng(0).uniform(-1, 1, 60_000), near]).astype(np.float32)


def check(got: np.ndarray, true: np.ndarray, limit: float) -> None:
    """`got` is float32, `true` float64."""
    with np.errstate(all="ignore"):
        rounded = true.astype(np.float32)
    finite = np.isfinite(rounded)
    assert np.array_equal(got[~finite], rounded[~finite], equal_nan=True)
    tiny = np.abs(true) < SMALLEST  # may be flushed
    assert (np.abs(got[tiny]) <= np.float32(SMALLEST)).all()
    kept = finite & ~tiny
    errors = np.abs(got[kept].astype(np.float64) - true[kept]) / np.spacing(np.abs(rounded[kept])).astype(np.float64)
    assert errors.max() <= limit, errors.max()
    assert np.array_equal(np.signbit(got[kept]), np.signbit(rounded[kept]))


FUNCTIONS: dict[str, tuple[Callable[..., Any], Callable[[], np.ndarray], float]] = {
    "sin": (np.sin, wide, 0.6), "cos": (np.cos, wide, 0.6), "tan": (np.tan, wide, 0.6), "exp": (np.exp, wide, 0.6),
    "exp2": (np.exp2, wide, 0.6), "log": (np.log, wide, 0.6), "log1p": (np.log1p, wide, 0.6),
    "expm1": (np.expm1, wide, 0.6), "tanh": (np.tanh, wide, 0.6), "logistic": (special.expit, wide, 0.6),
    "sinh": (np.sinh, wide, 0.6), "cosh": (np.cosh, wide, 0.6), "asinh": (np.arcsinh, wide, 0.6),
    "acosh": (np.arccosh, wide, 0.6), "atanh": (np.arctanh, unit, 0.6), "asin": (np.arcsin, unit, 0.6),
    "acos": (np.arccos, unit, 0.6), "atan": (np.arctan, wide, 0.6), "cbrt": (np.cbrt, wide, 0.6),
    "erf": (special.erf, wide, 1.0), "erfc": (special.erfc, wide, 1.0), "sqrt": (np.sqrt, wide, 0.5),
}  # fmt: skip


@pytest.fixture(scope="module")
def results() -> dict[str, np.ndarray]:
    """All functions by two kernels."""
    found: dict[str, np.ndarray] = {}
    for inputs in (wide, unit):
        names = [name for name, (_true, its_inputs, _limit) in FUNCTIONS.items() if its_inputs is inputs]
        batched = jaxlanes.vmap(lambda x, names=names: [getattr(lax, name)(x) for name in names], backend="simd")
        found |= dict(zip(names, map(np.asarray, batched(inputs())), strict=True))
    return found


@pytest.mark.parametrize("name", FUNCTIONS)
def test_units_in_the_last_place(results: dict[str, np.ndarray], name: str) -> None:
    true, inputs, limit = FUNCTIONS[name]
    with np.errstate(all="ignore"):
        check(results[name], true(inputs().astype(np.float64)), limit)


def test_pow_and_atan2() -> None:
    edges = np.array([0.0, -0.0, np.inf, -np.inf, np.nan, 1, -1, 2.5, -2.5, 3, -3, 0.5, 1e30, 2.0**24 + 2], np.float32)
    x = np.concatenate([wide(), np.repeat(edges, len(edges))])
    y = np.concatenate([np.random.default_rng(1).permutation(wide()), np.tile(edges, len(edges))])
    x[:5000] = np.abs(x[:5000])
    y[:5000] = np.clip(y[:5000], -3, 3)
    power, angle = jaxlanes.vmap(lambda a, b: (lax.pow(a, b), lax.atan2(a, b)), backend="simd")(x, y)
    with np.errstate(all="ignore"):
        check(np.asarray(power), np.power(x.astype(np.float64), y.astype(np.float64)), 0.6)
        check(np.asarray(angle), np.arctan2(x.astype(np.float64), y.astype(np.float64)), 0.6)


def test_as_near_as_xla_gets() -> None:
    """Functions for which XLA's own formula is kept, or is exact."""
    x = unit()
    ours = np.asarray(jaxlanes.vmap(lax.erf_inv, backend="simd")(x))
    theirs = np.asarray(jax.jit(lax.erf_inv)(x))
    finite = np.isfinite(theirs)
    assert np.array_equal(ours[~finite], theirs[~finite], equal_nan=True)
    assert np.allclose(ours[finite], theirs[finite], rtol=2e-6, atol=0)
    a, b = wide(), np.random.default_rng(1).permutation(wide())
    remainder = np.asarray(jaxlanes.vmap(lax.rem, backend="simd")(a, b))
    with np.errstate(all="ignore"):
        assert np.array_equal(remainder, np.fmod(a, b), equal_nan=True)
    reciprocal = np.asarray(jaxlanes.vmap(lax.rsqrt, backend="simd")(np.abs(a) + np.float32(1e-30)))
    true = 1 / np.sqrt((np.abs(a) + np.float32(1e-30)).astype(np.float64))
    check(reciprocal, true, 1.5)
