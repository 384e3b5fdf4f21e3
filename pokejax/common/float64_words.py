"""IEEE 754 doubles in uint32 words, rounded to nearest even: Python's floats on any JAX backend.

poke-env's players compare products and sums of Python floats, and equal real numbers often differ there in the last
bit, which decides the choice. JAX has no doubles by default, and XLA may contract or reassociate those it has; integers
are the same everywhere.

All functions work elementwise on arrays of any shape. Numbers are zero or normal: whoever calls them keeps results
between 2**-1000 and 2**1000 in size; there is no infinity and no NaN.
"""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from jaxenv import struct

_BIAS = 1023
_ONE = np.uint32(1)
_HIDDEN = np.uint32(1 << 20)
"""The leading bit of a mantissa: bit 52, in the high word."""
_LIMB = np.uint32(0xFFFF)


@struct.dataclass
class Double(struct.Node):
    """The 64 bits of a double."""

    high: jax.Array
    """uint32: sign, eleven bits of exponent, twenty of mantissa."""
    low: jax.Array
    """uint32: the rest of the mantissa."""


def words(values: np.ndarray | float) -> np.ndarray:
    """uint32[..., 2] of float64[...]: high and low word, for tables."""
    bits = np.asarray(values, np.float64).view(np.uint64)
    return np.stack([bits >> np.uint64(32), bits & np.uint64(0xFFFFFFFF)], axis=-1).astype(np.uint32)


def constant(value: float) -> Double:
    """A Python float."""
    high, low = words(value)
    return Double(high=jnp.uint32(high), low=jnp.uint32(low))


def from_words(pair: jax.Array) -> Double:
    """uint32[..., 2], a row of a table made by `words`."""
    return Double(high=pair[..., 0], low=pair[..., 1])


def multiply(a: Double, b: Double) -> Double:
    """a · b."""
    (a_exponent, a_high, a_low), (b_exponent, b_high, b_low) = _unpack(a), _unpack(b)
    a_limbs = (a_low & _LIMB, a_low >> 16, a_high & _LIMB, a_high >> 16)
    b_limbs = (b_low & _LIMB, b_low >> 16, b_high & _LIMB, b_high >> 16)
    columns = [jnp.uint32(0)] * 8
    for i, x in enumerate(a_limbs):
        for j, y in enumerate(b_limbs):
            product = x * y
            columns[i + j] = columns[i + j] + (product & _LIMB)
            columns[i + j + 1] = columns[i + j + 1] + (product >> 16)
    for i in range(7):
        columns[i + 1] = columns[i + 1] + (columns[i] >> 16)
        columns[i] = columns[i] & _LIMB
    w0, w1, w2, w3 = (columns[i] | columns[i + 1] << 16 for i in (0, 2, 4, 6))
    # 106 bits, of which bit 105 may be clear: then everything moves up by one.
    short = (w3 >> 9) == 0
    w3 = jnp.where(short, w3 << 1 | w2 >> 31, w3)
    w2 = jnp.where(short, w2 << 1 | w1 >> 31, w2)
    w1 = jnp.where(short, w1 << 1 | w0 >> 31, w1)
    w0 = jnp.where(short, w0 << 1, w0)
    high = w3 << 11 | w2 >> 21
    low = w2 << 11 | w1 >> 21
    sticky = ((w1 & np.uint32((1 << 20) - 1)) | w0) != 0
    exponent = a_exponent + b_exponent - _BIAS + jnp.where(short, 0, 1)
    zero = _is_zero(a) | _is_zero(b)
    return _round(_sign(a) ^ _sign(b), exponent, high, low, w1 >> 20 & _ONE, sticky, zero)


def scale(a: Double, factor: jax.Array, power: int) -> Double:
    """a · factor · 2**power, exactly; ``factor`` is int32: zero or a power of two."""
    shift = 31 - lax.clz(factor) + power
    zero = _is_zero(a) | (factor == 0)
    high = a.high + (shift.astype(jnp.uint32) << 20)
    return Double(high=jnp.where(zero, 0, high), low=jnp.where(zero, 0, a.low))


