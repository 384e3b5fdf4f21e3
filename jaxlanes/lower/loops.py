"""Large arrays: formulas of an element, and the loops that compute them into memory of the lanes.

An operation on a large array makes a `Formula`. Operations that read one another become one loop when something needs
their elements: an output, a reduction, a second reader. Nothing here changes the order of a reduction.
"""

from __future__ import annotations

import contextlib
import contextvars
import dataclasses
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from jaxlanes.ir import BOOL, INT, Loop, Memory, Put, dtype_limits, node_type
from jaxlanes.lower.values import Formula, Keys, Lanes, Stored, Value, is_wide, size_of

if TYPE_CHECKING:
    from jaxlanes.lower.context import Context

LOOP_ELEMENTS = 192
"""Elements up to which an array is handled one by one.

Measured with a chain of eleven operations and a sum (AVX-512, g++ 12, 4,096 lanes), one by one against in loops: of 32
elements 0.8 s of compilation against 0.6 s, and the same speed; of 64, 1.5 s and the same; of 128, 2.2 s and 1.5 times
the time; of 256, 5.9 s; of 1,024, 38 s and twice the time. Up to 192 the kernels of the suite's own environments, whose
arrays have at most 180, stay as they were measured.
"""
SPARSE_ELEMENTS = 1024
"""Elements up to which an array is handled one by one if that leaves less than half of the operations: where most are
constants, or written at few places (measured: Gymnax's Breakout and SpaceInvaders, 6.7 and 5.2 times as fast so)."""
SPARSE_OPERATIONS = 20_000
"""Operations of a kernel above which that is not done: the C++ compiler would take too long."""
CHEAP = 3
"""Operations of an element up to which it is computed again for each reader."""
FUNCTION_COST = 16
"""Operations for which an elementary function counts."""
_LANES_WORK = 64
"""Operations up to which a small result of a large array is computed one by one."""
_TAIL = 4
"""Elements of the last axes up to which they are written one after the other, in loops over the others."""
_DEEPEST, _COSTLIEST = 40, 300
"""Formulas of more are computed into memory: Python and the C++ compiler work on one at a time."""

Index = tuple[int, ...]


@dataclasses.dataclass(eq=False)
class Limit:
    """Arrays of more `elements` are large. `met`: some are that would not be with `SPARSE_ELEMENTS`."""

    elements: int
    met: bool = False


_limit: contextvars.ContextVar[Limit | None] = contextvars.ContextVar("limit", default=None)


@contextlib.contextmanager
def above(elements: int) -> Iterator[Limit]:
    """While it lasts, arrays of more elements are large."""
    limit = Limit(elements)
    token = _limit.set(limit)
    try:
        yield limit
    finally:
        _limit.reset(token)


def is_large(shape: Sequence[int]) -> bool:
    limit, size = _limit.get() or Limit(LOOP_ELEMENTS), int(np.prod(shape, dtype=np.int64))
    limit.met |= limit.elements < size <= SPARSE_ELEMENTS
    return size > limit.elements


def is_looped(value: Value) -> bool:
    """True for an array that loops compute, or have computed."""
    if isinstance(value, Formula):
        return True
    return (
        isinstance(value, Stored) and value.memory.kind != "table" and value.memory.per_lane and is_large(value.shape)
    )


def takes_loops(shape: Sequence[int], dtype: Any, *values: Value) -> bool:
    """True if a result of this shape, or operands, are large and loops can handle all of them. A table that all lanes
    share is not large by itself: elements of it are read where they lie."""
    if is_wide(dtype) or any(isinstance(value, Keys) or is_wide(value.dtype) for value in values):
        return False
    return is_large(shape) or any(map(is_looped, values))


# ---- loops


