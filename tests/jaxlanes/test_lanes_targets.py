"""Every width of lanes that this processor can run gives the same."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import lax

import jaxlanes
from jaxlanes.emit.targets import TARGETS, host_target
from jaxlanes.errors import LanesError


def everything(key: Any, x: Any, y: Any, i: Any, small: Any) -> Any:
    table = np.random.default_rng(0).integers(0, 255, 300).astype(np.uint8)
    integers = [
        x // y,
        x % y,
        lax.div(x, y),
        lax.rem(x, jnp.int32(7)),
        lax.div(small, i.astype(jnp.int8)),
        x << i,
        x >> i,
    ]
    integers += [
        lax.shift_right_logical(x, i),
        lax.population_count(x),
        lax.clz(x),
        jnp.maximum(x, y),
        x.astype(jnp.uint32) // 9,
    ]
    f = x.astype(jnp.float32) / 8
    floats = [lax.floor(f), lax.ceil(f), jnp.round(f), lax.sqrt(jnp.abs(f)), f.astype(jnp.int8), f.astype(jnp.uint32)]
    floats += [
        jnp.maximum(f, y.astype(jnp.float32)),
        lax.max(f, jnp.float32(jnp.nan)),
        x.astype(jnp.uint32).astype(jnp.float32),
    ]
    v = jnp.stack([x, y, i, x + i, y - i])
    arrays = [
        v[i % 5],
        jnp.asarray(table)[x % 300],
        jnp.sort(v),
        v.at[i % 7].set(3),
        jnp.argmax(v),
        v > x,
        jnp.cumsum(v),
    ]
    loop = lax.while_loop(lambda c: c[0] > 0, lambda c: (c[0] - 1, c[1] * 3 + 1), (i, x))
    branch = lax.cond(i > 5, lambda: [((x * k) ^ (y >> 3)) + k for k in range(20)], lambda: [y] * 20)
    return integers, floats, arrays, loop, branch, jax.random.bits(key, (3,)), jax.random.split(key)


def functions(f: Any) -> Any:
    elementary = [lax.sin, lax.cos, lax.tan, lax.exp, lax.exp2, lax.log, lax.log1p, lax.expm1, lax.tanh, lax.logistic]
    elementary += [lax.sinh, lax.cosh, lax.asinh, lax.cbrt, lax.erf, lax.erfc, lax.atan, lax.rsqrt, lax.erf_inv]
    return [function(f) for function in elementary], lax.pow(jnp.abs(f), f), lax.atan2(f, f + 1), lax.asin(f / 100)


def batch(lanes: int = 203) -> tuple[Any, ...]:
    rng = np.random.default_rng(7)
    x, y = rng.integers(-(2**31), 2**31, (2, lanes)).astype(np.int32)
    y[::2] >>= 24
    x[::3] >>= 20
    i = rng.integers(0, 34, lanes).astype(np.int32)
    return jax.random.split(jax.random.key(1), lanes), x, y, i, rng.integers(-128, 128, lanes).astype(np.int8)


def runnable() -> list[str]:
    name = host_target().name
    return {"avx512": ["avx512", "avx512x2", "avx2", "portable"], "avx2": ["avx2", "portable"], "neon": ["neon"]}.get(
        name, ["portable"]
    )


@pytest.mark.parametrize("isa", ["avx512", "avx512x2", "avx2", "portable", "neon"])
def test_each_instruction_set(same: Any, isa: str, monkeypatch: pytest.MonkeyPatch) -> None:
    if isa not in runnable() and TARGETS[isa].flags:
        pytest.skip(f"this processor has no {isa}")
    monkeypatch.setenv("JAXLANES_ISA", isa)
    same(everything, *batch())


def test_functions_are_the_same_bits_everywhere(monkeypatch: pytest.MonkeyPatch) -> None:
    f = (np.random.default_rng(3).standard_normal(500) * 20).astype(np.float32)
    results = []
    for isa in runnable():
        monkeypatch.setenv("JAXLANES_ISA", isa)
        results.append(jax.tree.leaves(jaxlanes.vmap(functions, backend="simd")(f)))
    for other in results[1:]:
        for a, b in zip(results[0], other, strict=True):
            assert np.array_equal(np.asarray(a), np.asarray(b), equal_nan=True)


def test_an_unknown_instruction_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JAXLANES_ISA", "avx1024")
    with pytest.raises(LanesError, match="JAXLANES_ISA='avx1024': no such instruction set; use one of avx512, avx2"):
        host_target()
