"""Doubles in integers: every result is the one that numpy's float64 gives, to the last bit."""

from __future__ import annotations

from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from pokejax.common import float64_words
from pokejax.common.float64_words import Double

COUNT = 20_000


def encode(values: np.ndarray) -> Double:
    return float64_words.from_words(jnp.asarray(float64_words.words(values)))


def decode(number: Double) -> np.ndarray:
    words = np.asarray(number.high).astype(np.uint64) << np.uint64(32) | np.asarray(number.low)
    return words.view(np.float64)


def pairs(scale: int) -> tuple[np.ndarray, np.ndarray]:
    """Numbers whose sizes differ by up to 2^(2·scale), many of them zero, opposite, nearly opposite or short."""
    rng = np.random.default_rng(scale)
    a, b = (rng.normal(size=COUNT) * 2.0 ** rng.integers(-scale, scale + 1, COUNT) for _ in range(2))
    a[:100] = 0
    b[50:150] = 0
    b[200:300] = -a[200:300]
    a[300:1000], b[300:1000] = rng.integers(-50, 50, 700) / 8, rng.integers(-50, 50, 700) / 10
    b[1000:5000] = -a[1000:5000] * (1 + 2.0 ** -rng.integers(20, 53, 4000))
    return a, b


@pytest.mark.parametrize("scale", [0, 1, 5, 30, 70])
@pytest.mark.parametrize(
    ("ours", "numpys"),
    [
        (float64_words.add, np.add),
        (float64_words.subtract, np.subtract),
        (float64_words.multiply, np.multiply),
        (float64_words.divide, np.divide),
    ],
    ids=lambda function: function.__name__,
)
def test_arithmetic(ours: Callable[..., Double], numpys: Callable[..., np.ndarray], scale: int) -> None:
    a, b = pairs(scale)
    b = np.where((b == 0) & (numpys is np.divide), 3.0, b)
    wanted = numpys(a, b)
    wanted[wanted == 0] = 0.0  # there is one zero
    assert np.array_equal(decode(jax.jit(ours)(encode(a), encode(b))).view(np.uint64), wanted.view(np.uint64))


@pytest.mark.parametrize("scale", [0, 5, 70])
def test_comparison(scale: int) -> None:
    a, b = pairs(scale)
    assert np.array_equal(float64_words.less(encode(a), encode(b)), a < b)
    assert not np.any(float64_words.less(encode(a), encode(a)))


def test_share() -> None:
    """Every fraction of HP there is."""
    part, whole = (grid.ravel() for grid in np.meshgrid(np.arange(1024), np.arange(1, 1024)))
    part, whole = part[part <= whole], whole[part <= whole]
    found = decode(jax.jit(float64_words.share)(jnp.asarray(part, jnp.int32), jnp.asarray(whole, jnp.int32)))
    assert np.array_equal(found, part / whole)


def test_greatest() -> None:
    values = np.array([1.4, 1.4000000000000001, -0.1, 1.4000000000000001, 7.0, 0.0])
    among = np.array([True, True, True, True, False, True])
    assert float64_words.greatest(encode(values), among).tolist() == [False, True, False, True, False, False]
    negative = np.array([-3.0, -0.1, -0.1, -2.0, 0.0, 1.0])
    assert float64_words.greatest(encode(negative), np.arange(6) < 4).tolist() == [
        False,
        True,
        True,
        False,
        False,
        False,
    ]
    assert not float64_words.greatest(encode(values), np.zeros(6, bool)).any()


def test_scale() -> None:
    values, factors = np.array([0.0, 1.1, 1.1, -1.1, 3.0]), np.array([16, 0, 1, 16, 4], np.int32)
    assert decode(float64_words.scale(encode(values), factors, -2)).tolist() == [0.0, 0.0, 0.275, -4.4, 3.0]


def test_constant() -> None:
    assert decode(float64_words.constant(-0.1)) == -0.1
