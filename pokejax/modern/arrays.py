"""Small array operations and Showdown's whole-number arithmetic, in the forms that compile to the fewest operations."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

ONE = 4096
"""Showdown's modifiers are parts of 4096."""


def take(array: jax.Array, index: jax.Array) -> jax.Array:
    """``array[index]`` for a tiny leading axis, as a chain of selects; the last entry if ``index`` is out of range."""
    value = array[array.shape[0] - 1]
    for i in range(array.shape[0] - 1):
        value = jnp.where(index == i, array[i], value)
    return value


def lookup(table: np.ndarray, index: jax.Array) -> jax.Array:
    """``table[index]`` along the first axis; ``index`` must be in range (it is not checked)."""
    return jnp.asarray(table).at[index].get(mode="promise_in_bounds", wrap_negative_indices=False)


def quotient(numerator: jax.Array, denominator: jax.Array | int) -> jax.Array:
    """``numerator // denominator`` for int32 values that are not negative."""
    return lax.div(numerator, jnp.asarray(denominator, numerator.dtype))


def modify(value: jax.Array, modifier: jax.Array | int) -> jax.Array:
    """``battle.modify``: ``value`` times ``modifier`` / 4096, halves down, in 32 bits as the reference's ``trunc``."""
    product = value * modifier + (ONE // 2 - 1)
    return lax.shift_right_logical(product, jnp.int32(12))


def chain(modifier: jax.Array | int, when: jax.Array, factor: jax.Array | int) -> jax.Array:
    """``battle.chainModify``: the modifier with one more ``factor`` where ``when``."""
    return jnp.where(when, (modifier * factor + ONE // 2) >> 12, modifier)
