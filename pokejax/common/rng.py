"""Showdown's 64-bit generator in uint32 arithmetic, so that no x64 mode is needed.

Source: sim/prng.js, ``Gen5RNG``: x ← a·x + c modulo 2^64, each draw scales the top 32 bits to a range.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence

import jax
import jax.numpy as jnp
import numpy as np

from jaxenv import struct

MULTIPLIER = 0x5D588B656C078965
INCREMENT = 0x269EC3

_MULTIPLIER_HIGH = np.uint32(MULTIPLIER >> 32)
_MULTIPLIER_LOW = np.uint32(MULTIPLIER & 0xFFFFFFFF)
_INCREMENT_LOW = np.uint32(INCREMENT)


@struct.dataclass
class Rng(struct.Node):
    """The generator's state as two uint32 scalars; Showdown writes it as the four 16-bit words of ``seed``."""

    hi: jax.Array
    lo: jax.Array


def seeded(seed: int | Sequence[int]) -> Rng:
    """The generator at a seed: an integer below 2^64, or Showdown's four 16-bit words. `ValueError` for another."""
    if isinstance(seed, int | np.integer):
        value = int(seed)
    else:
        words = [int(word) for word in seed]
        if len(words) != 4 or not all(0 <= word < 1 << 16 for word in words):
            raise ValueError(f"seed {list(seed)}: Showdown's seeds are four words of 0 to 65535")
        value = functools.reduce(lambda high, low: high << 16 | low, words)
    if not 0 <= value < 1 << 64:
        raise ValueError(f"seed {value}: allowed are 0 to 2^64 - 1, or four words of 0 to 65535")
    return Rng(hi=jnp.uint32(value >> 32), lo=jnp.uint32(value & 0xFFFFFFFF))


def advance(rng: Rng) -> Rng:
    """The state after one draw; its ``hi`` is what the draw yields."""
    low_a, low_b = _MULTIPLIER_LOW & np.uint32(0xFFFF), _MULTIPLIER_LOW >> np.uint32(16)
    x_a, x_b = rng.lo & np.uint32(0xFFFF), rng.lo >> np.uint32(16)
    cross_a, cross_b = x_a * low_b, x_b * low_a
    middle = ((x_a * low_a) >> np.uint32(16)) + (cross_a & np.uint32(0xFFFF)) + (cross_b & np.uint32(0xFFFF))
    carried = x_b * low_b + (cross_a >> np.uint32(16)) + (cross_b >> np.uint32(16)) + (middle >> np.uint32(16))
    product = rng.lo * _MULTIPLIER_LOW
    lo = product + _INCREMENT_LOW
    overflow = (lo < product).astype(jnp.uint32)
    hi = carried + rng.lo * _MULTIPLIER_HIGH + rng.hi * _MULTIPLIER_LOW + overflow
    return Rng(hi=hi, lo=lo)


def scale(word: jax.Array, n: int | jax.Array) -> jax.Array:
    """⌊word · n / 2^32⌋ as int32, for a uint32 ``word`` and 0 ≤ n < 65536."""
    if isinstance(n, int) and n > 0 and n & (n - 1) == 0:
        return (word >> np.uint32(33 - n.bit_length())).astype(jnp.int32)
    factor = jnp.asarray(n).astype(jnp.uint32)
    low = ((word & np.uint32(0xFFFF)) * factor) >> np.uint32(16)
    return (((word >> np.uint32(16)) * factor + low) >> np.uint32(16)).astype(jnp.int32)


def draw(rng: Rng, n: int | jax.Array, when: jax.Array | bool = True) -> tuple[Rng, jax.Array]:
    """Showdown's ``random(n)`` (an int32 in [0, n)), consumed only if ``when``; the value means nothing otherwise."""
    after = advance(rng)
    value = scale(after.hi, n)
    if when is True:
        return after, value
    return Rng(hi=jnp.where(when, after.hi, rng.hi), lo=jnp.where(when, after.lo, rng.lo)), value
