"""Reductions of large arrays as loops, in the order of the index as in `reduce`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from jaxlanes.ir import FLOAT, INT, node_type
from jaxlanes.lower import loops
from jaxlanes.lower.context import Context
from jaxlanes.lower.loops import Index
from jaxlanes.lower.values import Formula, Stored, Value

Combine = Callable[[int, int], int]


def start_node(context: Context, neutral: Any, dtype: Any, kind: str) -> int:
    """The value with which a reduction begins, which changes no bit of its first element: -0 + -0 is -0."""
    value = -0.0 if kind == "add" and np.dtype(dtype).kind == "f" else neutral
    return context.builder.constant(value, node_type(dtype))


def _joined(rank: int, kept: Sequence[int], axes: Sequence[int], outer: Index, inner: Index) -> Index:
    """The index of an element from its parts along the axes that are kept and those that are not."""
    index = [0] * rank
    for axis, place in zip((*kept, *axes), (*outer, *inner), strict=True):
        index[axis] = place
    return tuple(index)


def each_column(
    context: Context, shape: Sequence[int], dtypes: Sequence[Any], column: Callable[[Index], Sequence[int]]
) -> list[Value]:  # fmt: skip
    """Arrays of a shape, whose elements at an index are the nodes that `column(index)` gives."""
    if not shape:
        return [context.lanes(node, dtype) for node, dtype in zip(column(()), dtypes, strict=True)]
    targets = [loops.new_memory(context, shape, dtype) for dtype in dtypes]

    def write(index: Index) -> None:
        for target, node in zip(targets, column(index), strict=True):
            loops.put(context, target, index, node)

    loops.nest(context, shape, write, unroll=1)
    return list(targets)


def reduce(context: Context, x: Value, axes: Sequence[int], combine: Combine, start: int) -> Value:
    """Elements along the axes, combined from `start` on."""
    return reduce_many(context, [x], axes, lambda total, row: [combine(total[0], row[0])], [start])[0]


def reduce_many(
    context: Context,
    arrays: Sequence[Value],
    axes: Sequence[int],
    combine: Callable[[list[int], list[int]], list[int]],
    start: list[int],
) -> list[Value]:
    """Elements of arrays of one shape, side by side along the axes."""
    readers, shape = [loops.reader(context, array) for array in arrays], arrays[0].shape
    kept = [axis for axis in range(len(shape)) if axis not in axes]

    def column(outer: Index) -> list[int]:
        def step(inner: Index, total: list[int]) -> list[int]:
            index = _joined(len(shape), kept, axes, outer, inner)
            return combine(total, [read.element(index) for read in readers])

        dtypes = [array.dtype for array in arrays]
        return loops.fold(context, [shape[axis] for axis in axes], start, step, dtypes=dtypes)

    return each_column(context, [shape[axis] for axis in kept], [array.dtype for array in arrays], column)


def cumulative(context: Context, x: Value, axis: int, reverse: bool, combine: Combine, start: int) -> Value:
    """The running reduction along an axis."""
    builder, read, rank = context.builder, loops.reader(context, x), len(x.shape)
    target = loops.new_memory(context, x.shape, x.dtype)
    kept = [other for other in range(rank) if other != axis]
    last = builder.constant(x.shape[axis] - 1, INT)

    def column(outer: Index) -> None:
        def step(inner: Index, total: list[int]) -> list[int]:
            place = builder.binary("sub", last, inner[0]) if reverse else inner[0]
            index = _joined(rank, kept, [axis], outer, (place,))
            total = [combine(total[0], read.element(index))]
            loops.put(context, target, index, total[0])
            return total

        loops.fold(context, [x.shape[axis]], [start], step, dtypes=[x.dtype])

    loops.nest(context, [x.shape[other] for other in kept], column, unroll=1)
    return target


def arg_best(context: Context, x: Value, axis: int, better: str, dtype: Any) -> Value:
    """The place of the first best element along an axis; a NaN is better than everything."""
    builder, type_ = context.builder, node_type(dtype)
    read = loops.reader(context, loops.for_many_readers(context, x))
    rank, kept = len(x.shape), [other for other in range(len(x.shape)) if other != axis]

    def column(outer: Index) -> list[int]:
        def element(place: int) -> int:
            return read.element(_joined(rank, kept, [axis], outer, (place,)))

        def step(inner: Index, carries: list[int]) -> list[int]:
            best, at = carries
            place = builder.binary("add", inner[0], builder.constant(1, INT))
            node = element(place)
            wins = builder.compare(better, node, best)
            if builder.nodes[node].type == FLOAT:
                known = builder.compare("eq", best, best)
                wins = builder.binary("and", known, builder.binary("or", wins, builder.compare("ne", node, node)))
            return [builder.select(wins, node, best), builder.select(wins, builder.convert(place, type_), at)]

        first = [element(builder.constant(0, INT)), builder.constant(0, type_)]
        return loops.fold(context, [x.shape[axis] - 1], first, step, dtypes=[x.dtype, dtype])[1:]

    return each_column(context, [x.shape[other] for other in kept], [dtype], column)[0]


def products(
    context: Context, left: Value, right: Value, dtype: Any, multiply: Combine, add: Combine, start: int
) -> Value:  # fmt: skip
    """Sums of products of `left[batch, rows, inner]` and `right[batch, columns, inner]`: [batch, rows, columns]."""
    a, b = (loops.reader(context, loops.for_many_readers(context, value)) for value in (left, right))

    def column(outer: Index) -> list[int]:
        g, i, j = outer

        def step(inner: Index, total: list[int]) -> list[int]:
            return [add(total[0], multiply(a.element((g, i, *inner)), b.element((g, j, *inner))))]

        return loops.fold(context, left.shape[2:], [start], step, dtypes=[dtype])

    shape = (left.shape[0], left.shape[1], right.shape[1])
    found = each_column(context, shape, [dtype], column)[0]
    assert isinstance(found, Stored | Formula)
    return found
