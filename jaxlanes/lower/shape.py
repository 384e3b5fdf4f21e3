"""Rules of primitives that only move elements: they cost nothing, for elements are named one by one."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np

from jaxlanes.ir import INT
from jaxlanes.lower.context import Context, rule
from jaxlanes.lower.loops import for_many_readers, is_looped
from jaxlanes.lower.shape_loops import (
    broadcast,
    concatenated,
    moves_in_loops,
    padded,
    part,
    reshaped,
    reversed_along,
    tiled,
    transposed,
)
from jaxlanes.lower.values import Formula, Keys, Lanes, Stored, Value, size_of


def moving(function: Callable[..., np.ndarray]) -> Callable[..., Value]:
    """A rule from a function `(equation, *arrays) -> array` that only moves elements of arrays of anything."""

    @functools.wraps(function)
    def apply(context: Context, equation: Any, *values: Value) -> Value:
        if any(isinstance(value, Keys) for value in values):
            words = zip(*(v.words if isinstance(v, Keys) else (v, v) for v in values), strict=True)
            return Keys(tuple(apply(context, equation, *word) for word in words), values[0].dtype)
        if all(isinstance(value, np.ndarray) for value in values):
            return function(equation, *values)
        arrays = [context.ids(value) for value in values]
        return Lanes(np.asarray(function(equation, *arrays)), np.dtype(values[0].dtype))

    return apply


def view(function: Callable[..., Value]) -> Callable[..., Value]:
    """As `moving`; but a value in memory that is only seen in another shape stays there."""
    general = moving(function)  # type: ignore[arg-type]

    @functools.wraps(function)
    def apply(context: Context, equation: Any, value: Value, *rest: Value) -> Value:
        if isinstance(value, Stored):
            shape = tuple(equation.outvars[0].aval.shape)
            if int(np.prod(shape, dtype=np.int64)) == size_of(value):
                return Stored(value.memory, value.offset, shape, value.dtype)
        if isinstance(value, Formula):
            return reshaped(context, value, equation.outvars[0].aval.shape)
        return general(context, equation, value, *rest)

    return apply


@rule("squeeze", "expand_dims")
@view
def _with_ones(equation: Any, x: np.ndarray) -> np.ndarray:
    return x.reshape(equation.outvars[0].aval.shape)


@rule("reshape")
def _reshape(context: Context, equation: Any, x: Value) -> Value:
    """Its `dimensions` are an order of the axes, in which the elements are read."""
    order = equation.params.get("dimensions")
    if order is None or tuple(order) == tuple(range(len(order))):
        return _with_ones(context, equation, x)
    if is_looped(x):
        return reshaped(context, transposed(context, x, order), equation.outvars[0].aval.shape)
    return _reordered(context, equation, x)


@moving
def _reordered(equation: Any, x: np.ndarray) -> np.ndarray:
    return np.transpose(x, equation.params["dimensions"]).reshape(equation.outvars[0].aval.shape)


@rule("broadcast_in_dim")
def _broadcast_in_dim(context: Context, equation: Any, x: Value, *dynamic: Value) -> Value:
    shape, dimensions = tuple(equation.params["shape"]), list(equation.params["broadcast_dimensions"])
    same_order = dimensions == sorted(dimensions)
    if isinstance(x, Stored) and same_order and int(np.prod(shape, dtype=np.int64)) == size_of(x):
        return Stored(x.memory, x.offset, shape, x.dtype)
    if moves_in_loops(shape, x):
        return broadcast(context, x, shape, dimensions)
    return _broadcast(context, equation, x)


@moving
def _broadcast(equation: Any, x: np.ndarray) -> np.ndarray:
    shape, dimensions = equation.params["shape"], equation.params["broadcast_dimensions"]
    opened = [1] * len(shape)
    for axis, dimension in enumerate(dimensions):
        opened[dimension] = x.shape[axis]
    return np.broadcast_to(x.reshape(opened), shape)


@rule("transpose")
def _transpose(context: Context, equation: Any, x: Value) -> Value:
    order = equation.params["permutation"]
    return transposed(context, x, order) if is_looped(x) else _axes_moved(context, equation, x)


@moving
def _axes_moved(equation: Any, x: np.ndarray) -> np.ndarray:
    return np.transpose(x, equation.params["permutation"])


@rule("rev")
def _rev(context: Context, equation: Any, x: Value) -> Value:
    axes = equation.params["dimensions"]
    return reversed_along(context, x, axes) if is_looped(x) else _flipped(context, equation, x)


@moving
def _flipped(equation: Any, x: np.ndarray) -> np.ndarray:
    return np.flip(x, equation.params["dimensions"])


@rule("slice")
def _slice(context: Context, equation: Any, x: Value) -> Value:
    if isinstance(x, Stored):
        starts, shape = equation.params["start_indices"], equation.outvars[0].aval.shape
        strides = equation.params["strides"] or (1,) * len(starts)
        first = next((d for d, size in enumerate(shape) if size != 1), len(shape))
        whole = all(shape[d] == x.shape[d] for d in range(first + 1, len(shape)))
        if whole and (first == len(shape) or strides[first] == 1):  # what is left is in one part
            start = int(np.ravel_multi_index(starts, x.shape)) if starts else 0
            return Stored(x.memory, x.offset + start, tuple(shape), x.dtype)
    if is_looped(x):
        starts = [context.builder.constant(start, INT) for start in equation.params["start_indices"]]
        return part(context, x, equation.outvars[0].aval.shape, starts, equation.params["strides"])
    return _sliced(context, equation, x)


@moving
def _sliced(equation: Any, x: np.ndarray) -> np.ndarray:
    starts, limits = equation.params["start_indices"], equation.params["limit_indices"]
    strides = equation.params["strides"] or (1,) * len(starts)
    return x[tuple(slice(a, b, c) for a, b, c in zip(starts, limits, strides, strict=True))]


@rule("concatenate")
def _concatenate(context: Context, equation: Any, *arrays: Value) -> Value:
    shape = equation.outvars[0].aval.shape
    if moves_in_loops(shape, *arrays) and any(map(is_looped, arrays)):
        return concatenated(context, arrays, equation.params["dimension"], shape)
    return _joined(context, equation, *arrays)


@moving
def _joined(equation: Any, *arrays: np.ndarray) -> np.ndarray:
    return np.concatenate(arrays, axis=equation.params["dimension"])


@rule("stack")
def _stack(context: Context, equation: Any, *arrays: Value) -> Value:
    shape = equation.outvars[0].aval.shape
    if moves_in_loops(shape, *arrays) and any(map(is_looped, arrays)):
        axis = equation.params.get("axis", equation.params.get("dimension", 0))
        opened = [reshaped(context, x, (*x.shape[:axis], 1, *x.shape[axis:])) for x in arrays]
        return concatenated(context, opened, axis, shape)
    return _stacked(context, equation, *arrays)


@moving
def _stacked(equation: Any, *arrays: np.ndarray) -> np.ndarray:
    return np.stack(arrays, axis=equation.params.get("axis", equation.params.get("dimension", 0)))


@rule("split")
def _split(context: Context, equation: Any, x: Value) -> list[Value]:
    axis, sizes = equation.params["axis"], equation.params["sizes"]
    ends = np.cumsum(sizes)[:-1].tolist()
    if is_looped(x):
        zero, found = context.builder.constant(0, INT), []
        for start, variable in zip([0, *ends], equation.outvars, strict=True):
            starts = [context.builder.constant(start, INT) if d == axis else zero for d in range(len(x.shape))]
            found.append(part(context, x, variable.aval.shape, starts))
        return found
    parts = np.split(x if isinstance(x, np.ndarray) else context.ids(x), ends, axis=axis)
    return list(parts) if isinstance(x, np.ndarray) else [Lanes(part, x.dtype) for part in parts]


@rule("unstack")
def _unstack(context: Context, equation: Any, x: Value) -> list[Value]:
    if isinstance(x, Keys):
        words = zip(*(_unstack(context, equation, word) for word in x.words), strict=True)
        return [Keys(tuple(word), x.dtype) for word in words]
    axis = equation.params["axis"]
    if is_looped(x):
        x, zero, found = for_many_readers(context, x), context.builder.constant(0, INT), []
        for number in range(x.shape[axis]):
            starts = [context.builder.constant(number, INT) if d == axis else zero for d in range(len(x.shape))]
            size = tuple(1 if d == axis else size for d, size in enumerate(x.shape))
            found.append(reshaped(context, part(context, x, size, starts), equation.outvars[0].aval.shape))
        return found
    parts = np.moveaxis(x if isinstance(x, np.ndarray) else context.ids(x), axis, 0)
    return [part if isinstance(x, np.ndarray) else Lanes(part, x.dtype) for part in parts]


@rule("pad")
def _pad(context: Context, equation: Any, x: Value, filler: Value) -> Value:
    shape = equation.outvars[0].aval.shape
    if moves_in_loops(shape, x, filler):
        return padded(context, x, filler, equation.params["padding_config"], shape)
    return _with_filler(context, equation, x, filler)


@moving
def _with_filler(equation: Any, x: np.ndarray, filler: np.ndarray) -> np.ndarray:
    config = equation.params["padding_config"]
    result = np.full(equation.outvars[0].aval.shape, filler.reshape(-1)[0], dtype=x.dtype)
    source, target = [], []
    for size, (low, _high, interior) in zip(x.shape, config, strict=True):
        places = low + np.arange(size) * (interior + 1)
        kept = (places >= 0) & (places < result.shape[len(source)])
        source.append(np.nonzero(kept)[0])
        target.append(places[kept])
    result[np.ix_(*target)] = x[np.ix_(*source)]
    return result


@rule("iota")
def _iota(context: Context, equation: Any, *dynamic: Value) -> Value:
    shape, dimension = equation.params["shape"], equation.params["dimension"]
    opened = [1] * len(shape)
    opened[dimension] = shape[dimension]
    counted = np.arange(shape[dimension]).astype(equation.params["dtype"])
    return np.broadcast_to(counted.reshape(opened), shape)


@rule("tile")
def _tile(context: Context, equation: Any, x: Value) -> Value:
    reps, shape = equation.params["reps"], equation.outvars[0].aval.shape
    if moves_in_loops(shape, x) and len(reps) == len(x.shape):
        return tiled(context, x, shape)
    return _repeated(context, equation, x)


@moving
def _repeated(equation: Any, x: np.ndarray) -> np.ndarray:
    return np.tile(x, equation.params["reps"])
