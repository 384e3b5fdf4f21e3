"""Rules of primitives that read or write at an index known only at run time.

A small array is read by a chain of selects, one per place that the index can name; a bigger one, or a constant, from
memory. A write replaces, in every place that the index can name, what is there.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from jax.lax import GatherScatterMode

from jaxlanes.ir import INT
from jaxlanes.lower.context import Context, rule
from jaxlanes.lower.elementwise import binary
from jaxlanes.lower.loops import takes_loops
from jaxlanes.lower.shape_loops import part
from jaxlanes.lower.values import Keys, Lanes, Stored, Value, size_of
from jaxlanes.lower.windows import clamped, fill_value, gathered, scattered, updated, window_starts

SELECT_LIMIT = 12
"""Places up to which a chain of selects is cheaper than memory."""


def read_window(context: Context, value: Value, starts: Sequence[int], sizes: Sequence[int]) -> Value:
    """The part of `value` of these sizes that begins at the index nodes `starts`, which are in bounds."""
    builder = context.builder
    known = [builder.value_of(start) for start in starts]
    if all(start is not None for start in known):
        window = tuple(slice(start, start + size) for start, size in zip(known, sizes, strict=True))
        if isinstance(value, np.ndarray):
            return value[window]
        return Lanes(_static_part(context, value, window), value.dtype)
    spans = [builder.nodes[start].high - builder.nodes[start].low + 1 for start in starts]
    places = int(np.prod(spans, dtype=np.int64))
    if isinstance(value, Lanes) and places <= SELECT_LIMIT:
        return Lanes(_select_window(context, value.ids, starts, sizes), value.dtype)
    return Lanes(_gather_window(context, value, starts, sizes), value.dtype)


def _static_part(context: Context, value: Value, window: tuple[slice, ...]) -> np.ndarray:
    if isinstance(value, Stored):
        places = np.arange(size_of(value)).reshape(value.shape)[window]
        ids = [context.load(value.memory, value.offset + int(i), value.dtype) for i in places.reshape(-1)]
        return np.array(ids, np.int64).reshape(places.shape)
    return context.ids(value)[window]


def _select_window(context: Context, ids: np.ndarray, starts: Sequence[int], sizes: Sequence[int]) -> np.ndarray:
    builder = context.builder
    for axis, (start, size) in enumerate(zip(starts, sizes, strict=True)):
        node = builder.nodes[start]
        moved = np.moveaxis(ids, axis, 0)
        chosen = moved[node.high : node.high + size]
        for place in range(node.high - 1, node.low - 1, -1):
            here = builder.compare("eq", start, builder.constant(place, INT))
            pairs = zip(moved[place : place + size].reshape(-1), chosen.reshape(-1), strict=True)
            flat = [builder.select(here, int(a), int(b)) for a, b in pairs]
            chosen = np.array(flat, np.int64).reshape(chosen.shape)
        ids = np.moveaxis(chosen, 0, axis)
    return ids


def _gather_window(context: Context, value: Value, starts: Sequence[int], sizes: Sequence[int]) -> np.ndarray:
    builder = context.builder
    memory, offset = context.in_memory(value)
    strides = [int(np.prod(value.shape[d + 1 :], dtype=np.int64)) for d in range(len(value.shape))]
    base = builder.constant(offset, INT)
    for start, stride in zip(starts, strides, strict=True):
        base = builder.binary("add", base, builder.binary("mul", start, builder.constant(stride, INT)))
    result = []
    for place in np.ndindex(*sizes):
        index = builder.binary("add", base, builder.constant(int(np.dot(place, strides)) if place else 0, INT))
        result.append(context.element(memory, index, value.dtype))
    return np.array(result, np.int64).reshape(tuple(sizes))


def write_window(
    context: Context,
    ids: np.ndarray,
    starts: Sequence[int],
    update: np.ndarray,
    combine: Callable[[int, int], int],
    allowed: int | None = None,
) -> np.ndarray:
    """`ids` with `update` combined into what begins at the index nodes `starts`, in the lanes of the bool `allowed`."""
    builder = context.builder
    result = ids.copy()
    ranges = [range(builder.nodes[start].low, builder.nodes[start].high + 1) for start in starts]
    places = int(np.prod([len(r) for r in ranges], dtype=np.int64)) * update.size
    if places > 1 << 16:
        raise context.unsupported(f"a write of {update.size} elements at any of {places // update.size} places")
    for corner in np.ndindex(*(len(r) for r in ranges)):
        begin = [r[c] for r, c in zip(ranges, corner, strict=True)]
        here = allowed
        for start, place in zip(starts, begin, strict=True):
            at = builder.compare("eq", start, builder.constant(place, INT))
            here = at if here is None else builder.binary("and", here, at)
        for offset in np.ndindex(*update.shape):
            target = tuple(b + o for b, o in zip(begin, offset, strict=True))
            new = combine(int(result[target]), int(update[offset]))
            result[target] = new if here is None else builder.select(here, new, int(result[target]))
    return result


def _per_word(function: Callable[..., Value], keys: Keys, *args: Any) -> Keys:
    return Keys(tuple(function(word, *args) for word in keys.words), keys.dtype)


@rule("dynamic_slice")
def _dynamic_slice(context: Context, equation: Any, x: Value, *indices: Value) -> Value:
    sizes = equation.params["slice_sizes"]
    starts = [clamped(context, context.scalar(i), n - s) for i, n, s in zip(indices, x.shape, sizes, strict=True)]
    if isinstance(x, Keys):
        return _per_word(lambda word: read_window(context, word, starts, sizes), x)
    if takes_loops(sizes, x.dtype, x):
        return part(context, x, sizes, starts)
    return read_window(context, x, starts, sizes)


@rule("dynamic_update_slice")
def _dynamic_update_slice(context: Context, equation: Any, x: Value, update: Value, *indices: Value) -> Value:
    tops = [n - s for n, s in zip(x.shape, update.shape, strict=True)]
    starts = [clamped(context, context.scalar(i), top) for i, top in zip(indices, tops, strict=True)]
    if isinstance(x, Keys) and isinstance(update, Keys):
        pairs = zip(x.words, update.words, strict=True)
        return Keys(tuple(_dynamic_update_slice(context, equation, *pair, *indices) for pair in pairs), x.dtype)
    if takes_loops(x.shape, x.dtype, x, update):
        return updated(context, x, update, starts)
    written = write_window(context, context.ids(x), starts, context.ids(update), lambda old, new: new)
    return Lanes(written, x.dtype)


@rule("gather")
def _gather(context: Context, equation: Any, x: Value, indices: Value) -> Value:
    if isinstance(x, Keys):
        return _per_word(lambda word: _gather(context, equation, word, indices), x)
    params, builder = equation.params, context.builder
    numbers, sizes = params["dimension_numbers"], params["slice_sizes"]
    shape = equation.outvars[0].aval.shape
    fills, given = _mode(context, equation) == GatherScatterMode.FILL_OR_DROP, params["fill_value"]
    if takes_loops(shape, x.dtype, x, indices):
        filler = np.asarray(fill_value(given, np.dtype(x.dtype)), x.dtype)[()] if fills else None
        return gathered(context, x, indices, numbers, sizes, shape, filler)
    index = context.ids(indices)
    batch_shape = index.shape[:-1]
    removed = (*numbers.collapsed_slice_dims, *numbers.operand_batching_dims)
    batching = list(zip(numbers.operand_batching_dims, numbers.start_indices_batching_dims, strict=True))
    result = np.zeros(shape, np.int64)
    batch_axes = [axis for axis in range(len(shape)) if axis not in numbers.offset_dims]
    for place in np.ndindex(*batch_shape):
        batch = {axis: builder.constant(place[position], INT) for axis, position in batching}
        starts, inside = window_starts(context, x.shape, sizes, index[place].tolist(), numbers.start_index_map, batch)
        window = context.ids(read_window(context, x, starts, sizes))
        window = window.reshape([size for axis, size in enumerate(sizes) if axis not in removed])
        if fills and inside is not None:
            filler = context.ids(np.asarray(fill_value(given, np.dtype(x.dtype)), x.dtype)).item()
            flat = [builder.select(inside, int(node), filler) for node in window.reshape(-1)]
            window = np.array(flat, np.int64).reshape(window.shape)
        where: list[Any] = [slice(None)] * len(shape)
        for axis, position in zip(batch_axes, place, strict=True):
            where[axis] = position
        result[tuple(where)] = window
    return Lanes(result, np.dtype(x.dtype))


def _mode(context: Context, equation: Any) -> GatherScatterMode:
    mode = equation.params["mode"]
    known = (GatherScatterMode.CLIP, GatherScatterMode.FILL_OR_DROP, GatherScatterMode.PROMISE_IN_BOUNDS)
    if mode not in known:
        raise context.unsupported(f"{equation.primitive.name} with mode={mode}")
    return mode


_SCATTERS = {"scatter": None, "scatter-add": "add", "scatter_add": "add", "scatter-mul": "mul", "scatter_mul": "mul",
             "scatter-min": "min", "scatter_min": "min", "scatter-max": "max", "scatter_max": "max",
             "scatter-sub": "sub", "scatter_sub": "sub"}  # fmt: skip


def _combination(context: Context, equation: Any, dtype: Any) -> Callable[[int, int], int]:
    """The function on nodes of an element and its update."""
    kind, jaxpr = _SCATTERS[equation.primitive.name], equation.params["update_jaxpr"]
    if kind is not None:  # the jaxpr says the same
        return binary(context, dtype, kind)
    if jaxpr is None:
        return lambda old, new: new
    constants = equation.params["update_consts"]

    def run(old: int, new: int) -> int:
        scalars: list[Value] = [Lanes(np.array(node, np.int64), np.dtype(dtype)) for node in (old, new)]
        return context.scalar(context.run(jaxpr, constants, scalars)[0])

    return run


@rule(*_SCATTERS)
def _scatter(context: Context, equation: Any, x: Value, indices: Value, updates: Value) -> Value:
    if isinstance(x, Keys) and isinstance(updates, Keys):
        pairs = zip(x.words, updates.words, strict=True)
        return Keys(tuple(_scatter(context, equation, a, indices, b) for a, b in pairs), x.dtype)
    numbers, mode = equation.params["dimension_numbers"], _mode(context, equation)
    combine = _combination(context, equation, x.dtype)
    if takes_loops(x.shape, x.dtype, x, indices, updates):
        return scattered(context, x, indices, updates, numbers, combine, mode == GatherScatterMode.CLIP)
    index, update, result = context.ids(indices), context.ids(updates), context.ids(x)
    removed = (*numbers.inserted_window_dims, *numbers.operand_batching_dims)
    batching = list(zip(numbers.operand_batching_dims, numbers.scatter_indices_batching_dims, strict=True))
    window_axes = [axis for axis in range(len(x.shape)) if axis not in removed]
    sizes = [1] * len(x.shape)
    for axis, update_axis in zip(window_axes, numbers.update_window_dims, strict=True):
        sizes[axis] = update.shape[update_axis]
    scatter_axes = [axis for axis in range(update.ndim) if axis not in numbers.update_window_dims]
    for place in np.ndindex(*index.shape[:-1]):
        where: list[Any] = [slice(None)] * update.ndim
        for axis, position in zip(scatter_axes, place, strict=True):
            where[axis] = position
        batch = {axis: context.builder.constant(place[position], INT) for axis, position in batching}
        starts, inside = window_starts(
            context, x.shape, sizes, index[place].tolist(), numbers.scatter_dims_to_operand_dims, batch
        )
        allowed = None if mode == GatherScatterMode.CLIP else inside
        if allowed is not None and context.builder.value_of(allowed) is False:
            continue
        result = write_window(context, result, starts, update[tuple(where)].reshape(sizes), combine, allowed)
    return Lanes(result, np.dtype(x.dtype))
