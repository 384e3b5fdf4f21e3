"""Functions of every kind with their batches, for tests of kernels for CUDA; and how results are compared."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

import jaxenv
from jaxenv.rollouts import rollout
from jaxlanes.emit.cuda import LOCAL_WORDS

LANES = 131


def stored(tree: Any) -> list[np.ndarray]:
    """As kernels have it: keys as their words."""
    leaves = jax.tree.leaves(tree)
    is_key = [jnp.issubdtype(leaf.dtype, jax.dtypes.prng_key) for leaf in leaves]
    return [np.asarray(jax.random.key_data(leaf) if key else leaf) for leaf, key in zip(leaves, is_key, strict=True)]


def bits(array: np.ndarray) -> np.ndarray:
    if array.dtype != np.float32:
        return array
    return np.where(np.isnan(array), np.float32(np.nan), array).view(np.uint32)


def integers(shape: tuple[int, ...], low: int, high: int, dtype: str = "int32", seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(low, high, (LANES, *shape)).astype(dtype)


def arithmetic(a: Any, b: Any) -> Any:
    binary = (lax.add, lax.sub, lax.mul, lax.div, lax.rem, lax.max, lax.min, lax.shift_left, lax.shift_right_logical,
              lax.shift_right_arithmetic, lax.lt, lax.eq, lax.bitwise_xor)  # fmt: skip
    by_constants = [lax.div(a, jnp.asarray(c, a.dtype)) for c in (0, 1, 7, 64)]
    narrowed = [a.astype(t) for t in ("int8", "uint8", "int16", "uint16", "uint32", "float32", "bool")]
    single = [lax.population_count(a), lax.clz(a), lax.sign(a), jnp.abs(a), ~a]
    return [op(a, b) for op in binary], by_constants, narrowed, single, jnp.mod(a, b), jnp.floor_divide(a, b)


def arithmetic_batch(dtype: str) -> tuple[np.ndarray, np.ndarray]:
    info = np.iinfo(dtype)
    near = [info.min, info.min + 1, -1, 0, 1, 2, 7, 8, 16, 31, 32, 33, info.max - 1, info.max]
    edges = np.array([v for v in near if info.min <= v <= info.max], dtype)
    a, b = (x.ravel() for x in np.meshgrid(edges, edges))
    many = np.random.default_rng(0).integers(info.min, info.max, (2, 500), dtype, endpoint=True)
    return np.concatenate([a, many[0]]), np.concatenate([b, many[1]])


def floats(a: Any, b: Any) -> Any:
    ops = (lax.add, lax.sub, lax.mul, lax.div, lax.max, lax.min, lax.lt, lax.le, lax.eq, lax.ne, lax.rem)
    single = (lax.neg, lax.abs, lax.sign, lax.floor, lax.ceil, lax.sqrt, lax.is_finite)
    rounded = lax.round(a, lax.RoundingMethod.AWAY_FROM_ZERO), lax.round(a, lax.RoundingMethod.TO_NEAREST_EVEN)
    converted = [a.astype(t) for t in ("int8", "uint8", "int16", "int32", "uint32", "bool")]
    constants = jnp.where(a > 1, jnp.nan, jnp.inf), jnp.asarray([np.inf, np.nan, -0.0, 1.5], jnp.float32)
    bits = lax.bitcast_convert_type(a, jnp.int32), lax.bitcast_convert_type(a, jnp.uint32)
    return [op(a, b) for op in ops], [op(a) for op in single], rounded, converted, constants, bits, lax.nextafter(a, b)


def floats_batch() -> tuple[np.ndarray, np.ndarray]:
    edges = np.array([0.0, -0.0, 1, -1, 0.5, -2.5, 3.5, np.inf, -np.inf, np.nan, 2.0**23, 2.0**31, -(2.0**31), 2.0**32,
                      3e38, 127.5, -128.5, 65535.5], np.float32)  # fmt: skip
    a, b = (x.ravel() for x in np.meshgrid(edges, edges))
    many = np.random.default_rng(0).standard_normal((2, 1000)).astype(np.float32) * np.float32(1e3)
    return np.concatenate([a, many[0]]), np.concatenate([b, many[1]])


def control(key: Any, i: Any, x: Any, v: Any) -> Any:
    def heavy(y: Any) -> Any:
        for k in range(20):
            y = (y * 1103515245 + 12345 + k) ^ (y >> 7)
        return y

    branch = lax.switch(i, [lambda: (x, i), lambda: (heavy(x), i), lambda: (heavy(i), x), lambda: (x + 1, x)])
    nested = lax.cond(i > 2, lambda: lax.cond(x > 9, lambda: heavy(x), lambda: heavy(i)), lambda: x)
    swapped, _ = lax.scan(lambda c, r: ((c[1], c[0] + r, c[2]), None), (x, i, key), v)
    carry, rows = lax.scan(lambda c, r: (heavy(c) + r, (c, c > r, c.astype(jnp.int8))), x, v)
    back = lax.scan(lambda c, r: (c + r, c), x, v, reverse=True)[1]
    left = lax.while_loop(lambda c: c[0] > 0, lambda c: (c[0] - 1, c[1] * 3 + heavy(c[0])), (i, x))
    table = jnp.asarray(np.random.default_rng(1).integers(-100, 100, 300).astype(np.int16))[(x * 7) % 300]
    curve = jnp.asarray(np.array([0.5, -np.inf, np.nan, 1.0] * 5, np.float32))[x % 20]
    draws = jax.random.split(key), jax.random.bits(key, (3,)), jax.random.randint(key, (), 0, i + 2)
    written = v.at[i].set(x), v.at[x % 9].add(i), rows[0][i % 6], rows[1][x % 6], jnp.sort(v), jnp.argmax(v)
    return branch, nested, swapped, carry, rows, rows, back, left, table, curve, draws, written


def control_batch() -> tuple[Any, ...]:
    keys = jax.random.split(jax.random.key(3), LANES)
    return keys, integers((), 0, 9), integers((), 0, 50, seed=1), integers((6,), -9, 9, seed=2)


def shared_tables(tables: Any, i: Any, x: Any) -> Any:
    big = jnp.asarray(np.random.default_rng(2).integers(-100, 100, (50, 200)).astype(np.int8))
    return [t[i % 7] for t in tables], [t[1:3] for t in tables], big[i, i * 3], x[i % x.shape[0]]


def shared_batch() -> tuple[Any, ...]:
    rng = np.random.default_rng(3)
    tables = [rng.integers(0, 100, 7).astype(t) for t in ("int8", "uint16", "int32", "uint32", "float32", "bool")]
    return tables, integers((), 0, 50), integers((40,), 0, 2, "bool")


def long_rows(x: Any) -> Any:
    """Rows of a loop that are too long for a thread's own memory: they go to the scratch buffer."""
    _, rows = lax.scan(lambda c, k: (c * 5 + k, (c, c.astype(jnp.float32))), x, jnp.arange(LOCAL_WORDS + 9))
    return rows[0][x % LOCAL_WORDS] + rows[0][3], rows[1][x % 7]


