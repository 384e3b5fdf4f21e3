"""Windows at indices known only at run time: where they begin, and reads and writes of them in large arrays."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from jaxlanes.ir import INT
from jaxlanes.lower import loops
from jaxlanes.lower.context import Context
from jaxlanes.lower.loops import Index
from jaxlanes.lower.values import Value


def clamped(context: Context, index: int, top: int) -> int:
    """The index node (int32 or uint32) forced into 0..top, as int32."""
    builder = context.builder
    node = builder.nodes[index]
    if node.type != INT:
        index = builder.binary("min", index, builder.constant(min(top, 2**31 - 1), node.type))
        index = builder.convert(index, INT)
    index = builder.binary("max", index, builder.constant(0, INT))
    return builder.binary("min", index, builder.constant(top, INT))


def window_starts(
    context: Context, shape: Any, sizes: Any, nodes: Sequence[int], index_map: Any, batch: dict[int, int]
) -> tuple[list[int], int | None]:
    """Index nodes of a window of `sizes`, forced into bounds, and whether they were (bool node; None: surely).

    `nodes`: of the axes `index_map`; `batch`: those of axes that stand for ones of the batch.
    """
    builder = context.builder
    starts = [builder.constant(0, INT)] * len(shape)
    inside = None
    for axis, node in batch.items():
        starts[axis] = node
    for node, axis in zip(nodes, index_map, strict=True):
        top = shape[axis] - sizes[axis]
        start = clamped(context, node, top)
        same = builder.compare("eq", builder.convert(start, builder.nodes[node].type), node)
        if builder.value_of(same) is not True:
            inside = same if inside is None else builder.binary("and", inside, same)
        starts[axis] = start
    return starts, inside


def updated(context: Context, x: Value, update: Value, starts: Sequence[int]) -> Value:
    """The array with an update at the index nodes `starts`, which are in bounds."""
    read = loops.reader(context, update)
    target = loops.store(context, x)
    nest_at(context, update.shape, starts, lambda place, at: loops.put(context, target, at, read.element(place)))
    return target


def nest_at(
    context: Context, sizes: Sequence[int], starts: Sequence[int], body: Callable[[Index, Index], None]
) -> None:  # fmt: skip
    """`body(place, at)` for each place in a window and where it is in the array."""
    builder = context.builder

    def each(place: Index) -> None:
        body(place, tuple(builder.binary("add", start, i) for start, i in zip(starts, place, strict=True)))

    loops.nest(context, sizes, each)


def gathered(
    context: Context, x: Value, indices: Value, numbers: Any, sizes: Sequence[int], shape: Sequence[int], filler: Any
) -> Value:  # fmt: skip
    """The windows at all indices. `filler`: the constant in place of windows out of bounds; None: they are moved."""
    builder = context.builder
    source = loops.reader(context, loops.for_many_readers(context, x))
    index = loops.reader(context, loops.for_many_readers(context, indices))
    batch_axes = [axis for axis in range(len(shape)) if axis not in numbers.offset_dims]
    removed = (*numbers.collapsed_slice_dims, *numbers.operand_batching_dims)
    window_axes = [axis for axis in range(len(x.shape)) if axis not in removed]
    pairs = list(zip(numbers.operand_batching_dims, numbers.start_indices_batching_dims, strict=True))

    def element(place: Index) -> int:
        batch = tuple(place[axis] for axis in batch_axes)
        nodes = [index.element((*batch, builder.constant(k, INT))) for k in range(indices.shape[-1])]
        known = {axis: batch[position] for axis, position in pairs}
        at, inside = window_starts(context, x.shape, sizes, nodes, numbers.start_index_map, known)
        for axis, offset in zip(window_axes, numbers.offset_dims, strict=True):
            at[axis] = builder.binary("add", at[axis], place[offset])
        found = source.element(tuple(at))
        if filler is None or inside is None:
            return found
        return builder.select(inside, found, builder.constant(filler, builder.nodes[found].type))

    return loops.formula(context, element, shape, x.dtype, 6, source, index)


def scattered(
    context: Context, x: Value, indices: Value, updates: Value, numbers: Any, combine: Callable[[int, int], int],
    clips: bool,
) -> Value:  # fmt: skip
    """The array with all windows combined into it, in the order of the indices. `clips`: those out of bounds are moved,
    else left out."""
    builder = context.builder
    index = loops.reader(context, loops.for_many_readers(context, indices))
    update = loops.reader(context, loops.for_many_readers(context, updates))
    target = loops.store(context, x, "cell")
    old = loops.reader(context, target)
    removed = (*numbers.inserted_window_dims, *numbers.operand_batching_dims)
    window_axes = [axis for axis in range(len(x.shape)) if axis not in removed]
    sizes = [1] * len(x.shape)
    for axis, update_axis in zip(window_axes, numbers.update_window_dims, strict=True):
        sizes[axis] = updates.shape[update_axis]
    scatter_axes = [axis for axis in range(len(updates.shape)) if axis not in numbers.update_window_dims]
    pairs = list(zip(numbers.operand_batching_dims, numbers.scatter_indices_batching_dims, strict=True))

    def window(batch: Index) -> None:
        nodes = [index.element((*batch, builder.constant(k, INT))) for k in range(indices.shape[-1])]
        known = {axis: batch[position] for axis, position in pairs}
        starts, inside = window_starts(
            context, x.shape, sizes, nodes, numbers.scatter_dims_to_operand_dims, known
        )  # fmt: skip
        allowed = None if clips else inside

        def write(place: Index, at: Index) -> None:
            own = [builder.constant(0, INT)] * len(updates.shape)
            for axis, node in zip(scatter_axes, batch, strict=True):
                own[axis] = node
            for axis, update_axis in zip(window_axes, numbers.update_window_dims, strict=True):
                own[update_axis] = place[axis]
            before = old.element(at)
            new = combine(before, update.element(tuple(own)))
            loops.put(context, target, at, new if allowed is None else builder.select(allowed, new, before))

        nest_at(context, sizes, starts, write)

    loops.nest(context, indices.shape[:-1], window)
    return target


def fill_value(given: Any, dtype: np.dtype) -> Any:
    """The element that a gather gives out of bounds."""
    if given is not None:
        return given
    if dtype == np.bool_:
        return True
    if dtype.kind == "f":
        return np.nan
    return np.iinfo(dtype).min if dtype.kind == "i" else np.iinfo(dtype).max
