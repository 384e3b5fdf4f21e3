"""Rules of the linear algebra of small matrices: as JAX functions of their elements, in the order of LAPACK's loops."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from jaxlanes.lower.composed import run_function
from jaxlanes.lower.context import Context, rule
from jaxlanes.lower.values import Value

SIZE_LIMIT = 32
"""Rows of a matrix whose elements are handled one by one."""


def _mapped(function: Callable[..., Any], axes: int) -> Callable[..., Any]:
    """The function of matrices, for arrays of them."""
    for _ in range(axes):
        function = jax.vmap(function)
    return function


def _check(context: Context, equation: Any) -> int:
    """Refuse large matrices; the number of axes before those of the matrix."""
    shape = equation.invars[0].aval.shape
    if max(shape[-2:]) > SIZE_LIMIT:
        rows, columns = shape[-2:]
        raise context.unsupported(f"{equation.primitive.name} of {rows}x{columns} (at most {SIZE_LIMIT} rows)")
    return len(shape) - 2


def _sum(terms: list[Any]) -> Any:
    total = terms[0]
    for term in terms[1:]:
        total = total + term
    return total


@rule("cholesky", bodies=True)
def _cholesky(context: Context, equation: Any, a: Value) -> Value:
    """The lower triangle; NaN everywhere if the matrix is not positive definite."""
    if equation.params.get("symmetrize_input"):
        raise context.unsupported("cholesky that makes its operand symmetric")

    def function(matrix: Any) -> Any:
        size = matrix.shape[0]
        rows: list[list[Any]] = [[None] * size for _ in range(size)]
        good = jnp.bool_(True)
        for j in range(size):
            pivot = matrix[j, j] - _sum([rows[j][k] * rows[j][k] for k in range(j)]) if j else matrix[j, j]
            good &= pivot > 0
            rows[j][j] = root = jnp.sqrt(pivot)
            for i in range(j + 1, size):
                dot = _sum([rows[i][k] * rows[j][k] for k in range(j)]) if j else None
                rows[i][j] = (matrix[i, j] if dot is None else matrix[i, j] - dot) / root
        full = [[rows[i][j] if j <= i else matrix[i, j] for j in range(size)] for i in range(size)]
        return jnp.where(good, jnp.stack([jnp.stack(row) for row in full]), jnp.nan)

    axes = _check(context, equation)
    return run_function(context, _mapped(function, axes), equation, [a])[0]


@rule("triangular_solve", bodies=True)
def _triangular_solve(context: Context, equation: Any, a: Value, b: Value) -> Value:
    """By substitution, row after row."""
    params = equation.params
    left, lower, transposed = params["left_side"], params["lower"], params["transpose_a"]
    unit = params["unit_diagonal"]
    params.get("conjugate_a")  # numbers are real

    def function(matrix: Any, given: Any) -> Any:
        if transposed == left:  # x a = b is aᵀ xᵀ = bᵀ
            matrix = matrix.T
        rows = given if left else given.T
        size, is_lower = matrix.shape[0], lower != (transposed == left)
        order = range(size) if is_lower else range(size - 1, -1, -1)
        found: list[Any] = [None] * size
        done: list[int] = []
        for i in order:
            row = rows[i]
            for k in done:
                row = row - matrix[i, k] * found[k]
            found[i] = row if unit else row / matrix[i, i]
            done.append(i)
        solved = jnp.stack(found)
        return solved if left else solved.T

    axes = _check(context, equation)
    return run_function(context, _mapped(function, axes), equation, [a, b])[0]


@rule("lu", bodies=True)
def _lu(context: Context, equation: Any, a: Value) -> list[Value]:
    """With the first of the largest elements of a column as the pivot."""

    def function(matrix: Any) -> tuple[Any, Any, Any]:
        rows, columns = matrix.shape
        pivots, order = [], jnp.arange(rows, dtype=jnp.int32)
        places = np.arange(rows)
        for k in range(min(rows, columns)):
            chosen = (k + jnp.argmax(jnp.abs(matrix[k:, k]))).astype(jnp.int32)
            pivots.append(chosen)
            matrix, order = (_exchanged(array, places, k, chosen) for array in (matrix, order))
            pivot = matrix[k, k]
            factors = matrix[k + 1 :, k]
            factors = jnp.where(pivot == 0, factors, factors / pivot)
            rest = matrix[k + 1 :, k + 1 :] - factors[:, None] * matrix[k, k + 1 :][None]
            below = jnp.concatenate([matrix[k + 1 :, :k], factors[:, None], rest], axis=1)
            matrix = jnp.concatenate([matrix[: k + 1], below])
        return matrix, jnp.stack(pivots), order

    axes = _check(context, equation)
    return run_function(context, _mapped(function, axes), equation, [a])


def _exchanged(array: Any, places: np.ndarray, row: int, other: Any) -> Any:
    """Rows `row` and `other` in each other's place."""
    here, there = array[row], lax.dynamic_index_in_dim(array, other, keepdims=False)
    shape = (-1,) + (1,) * (array.ndim - 1)
    moved = jnp.where((places == other).reshape(shape), here[None], array)
    return jnp.where((places == row).reshape(shape), there[None], moved)


@rule("lu_pivots_to_permutation", bodies=True)
def _permutation(context: Context, equation: Any, pivots: Value) -> Value:
    size = equation.params["permutation_size"]

    def function(chosen: Any) -> Any:
        order, places = jnp.arange(size, dtype=jnp.int32), np.arange(size)
        for k in range(chosen.shape[0]):
            order = _exchanged(order, places, k, chosen[k])
        return order

    axes = len(equation.invars[0].aval.shape) - 1
    return run_function(context, _mapped(function, axes), equation, [pivots])[0]