def divide(a: Double, b: Double) -> Double:
    """a / b; ``b`` is not zero."""
    (a_exponent, high, low), (b_exponent, b_high, b_low) = _unpack(a), _unpack(b)
    smaller = _below(high, low, b_high, b_low)
    high, low = jnp.where(smaller, high << 1 | low >> 31, high), jnp.where(smaller, low << 1, low)
    quotient_high, quotient_low = jnp.zeros_like(high), jnp.zeros_like(low)
    for _ in range(54):  # the mantissa and one bit to round with
        fits = ~_below(high, low, b_high, b_low)
        rest_high, rest_low = _minus(high, low, b_high, b_low)
        high, low = jnp.where(fits, rest_high, high), jnp.where(fits, rest_low, low)
        quotient_high = quotient_high << 1 | quotient_low >> 31
        quotient_low = quotient_low << 1 | fits.astype(jnp.uint32)
        high, low = high << 1 | low >> 31, low << 1
    exponent = a_exponent - b_exponent + _BIAS - jnp.where(smaller, 1, 0)
    last = quotient_low & _ONE
    quotient_high, quotient_low = quotient_high >> 1, quotient_low >> 1 | quotient_high << 31
    sign = _sign(a) ^ _sign(b)
    return _round(sign, exponent, quotient_high, quotient_low, last, (high | low) != 0, _is_zero(a))


def add(a: Double, b: Double) -> Double:
    """a + b."""
    swap = _below(a.high & np.uint32(0x7FFFFFFF), a.low, b.high & np.uint32(0x7FFFFFFF), b.low)
    big = Double(high=jnp.where(swap, b.high, a.high), low=jnp.where(swap, b.low, a.low))
    small = Double(high=jnp.where(swap, a.high, b.high), low=jnp.where(swap, a.low, b.low))
    (exponent, high, low), (small_exponent, small_high, small_low) = _unpack(big), _unpack(small)
    # Three more bits: two to round with and one that stands for all that was shifted out.
    high, low = high << 3 | low >> 29, low << 3
    small_high, small_low = small_high << 3 | small_low >> 29, small_low << 3
    small_high, small_low = _shift_right(small_high, small_low, exponent - small_exponent)
    small_high, small_low = jnp.where(_is_zero(small), 0, small_high), jnp.where(_is_zero(small), 0, small_low)

    sum_high, sum_low = high + small_high, low + small_low
    sum_high = sum_high + (sum_low < low).astype(jnp.uint32)
    carries = (sum_high >> 24) != 0
    down_high, down_low = _shift_right(sum_high, sum_low, jnp.ones_like(exponent))
    sum_high, sum_low = jnp.where(carries, down_high, sum_high), jnp.where(carries, down_low, sum_low)

    less_high, less_low = _minus(high, low, small_high, small_low)
    zeros = jnp.where(less_high != 0, lax.clz(less_high), 32 + lax.clz(less_low)).astype(jnp.int32) - 8
    up_high, up_low = _shift_left(less_high, less_low, zeros)

    differ = _sign(a) != _sign(b)
    exponent = jnp.where(differ, exponent - zeros, exponent + carries.astype(exponent.dtype))
    high, low = jnp.where(differ, up_high, sum_high), jnp.where(differ, up_low, sum_low)
    last = low >> 2 & _ONE
    sticky = (low & np.uint32(3)) != 0
    zero = _is_zero(big) | (differ & ((less_high | less_low) == 0))
    return _round(_sign(big), exponent, high >> 3, low >> 3 | high << 29, last, sticky, zero)


def subtract(a: Double, b: Double) -> Double:
    """a − b."""
    return add(a, Double(high=b.high ^ np.uint32(1 << 31), low=b.low))