def fold(
    context: Context, shape: Sequence[int], initial: list[int], step: Callable[[Index, list[int]], list[int]],
    unroll: int = 1, dtypes: Sequence[Any] = (),
) -> list[int]:  # fmt: skip
    """The carries after `carries = step(index, carries)` for every index of a shape, in row-major order.

    The last axes are unrolled as far as they have `unroll` elements. `dtypes`: of the carries.
    """
    builder = context.builder
    loops = len(shape)
    while loops and int(np.prod(shape[loops - 1 :], dtype=np.int64)) <= unroll:
        loops -= 1

    def level(axis: int, index: Index, carries: list[int]) -> list[int]:
        if axis == loops:
            for place in np.ndindex(*shape[loops:]):
                carries = step((*index, *(builder.constant(i, INT) for i in place)), carries)
            return carries
        if shape[axis] == 1:
            return level(axis + 1, (*index, builder.constant(0, INT)), carries)
        number, length = context.loops, shape[axis]
        context.loops += 1
        inner, final = ([builder.phi(node_type(dtype), _limits(dtype)) for dtype in dtypes] for _ in range(2))
        with builder.inside(builder.block.mask) as block:
            here = builder.node("loop_index", INT, (), number, bounds=(0, length - 1))
            block.yields = level(axis + 1, (*index, here), inner)
        builder.block.items.append(Loop(number, length, False, carries, inner, block, final))
        return final

    return level(0, (), initial)


def _limits(dtype: Any) -> tuple[int, int] | None:
    return None if np.dtype(dtype).kind in "fb" else dtype_limits(dtype)


def nest(context: Context, shape: Sequence[int], body: Callable[[Index], None], unroll: int = _TAIL) -> None:
    """`body(index)` for every index of a shape."""

    def step(index: Index, carries: list[int]) -> list[int]:
        body(index)
        return carries

    if int(np.prod(shape, dtype=np.int64)):
        fold(context, shape, [], step, unroll)


def flat_index(context: Context, index: Index, shape: Sequence[int], offset: int = 0) -> int:
    """The place of an element in row-major order, from `offset` on."""
    builder = context.builder
    total = builder.constant(0, INT)
    for place, size in zip(index, shape, strict=True):
        total = builder.binary("add", builder.binary("mul", total, builder.constant(size, INT)), place)
    return builder.binary("add", total, builder.constant(offset, INT))


def split_index(context: Context, place: int, shape: Sequence[int]) -> Index:
    """The index of the element at a place in row-major order."""
    builder, index = context.builder, []
    for size in reversed(shape[1:]):
        index.append(builder.remainder(place, builder.constant(size, INT)))
        place = builder.binary("div", place, builder.constant(size, INT))
    return (*((place,) if shape else ()), *reversed(index))


# ---- memory


def new_memory(context: Context, shape: Sequence[int], dtype: Any, kind: str = "rows") -> Stored:
    """Room for an array. `kind`: "cell" if it is written after something has read it."""
    type_ = INT if node_type(dtype) == BOOL else node_type(dtype)
    size = int(np.prod(shape, dtype=np.int64))
    memory = Memory(kind, type_, size, ("loops", len(context.builder.nodes)))
    return Stored(memory, 0, tuple(shape), np.dtype(dtype))


def put(context: Context, target: Stored, index: Index, node: int) -> None:
    """Write one element."""
    builder = context.builder
    if builder.nodes[node].type == BOOL:
        node = builder.from_bool(node, INT)
    builder.block.items.append(Put(target.memory, flat_index(context, index, target.shape, target.offset), node))


def fill(context: Context, target: Stored, source: Value, mask: int | None = None) -> None:
    """Write all elements, in the lanes of the bool node `mask`."""
    read, old = reader(context, source), reader(context, target)

    def write(index: Index) -> None:
        node = read.element(index)
        if mask is not None:
            node = context.builder.select(mask, node, old.element(index))
        put(context, target, index, node)

    nest(context, target.shape, write)


def store(context: Context, value: Value, kind: str = "rows") -> Stored:
    """The elements in memory of their own."""
    target = new_memory(context, value.shape, value.dtype, kind)
    fill(context, target, value)
    return target


def stored(context: Context, value: Value) -> Value:
    """The value, computed if it is a formula."""
    return store(context, value) if isinstance(value, Formula) else value


def for_many_readers(context: Context, value: Value) -> Value:
    """The value, computed if that is more than to compute it for each reader."""
    return store(context, value) if isinstance(value, Formula) and value.cost > CHEAP else value


# ---- formulas


def reader(context: Context, value: Value) -> Formula:
    """Access to any element of a value at index nodes. What is not in memory is put there now, in this block."""
    shape, dtype = tuple(value.shape), np.dtype(value.dtype)
    if isinstance(value, Formula):
        return value
    if isinstance(value, np.ndarray):
        return Formula(_constant_reader(context, value), shape, dtype)
    if isinstance(value, Lanes):
        if value.ids.size == 1:
            node = int(value.ids.reshape(-1)[0])
            return Formula(lambda index: node, shape, dtype, 0)
        memory, offset = context.in_memory(value)
        value = Stored(memory, offset, shape, dtype)
    assert isinstance(value, Stored)
    memory, offset = value.memory, value.offset
    return Formula(
        lambda index: context.element(memory, flat_index(context, index, shape, offset), dtype), shape, dtype
    )


