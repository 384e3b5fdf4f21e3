"""The constrained acceleration: Newton's method on MuJoCo's convex primal problem (``engine_solver.c``).

The acceleration minimises a'Ma/2 - a'f + sum over rows of D min(J a - reference, 0)^2 / 2. Where the set of rows that
act does not change the cost is quadratic, so a full Newton step that leaves the set as it was has reached the minimum:
that, not a gradient tolerance that float32 seldom meets, ends the iteration. Full steps settle within a few iterations
on every state seen, but have no guarantee; should they not, steps of the length that minimises the cost along them
follow, which cannot fail to descend.
"""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Sequence
from typing import NamedTuple

import jax
import jax.numpy as jnp

from cheetahjax.constraints import Constraints
from cheetahjax.coordinates import Layout
from cheetahjax.scalars import Scalar, add, mul, sub
from cheetahjax.state import SolverReport
from cheetahjax.tree_matrix import TreeMatrix, matrix_sum, multiply, solve

HALVINGS = 30
"""Bisections of the step length: enough to resolve it in float32, and float64 repeats the step anyway."""


@dataclasses.dataclass(frozen=True)
class NewtonOptions:
    """Settings of the solver's iteration. Hashable, so that it can be a static argument."""

    full_steps: int = 16
    """Iterations with full steps before the fallback takes over."""
    damped_steps: int = 48
    """Iterations that the fallback may add."""
    fixed_iterations: int | None = None
    """Take exactly so many full steps instead: no data-dependent loop, so that `jax.grad` can pass through. Six are
    enough on ordinary motion and twelve on wild states; `SolverReport.unconverged` tells when they were not."""


class Problem(NamedTuple):
    """One state's problem, in absolute coordinates."""

    order: Layout
    mass: TreeMatrix
    force: Sequence[Scalar]
    """All forces but the constraints'."""
    rows: Constraints


class _Iterate(NamedTuple):
    acceleration: tuple[jax.Array, ...]
    residuals: tuple[jax.Array, ...]
    settled: jax.Array
    iterations: jax.Array
    damped: jax.Array


def minimise(problem: Problem, start: Sequence[Scalar], options: NewtonOptions) -> tuple[list[Scalar], SolverReport]:
    """The constrained acceleration, from one to start at, both in absolute coordinates."""
    zero = jnp.zeros((), jnp.int32)
    acceleration = tuple(jnp.asarray(part) for part in start)
    first = _Iterate(acceleration, tuple(problem.rows.residuals(acceleration)), jnp.zeros((), jnp.bool_), zero, zero)
    if options.fixed_iterations is not None:
        last = jax.lax.fori_loop(
            0, options.fixed_iterations, lambda _, iterate: _iterate(problem, iterate, None), first
        )
    else:
        cap = options.full_steps + options.damped_steps
        last = jax.lax.while_loop(
            lambda iterate: ~iterate.settled & (iterate.iterations < cap),
            lambda iterate: _iterate(problem, iterate, options.full_steps),
            first,
        )
    unconverged = (~last.settled).astype(jnp.int32)
    return list(last.acceleration), SolverReport(last.iterations, last.damped, unconverged)


def _iterate(problem: Problem, iterate: _Iterate, full_steps: int | None) -> _Iterate:
    gradient, stiffness = _gradient(problem, iterate.acceleration, iterate.residuals)
    step = solve(problem.order, matrix_sum(problem.mass, stiffness), [-part for part in gradient])
    settled, damped = jnp.ones((), jnp.bool_), jnp.zeros((), jnp.bool_)
    if full_steps is not None and iterate.residuals:
        damped = iterate.iterations >= full_steps
        length = _step_length(problem, iterate.acceleration, step, damped)
        step = [length * part for part in step]
        settled = length == 1
    moved = tuple(jnp.asarray(a + d) for a, d in zip(iterate.acceleration, step, strict=True))
    after = tuple(problem.rows.residuals(moved))
    settled = settled & ~_changed(iterate.residuals, after)
    return _Iterate(moved, after, settled, iterate.iterations + 1, iterate.damped + damped.astype(jnp.int32))


def _gradient(
    problem: Problem, acceleration: Sequence[Scalar], residuals: Sequence[jax.Array]
) -> tuple[list[jax.Array], TreeMatrix]:
    """The cost's gradient, and the rows' part of its Hessian."""
    push, stiffness = problem.rows.act(residuals)
    inertial = multiply(problem.mass, acceleration)
    parts = zip(inertial, problem.force, push, strict=True)
    return [jnp.asarray(sub(sub(m, f), p)) for m, f, p in parts], stiffness


def _changed(before: Sequence[jax.Array], after: Sequence[jax.Array]) -> jax.Array:
    """True if a row began or ceased to act: if any residual changed its sign."""
    products = [old * new for old, new in zip(before, after, strict=True)]
    if not products:
        return jnp.zeros((), jnp.bool_)
    return functools.reduce(jnp.minimum, products) < 0


def _step_length(
    problem: Problem, acceleration: Sequence[jax.Array], step: Sequence[Scalar], damped: jax.Array
) -> jax.Array:
    """1, or where `damped` is set the length in (0, 1] that minimises the cost along the step.

    The slope of the cost along the step is negative at its beginning and only grows: its root is bracketed and halved,
    in a loop that otherwise makes no trip. Each slope is taken from a whole gradient, since XLA would lift whatever
    does not depend on the length out of this loop, and pay for it in every iteration.
    """

    def halve(carry: tuple[jax.Array, jax.Array, jax.Array]) -> tuple[jax.Array, jax.Array, jax.Array]:
        low, high, trips = carry
        middle = (low + high) / 2
        point = [a + middle * d for a, d in zip(acceleration, step, strict=True)]
        gradient, _ = _gradient(problem, point, problem.rows.residuals(point))
        rises = add(*[mul(g, d) for g, d in zip(gradient, step, strict=True)]) > 0
        return jnp.where(rises, low, middle), jnp.where(rises, middle, high), trips + 1

    one = jnp.ones_like(acceleration[0])
    start = jnp.zeros_like(one), one, jnp.zeros((), jnp.int32)
    _, high, _ = jax.lax.while_loop(lambda carry: damped & (carry[2] < HALVINGS), halve, start)
    return high
