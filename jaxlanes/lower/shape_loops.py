"""Moves of large arrays: index arithmetic instead of elements named one by one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from jaxlanes.ir import INT
from jaxlanes.lower import loops
from jaxlanes.lower.context import Context
from jaxlanes.lower.loops import Index
from jaxlanes.lower.values import Formula, Keys, Lanes, Stored, Value, is_wide, size_of


def moves_in_loops(shape: Sequence[int], *values: Value) -> bool:
    """True if loops move these values to a result of this shape. Elements that have names are only named again."""
    if any(isinstance(value, Keys) or is_wide(value.dtype) for value in values):
        return False
    if any(map(loops.is_looped, values)):
        return True
    named = all(isinstance(v, np.ndarray) or (isinstance(v, Lanes) and loops.is_large(v.shape)) for v in values)
    return loops.is_large(shape) and not named


def reshaped(context: Context, x: Value, shape: Sequence[int]) -> Value:
    """The elements, in the same order, in another shape."""
    shape = tuple(shape)
    if isinstance(x, np.ndarray):
        return x.reshape(shape)
    if isinstance(x, Lanes):
        return Lanes(x.ids.reshape(shape), x.dtype, x.exact)
    if isinstance(x, Stored):
        return Stored(x.memory, x.offset, shape, x.dtype, x.exact)
    assert isinstance(x, Formula)
    groups = _groups(x.shape, shape)
    if any(len(before) > 1 for before, _ in groups) and x.cost > loops.CHEAP:
        return reshaped(context, loops.store(context, x), shape)  # a division for each element

    def index(place: Index) -> Index:
        found: list[int] = []
        at = 0
        for before, after in groups:
            flat = loops.flat_index(context, place[at : at + len(after)], after)
            found += loops.split_index(context, flat, before)
            at += len(after)
        return tuple(found)

    return loops.moved(context, x, shape, index)


def _groups(before: Sequence[int], after: Sequence[int]) -> list[tuple[list[int], list[int]]]:
    """Neighbouring axes of two shapes of one size, in the least groups that have as many elements on both sides."""
    groups: list[tuple[list[int], list[int]]] = []
    i = j = 0
    while i < len(before) or j < len(after):
        left, right = [before[i]] if i < len(before) else [], [after[j]] if j < len(after) else []
        i, j = i + len(left), j + len(right)
        while np.prod(left, dtype=np.int64) != np.prod(right, dtype=np.int64):
            if np.prod(left, dtype=np.int64) < np.prod(right, dtype=np.int64):
                left.append(before[i])
                i += 1
            else:
                right.append(after[j])
                j += 1
        groups.append((left, right))
    return groups


def transposed(context: Context, x: Value, order: Sequence[int]) -> Value:
    """The array with its axes in another order."""
    if isinstance(x, np.ndarray):
        return np.transpose(x, order)
    if isinstance(x, Lanes) or not loops.is_looped(x):
        return Lanes(np.transpose(context.ids(x), order), np.dtype(x.dtype))

    def index(place: Index) -> Index:
        found = [0] * len(order)
        for at, axis in zip(place, order, strict=True):
            found[axis] = at
        return tuple(found)

    return loops.moved(context, x, [x.shape[axis] for axis in order], index)


def broadcast(context: Context, x: Value, shape: Sequence[int], dimensions: Sequence[int]) -> Value:
    """The array along more or longer axes; its own are those of `dimensions`."""
    zero = context.builder.constant(0, INT)

    def index(place: Index) -> Index:
        return tuple(zero if size == 1 else place[d] for size, d in zip(x.shape, dimensions, strict=True))

    return loops.moved(context, x, shape, index, again=int(np.prod(shape, dtype=np.int64)) > size_of(x))


def reversed_along(context: Context, x: Value, axes: Sequence[int]) -> Value:
    """The array from its end to its begin along some axes."""
    builder = context.builder

    def index(place: Index) -> Index:
        ends = [builder.constant(size - 1, INT) for size in x.shape]
        return tuple(
            builder.binary("sub", end, at) if axis in axes else at
            for axis, (at, end) in enumerate(zip(place, ends, strict=True))
        )

    return loops.moved(context, x, x.shape, index)


def part(
    context: Context, x: Value, shape: Sequence[int], starts: Sequence[int], strides: Sequence[int] | None = None
) -> Value:  # fmt: skip
    """The part of a shape that begins at the index nodes `starts`, which are in bounds."""
    builder = context.builder

    def index(place: Index) -> Index:
        scaled = place
        if strides is not None:
            pairs = zip(place, strides, strict=True)
            scaled = tuple(builder.binary("mul", at, builder.constant(stride, INT)) for at, stride in pairs)
        return tuple(builder.binary("add", at, start) for at, start in zip(scaled, starts, strict=True))

    return loops.moved(context, x, shape, index)


def tiled(context: Context, x: Value, shape: Sequence[int]) -> Value:
    """The array again and again along each axis."""
    builder = context.builder

    def index(place: Index) -> Index:
        pairs = zip(place, x.shape, strict=True)
        return tuple(builder.remainder(at, builder.constant(size, INT)) for at, size in pairs)

    return loops.moved(context, x, shape, index, again=True)


def concatenated(context: Context, arrays: Sequence[Value], axis: int, shape: Sequence[int]) -> Value:
    """Arrays one after the other along an axis, in memory."""
    builder, target, at = context.builder, loops.new_memory(context, shape, arrays[0].dtype), 0
    for array in arrays:
        _write(context, target, array, lambda place, at=at: tuple(
            builder.binary("add", i, builder.constant(at, INT)) if d == axis else i for d, i in enumerate(place)
        ))  # fmt: skip
        at += array.shape[axis]
    return target


def _write(context: Context, target: Stored, source: Value, index: Any) -> None:
    """Each element of the source, at `index` of its own index."""
    read = loops.reader(context, source)
    loops.nest(context, source.shape, lambda place: loops.put(context, target, index(place), read.element(place)))


def padded(context: Context, x: Value, filler: Value, config: Sequence[Any], shape: Sequence[int]) -> Value:
    """The array with a filler around and between its elements, in memory. Negative edges cut."""
    builder, target = context.builder, loops.new_memory(context, shape, x.dtype)
    fill = loops.reader(context, filler)
    loops.nest(context, shape, lambda place: loops.put(context, target, place, fill.element(())))
    firsts, counts = [], []
    for size, length, (low, _high, interior) in zip(x.shape, shape, config, strict=True):
        places = low + np.arange(size) * (interior + 1)
        kept = np.nonzero((places >= 0) & (places < length))[0]
        firsts.append(int(kept[0]) if kept.size else 0)
        counts.append(int(kept.size))
    read = loops.reader(context, x)

    def write(place: Index) -> None:
        own, to = [], []
        for at, first, (low, _high, interior) in zip(place, firsts, config, strict=True):
            here = builder.binary("add", at, builder.constant(first, INT))
            own.append(here)
            scaled = builder.binary("mul", here, builder.constant(interior + 1, INT))
            to.append(builder.binary("add", scaled, builder.constant(low, INT)))
        loops.put(context, target, tuple(to), read.element(tuple(own)))

    loops.nest(context, counts, write)
    return target
