"""Kernels for CUDA without a GPU: what the source means, run on the host."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import numpy as np
import pytest
from cuda_functions import (
    KERNELS,
    arithmetic,
    arithmetic_batch,
    bits,
    elementary,
    floats_batch,
    integers,
    long_rows,
    stored,
)
from jax import lax

import jaxlanes
from jaxlanes.cuda import make_kernel, run_on_host
from jaxlanes.emit.cuda import ENTRY, LOCAL_WORDS, emit
from jaxlanes.errors import UnsupportedError
from jaxlanes.ir import Block, Program


def same_on_host(fn: Callable[..., Any], *args: Any, in_axes: Any = 0, expected: Any = None) -> None:
    """The kernel's results are those of `jax.vmap`, every bit of them."""
    got = run_on_host(make_kernel(fn, args, in_axes))(*args)
    wanted = stored(jax.jit(jax.vmap(fn, in_axes))(*args) if expected is None else expected)
    for number, (ours, theirs) in enumerate(zip(got, wanted, strict=True)):
        assert (ours.shape, ours.dtype) == (theirs.shape, theirs.dtype), number
        different = np.argwhere(bits(ours) != bits(theirs))
        assert not len(different), (
            f"result {number}: {len(different)} of {ours.size} differ, the first at {different[0]}"
        )


@pytest.mark.parametrize("dtype", ["int8", "uint16", "int32", "uint32"])
def test_integer_arithmetic(dtype: str) -> None:
    same_on_host(arithmetic, *arithmetic_batch(dtype))


@pytest.mark.parametrize("name", ["floats", "control", "shared_tables", "long_rows", "large_arrays"])
def test_a_kernel_on_the_host(name: str) -> None:
    fn, args, in_axes = KERNELS[name]()
    same_on_host(fn, *args, in_axes=in_axes)


def test_a_loop_that_other_lanes_would_never_leave() -> None:
    """Inside a branch only the lanes that took it go round. (XLA, which selects, turns 2**31 times.)"""

    def fn(n: Any) -> Any:
        return lax.cond(n % 2 == 0, lambda: lax.while_loop(lambda c: c != 0, lambda c: c - 2, n), lambda: n)

    n = integers((), 0, 50)
    same_on_host(fn, n, expected=np.where(n % 2 == 0, 0, n))


@pytest.mark.parametrize("name", ["pong", "half_cheetah"])
def test_an_environment_on_the_host(name: str) -> None:
    """Against the kernel of the CPU's lanes, which rounds as written too."""
    fn, args, in_axes = KERNELS[name]()
    same_on_host(fn, *args, in_axes=in_axes, expected=jaxlanes.vmap(fn, in_axes, backend="simd")(*args))


def test_elementary_functions_are_those_of_the_lanes() -> None:
    """Below 2**20, where sine and its like are not taken from libm."""
    rng = np.random.default_rng(1)
    f = np.concatenate([floats_batch()[0], rng.standard_normal(3000) * np.exp(rng.uniform(-12, 12, 3000))])
    f = f.astype(np.float32)[~(np.abs(f) >= 2**20) | ~np.isfinite(f)]
    same_on_host(elementary, f, expected=jaxlanes.vmap(elementary, backend="simd")(f))


def test_sine_of_large_numbers() -> None:
    """Half a unit in the last place; libm's own bound is not better."""
    rng = np.random.default_rng(2)
    f = (np.exp(rng.uniform(13.9, 88.7, 5000)) * rng.choice([-1, 1], 5000)).astype(np.float32)
    got = run_on_host(make_kernel(lambda x: (lax.sin(x), lax.cos(x), lax.tan(x)), (f,)))(f)
    with np.errstate(all="ignore"):
        for ours, function in zip(got, (np.sin, np.cos, np.tan), strict=True):
            true = function(f.astype(np.float64))
            assert (np.abs(ours - true) / np.spacing(np.abs(true.astype(np.float32)))).max() < 0.6


def test_remainders_of_all_magnitudes() -> None:
    rng = np.random.default_rng(4)
    x, y = (np.exp(rng.uniform(-80, 88, (2, 4000))) * rng.choice([-1, 1], (2, 4000))).astype(np.float32)
    (got,) = run_on_host(make_kernel(lax.rem, (x, y)))(x, y)
    expected = np.fmod(x, y)
    kept = np.abs(expected) >= np.finfo(np.float32).tiny  # the processor may flush what is subnormal
    assert np.array_equal(got[kept], expected[kept]) and kept.sum() > 3000


def test_what_the_source_says() -> None:
    kernel = make_kernel(long_rows, (integers((), 0, 500),))
    assert kernel.scratch_words == 2 * (LOCAL_WORDS + 9)
    assert f"{ENTRY}(long long lanes, int* __restrict__ scratch, const int* __restrict__ in0" in kernel.source
    assert "#include" not in kernel.source
    assert "LANES_FAST 1" in make_kernel(elementary, (floats_batch()[0],), fast=True).source


def test_too_many_arrays_for_a_launch() -> None:
    program = Program([], Block(), [("int32", 1)] * 600, [], [])
    with pytest.raises(UnsupportedError, match="600 arrays"):
        emit(program)


def test_arguments_that_do_not_fit() -> None:
    kernel = make_kernel(lambda a, b: a + b, (integers((), 0, 9), integers((), 0, 9)))
    with pytest.raises(ValueError, match="different batch sizes: \\[3, 131\\]"):
        kernel.arguments((integers((), 0, 9), np.zeros(3, np.int32)))
    with pytest.raises(ValueError, match="2 arrays as arguments, got 1"):
        kernel.arguments((integers((), 0, 9),))
