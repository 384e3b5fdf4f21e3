"""Primitives that are functions of others, against XLA; special functions against SciPy as well."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import lax
from jax._src.lax import lax as internal  # these primitives have no public name
from scipy import special

import jaxlanes

EDGES = [0.0, -0.0, 1.0, -1.0, np.inf, -np.inf, np.nan, -np.nan, 1.5, -2.5, 3e38, 1e-40, -1e-40]


def pairs() -> tuple[np.ndarray, np.ndarray]:
    edges = np.array(EDGES, np.float32)
    return tuple(part.ravel() for part in np.meshgrid(edges, edges, indexing="ij"))  # type: ignore[return-value]


def test_total_order(same: Any) -> None:
    def fn(a, b):
        return [getattr(internal, f"{name}_to_p").bind(a, b) for name in ("lt", "le", "eq")]

    same(fn, *pairs())
    same(fn, *(np.random.default_rng(0).integers(-3, 3, (2, 100), np.int8)))


def test_searchsorted_and_choice(same: Any) -> None:
    table = np.array([-3, -0.5, 0, 0, 0.25, 1, np.inf], np.float32)
    rows = np.random.default_rng(1).standard_normal((50, 4)).astype(np.float32)

    def fn(x):
        found = [jnp.searchsorted(table, x, side=side, method=method) for side in ("left", "right")
                 for method in ("scan", "compare_all", "sort")]  # fmt: skip
        return found, jnp.digitize(x, table), jnp.interp(x, table[:6], jnp.arange(6.0))

    same(fn, rows)
    keys = jax.random.split(jax.random.key(2), 300)
    chances = np.array([0.1, 0.0, 0.4, 0.25, 0.25], np.float32)
    same(lambda key: jax.random.choice(key, 5, (3,), p=chances), keys)
    same(lambda key: jax.random.categorical(key, jnp.log(chances), shape=(2,)), keys)


def test_lexicographic_sort(same: Any) -> None:
    rows = np.random.default_rng(3).integers(0, 3, (60, 2, 9)).astype(np.float32)
    same(lambda x: jnp.lexsort((x[0], x[1])), rows)


def test_reshape_in_another_order(same: Any) -> None:
    x = np.arange(48, dtype=np.int32).reshape(2, 2, 3, 4)
    same(lambda v: (lax.reshape(v, (6, 4), dimensions=(2, 0, 1)), jnp.ravel(v, order="F")), x)
    assert jaxlanes.explain(lambda v: jnp.reshape(v, (24,), order="F"), x[0]).supported


@pytest.mark.parametrize(("source", "target"), [("uint32", "uint8"), ("int32", "int16"), ("float32", "uint16"),
                                                ("int16", "uint8"), ("uint16", "int8")])  # fmt: skip
def test_bits_of_another_width(same: Any, source: str, target: str) -> None:
    bits = np.random.default_rng(4).integers(0, 256, (40, 3, np.dtype(source).itemsize), np.uint8)
    numbers = bits.view(source)[..., 0]
    if source == "float32":
        numbers = np.where(np.isfinite(numbers), numbers, np.float32(1)).astype(np.float32)
    same(lambda x: lax.bitcast_convert_type(x, jnp.dtype(target)), numbers)
    same(lambda x: lax.bitcast_convert_type(x, jnp.dtype(source)), numbers[..., None].view(target))
    constant = numbers[0]
    same(lambda x: x + lax.bitcast_convert_type(constant, jnp.dtype(target)).astype(np.int32), np.zeros(2, np.int32))


def test_reduce_by_a_function(same: Any) -> None:
    x = np.random.default_rng(5).integers(-9, 9, (30, 4, 5), np.int32)

    def either(a, b):
        return jnp.where(abs(a[0]) >= abs(b[0]), a[0], b[0]), a[1] + b[1]

    same(lambda v: lax.reduce(v, np.int32(3), lambda a, b: a | b, (1,)), x)
    same(lambda v: lax.reduce((v, v * v), (np.int32(0), np.int32(1)), either, (0,)), x)


def test_a_branch_by_platform(same: Any) -> None:
    x = np.arange(6, dtype=np.float32)
    same(lambda v: lax.platform_dependent(v, cpu=lambda a: a + 1, default=lambda a: a - 1), x)
    same(lambda v: lax.platform_dependent(v, tpu=lambda a: a + 1, default=lambda a: a - 1), x)


@pytest.mark.parametrize(("name", "units"), [("lgamma", 40), ("digamma", 40)])
def test_special_functions(name: str, units: float) -> None:
    """Both are sums that cancel near their zeros: there the error is beside 1, as XLA's is."""
    rng = np.random.default_rng(6)
    x = np.concatenate([rng.uniform(-6, 6, 4000), rng.uniform(0, 60, 2000), np.exp(rng.uniform(-20, 20, 2000))])
    x = np.concatenate([x, [0.5, 1, 2, -0.5, np.inf, np.nan]]).astype(np.float32)
    function = getattr(lax, name)
    ours, xlas = (np.asarray(jax.jit(vmap(function))(x)) for vmap in (jaxlanes.vmap, jax.vmap))
    true = {"lgamma": special.gammaln, "digamma": special.digamma}[name](x.astype(np.float64))
    assert np.array_equal(np.isnan(ours), np.isnan(xlas)) and np.array_equal(np.isinf(ours), np.isinf(xlas))
    kept = np.isfinite(xlas)
    scale = np.spacing(np.maximum(np.abs(true[kept]), 1).astype(np.float32)).astype(np.float64)
    slope = np.abs(special.polygamma(1, x[kept].astype(np.float64)))  # near a pole, an error of x counts
    scale += scale * slope * np.abs(x[kept])
    assert (np.abs(ours[kept] - true[kept]) <= units * scale).all()
    poles = np.array([0.0, -1.0, -2.0], np.float32)
    ours, xlas = (np.asarray(jax.jit(vmap(function))(poles)) for vmap in (jaxlanes.vmap, jax.vmap))
    assert np.array_equal(ours, xlas, equal_nan=True)


def test_gamma_and_dirichlet() -> None:
    keys = jax.random.split(jax.random.key(7), 200)

    def fn(key):
        return jax.random.gamma(key, jnp.array([0.3, 1.0, 4.5])), jax.random.dirichlet(key, jnp.ones(3))

    ours, xlas = (jax.jit(vmap(fn))(keys) for vmap in (jaxlanes.vmap, jax.vmap))
    for a, b in zip(jax.tree.leaves(ours), jax.tree.leaves(xlas), strict=True):
        np.testing.assert_allclose(a, b, rtol=2e-5)


def test_cumulative_logsumexp() -> None:
    x = np.random.default_rng(8).standard_normal((50, 7)).astype(np.float32)
    for reverse in (False, True):
        ours, xlas = (
            jax.jit(vmap(lambda v, reverse=reverse: lax.cumlogsumexp(v, reverse=reverse)))(x)
            for vmap in (jaxlanes.vmap, jax.vmap)
        )
        np.testing.assert_allclose(ours, xlas, rtol=1e-6, atol=1e-6)


def test_python_inside_is_refused_with_a_remedy() -> None:
    def fn(x):
        jax.debug.print("{}", x)
        return x

    with pytest.raises(jaxlanes.UnsupportedError, match=r"debug.*a kernel cannot call Python: take it out"):
        jaxlanes.vmap(fn, backend="simd")(np.zeros(3))