def share(part: jax.Array, whole: jax.Array) -> Double:
    """part / whole of int32 numbers, 0 ≤ part ≤ whole, 1 ≤ whole < 1024."""
    rest = part
    limbs = []
    for _ in range(4):
        rest = rest << 16
        limbs.append((rest // whole).astype(jnp.uint32))
        rest = rest % whole
    high, low = limbs[0] << 16 | limbs[1], limbs[2] << 16 | limbs[3]
    zeros = lax.clz(high).astype(jnp.int32)
    high, low = _shift_left(high, low, zeros)
    last, sticky = low >> 10 & _ONE, ((low & np.uint32((1 << 10) - 1)) != 0) | (rest != 0)
    ratio = _round(jnp.uint32(0), _BIAS - 1 - zeros, high >> 11, low >> 11 | high << 21, last, sticky, part == 0)
    one = constant(1.0)
    full = part >= whole
    return Double(high=jnp.where(full, one.high, ratio.high), low=jnp.where(full, one.low, ratio.low))


def less(a: Double, b: Double) -> jax.Array:
    """a < b."""
    (a_high, a_low), (b_high, b_low) = _ordered(a), _ordered(b)
    return _below(a_high, a_low, b_high, b_low)


def greatest(values: Double, among: jax.Array) -> jax.Array:
    """bool[n]: which of ``values`` [n] are the greatest of those ``among`` bool[n].

    By reductions: XLA would compute the values anew for each element that is sliced off.
    """
    high, low = _ordered(values)
    best = among & (high == jnp.max(jnp.where(among, high, 0)))
    return best & (low == jnp.max(jnp.where(best, low, 0)))


def _ordered(a: Double) -> tuple[jax.Array, jax.Array]:
    """Words that compare as unsigned numbers the way the doubles compare."""
    negative = _sign(a) != 0
    high = jnp.where(negative, ~a.high, a.high | np.uint32(1 << 31))
    return high, jnp.where(negative, ~a.low, a.low)


def _sign(a: Double) -> jax.Array:
    return a.high >> 31


def _is_zero(a: Double) -> jax.Array:
    return (a.high << 1 | a.low) == 0


def _unpack(a: Double) -> tuple[jax.Array, jax.Array, jax.Array]:
    """Exponent as it is stored (int32) and the 53 bits of mantissa as two words."""
    exponent = (a.high >> 20 & np.uint32(0x7FF)).astype(jnp.int32)
    return exponent, (a.high & np.uint32((1 << 20) - 1)) | _HIDDEN, a.low


def _round(
    sign: jax.Array,
    exponent: jax.Array,
    high: jax.Array,
    low: jax.Array,
    last: jax.Array,
    sticky: jax.Array,
    zero: jax.Array,
) -> Double:
    """A double from 53 bits of mantissa, the bit after them, and whether anything follows that; +0 where ``zero``."""
    up = last & (sticky.astype(jnp.uint32) | (low & _ONE))
    low = low + up
    high = high + (up & (low == 0).astype(jnp.uint32))
    # A mantissa rounded up to a power of two carries into the exponent, as it should.
    high = high - _HIDDEN + (exponent.astype(jnp.uint32) << 20)
    return Double(high=jnp.where(zero, 0, high | sign << 31), low=jnp.where(zero, 0, low))


def _below(a_high: jax.Array, a_low: jax.Array, b_high: jax.Array, b_low: jax.Array) -> jax.Array:
    return (a_high < b_high) | ((a_high == b_high) & (a_low < b_low))


def _minus(a_high: jax.Array, a_low: jax.Array, b_high: jax.Array, b_low: jax.Array) -> tuple[jax.Array, jax.Array]:
    return a_high - b_high - (a_low < b_low).astype(jnp.uint32), a_low - b_low


def _shift_right(high: jax.Array, low: jax.Array, by: jax.Array) -> tuple[jax.Array, jax.Array]:
    """By 0 to any number of places; the last bit is set if anything was lost."""
    by = jnp.minimum(by, 63).astype(jnp.uint32)
    far = by >= 32
    low, lost, high = jnp.where(far, high, low), jnp.where(far, low, 0), jnp.where(far, 0, high)
    by = by & np.uint32(31)
    moves = by != 0
    opposite = (np.uint32(32) - by) & np.uint32(31)
    gone = jnp.where(moves, low << opposite, 0)
    low = jnp.where(moves, low >> by | high << opposite, low)
    high = high >> by
    return high, low | ((gone | lost) != 0).astype(jnp.uint32)


def _shift_left(high: jax.Array, low: jax.Array, by: jax.Array) -> tuple[jax.Array, jax.Array]:
    """By 0 to 63 places."""
    by = jnp.clip(by, 0, 63).astype(jnp.uint32)
    far = by >= 32
    high, low = jnp.where(far, low, high), jnp.where(far, 0, low)
    by = by & np.uint32(31)
    opposite = (np.uint32(32) - by) & np.uint32(31)
    return jnp.where(by != 0, high << by | low >> opposite, high), low << by
