"""Kernels inside JAX's own transformations: shards with varying axes, donated buffers, compilation ahead of time."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import lax
from jax.sharding import PartitionSpec as P

import jaxlanes

X = np.arange(12, dtype=np.float32).reshape(6, 2)
SCALE = jnp.float32(3)
SPLIT = P("devices")


def step(x: Any, scale: Any) -> Any:
    return x * 2 + scale


OURS, THEIRS = jaxlanes.vmap(step, (0, None), backend="simd"), jax.vmap(step, (0, None))


def sharded(function: Any, out: Any = SPLIT) -> Any:
    mesh = jax.make_mesh((1,), ("devices",), axis_types=(jax.sharding.AxisType.Auto,))
    return jax.shard_map(function, mesh=mesh, in_specs=(SPLIT, P()), out_specs=out)


def several(function: Any) -> Any:
    return lambda x, scale: lax.scan(lambda c, _: (function(c, scale), None), x, None, length=3)[0]


@pytest.mark.parametrize("wrap", [sharded, lambda f: jax.jit(sharded(f)), lambda f: jax.jit(sharded(several(f)))])
def test_shards_whose_values_vary(wrap: Any) -> None:
    assert np.array_equal(wrap(OURS)(X, SCALE), wrap(THEIRS)(X, SCALE))


def test_random_keys_in_shards() -> None:
    def draw(key: Any, total: Any) -> Any:
        key, use = jax.random.split(key)
        return key, total + jax.random.uniform(use)

    def play(vmap: Any) -> Any:
        return lambda keys, x: lax.scan(lambda c, _: (vmap(draw)(*c), None), (keys, x), None, length=3)[0]

    mesh = jax.make_mesh((1,), ("devices",), axis_types=(jax.sharding.AxisType.Auto,))
    keys, spec = jax.random.split(jax.random.key(0), 6), (SPLIT, SPLIT)
    ours, theirs = (
        jax.jit(jax.shard_map(play(vmap), mesh=mesh, in_specs=spec, out_specs=spec))(keys, X)
        for vmap in (lambda f: jaxlanes.vmap(f, backend="simd"), jax.vmap)
    )
    assert np.array_equal(ours[1], theirs[1])
    assert np.array_equal(jax.random.key_data(ours[0]), jax.random.key_data(theirs[0]))


def test_a_result_that_varies_is_not_taken_for_one_of_all_devices() -> None:
    for function in (OURS, THEIRS):
        with pytest.raises(ValueError, match="out_specs"):
            sharded(function, P())(X, SCALE)


def test_derivatives_in_shards() -> None:
    ours, theirs = (jax.grad(lambda x, f=f: sharded(f)(x, SCALE).sum())(X) for f in (OURS, THEIRS))
    assert np.array_equal(ours, theirs)


def test_donated_buffers_and_compilation_ahead_of_time() -> None:
    donated = jax.jit(OURS, donate_argnums=0)
    given = jnp.array(X)
    assert np.array_equal(donated(given, SCALE), THEIRS(X, SCALE)) and given.is_deleted()
    compiled = jax.jit(OURS).lower(X, SCALE).compile()
    assert np.array_equal(compiled(X, SCALE), THEIRS(X, SCALE))
    assert jax.eval_shape(OURS, X, SCALE) == jax.eval_shape(THEIRS, X, SCALE)
    rematerialised = jax.grad(lambda x: jax.checkpoint(lambda v: OURS(v, SCALE))(x).sum())(X)
    assert np.array_equal(rematerialised, np.full_like(X, 2))


def test_export_is_refused_by_the_name_of_the_kernel() -> None:
    """A kernel is code of this machine."""
    with pytest.raises(ValueError, match="custom_call @jaxlanes_"):
        jax.export.export(jax.jit(OURS))(X, SCALE)
