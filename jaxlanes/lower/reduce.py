"""Rules of primitives that reduce, scan or sort along an axis. Sums are taken in the order of the index."""

from __future__ import annotations

from typing import Any

import numpy as np
from jax.lax import Precision

from jaxlanes.ir import FLOAT, INT, node_type
from jaxlanes.lower import reduce_loops
from jaxlanes.lower.context import Context, rule
from jaxlanes.lower.elementwise import binary, convert_value
from jaxlanes.lower.loops import takes_loops
from jaxlanes.lower.order import before, total_rank
from jaxlanes.lower.shape_loops import reshaped, transposed
from jaxlanes.lower.values import Lanes, Value, size_of

_REDUCTIONS = {"reduce_sum": "add", "reduce_prod": "mul", "reduce_max": "max", "reduce_min": "min",
               "reduce_and": "and", "reduce_or": "or", "reduce_xor": "xor"}  # fmt: skip


def neutral(dtype: Any, kind: str) -> Any:
    """The result of an empty reduction."""
    dtype = np.dtype(dtype)
    if kind in ("max", "min"):
        if dtype.kind == "f":
            return -np.inf if kind == "max" else np.inf
        if dtype.kind == "b":
            return kind == "min"
        return np.iinfo(dtype).min if kind == "max" else np.iinfo(dtype).max
    if kind == "and":
        return True if dtype.kind == "b" else np.array(0, dtype) ^ np.array(-1).astype(dtype)
    return 1 if kind == "mul" else 0


@rule(*_REDUCTIONS)
def _reduce(context: Context, equation: Any, x: Value) -> Value:
    dtype, kind = x.dtype, _REDUCTIONS[equation.primitive.name]
    axes, combine = tuple(equation.params["axes"]), binary(context, dtype, kind)
    if takes_loops(x.shape, dtype, x) and size_of(x):
        start = reduce_loops.start_node(context, neutral(dtype, kind), dtype, kind)
        return reduce_loops.reduce(context, x, axes, combine, start)
    ids = context.ids(x)
    kept = [axis for axis in range(ids.ndim) if axis not in axes]
    shape = tuple(ids.shape[axis] for axis in kept)
    columns = np.transpose(ids, [*kept, *axes]).reshape(*shape, -1)
    if columns.shape[-1] == 0:
        return np.full(shape, neutral(dtype, kind), dtype)
    result = np.zeros(shape, np.int64)
    for place in np.ndindex(*shape):
        total, *rest = columns[place].tolist()
        for node in rest:
            total = combine(total, node)
        result[place] = total
    return Lanes(result, dtype)


_CUMULATIVE = {"cumsum": "add", "cumprod": "mul", "cummax": "max", "cummin": "min"}


@rule(*_CUMULATIVE)
def _cumulative(context: Context, equation: Any, x: Value) -> Value:
    kind = _CUMULATIVE[equation.primitive.name]
    combine = binary(context, x.dtype, kind)
    axis = equation.params["axis"]
    if takes_loops(x.shape, x.dtype, x) and size_of(x):
        start = reduce_loops.start_node(context, neutral(x.dtype, kind), x.dtype, kind)
        return reduce_loops.cumulative(context, x, axis, equation.params["reverse"], combine, start)
    result = np.moveaxis(context.ids(x).copy(), axis, 0)
    if equation.params["reverse"]:
        result = result[::-1]
    for i in range(1, result.shape[0]):
        pairs = zip(result[i - 1].reshape(-1).tolist(), result[i].reshape(-1).tolist(), strict=True)
        result[i] = np.array([combine(a, b) for a, b in pairs], np.int64).reshape(result[i].shape)
    if equation.params["reverse"]:
        result = result[::-1]
    return Lanes(np.moveaxis(result, 0, axis), x.dtype)


