"""Showdown's modifiers, parts of 4096, and what it does with them."""

from __future__ import annotations

import jax
import jax.numpy as jnp
from jax import lax

ONE = 4096
"""Showdown's modifiers are parts of 4096."""


def modify(value: jax.Array, modifier: jax.Array | int) -> jax.Array:
    """``battle.modify``: ``value`` times ``modifier`` / 4096, halves down, in 32 bits as the reference's ``trunc``."""
    product = value * modifier + (ONE // 2 - 1)
    return lax.shift_right_logical(product, jnp.int32(12))


def chain(modifier: jax.Array | int, when: jax.Array, factor: jax.Array | int) -> jax.Array:
    """``battle.chainModify``: the modifier with one more ``factor`` where ``when``."""
    return jnp.where(when, (modifier * factor + ONE // 2) >> 12, modifier)
