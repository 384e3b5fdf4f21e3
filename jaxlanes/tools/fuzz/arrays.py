"""Generators of primitives that move, reduce, sort, read and write elements of arrays."""

from __future__ import annotations

import math

from jaxlanes.tools.fuzz.classes import makes
from jaxlanes.tools.fuzz.elementwise import BIT_TYPES
from jaxlanes.tools.fuzz.scope import LARGE_ELEMENTS, MOST_ELEMENTS, Scope
from jaxlanes.tools.fuzz.values import DTYPES, INTEGERS, NUMBERS, Type


def _array(scope: Scope, least: int = 1, options: tuple[str, ...] = DTYPES, domain: str = "any") -> tuple[str, Type]:
    type_ = Type(scope.dtype(options), scope.shape(least))
    return scope.operand(type_, domain, constant=0.06), type_


# ---- moves


@makes("reshape")
def _reshape(scope: Scope, name: str) -> None:
    operand, type_ = _array(scope, 0)
    size = type_.size
    divisors = [d for d in range(1, size + 1) if size % d == 0]
    first = scope.one_of(divisors)
    shape = scope.one_of([(size,), (first, size // first), (1, first, size // first), (first, 1, size // first)])
    order = tuple(int(axis) for axis in scope.rng.permutation(len(type_.shape)))
    asked = f", dimensions={order}" if len(order) > 1 and scope.chance(0.3) else ""
    scope.add(f"lax.reshape({{0}}, {shape}{asked})", [operand], [Type(type_.dtype, shape)], label=name)


@makes("squeeze")
def _squeeze(scope: Scope, name: str) -> None:
    type_ = Type(scope.dtype(DTYPES), scope.one_of([(1,), (1, 3), (2, 1), (2, 1, 3), (1, 1, 2)]))
    axes = [axis for axis, size in enumerate(type_.shape) if size == 1]
    axis = scope.one_of(axes)
    shape = type_.shape[:axis] + type_.shape[axis + 1 :]
    scope.add(f"lax.squeeze({{0}}, ({axis},))", [scope.operand(type_)], [Type(type_.dtype, shape)], label=name)


@makes("broadcast_in_dim")
def _broadcast_in_dim(scope: Scope, name: str) -> None:
    operand, type_ = _array(scope, 0)
    rank = min(3, len(type_.shape) + scope.below(2))
    places = sorted(scope.rng.permutation(rank)[: len(type_.shape)].tolist())
    shape = [scope.between(1, 2) for _ in range(rank)]
    for axis, place in enumerate(places):
        shape[place] = type_.shape[axis] if type_.shape[axis] > 1 else scope.between(1, 3)
    text = f"lax.broadcast_in_dim({{0}}, {tuple(shape)}, {tuple(places)})"
    scope.add(text, [operand], [Type(type_.dtype, tuple(shape))], label=name)


@makes("transpose")
def _transpose(scope: Scope, name: str) -> None:
    operand, type_ = _array(scope, 2)
    order = scope.rng.permutation(len(type_.shape)).tolist()
    shape = tuple(type_.shape[axis] for axis in order)
    scope.add(f"lax.transpose({{0}}, {tuple(order)})", [operand], [Type(type_.dtype, shape)], label=name)


@makes("rev")
def _rev(scope: Scope, name: str) -> None:
    operand, type_ = _array(scope)
    axes = tuple(axis for axis in range(len(type_.shape)) if scope.chance(0.6)) or (0,)
    scope.add(f"lax.rev({{0}}, {axes})", [operand], [type_], label=name)


@makes("slice")
def _slice(scope: Scope, name: str) -> None:
    operand, type_ = _array(scope)
    starts, limits, strides = [], [], []
    for size in type_.shape:
        start = scope.below(size)
        starts.append(start)
        limits.append(scope.between(start + 1, size))
        strides.append(scope.between(1, 2))
    shape = tuple(-(-(b - a) // c) for a, b, c in zip(starts, limits, strides, strict=True))
    scope.add(f"lax.slice({{0}}, {starts}, {limits}, {strides})", [operand], [Type(type_.dtype, shape)], label=name)


@makes("concatenate")
def _concatenate(scope: Scope, name: str) -> None:
    first, type_ = _array(scope)
    axis = scope.below(len(type_.shape))
    other = list(type_.shape)
    other[axis] = scope.between(1, 3)
    second = scope.operand(Type(type_.dtype, tuple(other)))
    shape = list(type_.shape)
    shape[axis] += other[axis]
    scope.add(
        f"lax.concatenate([{{0}}, {{1}}], {axis})", [first, second], [Type(type_.dtype, tuple(shape))], label=name
    )


@makes("stack")
def _stack(scope: Scope, name: str) -> None:
    type_ = Type(scope.dtype(DTYPES), scope.one_of([(), (2,), (3,), (1, 2)]))
    count, axis = scope.between(1, 3), scope.below(len(type_.shape) + 1)
    operands = [scope.operand(type_) for _ in range(count)]
    shape = (*type_.shape[:axis], count, *type_.shape[axis:])
    values = ", ".join(f"{{{i}}}" for i in range(count))
    scope.add(f"jnp.stack([{values}], {axis})", operands, [Type(type_.dtype, shape)], label=name)


@makes("split")
def _split(scope: Scope, name: str) -> None:
    type_ = Type(scope.dtype(DTYPES), scope.one_of([(2,), (4,), (2, 3), (3, 2), (5,)]))
    axis = scope.below(len(type_.shape))
    border = scope.between(1, type_.shape[axis] - 1)
    types = []
    for size in (border, type_.shape[axis] - border):
        types.append(Type(type_.dtype, (*type_.shape[:axis], size, *type_.shape[axis + 1 :])))
    scope.add(f"jnp.split({{0}}, [{border}], {axis})", [scope.operand(type_)], types, label=name)


@makes("unstack")
def _unstack(scope: Scope, name: str) -> None:
    type_ = Type(scope.dtype(DTYPES), scope.one_of([(2,), (3,), (2, 3), (3, 2), (2, 1, 3)]))
    axis = scope.below(len(type_.shape))
    inner = Type(type_.dtype, type_.shape[:axis] + type_.shape[axis + 1 :])
    count = type_.shape[axis]
    only = "[0]" if count == 1 else ""
    scope.add(f"jnp.unstack({{0}}, axis={axis}){only}", [scope.operand(type_)], [inner] * count, label=name)


@makes("pad")
def _pad(scope: Scope, name: str) -> None:
    operand, type_ = _array(scope)
    filler = scope.operand(Type(type_.dtype, ()), constant=0.5)
    config, shape = [], []
    for size in type_.shape:
        low, high, interior = scope.between(-1, 2), scope.between(-1, 2), scope.below(2)
        length = size + (size - 1) * interior + low + high
        if length < 1 or length > (2 * size + 6 if scope.large else 6):
            low = high = interior = 0
            length = size
        config.append((low, high, interior))
        shape.append(length)
    text = f"lax.pad({{0}}, {{1}}, {config})"
    scope.add(text, [operand, filler], [Type(type_.dtype, tuple(shape))], label=name)


@makes("tile")
def _tile(scope: Scope, name: str) -> None:
    type_ = Type(scope.dtype(DTYPES), scope.one_of([(2,), (3,), (2, 2), (1, 3)]))
    repeats = tuple(scope.between(1, 2) for _ in type_.shape)
    shape = tuple(a * b for a, b in zip(type_.shape, repeats, strict=True))
    scope.add(f"jnp.tile({{0}}, {repeats})", [scope.operand(type_)], [Type(type_.dtype, shape)], label=name)


@makes("iota", in_programs=0.5)
def _iota(scope: Scope, name: str) -> None:
    type_ = Type(scope.dtype(NUMBERS), scope.shape(1))
    axis = scope.below(len(type_.shape))
    operand = scope.operand(type_, "exact", constant=0)  # a constant alone would be no test of anything
    text = f"lax.max(lax.broadcasted_iota(jnp.{type_.dtype}, {type_.shape}, {axis}), {{0}})"
    scope.add(text, [operand], [type_], label=name)


# ---- reductions


def _axes(scope: Scope, type_: Type) -> tuple[tuple[int, ...], tuple[int, ...]]:
    axes = tuple(axis for axis in range(len(type_.shape)) if scope.chance(0.6)) or (len(type_.shape) - 1,)
    return axes, tuple(size for axis, size in enumerate(type_.shape) if axis not in axes)


@makes("reduce_sum", "reduce_prod", "reduce_max", "reduce_min", "reduce_and", "reduce_or", "reduce_xor")
def _reduce(scope: Scope, name: str) -> None:
    options = {"sum": NUMBERS, "prod": NUMBERS, "max": NUMBERS, "min": NUMBERS}.get(name[7:], BIT_TYPES)
    domain = {"sum": "exact", "prod": "powers"}.get(name[7:], "any")
    if name == "reduce_xor":
        options = INTEGERS
    operand, type_ = _array(scope, 1, options, domain)
    axes, shape = _axes(scope, type_)
    text = f"lax.{name}({{0}}, {axes})"
    scope.add(text, [operand], [Type(type_.dtype, shape)], label=name)


@makes("argmax", "argmin")
def _argmax(scope: Scope, name: str) -> None:
    operand, type_ = _array(scope, 1, DTYPES)
    axis, result = scope.below(len(type_.shape)), scope.one_of(["int32", "uint8", "int16"])
    shape = type_.shape[:axis] + type_.shape[axis + 1 :]
    scope.add(f"lax.{name}({{0}}, {axis}, jnp.{result})", [operand], [Type(result, shape)], label=name)


@makes("cumsum", "cumprod", "cummax", "cummin")
def _cumulative(scope: Scope, name: str) -> None:
    operand, type_ = _array(scope, 1, NUMBERS, {"cumsum": "exact", "cumprod": "powers"}.get(name, "any"))
    axis, reverse = scope.below(len(type_.shape)), scope.chance(0.4)
    scope.add(f"lax.{name}({{0}}, {axis}, reverse={reverse})", [operand], [type_], label=name)


@makes("dot_general")
def _dot_general(scope: Scope, name: str) -> None:
    dtype = scope.dtype(NUMBERS)
    letters = {letter: scope.between(1, 16 if scope.large else 3) for letter in "bijk"}
    left, right, result = scope.one_of(
        [("i", "i", ""), ("ik", "k", "i"), ("ik", "kj", "ij"), ("ki", "kj", "ij"), ("bik", "bkj", "bij"),
         ("i", "j", "ij"), ("bik", "bk", "bi"), ("ik", "ik", "")]
    )  # fmt: skip
    shapes = [tuple(letters[letter] for letter in word) for word in (left, right, result)]
    contracting = [letter for letter in left if letter in right and letter not in result]
    batch = [letter for letter in left if letter in right and letter in result]
    numbers = (
        (tuple(map(left.index, contracting)), tuple(map(right.index, contracting))),
        (tuple(map(left.index, batch)), tuple(map(right.index, batch))),
    )
    operands = [scope.operand(Type(dtype, shape), "exact") for shape in shapes[:2]]
    scope.add(f"lax.dot_general({{0}}, {{1}}, {numbers})", operands, [Type(dtype, shapes[2])], label=name)


@makes("sort")
def _sort(scope: Scope, name: str) -> None:
    shape = scope.one_of([(2,), (3,), (5,), (6,), (7,), (9,), (2, 3), (4, 2)])
    count, axis = scope.between(1, 3), scope.below(len(shape))
    types = [Type(scope.dtype(NUMBERS), shape) for _ in range(count)]
    operands = [scope.operand(type_, "index:3", constant=0.03) for type_ in types]
    values = ", ".join(f"{{{i}}}" for i in range(count))
    keys = scope.between(1, count)
    text = f"lax.sort(({values},), dimension={axis}, num_keys={keys}, is_stable=True)"
    scope.add(text + ("[0]" if count == 1 else ""), operands, types, label=name)


@makes("top_k")
def _top_k(scope: Scope, name: str) -> None:
    type_ = Type(scope.dtype(NUMBERS), scope.one_of([(3,), (5,), (9,), (2, 4)]))
    count = scope.between(1, type_.shape[-1])
    shape = (*type_.shape[:-1], count)
    types = [Type(type_.dtype, shape), Type("int32", shape)]
    scope.add(f"lax.top_k({{0}}, {count})", [scope.operand(type_, "index:3", constant=0.05)], types, label=name)


# ---- indices


def _index(scope: Scope, size: int, shape: tuple[int, ...] = ()) -> str:
    small = ("int8", "uint8") if size < 100 else ()  # JAX refuses what does not fit
    dtype = scope.one_of(("int32", "int32", "int32", "uint32", "int16", *small))
    return scope.operand(Type(dtype, shape), f"index:{size}", constant=0.1)


@makes("dynamic_slice")
def _dynamic_slice(scope: Scope, name: str) -> None:
    operand, type_ = _array(scope)
    sizes = tuple(scope.between(1, size) for size in type_.shape)
    dtype = scope.one_of(("int32", "int32", "uint32", "int8"))
    starts = [scope.operand(Type(dtype, ()), f"index:{size}", constant=0.1) for size in type_.shape]
    names = ", ".join(f"{{{i + 1}}}" for i in range(len(starts)))
    text = f"lax.dynamic_slice({{0}}, ({names},), {sizes})"
    scope.add(text, [operand, *starts], [Type(type_.dtype, sizes)], label=name)


@makes("dynamic_update_slice")
def _dynamic_update_slice(scope: Scope, name: str) -> None:
    operand, type_ = _array(scope)
    update = scope.operand(Type(type_.dtype, tuple(scope.between(1, size) for size in type_.shape)))
    dtype = scope.one_of(("int32", "int32", "uint32", "int8"))
    starts = [scope.operand(Type(dtype, ()), f"index:{size}", constant=0.1) for size in type_.shape]
    names = ", ".join(f"{{{i + 2}}}" for i in range(len(starts)))
    text = f"lax.dynamic_update_slice({{0}}, {{1}}, ({names},))"
    scope.add(text, [operand, update, *starts], [type_], label=name)


@makes("gather", in_programs=2)
def _gather(scope: Scope, name: str) -> None:
    """By `x.at[...].get`: an index for some of the axes, of one place or several; large tables too."""
    if scope.chance(0.2):
        type_ = Type(scope.dtype(DTYPES), scope.one_of([(20,), (40,), (300,), (7, 9)]))
        operand = scope.operand(type_, constant=1.0)
    else:
        operand, type_ = _array(scope)
    places, indices, shape = _places(scope, type_, 1)
    mode = scope.one_of(["clip", "fill", "promise_in_bounds"])
    if mode == "promise_in_bounds":
        places = _in_bounds(places, type_)
    text = f"{{0}}.at[{places}].get(mode='{mode}')"
    scope.add(text, [operand, *indices], [Type(type_.dtype, shape)], label=name)


@makes("scatter", "scatter-add", "scatter-sub", "scatter-mul", "scatter-min", "scatter-max")
def _scatter(scope: Scope, name: str) -> None:
    kind = name.removeprefix("scatter").removeprefix("-")
    domain = {"add": "exact", "sub": "exact", "mul": "powers"}.get(kind, "any")
    operand, type_ = _array(scope, 1, DTYPES if not kind else NUMBERS, domain)
    places, indices, shape = _places(scope, type_, 2)
    update = scope.operand(Type(type_.dtype, shape), domain)
    mode = scope.one_of(["clip", "drop", "promise_in_bounds"])
    if mode == "promise_in_bounds":
        places = _in_bounds(places, type_)
    method = {"": "set", "sub": "subtract", "mul": "multiply"}.get(kind, kind)
    text = f"{{0}}.at[{places}].{method}({{1}}, mode='{mode}')"
    scope.add(text, [operand, update, *indices], [type_], label=name)


def _places(scope: Scope, type_: Type, first: int) -> tuple[str, list[str], tuple[int, ...]]:
    """The text between the brackets, the operands in it (numbered from `first`), and the shape of the result."""
    rank = len(type_.shape)
    indexed = [axis for axis in range(rank) if scope.chance(0.7)] or [scope.below(rank)]
    batch = scope.one_of([(), (), (2,), (3,), (2, 2), *([(300,), (20, 20)] if scope.large else [])])
    if math.prod(batch) * type_.size > (LARGE_ELEMENTS if scope.large else MOST_ELEMENTS * 2):
        batch = ()
    parts, operands = [], []
    for axis, size in enumerate(type_.shape):
        if axis in indexed:
            parts.append(f"{{{first + len(operands)}}}")
            operands.append(_index(scope, size, batch))
        else:
            parts.append(":")
    # NumPy puts the axes of the indices in the place of the first, or in front where a slice stands between them.
    rest = [size for axis, size in enumerate(type_.shape) if axis not in indexed]
    adjacent = indexed[-1] - indexed[0] + 1 == len(indexed)
    front = sum(axis not in indexed for axis in range(indexed[0])) if adjacent else 0
    return ", ".join(parts), operands, (*rest[:front], *batch, *rest[front:])


def _in_bounds(places: str, type_: Type) -> str:
    parts = places.split(", ")
    return ", ".join(
        part if part == ":" else f"{part} % jnp.asarray({size}, {part}.dtype)"
        for part, size in zip(parts, type_.shape, strict=True)
    )
