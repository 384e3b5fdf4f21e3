"""Branches and loops whose lanes go different ways, against XLA."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from jax.custom_batching import custom_vmap

import jaxlanes

LANES = 77


def integers(shape: tuple[int, ...], low: int, high: int, dtype: str = "int32", seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(low, high, (LANES, *shape)).astype(dtype)


def heavy(x: Any, rounds: int = 6) -> Any:
    """Too many operations to be done for all lanes."""
    for i in range(rounds):
        x = (x * 1103515245 + 12345 + i) ^ (x >> 7)
    return x


def test_branches(same: Any) -> None:
    def fn(i, x, y):
        two = lax.cond(x > y, lambda: (heavy(x), y), lambda: (y, heavy(y)))
        one_sided = lax.cond(i == 3, heavy, lambda v: v, x)
        many = lax.switch(i, [lambda: x, lambda: heavy(x), lambda: heavy(y, 9), lambda: y + 1], *())
        small = lax.cond(x > 0, lambda: x + 1, lambda: x - 1)
        nested = lax.cond(i > 2, lambda: lax.cond(x > y, lambda: heavy(x), lambda: heavy(y)), lambda: x)
        shared = lax.switch(i, [lambda: (x, y, True), lambda: (x, heavy(y), True), lambda: (x, y, x > 3)])
        return two, one_sided, many, small, nested, shared

    same(fn, integers((), -2, 7), integers((), -50, 50, seed=1), integers((), -50, 50, seed=2))


def test_only_one_branch_can_be_taken(same: Any) -> None:
    """The index is not a constant, but no lane has another one. (Round 287 of the fuzzer's seed 1.)"""

    def fn(i, x, y):
        index = lax.div(jnp.int32(0), lax.max(i, jnp.int32(1)))
        return lax.switch(index, [lambda: (heavy(x), y), lambda: (heavy(y), x), lambda: (y, heavy(x, 9))])

    same(fn, integers((), -2, 7), integers((), -50, 50, seed=1), integers((), -50, 50, seed=2))


def test_nobody_takes_the_branch(same: Any) -> None:
    """A value that no lane gives stays within what is known of it: it may be an index."""

    def fn(i, x):
        place = lax.cond(i > 5, lambda: lax.cond(x > 0, lambda: 3 + (heavy(x) & 1), lambda: 4), lambda: jnp.int32(0))
        return jnp.arange(40)[place], place

    same(fn, integers((), 0, 5), integers((), -5, 5))
    same(fn, integers((), 0, 9), integers((), -5, 5))


def test_loops_of_known_length(same: Any) -> None:
    def fn(x, v):
        counted = lax.fori_loop(0, 7, lambda i, c: c * 3 + i, x)
        carry, rows = lax.scan(lambda c, r: (c + r, (c * r, c > r, r.astype(jnp.int8))), x, v)
        back, backward = lax.scan(lambda c, r: (heavy(c) + r, c), x, v, reverse=True)
        once, only = lax.scan(lambda c, r: (c + r, c), x, v[:1])
        none, empty = lax.scan(lambda c, r: (c + r, c), x, v[:0])
        fixed, _ = lax.scan(lambda c, _: ((c[0], c[1] + c[0], c[1]), None), (x, x, x), length=5)
        table, _ = lax.scan(lambda c, r: (c + r, None), x, jnp.arange(50))
        stacked = lax.scan(lambda c, r: (c, jnp.stack([c, r]).astype(bool)), x, v)[1]
        nested = lax.scan(lambda c, r: lax.scan(lambda d, s: (d + s * r, d), c, v), x, v)
        return (counted, carry, rows, back, backward, once, only, none, empty, fixed, table, stacked, nested,
                rows[0].sum(), backward[x % 6])  # fmt: skip

    same(fn, integers((), -9, 9), integers((6,), -9, 9))


def test_loops_that_lanes_leave_at_different_times(same: Any) -> None:
    def collatz(n):
        def body(c):
            n, steps = c
            return jnp.where(n % 2 == 0, n // 2, 3 * n + 1), steps + 1

        return lax.while_loop(lambda c: c[0] != 1, body, (n, 0))

    def fn(n, m):
        inside = lax.cond(m > 3, lambda: collatz(n)[1], lambda: m)
        bound = lax.fori_loop(0, m, lambda i, c: c + i, n)
        twice = lax.while_loop(lambda c: c[0] < m, lambda c: (c[0] + 1, c[1] + collatz(c[0] + 1)[1]), (0, 0))
        never = lax.while_loop(lambda c: c < 0, lambda c: c + 1, n)
        return collatz(n), inside, bound, twice, never

    same(fn, integers((), 1, 40), integers((), 0, 8, seed=1))


def test_a_loop_that_idle_lanes_would_never_leave() -> None:
    """Inside a branch only the lanes that took it decide when a loop ends. (XLA, which selects, turns 2**31 times.)"""

    def fn(n):
        count = lambda: lax.while_loop(lambda c: c != 0, lambda c: c - 2, n)  # noqa: E731
        return lax.cond(n % 2 == 0, count, lambda: n)

    n = integers((), 0, 50)
    assert np.array_equal(jaxlanes.vmap(fn, backend="simd")(n), np.where(n % 2 == 0, 0, n))


def test_calls(same: Any) -> None:
    @jax.custom_jvp
    def with_rule(x):
        return x * 2

    with_rule.defjvp(lambda p, t: (with_rule(*p), t[0] * 2))

    @custom_vmap
    def batched_otherwise(x):
        return lax.cond(x > 0, heavy, lambda v: v, x)

    batched_otherwise.def_vmap(lambda size, batched, x: (jax.vmap(lambda v: jnp.where(v > 0, heavy(v), v))(x), True))

    def fn(x, y):
        vjp = jax.custom_vjp(lambda a: a + 3)
        vjp.defvjp(lambda a: (a + 3, None), lambda _, g: (g,))
        remat = jax.checkpoint(lambda a: jnp.where(a > 0, a, -a))
        return with_rule(y), batched_otherwise(x), vjp(y), remat(y), jax.jit(heavy)(x), lax.stop_gradient(y)

    same(fn, integers((), -9, 9), integers((), -9, 9).astype(np.float32))


def test_a_gradient_inside(same: Any) -> None:
    same(lambda x: jax.grad(lambda v: (v * v * v).sum())(x), integers((3,), -9, 9).astype(np.float32))


def test_a_long_program_in_parts(same: Any) -> None:
    """More operations than one function holds, with branches and loops that cross from part to part."""

    def fn(x, y):
        history = []
        for i in range(60):
            x = heavy(x, 8) + y
            y = lax.cond(x % 3 == 0, lambda x=x, y=y: heavy(y, 60), lambda y=y: y)
            if i % 20 == 5:
                x, rows = lax.scan(lambda c, r, i=i: (c * 5 + r + i, c ^ r), x, jnp.stack([x, y, x + y]))
                history.append(rows)
            history.append(x)
        return history, y

    same(fn, integers((), -99, 99), integers((), -99, 99, seed=1))


def test_keys_are_carried_by_loops(same: Any) -> None:
    def fn(key: Any, n: Any) -> Any:
        def body(state: Any) -> Any:
            key, i, total = state
            key, own = jax.random.split(key)
            return key, i + 1, total + jax.random.bits(own)

        start = (key, jnp.int32(0), jnp.uint32(0))
        return lax.while_loop(lambda s: s[1] < n, body, start), lax.fori_loop(0, 3, lambda i, s: body(s), start)

    same(fn, jax.random.split(jax.random.key(2), 30), np.arange(30, dtype=np.int32) % 5)


def test_keys(same: Any) -> None:
    def fn(key, n):
        a, b = jax.random.split(key)
        many = jax.random.split(key, 5)
        folded = jax.random.fold_in(a, n)
        chosen = jnp.where(n > 3, a, b)
        picked = many[n % 5]
        carried, bits = lax.scan(
            lambda k, i: (jax.random.fold_in(k, i), jax.random.bits(k, (), jnp.uint32)), a, jnp.arange(4)
        )
        either = lax.cond(n > 2, lambda: jax.random.split(b)[0], lambda: a)
        draws = (
            jax.random.bits(a, (3,), jnp.uint32), jax.random.bits(a, (5,), jnp.uint8),
            jax.random.randint(b, (4,), 0, n + 1), jax.random.randint(a, (), -3, 9, jnp.int8),
            jax.random.bernoulli(b, 0.3, (3,)), jax.random.permutation(folded, 6),
            jax.random.choice(b, jnp.arange(7)),
        )  # fmt: skip
        fresh = (
            jax.random.key(n),
            jax.random.wrap_key_data(jax.random.key_data(a)),
            many,
            jax.vmap(jax.random.bits)(many),
        )
        return chosen, picked, folded, carried, bits, either, draws, fresh, a == b

    same(fn, jax.random.split(jax.random.key(4), LANES), integers((), 0, 9))


def test_old_style_keys(same: Any) -> None:
    def fn(key):
        return jax.random.split(key), jax.random.bits(key, (3,)), jax.random.fold_in(key, 3)

    same(fn, jax.random.split(jax.random.PRNGKey(4), LANES))


def test_uniform_draws(same: Any) -> None:
    same(lambda key: jax.random.uniform(key, (7,)), jax.random.split(jax.random.key(4), LANES))


def test_loops_side_by_side(same: Any) -> None:
    """Loops as `jax.vmap` makes them of one in the function: a predicate for each, and carries of those still going."""

    def one(start, key):
        def body(carry):
            number, count, key = carry
            key, drawn = jax.random.split(key)
            return number * 5 + 1 + (jax.random.bits(drawn) & 1).astype(jnp.int32), count + 1, key

        number, count, key = lax.while_loop(lambda carry: (carry[0] & 7) != 0, body, (start, jnp.int8(0), key))
        return number, count, jax.random.key_data(key)

    numbers = np.random.default_rng(0).integers(0, 1000, (40, 3), np.int32)
    keys = jax.random.split(jax.random.key(1), (40, 3))
    same(jax.vmap(one), numbers, keys)
    same(jax.vmap(jax.vmap(one)), numbers.reshape(20, 2, 3), keys.reshape(20, 2, 3))
    same(jax.vmap(lambda n: lax.while_loop(lambda c: c.sum() % 5 != 0, lambda c: c + 1, jnp.stack([n, n + 3]))),
         numbers)  # fmt: skip
