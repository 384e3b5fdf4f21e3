"""Small array operations of the rules, in the forms that compile to the fewest instructions."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax


def take(array: jax.Array, index: jax.Array) -> jax.Array:
    """``array[index]`` for a tiny leading axis, as a chain of selects; the last entry if ``index`` is out of range."""
    value = array[array.shape[0] - 1]
    for i in range(array.shape[0] - 1):
        value = jnp.where(index == i, array[i], value)
    return value


def put(array: jax.Array, index: jax.Array, value: Any, when: jax.Array | bool = True) -> jax.Array:
    """``array`` (one axis) with ``value`` at ``index`` where ``when``; unchanged if ``index`` is out of range."""
    chosen = (jnp.arange(array.shape[0], dtype=jnp.int32) == index) & when
    return jnp.where(chosen, jnp.asarray(value, array.dtype), array)


def lookup(table: np.ndarray, index: jax.Array) -> jax.Array:
    """``table[index]`` along the first axis; ``index`` must be in range (it is not checked)."""
    return jnp.asarray(table).at[index].get(mode="promise_in_bounds", wrap_negative_indices=False)


def argmax(values: jax.Array) -> jax.Array:
    """int32: the place of the first greatest of ``values`` (one axis), whatever width JAX's integers have."""
    return lax.argmax(values, 0, jnp.int32)


def argmin(values: jax.Array) -> jax.Array:
    """int32: the place of the first least of ``values`` (one axis)."""
    return lax.argmin(values, 0, jnp.int32)


def quotient(numerator: jax.Array, denominator: jax.Array | int) -> jax.Array:
    """``numerator // denominator`` for int32 values that are not negative: floor and truncation agree."""
    return lax.div(numerator, jnp.asarray(denominator, numerator.dtype))


def sorted_four(keys: jax.Array) -> jax.Array:
    """``keys`` [..., 4] in ascending order: a network of five comparisons, for XLA's sort is slow on the CPU."""
    k0, k1, k2, k3 = (keys[..., i] for i in range(4))
    k0, k1, k2, k3 = jnp.minimum(k0, k1), jnp.maximum(k0, k1), jnp.minimum(k2, k3), jnp.maximum(k2, k3)
    k0, k2, k1, k3 = jnp.minimum(k0, k2), jnp.maximum(k0, k2), jnp.minimum(k1, k3), jnp.maximum(k1, k3)
    k1, k2 = jnp.minimum(k1, k2), jnp.maximum(k1, k2)
    return jnp.stack([k0, k1, k2, k3], axis=-1)
