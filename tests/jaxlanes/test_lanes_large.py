"""Large arrays, which kernels handle in loops over memory of the lanes; against XLA, every bit."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import lax

import jaxlanes
from jaxlanes.lower import loops
from jaxlanes.runtime import kernel
from jaxlanes.tools.fuzz import campaign
from jaxlanes.trace.program import lower

LANES = 37


def integers(shape: tuple[int, ...], low: int = -50, high: int = 50, dtype: str = "int32", seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(low, high, (LANES, *shape)).astype(dtype)


def floats(shape: tuple[int, ...], seed: int = 0) -> np.ndarray:
    return integers(shape, seed=seed).astype(np.float32) / 4


def _operations(fn: Any, *examples: Any) -> int:
    return jaxlanes.explain(fn, *(example[0] for example in examples)).operations


def test_a_chain_of_operations_is_one_short_loop(same: Any) -> None:
    def chain(x, y):
        for _ in range(5):
            x = jnp.where(x > y, x * 2 - y, jnp.abs(x) + 1)
        return x, x.sum(), x.max(), x.argmin()

    small, large = ([integers((size,), seed=seed) for seed in range(2)] for size in (300, 3000))
    same(chain, *small)
    assert _operations(chain, *large) == _operations(chain, *small) < 100


def test_a_long_chain_of_an_elementary_function_compiles_in_seconds() -> None:
    def chain(x):
        for _ in range(10):
            x = jnp.tanh(x)
        return x

    x = floats((3000,))
    got = jaxlanes.vmap(chain, backend="simd")(x)
    assert kernel.used[-1].seconds < 10
    np.testing.assert_allclose(got, jax.vmap(chain)(x), rtol=2e-6)


def test_a_rendered_image(same: Any) -> None:
    """Of 84x84 pixels: comparisons of coordinates, cells as squares, a window and a row written; and sums of it."""

    def render(ball, paddle, cells):
        row, column = (lax.broadcasted_iota(jnp.int32, (84, 84), axis) for axis in range(2))
        hit = (jnp.abs(column - ball[0]) < 2) & (jnp.abs(row - ball[1]) < 2)
        image = jnp.where(hit, 255, 0).astype(jnp.uint8)
        image = jnp.where((row >= paddle) & (row < paddle + 8) & (column == 3), jnp.uint8(128), image)
        squares = jnp.repeat(jnp.repeat(cells.astype(jnp.uint8) * 10, 8, 0), 8, 1)
        image = lax.dynamic_update_slice(image, squares, (ball[0] % 40, jnp.int32(5)))
        image = image.at[ball[0], ball[1]].set(7).at[10:20, 30].set(200)
        return image, image.sum(dtype=jnp.int32), (image > 0).any(1), image[::2, ::2].astype(jnp.float32) / 256

    same(render, integers((2,), 0, 84), integers((), 0, 76), integers((5, 5), 0, 20))
    assert kernel.used[-1].seconds < 10


def test_more_elements_than_can_be_handled_one_by_one(same: Any) -> None:
    def fn(x, i):
        table = jnp.arange(40_000).reshape(200, 200)
        return (table * i).sum(), (table + i)[i % 200], x[i % 40_000] + 1, (x * 2)[::7]

    same(fn, integers((40_000,)), integers((), 0, 9999))


@pytest.mark.parametrize("dtype", ["int8", "uint16", "uint32", "bool", "float32"])
def test_types_in_memory(same: Any, dtype: str) -> None:
    low, high = {"bool": (0, 2), "float32": (-40, 40)}.get(dtype, (np.iinfo("int8").min, np.iinfo("int8").max))

    def fn(x, i):
        moved = [x.T, x[::-1, 2:], jnp.concatenate([x, x[:3]]), jnp.tile(x, (2, 1)), x.reshape(30, -1), x.ravel()[i]]
        picked = [x[i % 20], x.at[i].set(x[0]), x.max(0), x.min(), jnp.argmax(x, 1), jnp.argmin(x.T, 1)]
        if dtype == "bool":
            return moved, picked, x & ~x.at[0].set(True), x.any(), x.all(1)
        return moved, picked, x + x * 3, x.sum(1, dtype=x.dtype), jnp.cumsum(x, 0, dtype=x.dtype), lax.cummax(x, 1)

    same(fn, integers((20, 15), low, high, dtype), integers((), -30, 30))


def test_moves(same: Any) -> None:
    def fn(x, y):
        return (
            jnp.pad(x, ((1, 2), (0, 3))), lax.pad(x, 7, ((-1, -1, 2), (2, 0, 1))), jnp.stack([x, y], 1), x @ y.T,
            jnp.split(x, [3, 9], axis=1), jnp.broadcast_to(x[:, None], (20, 4, 15)), jnp.roll(x * 2, 3), x[4, 5] + y,
            jnp.flip(x + y, 1).reshape(4, 75).T.reshape(-1), jnp.repeat(x, 3, 1), jnp.expand_dims(x, 1) + y[None, 0],
            jnp.unstack(x + y, axis=1)[:2], lax.reshape(x + y, (300,), dimensions=(1, 0)), jnp.einsum("ij,ij->j", x, y),
        )  # fmt: skip

    same(fn, integers((20, 15)), integers((20, 15), seed=1))


def test_indices_of_the_lanes_own(same: Any) -> None:
    table = np.arange(1800, dtype=np.int32).reshape(60, 30)

    def fn(x, i):
        read = x[i % 40], x.at[i].get(mode="fill"), x.at[i].get(mode="clip"), x[i[:3]], x[:, i[2]], x[i[0], i[1] % 10]
        along = jnp.take_along_axis(x, i[:40, None] % 10, 1), lax.dynamic_slice(x * 2, (i[0], i[1]), (5, 6))
        written = x.at[i].set(3), x.at[i[:40]].add(x), x.at[i[0], i[1]].max(44), x.at[:, i[3]].multiply(2)
        dropped = x.at[i[:5], i[5:10]].min(-7, mode="clip"), x.at[i[:20], i[20:40] % 10].add(1)
        return read, along, written, dropped, jnp.asarray(table)[i % 60], jnp.asarray(table)[i[0] % 60]

    same(fn, integers((40, 10)), integers((300,), -60, 60, seed=1))


def test_branches_and_loops_keep_large_arrays_in_memory(same: Any) -> None:
    def swapped(carry, row):
        a, b, n = carry
        return (b.at[n % 300].add(row), a[::-1], n + 1), (a[:5], b * 2)

    def fn(x, n):
        chosen = lax.switch(n % 3, [lambda: (x * 2, n), lambda: (x - 1, n + 1), lambda: (x, 3 * n)])
        same_twice = lax.cond(n > 0, lambda: (x, x.sum()), lambda: (x, n))
        scanned = lax.scan(swapped, (x, x + 1, n), jnp.arange(4) + n)
        rows = lax.scan(lambda total, row: (total + row.sum(), row * 2), n, jnp.tile(x, (3, 1)), reverse=True)
        waited = lax.while_loop(lambda c: c[1] > 40, lambda c: (c[0] * 3 - c[0][::-1], c[1] - 1), (x, n))
        inner = lax.fori_loop(0, 3, lambda i, c: lax.cond((n + i) % 2 == 0, lambda: c.at[i].add(c.sum()), lambda: c), x)
        return chosen, same_twice, scanned, rows, waited, inner

    same(fn, integers((300,)), integers((), seed=1))


def test_random_numbers(same: Any) -> None:
    def fn(seed):
        key = jax.random.key(seed)
        return jax.random.bits(key, (1000,)), jax.random.uniform(key, (20, 30)), jax.random.randint(key, (301,), 0, 9)

    same(fn, integers((), 0, 1000, "uint32"))


def test_a_sum_is_in_the_order_of_the_index() -> None:
    """The same bits as one by one, where the order decides them."""
    rng = np.random.default_rng(3)
    x = (rng.normal(size=(LANES, loops.LOOP_ELEMENTS + 1)) * 10.0 ** rng.integers(-9, 9, 1)).astype(np.float32)

    def one_by_one(row):
        total = row[0]
        for number in range(1, row.shape[0]):
            total = total + row[number]
        return total

    got = jaxlanes.vmap(lambda row: row.sum(), backend="simd")(x)
    assert np.array_equal(got, jaxlanes.vmap(one_by_one, backend="simd")(x))


def test_what_is_read_twice_is_computed_once() -> None:
    def fn(x):
        y = jnp.tanh(x)
        return y + 1, y * 2

    report = jaxlanes.explain(fn, np.zeros(1000, np.float32))
    assert report.kinds["tanh"] <= 4  # the elements that one iteration writes


def test_an_array_of_few_elements_has_no_loop() -> None:
    closed = jax.make_jaxpr(lambda x: (x * 2).sum())(np.zeros(loops.LOOP_ELEMENTS, np.int32))
    program = lower(closed, [True]).program
    assert all(isinstance(item, int) for item in program.body.items)


def test_the_fuzzer_draws_large_arrays() -> None:
    settings = campaign.Settings(1, classes=("programs",))
    rounds = [campaign.round_of(settings, number) for number in range(campaign.PROGRAMS_EVERY * campaign.LARGE_EVERY)]
    (large,) = {this.large: this for this in rounds if this.large}.values()
    sizes = [type_.size for program in large.programs.values() for type_ in program.types().values()]
    assert max(sizes) > 1000 and min(sizes) == 1