@rule("argmax", "argmin")
def _argmax(context: Context, equation: Any, x: Value) -> Value:
    """The first of equal ones; a NaN is taken before everything.

    XLA reduces pairs of an element and its index, and of equal elements it keeps the lesser index. That is another one
    than the first where an index does not fit its type.
    """
    builder, (axis,) = context.builder, equation.params["axes"]
    better = "gt" if equation.primitive.name == "argmax" else "lt"
    dtype = np.dtype(equation.params["index_dtype"])
    fits = int(np.iinfo(dtype).max)
    if takes_loops(x.shape, dtype, x) and size_of(x) and x.shape[axis] - 1 <= fits:
        return reduce_loops.arg_best(context, x, axis, better, dtype)
    columns = np.moveaxis(context.ids(x), axis, -1)
    result = np.zeros(columns.shape[:-1], np.int64)
    for place in np.ndindex(*result.shape):
        best, *rest = columns[place].tolist()
        at = builder.constant(0, node_type(dtype))
        for number, node in enumerate(rest, 1):
            index = builder.constant(int(np.array(number).astype(dtype)), node_type(dtype))
            if number > fits:
                equal = builder.binary("and", builder.compare("eq", node, best), builder.compare("lt", index, at))
                at = builder.select(equal, index, at)
            wins = builder.compare(better, node, best)
            if builder.nodes[node].type == FLOAT:
                known = builder.compare("eq", best, best)
                wins = builder.binary("and", known, builder.binary("or", wins, builder.compare("ne", node, node)))
            best = builder.select(wins, node, best)
            at = builder.select(wins, index, at)
        result[place] = at
    return Lanes(result, dtype)


@rule("dot_general")
def _dot_general(context: Context, equation: Any, x: Value, y: Value) -> Value:
    (contract_x, contract_y), (batch_x, batch_y) = equation.params["dimension_numbers"]
    dtype = equation.outvars[0].aval.dtype
    if not is_plain(equation.params["precision"]):
        raise context.unsupported(f"dot_general with precision={equation.params['precision']}")
    asked = equation.params["preferred_element_type"]
    assert asked is None or asked == dtype
    multiply, add = binary(context, dtype, "mul"), binary(context, dtype, "add")
    if takes_loops(x.shape, dtype, x, y) or takes_loops(y.shape, dtype, x, y):
        return _products(context, equation, convert_value(context, x, dtype), convert_value(context, y, dtype))
    a, b = (context.ids(convert_value(context, value, dtype)) for value in (x, y))
    free_x = [d for d in range(a.ndim) if d not in (*contract_x, *batch_x)]
    free_y = [d for d in range(b.ndim) if d not in (*contract_y, *batch_y)]
    rows, inner = [a.shape[d] for d in free_x], [a.shape[d] for d in contract_x]
    columns, batch = [b.shape[d] for d in free_y], [a.shape[d] for d in batch_x]
    left = np.transpose(a, [*batch_x, *free_x, *contract_x]).reshape(_product(batch), _product(rows), _product(inner))
    right = np.transpose(b, [*batch_y, *free_y, *contract_y])
    right = right.reshape(_product(batch), _product(columns), _product(inner))
    zero = context.builder.constant(0, node_type(dtype))
    result = np.zeros((_product(batch), _product(rows), _product(columns)), np.int64)
    for g, i, j in np.ndindex(*result.shape):
        terms = [multiply(int(p), int(q)) for p, q in zip(left[g, i], right[g, j], strict=True)]
        total = terms[0] if terms else zero
        for term in terms[1:]:
            total = add(total, term)
        result[g, i, j] = total
    return Lanes(result.reshape((*batch, *rows, *columns)), dtype)


def _products(context: Context, equation: Any, x: Value, y: Value) -> Value:
    """`dot_general` of large operands, as axes of a batch, of rows or columns, and of what is summed."""
    (contract_x, contract_y), (batch_x, batch_y) = equation.params["dimension_numbers"]
    dtype, shape = equation.outvars[0].aval.dtype, equation.outvars[0].aval.shape
    sides = []
    for value, contract, batch in ((x, contract_x, batch_x), (y, contract_y, batch_y)):
        free = [d for d in range(len(value.shape)) if d not in (*contract, *batch)]
        groups = [[value.shape[d] for d in axes] for axes in (batch, free, contract)]
        turned = transposed(context, value, [*batch, *free, *contract])
        sides.append(reshaped(context, turned, tuple(map(_product, groups))))
    if not size_of(x) or not size_of(y):
        return np.zeros(shape, dtype)
    multiply, add = binary(context, dtype, "mul"), binary(context, dtype, "add")
    start = reduce_loops.start_node(context, 0, dtype, "add")
    return reshaped(context, reduce_loops.products(context, sides[0], sides[1], dtype, multiply, add, start), shape)


def is_plain(precision: Any) -> bool:
    """True for every precision at which a product of float32 is one of float32."""
    return all(part is None or isinstance(part, Precision)
               for part in (precision if isinstance(precision, tuple) else (precision,)))  # fmt: skip


