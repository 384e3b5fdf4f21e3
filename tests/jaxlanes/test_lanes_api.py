"""`jaxlanes.vmap` as it is called: where it can stand, what it refuses, when it falls back."""

from __future__ import annotations

import functools
import warnings
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import lax
from jax.sharding import PartitionSpec

import jaxlanes

X = np.arange(50, dtype=np.int32).reshape(10, 5)


def step(state: dict[str, Any], action: Any) -> tuple[dict[str, Any], Any]:
    """A function of pytrees."""
    position = state["position"] + action
    return {"position": position, "steps": state["steps"] + 1}, position.sum() > 20


def start() -> tuple[dict[str, Any], Any]:
    return {"position": jnp.asarray(X), "steps": jnp.zeros(10, jnp.int8)}, jnp.arange(10, dtype=jnp.int32)


def equal(a: Any, b: Any) -> bool:
    return jax.tree.all(jax.tree.map(lambda x, y: x.dtype == y.dtype and bool(jnp.array_equal(x, y)), a, b))


def test_eagerly_under_jit_and_in_a_scan() -> None:
    ours, theirs = jaxlanes.vmap(step, backend="simd"), jax.vmap(step)
    assert equal(ours(*start()), theirs(*start()))
    assert equal(jax.jit(ours)(*start()), theirs(*start()))

    def many(function, state, action):
        return lax.scan(lambda s, _: function(s, action), state, length=5)

    assert equal(jax.jit(functools.partial(many, ours))(*start()), many(theirs, *start()))
    assert ours.__name__ == "step" and ours.__doc__ == step.__doc__


def test_in_axes() -> None:
    def fn(tree, scale):
        return tree["a"] * scale["s"] + tree["b"]

    tree, scale = {"a": X, "b": np.int32(4)}, {"s": np.arange(5, dtype=np.int32)}
    axes = ({"a": 0, "b": None}, None)
    assert equal(jaxlanes.vmap(fn, axes, backend="simd")(tree, scale), jax.vmap(fn, axes)(tree, scale))
    with pytest.raises(ValueError, match="different batch sizes: \\[3, 10\\]"):
        jaxlanes.vmap(lambda a, b: a, backend="simd")(X, X[:3])
    with pytest.raises(ValueError, match="backend must be one of auto, xla, simd, cuda, got 'gpu'"):
        jaxlanes.vmap(fn, backend="gpu")


def test_under_vmap_and_shard_map() -> None:
    ours, theirs = (
        jaxlanes.vmap(lambda x, y: x * 2 + y, (0, None), backend="simd"),
        jax.vmap(lambda x, y: x * 2 + y, (0, None)),
    )
    stacked = np.stack([X, X + 1, X * 3])
    y = np.arange(5, dtype=np.int32)
    assert equal(jax.vmap(ours, (0, None))(stacked, y), jax.vmap(theirs, (0, None))(stacked, y))
    assert equal(jax.vmap(ours, (None, 0))(X, stacked[:, 0]), jax.vmap(theirs, (None, 0))(X, stacked[:, 0]))
    mesh = jax.make_mesh((1,), ("devices",), axis_types=(jax.sharding.AxisType.Auto,))
    spec = PartitionSpec("devices")
    mapped = jax.shard_map(lambda x: ours(x, jnp.asarray(y)), mesh=mesh, in_specs=spec, out_specs=spec, check_vma=False)
    assert equal(jax.jit(mapped)(X), theirs(X, y))


def test_what_it_closes_over_may_be_traced() -> None:
    @jax.jit
    def outer(x, offset):
        return jaxlanes.vmap(lambda row: row + offset, backend="simd")(x)

    assert equal(outer(X, np.int32(3)), X + 3)
    assert equal(outer(X, np.int32(4)), X + 4)


def test_derivatives_are_those_of_xla() -> None:
    x = np.linspace(0.1, 1, 10).astype(np.float32)

    def loss(function, x):
        return (function(x) ** 2).sum()

    ours, theirs = jaxlanes.vmap(jnp.sin, backend="simd"), jax.vmap(jnp.sin)
    assert jnp.allclose(jax.grad(functools.partial(loss, ours))(x), jax.grad(functools.partial(loss, theirs))(x))


def test_subnormal_numbers_are_treated_alike_on_every_thread() -> None:
    """XLA flushes them on its threads, and kernels run there."""
    x = np.full(1 << 16, 1e-40, np.float32)

    def fn(v):
        return lax.fori_loop(0, 60, lambda i, c: c * jnp.float32(1.5), v)

    got = np.asarray(jax.jit(jaxlanes.vmap(fn, backend="simd"))(x))
    assert np.array_equal(got, np.asarray(jax.jit(jax.vmap(fn))(x)))


def test_unsupported_names_the_primitive_and_the_line() -> None:
    def fn(x):
        return lax.bessel_i1e(x.astype(jnp.float32))

    with pytest.raises(
        jaxlanes.UnsupportedError, match=r"the primitive bessel_i1e .*test_lanes_api\.py:\d+.*backend=\"xla\""
    ):
        jaxlanes.vmap(fn, backend="simd")(X)
    batched = jaxlanes.vmap(fn)
    with pytest.warns(
        jaxlanes.LanesWarning, match=r"jaxlanes uses XLA: the primitive bessel_i1e .*test_lanes_api\.py"
    ) as caught:
        got = batched(X)
    assert len(caught) == 1
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # said once
        assert jnp.allclose(got, batched(X))
    assert jnp.allclose(got, jax.vmap(fn)(X))


