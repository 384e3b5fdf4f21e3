"""Primitives that act element by element, against XLA: every bit, on every pair of edge values and many random ones."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp
import numpy as np
import pytest
from jax import lax

INTEGERS = ["int8", "uint8", "int16", "uint16", "int32", "uint32"]
FLOAT_EDGES = [0.0, -0.0, 1.0, -1.0, 0.5, -2.5, 3.5, np.inf, -np.inf, np.nan, 2.0**23, -(2.0**24) - 2, 2.0**31,
               -(2.0**31), 2.0**32, 3e38, 1.2e-38, 127.5, -128.5, 255.9, 65535.5, 1e10]  # fmt: skip


def pairs(dtype: str, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Every pair of edge values of a type, then random ones."""
    rng = np.random.default_rng(seed)
    if dtype == "bool":
        edges = np.array([False, True])
        many = rng.integers(0, 2, (2, 100)).astype(bool)
    elif dtype == "float32":
        edges = np.array(FLOAT_EDGES, np.float32)
        many = (rng.standard_normal((2, 3000)) * np.exp(rng.uniform(-20, 20, (2, 3000)))).astype(np.float32)
    else:
        info = np.iinfo(dtype)
        near = [info.min, info.min + 1, -1, 0, 1, 2, 3, 7, 8, 15, 16, 31, 32, 33, 100, info.max - 1, info.max]
        edges = np.array([v for v in near if info.min <= v <= info.max], dtype)
        many = rng.integers(info.min, info.max, (2, 3000), dtype, endpoint=True)
        many[1, ::2] >>= np.array(8 * info.dtype.itemsize - 5, dtype)
    a, b = np.meshgrid(edges, edges, indexing="ij")
    return np.concatenate([a.ravel(), many[0]]), np.concatenate([b.ravel(), many[1]])


@pytest.mark.parametrize("dtype", INTEGERS)
def test_integer_arithmetic(same: Any, dtype: str) -> None:
    operations = (lax.add, lax.sub, lax.mul, lax.div, lax.rem, lax.max, lax.min, lax.bitwise_and, lax.bitwise_or,
                  lax.bitwise_xor, lax.shift_left, lax.shift_right_logical, lax.shift_right_arithmetic)  # fmt: skip
    comparisons = (lax.lt, lax.le, lax.gt, lax.ge, lax.eq, lax.ne)

    def fn(a, b):
        single = [
            lax.bitwise_not(a),
            lax.population_count(a),
            lax.clz(a),
            lax.sign(a),
            a * a * a,
            lax.integer_pow(a, 5),
        ]
        if np.dtype(dtype).kind == "i":
            single += [lax.neg(a), lax.abs(a)]
        floored = [jnp.floor_divide(a, b), jnp.mod(a, b)]
        return [op(a, b) for op in (*operations, *comparisons)], single, floored, lax.clamp(b, a, jnp.maximum(a, b))

    same(fn, *pairs(dtype))


@pytest.mark.parametrize("dtype", INTEGERS)
def test_division_and_shifts_by_constants(same: Any, dtype: str) -> None:
    """Constants take other paths: reciprocals, shifts, masks; and intervals that are known."""

    def fn(a):
        results = []
        for value in (0, 1, 2, 7, 10, 64, 101):
            c = jnp.asarray(value, dtype)
            small = a & jnp.asarray(63, dtype)
            results += [lax.div(a, c), lax.rem(a, c), lax.div(small, c), lax.rem(small, c), lax.div(c, a)]
            results += [lax.mul(a, c), lax.shift_left(a, c % 40), lax.shift_right_logical(a, c % 40)]
            results += [lax.shift_right_arithmetic(a, c % 40), lax.lt(small, c), lax.div(small * c, small + c + 1)]
            results += [(a + c) + c, (a - c) + c, a & c, a | c, a ^ c, lax.max(a, c), lax.min(small, c)]
        return results

    same(fn, pairs(dtype)[0])