def large_arrays(x: Any, i: Any) -> Any:
    """Arrays in loops: in a thread's own memory, and in the scratch buffer."""
    y, mask = x * 2 + i, x > i
    read = (
        y[i % 20],
        x[:, i % 15],
        jnp.where(mask, y, -x).T,
        jnp.concatenate([x, y]),
        mask.sum(0),
        mask.at[i % 20].set(True),
    )
    kept = lax.fori_loop(0, 3, lambda k, c: lax.cond(i % 2 == 0, lambda: c.at[k].add(i), lambda: c[::-1]), x)
    image = jnp.zeros((60, 60), jnp.int16).at[i % 60, :20].set(x[0, 0].astype(jnp.int16))
    return read, kept, image, jnp.cumsum(x, 1), jnp.argmax(x, 1), x.max(), (image > 3).any(1)


def elementary(f: Any) -> Any:
    names = ("sin", "cos", "tan", "exp", "exp2", "log", "log1p", "expm1", "tanh", "logistic", "sinh", "cosh", "asinh",
             "cbrt", "erf", "erfc", "atan", "rsqrt", "erf_inv")  # fmt: skip
    return [getattr(lax, name)(f) for name in names], lax.pow(jnp.abs(f), f), lax.atan2(f, f + 1), lax.asin(f / 100)


def play(name: str, lanes: int = 33, steps: int = 3) -> tuple[Callable[..., Any], tuple[Any, ...], Any]:
    """The body of a rollout of random legal play: resets, keys, policy and step."""
    env = jaxenv.make(name)
    compiled = rollout(env, lanes, steps, collect=True, backend="xla")
    params = env.default_params

    def lane(carry: Any, params: Any) -> Any:
        from jaxenv.rollouts import _step

        return compiled._repeat(lambda c: _step(env, compiled.policy, c, params), None, carry, 0)

    return lane, (compiled.init(jax.random.key(3), params), params), (0, None)


KERNELS: dict[str, Callable[[], tuple[Callable[..., Any], tuple[Any, ...], Any]]] = {
    "arithmetic": lambda: (arithmetic, arithmetic_batch("int32"), 0),
    "floats": lambda: (floats, floats_batch(), 0),
    "control": lambda: (control, control_batch(), 0),
    "shared_tables": lambda: (shared_tables, shared_batch(), (None, 0, 0)),
    "long_rows": lambda: (long_rows, (integers((), 0, 500),), 0),
    "large_arrays": lambda: (large_arrays, (integers((20, 15), -90, 90), integers((), 0, 99)), 0),
    "elementary": lambda: (elementary, (floats_batch()[0],), 0),
    "pong": lambda: play("pongjax/puffer_pong"),
    "half_cheetah": lambda: play("cheetahjax/HalfCheetah-v5"),
}
