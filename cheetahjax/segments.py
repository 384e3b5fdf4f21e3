"""Points of two segments that face each other (MuJoCo: ``mjc_segWeights``, what ``mjraw_CapsuleCapsule`` begins with).

Places on a segment count from -1 to 1, from one end to the other; MuJoCo's count from 0 to 1.
"""

from __future__ import annotations

from typing import NamedTuple

import jax
import jax.numpy as jnp

from cheetahjax.scalars import Vector, add, cross, dot, mul

PARALLEL = 1e-4
"""Largest sine of an angle at which MuJoCo 4.0.0 takes segments for parallel; it compares the square with 1e-8."""


class Facing(NamedTuple):
    """A point of either segment."""

    first: jax.Array
    """Place on the first segment, in [-1, 1]."""
    second: jax.Array
    meet: jax.Array
    """bool: the segments cross there."""


class Segments(NamedTuple):
    """Two segments in the plane."""

    lengths: tuple[float, float]
    """Half of each one's length."""
    halves: tuple[Vector, Vector]
    """From each centre to the end at 1."""
    between: Vector
    """From the second one's centre to the first's."""

    @property
    def directions(self) -> tuple[Vector, Vector]:
        """Unit vectors along them."""
        (first, second), (one, other) = self.halves, self.lengths
        return (mul(1 / one, first[0]), mul(1 / one, first[1])), (mul(1 / other, second[0]), mul(1 / other, second[1]))

    @property
    def sine(self) -> jax.Array:
        """Sine of the angle from one to the other, as exact as their directions: nothing cancels at small angles."""
        return jnp.asarray(cross(*self.halves)) * (1 / (self.lengths[0] * self.lengths[1]))


def facing(segments: Segments) -> tuple[jax.Array, Facing, Facing]:
    """The nearest points, or for parallel segments two pairs of points; bool, true if they are parallel.

    The second pair has no meaning where they are not. In the plane the lines of segments that are not parallel cross;
    beyond a segment's end, the end is nearest. Parallel ones face each other all along, and MuJoCo takes the points
    that face the ends of the first.
    """
    (first, second), between = segments.halves, segments.between
    parallel = jnp.abs(segments.sine) <= PARALLEL
    across = jnp.where(parallel, 1.0, jnp.asarray(cross(first, second)))
    crossing = jnp.asarray(cross(second, between)) / across
    one, other = segments.lengths
    along = dot(first, second)
    start, end = -jnp.asarray(dot(first, between)), jnp.asarray(dot(second, between))

    def beside(place: jax.Array | float) -> tuple[jax.Array, jax.Array, jax.Array]:
        """The points that face each other from a place on the first; bool, true if the second ends before."""
        faced = jnp.asarray(mul(1 / (other * other), add(end, mul(place, along))))
        clipped = jnp.clip(faced, -1.0, 1.0)
        back = jnp.clip(jnp.asarray(mul(1 / (one * one), add(start, mul(clipped, along)))), -1.0, 1.0)
        ends = jnp.abs(faced) > 1
        return jnp.where(ends, back, place), clipped, ends

    place, faced, ends = beside(jnp.where(parallel, -1.0, jnp.clip(crossing, -1.0, 1.0)))
    meet = ~parallel & (jnp.abs(crossing) <= 1) & ~ends
    last, last_faced, _ = beside(1.0)
    return parallel, Facing(place, faced, meet), Facing(last, last_faced, jnp.zeros_like(meet))


def normal(segments: Segments, places: Facing, apart: Vector) -> tuple[Vector, jax.Array]:
    """The unit vector from the first segment's point to the second's, and the distance, both 0 if the segments cross.

    `apart` is the way between the points.

    Where one of the points lies within its segment the vector is square to that segment, which tells its direction far
    better than the short way between two points that nearly meet. Of segments nearly in line rounding may put the
    points anywhere, and then the way between them is not square to either: it is taken as it is.

    Crossing segments have no normal. MuJoCo takes one out of the plane when their nearest points coincide to 1e-15, and
    the row then pushes nothing that moves; for segments parallel to 1e-15 as well, it takes the first axis. In a plane
    the points coincide exactly where the segments cross, whatever rounding leaves of their distance.
    """
    squared = jnp.asarray(dot(apart, apart))
    length = jnp.sqrt(jnp.where(squared == 0, 1.0, squared))
    found = jnp.asarray(apart[0] / length), jnp.asarray(apart[1] / length)
    length = jnp.where(squared == 0, 0.0, length)
    for direction, place in zip(segments.directions, (places.first, places.second), strict=True):
        slip = jnp.asarray(dot(apart, direction))
        beside = jnp.asarray(cross(apart, direction))
        rounding = 16 * float(jnp.finfo(beside.dtype).eps)
        within = (jnp.abs(place) < 1) & (jnp.abs(slip) < 0.01 * jnp.abs(beside) + rounding)
        sign = jnp.where(beside < 0, -1.0, 1.0).astype(beside.dtype)
        square = mul(sign, direction[1]), mul(-sign, direction[0])
        found = jnp.where(within, square[0], found[0]), jnp.where(within, square[1], found[1])
        length = jnp.where(within, jnp.abs(beside), length)
    # Segments nearly in line may seem to meet, in points that are far apart.
    near = length < float(jnp.finfo(length.dtype).eps) ** 0.5
    coincide = length < 1e-15
    crossing = (places.meet & near) | coincide
    in_line = coincide & (jnp.abs(segments.sine) < 1e-15)
    out = jnp.where(in_line, 1.0, 0.0).astype(length.dtype)
    return (jnp.where(crossing, out, found[0]), jnp.where(crossing, 0.0, found[1])), jnp.where(crossing, 0.0, length)