def test_bools(same: Any) -> None:
    def fn(a, b):
        ops = (lax.bitwise_and, lax.bitwise_or, lax.bitwise_xor, lax.eq, lax.ne, lax.lt, lax.le, lax.gt, lax.ge)
        ops += (lax.max, lax.min)
        return [op(a, b) for op in ops], ~a, a & ~a, a | ~a, jnp.where(a, b, True), jnp.where(a, False, b), a & True

    same(fn, *pairs("bool"))


def test_float_arithmetic(same: Any) -> None:
    def fn(a, b):
        ops = (lax.add, lax.sub, lax.mul, lax.div, lax.max, lax.min, lax.lt, lax.le, lax.gt, lax.ge, lax.eq, lax.ne)
        single = (lax.neg, lax.abs, lax.sign, lax.floor, lax.ceil, lax.sqrt, lax.is_finite, lax.square)
        rounded = lax.round(a, lax.RoundingMethod.AWAY_FROM_ZERO), lax.round(a, lax.RoundingMethod.TO_NEAREST_EVEN)
        return [op(a, b) for op in ops], [op(a) for op in single], rounded, lax.clamp(a, b, a), lax.nextafter(a, b)

    a, b = pairs("float32")
    with np.errstate(all="ignore"):  # what becomes of subnormal numbers is the processor's mode
        product, quotient = np.abs(a * b), np.abs(a / b)
    tiny = ((product < 2e-38) & (product > 0)) | ((quotient < 2e-38) & (quotient > 0))
    same(fn, np.where(tiny, 1, a).astype(np.float32), b)


def test_float_arithmetic_with_constants(same: Any) -> None:
    """A division by a constant is a multiplication by its reciprocal, as XLA compiles it."""

    def fn(a):
        constants = [jnp.float32(c) for c in (26.0, 3.0, 0.1, 1.0, -1.0, 0.0, -0.0, 2.0, np.inf, 1e30)]
        return [(a / c, a * c, a + c, a - c, c - a, c / a, jnp.maximum(a, c), a < c, a == c) for c in constants]

    a = pairs("float32")[0] + np.float32(0)  # no -0.0: adding 0.0 makes it 0.0, but XLA drops the addition
    same(fn, a[(np.abs(a) > 1e-20) & (np.abs(a) < 1e20) | (a == 0) | ~np.isfinite(a)])


@pytest.mark.parametrize("source", [*INTEGERS, "bool", "float32"])
def test_conversions(same: Any, source: str) -> None:
    def fn(a):
        converted = [a.astype(target) for target in (*INTEGERS, "bool", "float32")]
        width = np.dtype(source).itemsize
        cast = [
            lax.bitcast_convert_type(a, t)
            for t in (*INTEGERS, "float32")
            if np.dtype(t).itemsize == width and source != "bool"
        ]
        return converted, cast

    same(fn, pairs(source)[0])


def test_selects(same: Any) -> None:
    def fn(p, i, x, y, u):
        nested = jnp.where(p, jnp.where(p, x, y), jnp.where(p, y, x + 1))
        return (
            jnp.where(p, x, y), jnp.where(~p, 1, 0), jnp.where(p, 3, 7) == 7, jnp.where(p, x, x), nested,
            lax.select_n(i % 4, x, y, x + y, x * y), jnp.where(p, u, jnp.uint8(3)), jnp.where(x > 3, 1.5, -0.0),
            lax.select_n(p, jnp.float32(1), jnp.float32(-1)), (x > y).astype(jnp.int8) - (x < y).astype(jnp.int8),
        )  # fmt: skip

    rng = np.random.default_rng(1)
    lanes = 999
    same(fn, rng.integers(0, 2, lanes).astype(bool), rng.integers(0, 100, lanes).astype(np.int32),
         *rng.integers(-9, 9, (2, lanes)).astype(np.int32), rng.integers(0, 255, lanes).astype(np.uint8))  # fmt: skip