def _constant_reader(context: Context, array: np.ndarray) -> Callable[[Index], int]:
    """Of constants: axes along which nothing changes are left out, and what counts up is arithmetic."""
    builder, type_, whole = context.builder, node_type(array.dtype), array
    axes = []
    for axis in range(array.ndim):
        first = np.take(array, [0], axis) if array.size else array
        if array.size and np.array_equal(_bits(np.broadcast_to(first, array.shape)), _bits(array)):
            array = first
        else:
            axes.append(axis)
    flat = array.reshape([array.shape[axis] for axis in axes])
    step = _step(flat)

    def element(index: Index) -> int:
        known = [builder.value_of(place) for place in index]
        if all(place is not None for place in known):
            return builder.constant(whole[tuple(known)], type_)
        if flat.ndim == 0:
            return builder.constant(flat[()], type_)
        kept = tuple(index[axis] for axis in axes)
        if step is not None:
            number = builder.binary("mul", kept[0], builder.constant(step, INT))
            return builder.convert(builder.binary("add", number, builder.constant(int(flat[0]), INT)), type_)
        return context.element(context.table(flat), flat_index(context, kept, flat.shape), flat.dtype)

    return element


def _bits(array: np.ndarray) -> np.ndarray:
    return np.ascontiguousarray(array).view(np.uint32) if array.dtype == np.float32 else array


def _step(flat: np.ndarray) -> int | None:
    """The step of numbers that count up or down, all of which an int32 and their own type hold exactly."""
    if flat.ndim != 1 or flat.dtype.kind not in "iuf" or flat.size < 2 or not np.isfinite(flat).all():
        return None
    numbers = flat.astype(np.float64)
    step = numbers[1] - numbers[0]
    if step != int(step) or abs(numbers).max() > 2**23 or numbers[0] != int(numbers[0]):
        return None
    counted = (numbers[0] + step * np.arange(flat.size)).astype(flat.dtype)
    return int(step) if np.array_equal(_bits(counted), _bits(flat)) else None


def each(
    context: Context, dtype: Any, shape: Sequence[int], function: Callable[..., int], cost: int, *values: Value
) -> Value:  # fmt: skip
    """`function` of the nodes of each element, whose shapes are broadcast together."""
    readers = [reader(context, value) for value in values]

    def element(index: Index) -> int:
        return function(*(broadcast_element(context, read, index) for read in readers))

    return formula(context, element, shape, dtype, cost, *readers)


def broadcast_element(context: Context, read: Formula, index: Index) -> int:
    """The element of a smaller array that stands at an index of a larger one."""
    zero = context.builder.constant(0, INT)
    own = index[len(index) - len(read.shape) :]
    return read.element(tuple(zero if size == 1 else place for place, size in zip(own, read.shape, strict=True)))


def formula(
    context: Context, element: Callable[[Index], int], shape: Sequence[int], dtype: Any, cost: int, *parts: Formula
) -> Value:  # fmt: skip
    """A formula that reads others; computed at once if it is small, or too much for one loop."""
    cost += sum(part.cost for part in parts)
    depth = 1 + max((part.depth for part in parts), default=0)
    made = Formula(element, tuple(shape), np.dtype(dtype), cost, depth)
    if is_large(shape):
        return store(context, made) if depth > _DEEPEST or cost > _COSTLIEST else made
    if size_of(made) * cost > _LANES_WORK and size_of(made) > 1:
        return store(context, made)
    builder = context.builder
    ids = [element(tuple(builder.constant(i, INT) for i in place)) for place in np.ndindex(*made.shape)]
    return Lanes(np.reshape(np.asarray(ids, np.int64), made.shape), made.dtype)


def moved(
    context: Context, value: Value, shape: Sequence[int], index: Callable[[Index], Index], again: bool = False
) -> Value:  # fmt: skip
    """The array whose element at an index is that of `value` at `index(index)`. `again`: it reads elements more than
    once."""
    read = reader(context, for_many_readers(context, value) if again else value)
    return formula(context, lambda place: read.element(index(place)), shape, value.dtype, 0, read)
