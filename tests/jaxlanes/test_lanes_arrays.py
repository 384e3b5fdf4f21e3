"""Primitives on whole arrays: shapes, reductions, indices known only at run time, sorts; against XLA, every bit."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import lax

LANES = 131


def integers(shape: tuple[int, ...], low: int, high: int, dtype: str = "int32", seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(low, high, (LANES, *shape)).astype(dtype)


def floats(shape: tuple[int, ...], seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(-40, 40, (LANES, *shape)).astype(np.float32) / 4


def test_shapes(same: Any) -> None:
    def fn(x, y):
        padded = lax.pad(x, jnp.int32(7), ((1, 2, 1), (-1, 3, 0)))
        return (
            x.T, x[::-1, 1:], x[1], x[:, ::2], jnp.concatenate([x, y], 1), jnp.stack([x, y], 1), padded, x.ravel(),
            jnp.broadcast_to(x[:, None, :], (3, 5, 4)), jnp.tile(x, (2, 1)), jnp.split(x, 2, axis=1), x.ravel()[5],
            jnp.roll(x, 3), jnp.arange(12).reshape(3, 4) + x, jnp.eye(3, dtype=jnp.int32) @ x, jnp.repeat(x, 2, 0),
            lax.pad(x, jnp.int32(7), ((-1, -1, 2), (0, 0, 1))), jnp.expand_dims(x, 1), jnp.zeros((0, 4), jnp.int32),
        )  # fmt: skip

    same(fn, integers((3, 4), -9, 9), integers((3, 4), -9, 9, seed=1))


@pytest.mark.parametrize("dtype", ["int8", "uint8", "int32", "uint32", "bool"])
def test_reductions(same: Any, dtype: str) -> None:
    def fn(x):
        sums = [x.sum(), x.sum(0), x.sum((0, 2)), x.prod(1), x.max(), x.min(2), x.any(0), x.all(1)]
        places = [jnp.argmax(x), jnp.argmin(x, 1), jnp.argmax(x, 2), lax.argmax(x, 0, jnp.int8)]
        if dtype == "bool":
            return sums, places
        running = [
            jnp.cumsum(x, 1),
            jnp.cumprod(x, 2),
            lax.cummax(x, 0),
            lax.cummin(x, 2),
            lax.cumsum(x, 1, reverse=True),
        ]
        xors = lax.reduce_xor(x, (0, 1)), lax.reduce_and(x, (2,)), lax.reduce_or(x, (1,))
        return sums, places, running, xors, x.astype(jnp.int32) @ jnp.ones((4,), jnp.int32)

    low, high = (0, 2) if dtype == "bool" else (np.iinfo(dtype).min, np.iinfo(dtype).max)
    same(fn, integers((2, 3, 4), low, high, dtype))


def test_float_reductions_and_nan(same: Any) -> None:
    """Sums of quarters are exact in any order, so that the order does not matter here."""

    def fn(x, y):
        exact = x.sum(), x @ x.T, jnp.cumsum(x, 1), x.prod(0), jnp.einsum("ij,kj->ik", x, x)
        return exact, y.max(), y.min(0), jnp.argmax(y, 1), jnp.argmin(y, 0), lax.cummax(y, 1), lax.cummin(y, 0)

    x = floats((2, 3))
    y = np.where(floats((2, 3), 1) > 6, np.nan, x)
    same(fn, x, y.astype(np.float32))


@pytest.mark.parametrize("dtype", ["uint8", "int8"])
def test_places_that_do_not_fit_their_type(same: Any, dtype: str) -> None:
    """XLA takes the least index of equal elements, of indices that have wrapped round. (Round 313 of seed 1.)"""

    def fn(x, y):
        return lax.argmax(x, 0, dtype), lax.argmin(x, 0, dtype), lax.argmin(y, 0, dtype)

    y = floats((300,), seed=3)
    same(fn, integers((300,), 0, 40), np.where(y < 0, np.float32(-np.inf), y))


@pytest.mark.parametrize(("dtype", "size"), [("uint8", 5), ("bool", 2), ("bool", 40), ("float32", 12), ("int32", 300)])
def test_reading_at_an_index(same: Any, dtype: str, size: int) -> None:
    """Chains of selects, permutations in registers, memory of the lanes, tables; in bounds and out."""
    table = np.random.default_rng(5).integers(0, 2 if dtype == "bool" else 200, size).astype(dtype)

    def fn(x, i, j):
        t = jnp.asarray(table)
        clipped = x.at[i].get(mode="clip"), t.at[i].get(mode="clip")
        filled = x.at[i].get(mode="fill"), t.at[j].get(mode="fill"), x.at[j.astype(jnp.int16)].get(mode="fill")
        sliced = lax.dynamic_slice(x, (i,), (2,)), lax.dynamic_slice(t, (j,), (min(3, size),))
        return x[i], t[i], x[i % size], t[i % size], x[i & 1], clipped, filled, sliced, x[jnp.stack([i, j])]

    x = integers((size,), 0, 2 if dtype == "bool" else 200, dtype)
    same(fn, x, integers((), -size - 3, size + 3), integers((), -size - 3, size + 3, seed=9))


@pytest.mark.parametrize("dtype", ["uint8", "float32", "bool"])
def test_writing_at_an_index(same: Any, dtype: str) -> None:
    def fn(x, i, j, v):
        rows = jnp.stack([i, j])
        written = (
            x.at[i].set(v), x.at[i, j].set(v[0]), x.at[:, j].set(v[:3]), x.at[i, j].set(v[1], mode="clip"),
            x.at[rows].set(jnp.stack([v, v])), x.at[i % 3, j % 4].set(v[2], mode="promise_in_bounds"),
            lax.dynamic_update_slice(x, v[None, :2], (i, j)), x.at[1].set(v), x.at[rows, rows].set(v[:2]),
        )  # fmt: skip
        if dtype == "bool":
            return written
        combined = (
            x.at[i].add(v),
            x.at[rows].add(v),
            x.at[i, j].max(v[0]),
            x.at[j].min(v),
            x.at[rows, 1].multiply(v[:2]),
        )
        return written, combined

    high = 2 if dtype == "bool" else 50
    same(
        fn,
        integers((3, 4), 0, high, dtype),
        integers((), -5, 6),
        integers((), -6, 7, seed=3),
        integers((4,), 0, high, dtype, 4),
    )


def test_tables_of_every_type_shared_by_all_lanes(same: Any) -> None:
    """An argument without lanes stays where it is."""

    def fn(tables, i):
        picked = [t[i % t.shape[0]] for t in tables]
        return picked, [t.sum(dtype=t.dtype) for t in tables], [t[1:3] for t in tables], [t[i % 2, 1] for t in tables]

    rng = np.random.default_rng(3)
    tables = [rng.integers(0, 100, (7, 3)).astype(t) for t in ("int8", "uint8", "int16", "uint16", "int32", "float32")]
    tables.append(rng.integers(0, 2, (7, 3)).astype(bool))
    same(fn, tables, integers((), 0, 1000), in_axes=(None, 0))


@pytest.mark.parametrize("dtype", ["int8", "uint16", "int32", "float32", "bool"])
def test_views_of_a_table_that_stays_in_memory(same: Any, dtype: str) -> None:
    """Rules that only look at memory in another way heed every parameter, too."""

    def fn(table, one, i):
        views = {
            "broadcast": [jnp.broadcast_to(one, (1,)), lax.broadcast_in_dim(table, (1, 7, 1, 3), (1, 3))],
            "wider": lax.broadcast_in_dim(table, (2, 7, 3), (1, 2)),
            "reshape": [table.reshape(3, 7), table.reshape(-1), table.ravel()[None, :, None].squeeze(2)],
            "expand": [lax.expand_dims(table, (0, 2)), table[None, :, None]],
            "moved": [table.T, table[::-1], jnp.stack([table, table])[1], jnp.concatenate([table, table])[5:9]],
            "slices": [table[2:5], table[2:7:2, 1:], lax.dynamic_slice(table, (i, 0), (2, 3)), table[3:4, 1:2]],
            "same": [table, one, lax.convert_element_type(table, jnp.dtype(dtype)), lax.optimization_barrier(table)],
        }
        return jax.tree.map(lambda x: x.ravel()[i % x.size], views), views["broadcast"][0], views["slices"]

    table = integers((7, 3), 0, 2 if dtype == "bool" else 100, dtype)
    same(fn, table[0], table[1, 0, 0], integers((), 0, 1000), in_axes=(None, None, 0))


def test_a_constant_too_big_for_the_source(same: Any) -> None:
    table = np.random.default_rng(2).integers(-100, 100, (50, 200)).astype(np.int8)
    same(lambda i, j: jnp.asarray(table)[i, j] + jnp.asarray(table)[3, j], integers((), 0, 50), integers((), 0, 200))


@pytest.mark.parametrize("size", [1, 5, 7, 16])
def test_sorts(same: Any, size: int) -> None:
    """Stable, with ties, zeros of both signs and NaN."""

    def fn(x, y, tag):
        by_two = lax.sort((y, x, tag), num_keys=2)
        return jnp.sort(x), jnp.argsort(y), lax.sort((y, tag), num_keys=1), by_two, -jnp.sort(-y), jnp.argsort(x)

    rng = np.random.default_rng(size)
    x = rng.choice(np.array([0.0, -0.0, 1, 2, -1, np.nan, np.inf, -np.inf], np.float32), (LANES, size))
    same(fn, x, integers((size,), 0, 4), integers((size,), 0, 1000, seed=1))


def test_top_k(same: Any) -> None:
    same(lambda x: lax.top_k(x, 3), integers((9,), 0, 5))


def test_nothing_but_constants(same: Any) -> None:
    same(lambda x: (jnp.int32(3), jnp.arange(4), jnp.zeros((2, 2)), jnp.array([True, False]), x), integers((), 0, 5))
    assert jax.default_backend() == "cpu"