@pytest.mark.parametrize("jitted", [False, True])
@pytest.mark.parametrize("function", [lax.bessel_i1e, jnp.fft.fft, lambda x: lax.bessel_i1e(x)])
def test_a_refusal_names_the_callers_line(function: Any, jitted: bool) -> None:
    """Also of a function of JAX, inside which there is no line of the caller's."""
    ours = jaxlanes.vmap(function, backend="simd")
    with pytest.raises(jaxlanes.UnsupportedError, match=r"test_lanes_api\.py:\d+") as refused:
        (jax.jit(ours) if jitted else ours)(X.astype(np.float32))
    assert "/jaxlanes/api.py" not in str(refused.value) and "/jaxlanes/trace" not in str(refused.value)
    with pytest.raises(jaxlanes.UnsupportedError, match=r"float16.* at .*test_lanes_api\.py:\d+"):
        ours(X.astype(np.float16))
    with pytest.warns(jaxlanes.LanesWarning) as caught:
        jaxlanes.vmap(function)(X.astype(np.float32))
    assert [warning.filename for warning in caught] == [__file__]


@pytest.mark.parametrize("jitted", [False, True])
def test_debug_nans_sees_kernels(jitted: bool) -> None:
    x = np.linspace(-1, 1, 8).astype(np.float32)
    ours = jaxlanes.vmap(lambda v: jnp.sqrt(v), backend="simd")
    infinite = jaxlanes.vmap(lambda v: 1 / (v * 0), backend="simd", fingerprint="infinite")
    if jitted:
        ours, infinite = jax.jit(ours), jax.jit(infinite)
    assert jnp.isnan(ours(x)).any() and jnp.isinf(infinite(x[4:])).any()
    with jax.debug_nans(True):
        with pytest.raises(FloatingPointError, match="nan"):
            ours(x)
        assert jnp.isfinite(ours(x[4:])).all() and jnp.isinf(infinite(x[4:])).any()
    with jax.debug_infs(True):
        with pytest.raises(FloatingPointError, match="inf"):
            infinite(x[4:])
        assert jnp.isnan(ours(x)).any()


def test_settings_of_jax_are_part_of_a_call() -> None:
    """The same arguments, and another program."""
    ours = jaxlanes.vmap(lambda v: v + jnp.ones(2).astype(jnp.float32) * jnp.argmax(v), backend="simd")
    x = np.arange(10, dtype=np.float32).reshape(5, 2)
    number = jaxlanes.vmap(lambda v: (v, jnp.argmax(v)), backend="simd")
    for flag in (False, True, False):
        with jax.enable_x64(flag):
            assert number(x)[1].dtype == (np.int64 if flag else np.int32)
            assert ours(x).dtype == np.float32


def test_types_that_no_lane_has() -> None:
    with pytest.raises(jaxlanes.UnsupportedError, match="an argument of type float16"):
        jaxlanes.vmap(lambda x: x, backend="simd")(X.astype(np.float16))
    with pytest.raises(jaxlanes.UnsupportedError, match="a lane has 32 bits"):
        jaxlanes.vmap(lambda x: x.astype(jnp.bfloat16).astype(jnp.float32), backend="simd")(X)


def test_auto_is_the_kernel_where_it_can_be() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        text = jax.jit(jaxlanes.vmap(step)).lower(*start()).as_text()
    assert "jaxlanes_" in text
    assert "jaxlanes_" not in jax.jit(jaxlanes.vmap(step, backend="xla")).lower(*start()).as_text()


def test_no_compiler(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JAXLANES_CC", "/nowhere/c++")
    with pytest.raises(jaxlanes.CompilerNotFoundError, match=r"JAXLANES_CC='/nowhere/c\+\+' cannot be run"):
        jaxlanes.vmap(step, backend="simd")(*start())
    with pytest.warns(jaxlanes.LanesWarning, match="cannot be run"):
        assert equal(jaxlanes.vmap(step)(*start()), jax.vmap(step)(*start()))
    monkeypatch.setenv("JAXLANES_CC", "false")
    with pytest.raises(jaxlanes.CompilerNotFoundError, match="exit status 1"):
        jaxlanes.vmap(step, backend="simd")(*start())


def test_explain() -> None:
    report = jaxlanes.explain(step, {"position": X[0], "steps": jnp.int8(0)}, jnp.int32(1))
    assert report.supported and report.equations >= 4 and report.primitives["reduce_sum"] == 1
    assert report.operations == sum(report.kinds.values()) and report.kinds["add"] >= 10
    assert "operations per lane" in str(report)
    bad = jaxlanes.explain(lambda x: lax.bessel_i1e(x), X[0].astype(np.float32))
    assert not bad.supported and "bessel_i1e" in bad.unsupported[0] and "test_lanes_api.py" in bad.unsupported[0]
    assert "unsupported: the primitive bessel_i1e" in str(bad)


def test_fast_may_round_once_where_two_roundings_are_written() -> None:
    x, y = (np.random.default_rng(seed).standard_normal(1000).astype(np.float32) for seed in (0, 1))

    def fn(a, b):
        return a * b + b

    exact = jaxlanes.vmap(fn, backend="simd")(x, y)
    fast = jaxlanes.vmap(fn, backend="simd", fast=True)(x, y)
    product = x * y
    assert jnp.array_equal(exact, product + y)
    assert jnp.allclose(fast, exact, rtol=1e-5, atol=1e-6)
