"""Arithmetic on scalars some of which are known to be zero when the step is traced.

A `Scalar` is a traced number or a Python float. A Python ``0.0`` is the absence of a term: it is dropped here instead
of becoming an operation that adds or multiplies by zero, so that a model pays only for what it has.
"""

from __future__ import annotations

import jax
import jax.numpy as jnp

Scalar = jax.Array | float
Vector = tuple[Scalar, Scalar]
"""Components along the horizontal and the vertical axis of the plane."""


def absent(x: Scalar) -> bool:
    """True if `x` is a zero known at trace time."""
    return isinstance(x, float) and x == 0.0


def add(*terms: Scalar) -> Scalar:
    """The sum, from left to right, without absent terms."""
    total: Scalar = 0.0
    for term in terms:
        if not absent(term):
            total = term if absent(total) else total + term
    return total


def mul(x: Scalar, y: Scalar) -> Scalar:
    """The product; absent when a factor is, and unchanged by a factor known to be one."""
    if absent(x) or absent(y):
        return 0.0
    for one, other in ((x, y), (y, x)):
        if isinstance(one, float) and abs(one) == 1.0:
            return other if one > 0 else -other
    return x * y


def sub(x: Scalar, y: Scalar) -> Scalar:
    """The difference."""
    if absent(y):
        return x
    return -y if absent(x) else x - y


def dot(a: Vector, b: Vector) -> Scalar:
    """Scalar product of two vectors."""
    return add(mul(a[0], b[0]), mul(a[1], b[1]))


def plus(a: Vector, b: Vector) -> Vector:
    """Sum of two vectors."""
    return add(a[0], b[0]), add(a[1], b[1])


def minus(a: Vector, b: Vector) -> Vector:
    """Difference of two vectors."""
    return sub(a[0], b[0]), sub(a[1], b[1])


def cross(a: Vector, b: Vector) -> Scalar:
    """Vector product of two vectors: positive if `b` lies to the left of `a`."""
    return sub(mul(a[0], b[1]), mul(a[1], b[0]))


def turned(arm: Vector) -> Vector:
    """The velocity of a point at `arm` from a pivot per unit rate of turning: d(rotated arm)/d(angle)."""
    return arm[1], sub(0.0, arm[0])


def moment(arm: Vector, force: Vector) -> Scalar:
    """The torque of a force that acts at `arm` from the pivot."""
    return sub(mul(arm[1], force[0]), mul(arm[0], force[1]))


def typed(x: Scalar, like: jax.Array) -> Scalar:
    """`x` in the precision of `like`. A choice between two Python floats would have that of JAX's settings."""
    return like.dtype.type(x) if isinstance(x, float) else x


def select(condition: jax.Array, yes: Scalar, no: Scalar) -> jax.Array:
    """``jnp.where`` whose result is a traced scalar."""
    return jnp.where(condition, yes, no)