def _product(sizes: list[int]) -> int:
    return int(np.prod(sizes, dtype=np.int64))


@rule("sort")
def _sort(context: Context, equation: Any, *values: Value) -> list[Value]:
    """Stable: rows change places only when the later one is strictly before; ties go on to the next key."""
    axis, keys = equation.params["dimension"], equation.params["num_keys"]
    columns = [np.moveaxis(context.ids(value).copy(), axis, -1) for value in values]
    for place in np.ndindex(*columns[0].shape[:-1]):
        rows = list(zip(*(column[place].tolist() for column in columns), strict=True))
        rows = sort_rows(context, rows, keys)
        for number, column in enumerate(columns):
            column[place] = [row[number] for row in rows]
    return [Lanes(np.moveaxis(c, -1, axis), v.dtype) for c, v in zip(columns, values, strict=True)]


def sort_rows(context: Context, rows: list[tuple[int, ...]], keys: int) -> list[tuple[int, ...]]:
    """Rows of nodes in order of their first `keys` columns; equal ones keep their order."""
    if len(rows) > 256:
        raise context.unsupported(f"sort of {len(rows)} elements (at most 256)")
    builder = context.builder
    # A network that only compares neighbours is stable; past a few elements Batcher's is far smaller, and the place
    # as the last key makes it stable.
    small = len(rows) <= 6
    width = len(rows[0]) if rows else 0
    if not small:
        rows = [(*row, builder.constant(i, INT)) for i, row in enumerate(rows)]
    columns = [*range(keys), *([] if small else [width])]
    for i, j in _neighbours(len(rows)) if small else _batcher(len(rows)):
        swap = _later(context, rows[i], rows[j], columns)
        first = tuple(builder.select(swap, b, a) for a, b in zip(rows[i], rows[j], strict=True))
        second = tuple(builder.select(swap, a, b) for a, b in zip(rows[i], rows[j], strict=True))
        rows[i], rows[j] = first, second
    return [row[:width] for row in rows]


def _later(context: Context, x: tuple[int, ...], y: tuple[int, ...], columns: list[int]) -> int:
    """Bool node: y stands before x."""
    builder = context.builder
    result = before(context, y[columns[-1]], x[columns[-1]])
    for column in reversed(columns[:-1]):
        less, more = before(context, y[column], x[column]), before(context, x[column], y[column])
        result = builder.binary("or", less, builder.binary("and", builder.logical_not(more), result))
    return result


def _neighbours(count: int) -> list[tuple[int, int]]:
    """Odd-even transposition."""
    return [(i, i + 1) for turn in range(count) for i in range(turn % 2, count - 1, 2)]


def _batcher(count: int) -> list[tuple[int, int]]:
    """Batcher's odd-even merge sort."""
    pairs, p = [], 1
    while p < count:
        k = p
        while k >= 1:
            for j in range(k % p, count - k, 2 * k):
                for i in range(min(k, count - j - k)):
                    if (i + j) // (2 * p) == (i + j + k) // (2 * p):
                        pairs.append((i + j, i + j + k))
            k //= 2
        p *= 2
    return pairs


@rule("top_k")
def _top_k(context: Context, equation: Any, x: Value) -> list[Value]:
    """The k largest, larger first, of equal ones the first; and where they were. 0 is larger than -0."""
    k, builder = equation.params["k"], context.builder
    axis = equation.params.get("axis", -1)
    ids = np.moveaxis(context.ids(x), axis, -1)
    shape = (*ids.shape[:-1], k)
    found, places = np.zeros(shape, np.int64), np.zeros(shape, np.int64)
    for place in np.ndindex(*ids.shape[:-1]):
        rows = []
        for number, node in enumerate(ids[place].tolist()):
            rank = total_rank(context, node) if builder.nodes[node].type == FLOAT else node
            inverted = builder.binary("xor", rank, builder.constant(-1 if rank_is_int(builder, rank) else 2**32 - 1,
                                                                     builder.nodes[rank].type))  # fmt: skip
            rows.append((inverted, node, builder.constant(number, INT)))
        rows = sort_rows(context, rows, 1)[:k]
        found[place], places[place] = [row[1] for row in rows], [row[2] for row in rows]
    found, places = (np.moveaxis(ids, -1, axis) for ids in (found, places))
    return [Lanes(found, x.dtype), Lanes(places, np.dtype(equation.outvars[1].aval.dtype))]


def rank_is_int(builder: Any, node: int) -> bool:
    return builder.nodes[node].type == INT
