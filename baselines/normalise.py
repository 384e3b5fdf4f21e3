"""Running mean and variance, merged batch by batch (Chan, Golub and LeVeque 1979)."""

from __future__ import annotations

import jax
import jax.numpy as jnp

from jaxenv import struct

CLIP = 10.0
"""Normalised observations lie within so many standard deviations."""


@struct.dataclass
class Statistics:
    """Of samples `[size]` (or scalars) seen so far."""

    count: jax.Array  # float32
    mean: jax.Array
    variance: jax.Array


@struct.dataclass
class Moments:
    """Sums over a batch of samples, taken about `Statistics.mean` so that float32 does not cancel them."""

    count: jax.Array
    sum: jax.Array
    sum_of_squares: jax.Array


def initial(shape: tuple[int, ...]) -> Statistics:
    """Mean 0 and variance 1 until something was seen."""
    return Statistics(jnp.float32(0), jnp.zeros(shape, jnp.float32), jnp.ones(shape, jnp.float32))


def moments(statistics: Statistics, samples: jax.Array) -> Moments:
    """Of `samples [..., *shape]`; all leading axes are samples. A batch's moments add up over its parts."""
    leading = tuple(range(samples.ndim - statistics.mean.ndim))
    centred = samples - statistics.mean
    count = samples.size // max(statistics.mean.size, 1)
    return Moments(jnp.float32(count), jnp.sum(centred, leading), jnp.sum(centred**2, leading))


def merge(statistics: Statistics, batch: Moments) -> Statistics:
    """Statistics of everything seen with the batch added. The variance is that of the samples, not an estimate."""
    total = statistics.count + batch.count
    shift = batch.sum / batch.count  # the batch's mean less the old mean
    within = batch.sum_of_squares - batch.count * shift**2
    squares = statistics.variance * statistics.count + within + shift**2 * statistics.count * batch.count / total
    return Statistics(total, statistics.mean + shift * batch.count / total, squares / total)


def normalise(statistics: Statistics, samples: jax.Array) -> jax.Array:
    """Zero mean, unit variance, within `CLIP`."""
    scaled = (samples - statistics.mean) * jax.lax.rsqrt(statistics.variance + 1e-8)
    return jnp.clip(scaled, -CLIP, CLIP)
