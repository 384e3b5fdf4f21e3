"""Symmetric matrices with the sparsity of the coordinate tree, and linear systems in them.

A `TreeMatrix` holds an entry for a coordinate and itself or one of its ancestors, ``(lower, upper)``; two coordinates
on different branches never couple. Elimination from the leaves to the root then creates no new entries (Featherstone,
"Efficient factorization of the joint space inertia matrix for branched kinematic trees", 2005).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from cheetahjax.coordinates import Layout
from cheetahjax.scalars import Scalar, absent, add, mul, sub

TreeMatrix = Mapping[tuple[int, int], Scalar]


def matrix_sum(*matrices: TreeMatrix) -> dict[tuple[int, int], Scalar]:
    """The sum of matrices, entry by entry."""
    total: dict[tuple[int, int], Scalar] = {}
    for matrix in matrices:
        for key, entry in matrix.items():
            total[key] = add(total.get(key, 0.0), entry)
    return total


def multiply(matrix: TreeMatrix, vector: Sequence[Scalar]) -> list[Scalar]:
    """Matrix times vector."""
    result: list[Scalar] = [0.0] * len(vector)
    for (lower, upper), entry in matrix.items():
        result[lower] = add(result[lower], mul(entry, vector[upper]))
        if upper != lower:
            result[upper] = add(result[upper], mul(entry, vector[lower]))
    return result


def solve(order: Layout, matrix: TreeMatrix, right: Sequence[Scalar]) -> list[Scalar]:
    """The solution x of ``matrix x = right`` for a positive definite matrix, by L'DL from the leaves up."""
    entries = dict(matrix)
    x = list(right)
    count = len(x)
    reciprocal: list[Scalar] = [0.0] * count
    factor: dict[tuple[int, int], Scalar] = {}
    for low in reversed(range(count)):
        reciprocal[low] = 1.0 / entries[low, low]
        above = [up for up in order.ancestors(low) if not absent(entries.get((low, up), 0.0))]
        for up in above:
            factor[low, up] = mul(entries[low, up], reciprocal[low])
        for up in above:
            for higher in above:
                if higher == up or higher in order.ancestors(up):
                    taken = mul(factor[low, up], entries[low, higher])
                    entries[up, higher] = sub(entries.get((up, higher), 0.0), taken)
            x[up] = sub(x[up], mul(factor[low, up], x[low]))
    for low in range(count):
        x[low] = mul(x[low], reciprocal[low])
        for up in order.ancestors(low):
            if (low, up) in factor:
                x[low] = sub(x[low], mul(factor[low, up], x[up]))
    return x
