"""Kernels with JAX_ENABLE_X64: 64-bit numbers that are small or soon narrow, and everything else refused."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import lax
from test_lanes_dtypes import DTYPES, loops, rows, typed

import jaxenv
import jaxlanes
from jaxenv.builtin import BUILT_IN
from jaxenv.checks.play import play_lane
from jaxlanes.trace.program import lower


@pytest.fixture(autouse=True)
def _x64() -> Iterator[None]:
    with jax.enable_x64(True):
        yield


@pytest.mark.parametrize("dtype", DTYPES[1:])
def test_python_numbers_stay_narrow(same: Any, dtype: str) -> None:
    def fn(v: Any, n: Any, f: Any) -> Any:
        results = [v + n, v * n, n - v, v > jnp.asarray(n, v.dtype), jnp.minimum(v, n), v.at[1].set(n), v[0] + n]
        wide = {"weak", "while"}  # whose carries are 64 bits wide, and grow
        through = {name: result for name, result in loops(v, 3).items() if name not in wide}
        return results, [jnp.float32(1) * f, v.astype(jnp.float32) * f], through

    same(fn, rows(dtype), 3, 2.5, in_axes=(0, None, None))


def small(v: Any) -> Any:
    """Values that JAX makes 64 bits wide on its own."""
    place = jnp.argmax(v)
    return {
        "where": (jnp.where(v > 2, 1, 0), jnp.where(v > 2, 0.5, -2.0), jnp.where(v > 0, v, 1.5).astype(jnp.float32)),
        "place": (place, v[place], v.at[place].set(7), jnp.argsort(v), lax.top_k(v, 2)),
        "count": (jnp.sum(v > 1), jnp.cumsum(v > 1), jnp.sum(v > 1) // 2, jnp.sum(v > 1) % 3, jnp.sum(v > 1) > 2),
        "range": (jnp.arange(5), jnp.arange(5)[::-1] * 3, jnp.arange(5) * 2**40 // 2**38),
        "float": (jnp.sum(v > 1).astype(jnp.float64), jnp.maximum(jnp.where(v > 0, 0.25, 8.0), 0.5)),
        "negative": -jnp.where(v > 0, 1.0, 2.0),
        "rounded": (jnp.where(v > 0, 0.1, 1 / 3).astype(jnp.float32), jnp.float32(jnp.max(jnp.where(v > 0, 0.1, 0.2)))),
        "mixed": (v + jnp.where(v > 0, 1, 2).astype(v.dtype), jnp.where(v > 0, 3, 4) < 4, jnp.sign(jnp.sum(v > 0) - 2)),
        "shifts": (jnp.where(v > 0, 5, 9) >> 1, jnp.where(v > 0, 5, 9) << 3 & 63, -jnp.where(v > 0, 5, 9) >> 2),
        "table": jnp.asarray(np.arange(6000) * 3)[jnp.argmax(v) * 7],
    }  # fmt: skip


@pytest.mark.parametrize("dtype", ["int8", "int32", "float32"])
def test_small_numbers_of_64_bits(same: Any, dtype: str) -> None:
    same(small, rows(dtype))


def counted(v: Any) -> Any:
    def step(state: Any, x: Any) -> Any:
        i, total, most = state
        return (i + 2, total + x * i.astype(jnp.int32), jnp.maximum(most, jnp.where(x > 0, i, 3))), (i, x)

    first = (5, v[0], 0)
    down = lax.while_loop(lambda s: (s[0] > 0) & (s[1] < 1000), lambda s: (s[0] - 1, s[1] + s[0].astype(jnp.int32)),
                          (9, v[0]))  # fmt: skip
    until = lax.fori_loop(0, v[0] % 5, lambda i, s: s + v[i], jnp.int32(0))
    nested = lax.fori_loop(0, 3, lambda i, s: lax.fori_loop(0, i, lambda j, t: t + v[j] * i.astype(jnp.int32), s), v[1])
    low_word = lax.fori_loop(0, 40, lambda i, s: s * 3 + i, 1).astype(jnp.int32)
    return {
        "scan": lax.scan(step, first, v), "reverse": lax.scan(step, first, v, reverse=True),
        "down": down, "until": until, "nested": nested, "low word": low_word,
        "switch": lax.switch(v[0] % 3, [lambda: 1, lambda: 2**20, lambda: jnp.argmin(v)]),
        "cond": lax.cond(v[0] > 0, lambda: (1, 0.5), lambda: (2, 4.0)),
    }  # fmt: skip


def test_counters_of_loops(same: Any) -> None:
    same(counted, rows("int32"))


REFUSED: dict[str, Callable[[Any, Any], Any]] = {
    "a sum that may overflow": lambda v, c: jnp.sum(jnp.stack([v, v])),
    "a product that may overflow": lambda v, c: v.astype(jnp.int64) * v,
    "a comparison of what may be cut": lambda v, c: v.astype(jnp.int64) * 4 > 7,
    "a comparison with a number": lambda v, c: v.astype(jnp.int64) > c,
    "a number as a result": lambda v, c: c,
    "an unsigned one of the lower half": lambda v, c: v.astype(jnp.uint32).astype(jnp.int64),
    "a negative one without a sign": lambda v, c: v.astype(jnp.uint64),
    "a product of floats": lambda v, c: jnp.sum(v > 1) * 1.5,
    "a sum of floats": lambda v, c: v.astype(jnp.float64) + 0.1,
    "a float that is rounded": lambda v, c: jnp.where(v > 0, 0.1, 0.2),
    "a float of an integer": lambda v, c: v.astype(jnp.float64),
    "a comparison of floats that are rounded": lambda v, c: jnp.where(v > 0, 0.1, 0.2) < 0.1,
    "an integer of a float": lambda v, c: v.astype(jnp.float32).astype(jnp.int64),
    "a carry that grows": lambda v, c: lax.fori_loop(0, 40, lambda i, s: s * 3 + i, 1),
    "a counter without an end": lambda v, c: lax.while_loop(lambda s: s[1] > 0, lambda s: (s[0] + 1, s[1] - 1), (0, v)),
    "bits": lambda v, c: lax.population_count(v.astype(jnp.int64)),
    "a bitcast": lambda v, c: lax.bitcast_convert_type(jnp.where(v > 0, 1, 2), jnp.float64),
    "random bits": lambda v, c: jax.random.bits(jax.random.key(1), dtype=jnp.uint64) > 5,
    "a draw": lambda v, c: jax.random.uniform(jax.random.key(1), dtype=jnp.float64) > v,
}


@pytest.mark.parametrize("name", REFUSED)
def test_whatever_may_need_64_bits_is_refused(name: str) -> None:
    v, fn = rows("int32")[:, 0], REFUSED[name]
    with pytest.raises(jaxlanes.UnsupportedError, match=r"64 bits|of width 64|bitcast") as refused:
        jaxlanes.vmap(fn, (0, None), backend="simd")(v, 3)
    assert "32" in refused.value.remedy or "xla" in refused.value.remedy
    with pytest.warns(jaxlanes.LanesWarning, match="jaxlanes uses XLA"):
        found = jaxlanes.vmap(fn, (0, None))(v, 3)
    assert typed(found) == typed(jax.vmap(fn, (0, None))(v, 3))


def test_arguments_of_64_bits_that_are_cut(same: Any) -> None:
    def fn(v: Any, w: Any, f: Any, c: Any) -> Any:
        moved = jnp.concatenate([v[::-1], v[:2]])
        narrow = (moved * 3 + c).astype(jnp.int16), (v ^ w).astype(jnp.uint8)
        return narrow, f.astype(jnp.float32), (-f).astype(jnp.float32)

    rng = np.random.default_rng(0)
    v, w = rng.integers(-(2**62), 2**62, (2, 40, 3))
    same(fn, v, w, rng.standard_normal((40, 3)), 2**40 + 5, in_axes=(0, 0, 0, None))


# ---- random programs. Nothing is divided by zero: x / x is 1 to XLA's optimiser since jax 0.11, and else -1.

_INTEGERS: list[Callable[[Any, Any], Any]] = [
    lambda a, b: a + b, lambda a, b: a - b, lambda a, b: a * b, lambda a, b: a & b, lambda a, b: a | b,
    lambda a, b: a ^ b, lambda a, b: lax.div(a, b | 1), lambda a, b: lax.rem(a, b | 1), jnp.minimum, jnp.maximum,
    lambda a, b: jnp.where(a < b, a, b),
    lambda a, b: -a, lambda a, b: abs(a), lambda a, b: ~a, lambda a, b: a << 3, lambda a, b: a >> 2,
    lambda a, b: lax.shift_right_logical(a, jnp.full_like(a, 1)), lambda a, b: jnp.sign(a),
    lambda a, b: a.astype(jnp.int16).astype(a.dtype), lambda a, b: a.astype(jnp.uint8).astype(a.dtype),
    lambda a, b: a.astype(jnp.int32).astype(a.dtype), lambda a, b: a.astype(jnp.uint32).astype(a.dtype),
    lambda a, b: (a == b).astype(a.dtype), lambda a, b: jnp.clip(a, -5, 1000), lambda a, b: lax.rem(a, a * 0 + 97),
    lambda a, b: jnp.stack([a, b]).sum(), lambda a, b: jnp.stack([a, b, a]).max(), lambda a, b: jnp.array(7, a.dtype),
    lambda a, b: a.astype(jnp.float32).astype(jnp.int32).astype(a.dtype),
]  # fmt: skip
_FLOATS: list[Callable[[Any, Any], Any]] = [
    lambda a, b: jnp.where(a > b, a, b), jnp.maximum, jnp.minimum, lambda a, b: -a, lambda a, b: abs(a),
    lambda a, b: jnp.where(b > 0, 0.1, a), lambda a, b: jnp.where(b > 0, 0.5, a), lambda a, b: jnp.clip(a, -2.0, 1.0),
    lambda a, b: a.astype(jnp.float32).astype(a.dtype), lambda a, b: jnp.stack([a, b]).max(),
    lambda a, b: a.astype(jnp.int32).astype(a.dtype), lambda a, b: a + b, lambda a, b: a * 0.5,
]  # fmt: skip


def program(seed: int, dtype: str) -> Callable[[Any, Any], Any]:
    """Eight operations on 64-bit values made of two of 32 bits or fewer; then what is narrow of them, and all of it."""
    operations = _FLOATS if dtype == "float64" else _INTEGERS

    def fn(x: Any, y: Any) -> Any:
        rng = np.random.default_rng(seed)
        values = [x.astype(dtype), y.astype(dtype), jnp.array(rng.integers(-9, 300), dtype)]
        for _ in range(int(rng.integers(1, 8))):
            a, b = (values[int(i)] for i in rng.integers(0, len(values), 2))
            values.append(operations[int(rng.integers(len(operations)))](a, b))
        last = values[-1]
        whole = rng.random() < 0.5
        return last if whole else last.astype("float32" if dtype == "float64" else rng.choice(["int32", "uint8"]))

    return fn


@pytest.mark.parametrize(("dtype", "source"), [("int64", "int8"), ("int64", "int32"), ("uint64", "uint32"),
                                              ("float64", "float32")])  # fmt: skip
def test_random_programs_are_right_or_refused(same: Any, dtype: str, source: str) -> None:
    x, y = rows(source)[:, 1], rows(source, 1)[:, 2]
    taken = []
    for seed in range(150):
        fn = program(seed, dtype)
        try:
            lower(jax.make_jaxpr(fn)(x[0], y[0]), [True, True])
        except jaxlanes.UnsupportedError as error:
            assert "64 bits" in str(error)
        else:
            taken.append(fn)
    assert len(taken) > 30
    same(lambda x, y: [fn(x, y) for fn in taken], x, y)


# ---- our own environments


LONG = ("pokejax/gen1ou", "tcgjax/pocket", "tcgjax/pocket-a1")


@pytest.mark.parametrize("name", [pytest.param(id, marks=pytest.mark.sweep) if id in LONG else id for id in BUILT_IN])
def test_environments_are_played_in_kernels_as_without_the_flag(name: str) -> None:
    """By the same kernels but for the types at their edges: XLA's own results with the flag are theirs."""
    env = jaxenv.make(name)
    keys = jax.random.split(jax.random.key(0), 20)
    play = jaxlanes.vmap(functools.partial(play_lane, env, 2), (0, None), backend="simd")
    ours = play(keys, env.default_params)
    with jax.enable_x64(False):
        narrow = play(keys, env.default_params)
    for (path, x), y in zip(jax.tree_util.tree_leaves_with_path(ours), jax.tree.leaves(narrow), strict=True):
        if not jnp.issubdtype(x.dtype, jax.dtypes.prng_key):
            np.testing.assert_array_equal(np.asarray(x), np.asarray(y), jax.tree_util.keystr(path))
