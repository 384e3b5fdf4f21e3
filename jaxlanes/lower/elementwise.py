"""Rules of primitives that act element by element."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from jaxlanes.ir import BOOL, FLOAT, INT, NARROW, UINT, WIDE, dtype_limits, node_type
from jaxlanes.lower import loops
from jaxlanes.lower.context import Context, rule
from jaxlanes.lower.order import total
from jaxlanes.lower.values import Keys, Lanes, Value
from jaxlanes.passes import folding


def each(context: Context, dtype: Any, function: Callable[..., int], *values: Value, cost: int = 1) -> Value:
    """`function` of the nodes of each element; scalars go with any shape. `cost`: operations that it makes."""
    shape = np.broadcast_shapes(*(value.shape for value in values))
    if loops.takes_loops(shape, dtype, *values):
        return loops.each(context, dtype, shape, function, cost, *values)
    arrays = np.broadcast_arrays(*(context.ids(value) for value in values))
    flat = [array.reshape(-1).tolist() for array in arrays]
    return context.lanes(np.reshape([function(*nodes) for nodes in zip(*flat, strict=True)], arrays[0].shape), dtype)


def wrapped(context: Context, dtype: Any, node: int) -> int:
    """An integer result back in the interval of a narrow type."""
    return context.builder.narrow(node, dtype) if np.dtype(dtype).name in NARROW else node


_BINARY = {"add": "add", "add_any": "add", "sub": "sub", "mul": "mul", "max": "max", "min": "min",
           "and": "and", "or": "or", "xor": "xor", "div": "div"}  # fmt: skip


def binary(context: Context, dtype: Any, kind: str) -> Callable[[int, int], int]:
    """The function on nodes of an operation on elements of a NumPy type."""
    builder, type_ = context.builder, node_type(dtype)
    if type_ == BOOL:
        kind = {"max": "or", "min": "and", "add": "or", "mul": "and"}.get(kind, kind)
    if np.dtype(dtype).name in NARROW:
        return lambda x, y: builder.narrow(builder.binary(kind, x, y), dtype)
    if np.dtype(dtype).name in WIDE and type_ != FLOAT:

        def low_word(x: int, y: int) -> int:
            context.inexact |= not folding.fits(kind, builder.nodes[x], builder.nodes[y])
            return builder.binary(kind, x, y)

        return low_word
    return lambda x, y: builder.binary(kind, x, y)


@rule(*_BINARY)
def _binary(context: Context, equation: Any, x: Value, y: Value) -> Value:
    dtype = equation.outvars[0].aval.dtype
    asked = equation.params.get("out_dtype")  # of a product
    if asked is not None:
        assert np.dtype(asked) == dtype
        x, y = convert_value(context, x, dtype), convert_value(context, y, dtype)
    return each(context, dtype, binary(context, dtype, _BINARY[equation.primitive.name]), x, y)


@rule("rem")
def _rem(context: Context, equation: Any, x: Value, y: Value) -> Value:
    dtype, builder = equation.outvars[0].aval.dtype, context.builder
    if dtype == np.float32:
        return each(context, dtype, lambda a, b: builder.node("fmod", FLOAT, (a, b)), x, y)
    return each(context, dtype, lambda a, b: wrapped(context, dtype, builder.remainder(a, b)), x, y)


@rule("shift_left", "shift_right_logical", "shift_right_arithmetic")
def _shift(context: Context, equation: Any, x: Value, y: Value) -> Value:
    dtype, builder = equation.outvars[0].aval.dtype, context.builder
    narrow = NARROW.get(np.dtype(dtype).name)
    name = equation.primitive.name

    def shift(a: int, b: int) -> int:
        if name == "shift_left":
            return wrapped(context, dtype, builder.binary("shl", a, b))
        if name == "shift_right_arithmetic":
            if narrow and narrow[0] == 0:  # the sign bit of a narrow unsigned type is a sign bit too
                signed = np.dtype(dtype.name.removeprefix("u"))
                return wrapped(context, dtype, builder.binary("shra", builder.narrow(a, signed), b))
            if dtype == np.uint32:
                shifted = builder.binary("shra", builder.convert(a, INT), builder.convert(b, INT))
                return builder.convert(shifted, UINT)
            return builder.binary("shra", a, b)
        if narrow and narrow[0] < 0:
            a = builder.binary("and", a, builder.constant(2 * narrow[1] + 1, INT))
        return wrapped(context, dtype, builder.binary("shr", a, b))

    return each(context, dtype, shift, x, y)


@rule("lt", "le", "gt", "ge", "eq", "ne")
def _compare(context: Context, equation: Any, x: Value, y: Value) -> Value:
    name, builder = equation.primitive.name, context.builder
    if isinstance(x, Keys) and isinstance(y, Keys):
        words = [each(context, bool, lambda a, b: builder.compare("eq", a, b), v, w)
                 for v, w in zip(x.words, y.words, strict=True)]  # fmt: skip
        same = each(context, bool, lambda *bits: _all(context, bits), *words)
        return same if name == "eq" else each(context, bool, builder.logical_not, same)
    return each(context, bool, lambda a, b: builder.compare(name, a, b), x, y)


@rule("lt_to", "le_to", "eq_to")
def _compare_in_total_order(context: Context, equation: Any, x: Value, y: Value) -> Value:
    kind = equation.primitive.name.removesuffix("_to")
    return each(context, bool, lambda a, b: total(context, kind, a, b), x, y)


def _all(context: Context, bits: tuple[int, ...]) -> int:
    result = bits[0]
    for bit in bits[1:]:
        result = context.builder.binary("and", result, bit)
    return result


_FLOAT_FUNCTIONS = (
    "sqrt", "rsqrt", "cbrt", "floor", "ceil", "exp", "exp2", "log", "log1p", "expm1", "sin", "cos", "tan", "tanh",
    "logistic", "erf", "erfc", "erf_inv", "asin", "acos", "atan", "sinh", "cosh", "asinh", "acosh", "atanh",
)  # fmt: skip


@rule(*_FLOAT_FUNCTIONS)
def _function(context: Context, equation: Any, x: Value) -> Value:
    name, builder = equation.primitive.name, context.builder
    return each(context, np.float32, lambda a: builder.unary(name, a), x, cost=loops.FUNCTION_COST)


@rule("neg", "abs", "sign", "clz", "population_count")
def _unary(context: Context, equation: Any, x: Value) -> Value:
    dtype, builder = equation.outvars[0].aval.dtype, context.builder
    kind = "popcount" if equation.primitive.name == "population_count" else equation.primitive.name
    narrow = NARROW.get(np.dtype(dtype).name)

    def unary(a: int) -> int:
        if narrow and kind in ("popcount", "clz"):  # of its own bits, not of those of the lane
            bits = 8 * np.dtype(dtype).itemsize
            a = builder.binary("and", a, builder.constant((1 << bits) - 1, INT))
            a = builder.unary(kind, a)
            return builder.bounded("sub", a, builder.constant(32 - bits, INT), (0, bits)) if kind == "clz" else a
        return wrapped(context, dtype, builder.unary(kind, a))

    return each(context, dtype, unary, x)


@rule("round")
def _round(context: Context, equation: Any, x: Value) -> Value:
    away = int(equation.params["rounding_method"]) == 0
    return each(context, np.float32, lambda a: context.builder.unary("round_away" if away else "round_even", a), x)


@rule("not")
def _not(context: Context, equation: Any, x: Value) -> Value:
    dtype, builder = equation.outvars[0].aval.dtype, context.builder
    type_ = node_type(dtype)
    if type_ == BOOL:
        return each(context, dtype, builder.logical_not, x)
    ones = builder.constant(-1 if type_ == INT else 2**32 - 1, type_)
    narrow = NARROW.get(np.dtype(dtype).name)
    if narrow and narrow[0] == 0:
        ones = builder.constant(narrow[1], type_)

    def invert(a: int) -> int:
        low, high = dtype_limits(dtype)
        if type_ == INT and narrow and narrow[0] < 0:
            return builder.node("xor", INT, (a, ones), bounds=(low, high))
        return builder.binary("xor", a, ones)

    return each(context, dtype, invert, x)


@rule("is_finite")
def _is_finite(context: Context, equation: Any, x: Value) -> Value:
    return each(context, bool, lambda a: context.builder.node("is_finite", BOOL, (a,)), x)


@rule("pow", "atan2", "nextafter")
def _binary_function(context: Context, equation: Any, x: Value, y: Value) -> Value:
    name, builder = equation.primitive.name, context.builder
    if equation.invars[1].aval.dtype != np.float32:  # pow with an integer exponent
        y = each(context, np.float32, lambda a: builder.convert(a, FLOAT), y)
    return each(context, np.float32, lambda a, b: builder.node(name, FLOAT, (a, b)), x, y, cost=loops.FUNCTION_COST)


@rule("square")
def _square(context: Context, equation: Any, x: Value) -> Value:
    dtype = equation.outvars[0].aval.dtype
    multiply = binary(context, dtype, "mul")
    return each(context, dtype, lambda a: multiply(a, a), x)


@rule("integer_pow")
def _integer_pow(context: Context, equation: Any, x: Value) -> Value:
    """By squaring from the lowest bit of the exponent on, as JAX lowers it."""
    dtype, exponent, builder = equation.outvars[0].aval.dtype, equation.params["y"], context.builder
    one = builder.constant(1, node_type(dtype))
    if exponent < 0 and dtype != np.float32:
        raise context.unsupported(f"an integer to the power {exponent}")
    multiply = binary(context, dtype, "mul")

    def power(a: int) -> int:
        result, left = None, abs(exponent)
        while left:
            if left & 1:
                result = a if result is None else multiply(result, a)
            left >>= 1
            a = multiply(a, a) if left else a
        if result is None:
            return one
        return builder.binary("div", one, result) if exponent < 0 else result

    return each(context, dtype, power, x)


@rule("clamp")
def _clamp(context: Context, equation: Any, low: Value, x: Value, high: Value) -> Value:
    dtype, builder = equation.outvars[0].aval.dtype, context.builder
    return each(context, dtype, lambda a, b, c: builder.binary("min", builder.binary("max", b, a), c), low, x, high)


@rule("select_n")
def _select_n(context: Context, equation: Any, which: Value, *cases: Value) -> Value:
    if isinstance(which, np.ndarray) and which.ndim == 0:
        return cases[int(which)]
    if isinstance(cases[0], Keys):
        words = zip(*(case.words for case in cases), strict=True)  # type: ignore[union-attr]
        return Keys(tuple(_select_n(context, equation, which, *word) for word in words), cases[0].dtype)
    builder, dtype = context.builder, cases[0].dtype

    def choose(index: int, *options: int) -> int:
        if builder.nodes[index].type == BOOL:
            return options[0] if len(options) == 1 else builder.select(index, options[1], options[0])
        chosen = options[-1]
        for number in range(len(options) - 2, -1, -1):
            chosen = builder.select(
                builder.compare("le", index, builder.constant(number, INT)), options[number], chosen
            )
        return chosen

    return each(context, dtype, choose, which, *cases)


@rule("convert_element_type")
def _convert(context: Context, equation: Any, x: Value) -> Value:
    return convert_value(context, x, equation.outvars[0].aval.dtype)


def convert_value(context: Context, x: Value, dtype: Any) -> Value:
    """The elements as another type: floats saturate, integers wrap around."""
    if isinstance(x, np.ndarray):
        if x.dtype == dtype:
            return x
        if x.dtype.kind in "iub" and dtype.kind in "iubf":
            return x.astype(dtype)
    elif x.dtype == dtype:
        return x
    builder, narrow, type_ = context.builder, NARROW.get(np.dtype(dtype).name), node_type(dtype)

    def convert(a: int) -> int:
        if narrow and builder.nodes[a].type == FLOAT:  # saturates at the narrow type's ends
            a = builder.convert(a, INT)
            a = builder.binary("max", a, builder.constant(narrow[0], INT))
            return builder.binary("min", a, builder.constant(narrow[1], INT))
        return wrapped(context, dtype, builder.convert(a, type_))

    return each(context, dtype, convert, x)


@rule("bitcast_convert_type")
def _bitcast(context: Context, equation: Any, x: Value) -> Value:
    source, target = equation.invars[0].aval.dtype, equation.outvars[0].aval.dtype
    if isinstance(x, np.ndarray) and source.itemsize == target.itemsize:
        return x.view(target)
    builder = context.builder
    if source.itemsize == target.itemsize == 4:
        return each(context, target, lambda a: builder.bits(a, node_type(target)), x)
    if source.itemsize == target.itemsize and BOOL not in (source.name, target.name):
        return each(context, target, lambda a: builder.narrow(a, target), x)
    if BOOL in (source.name, target.name):
        raise context.unsupported(f"bitcast_convert_type from {source} to {target}")
    if source.itemsize > target.itemsize:
        return _split_bits(context, target, x)
    return _join_bits(context, target, x)


def _split_bits(context: Context, target: Any, x: Value) -> Value:
    """Numbers as rows of narrower ones, the lowest bits first."""
    if isinstance(x, np.ndarray):
        return np.ascontiguousarray(x)[..., None].view(target)
    builder, width = context.builder, 8 * np.dtype(target).itemsize
    numbers = each(context, np.int32, lambda a: builder.bits(a, INT), x)

    def part(number: int) -> Value:
        shift = builder.constant(number * width, INT)
        return each(context, target, lambda a: builder.narrow(builder.binary("shr", a, shift), target), numbers)

    parts = [context.ids(part(number)) for number in range(8 * x.dtype.itemsize // width)]
    return Lanes(np.stack(parts, axis=-1), np.dtype(target))


def _join_bits(context: Context, target: Any, x: Value) -> Value:
    """Rows of narrow numbers, of which the first has the lowest bits, as one each."""
    if isinstance(x, np.ndarray):
        return np.ascontiguousarray(x).view(target)[..., 0]
    builder, width = context.builder, 8 * x.dtype.itemsize
    mask, type_ = builder.constant((1 << width) - 1, INT), node_type(target)
    rows = np.moveaxis(context.ids(x), -1, 0)

    def joined(*parts: int) -> int:
        total = builder.constant(0, INT)
        for number, node in enumerate(parts):
            bits = builder.binary("shl", builder.binary("and", node, mask), builder.constant(number * width, INT))
            total = builder.binary("or", total, bits)
        return builder.narrow(total, target) if np.dtype(target).name in NARROW else builder.bits(total, type_)

    return each(context, target, joined, *(Lanes(row, x.dtype) for row in rows))


@rule("copy", "copy_p", "stop_gradient", "optimization_barrier", "reduce_precision", "mesh_cast", "pvary")
def _same(context: Context, equation: Any, *values: Value) -> list[Value]:
    if equation.primitive.name == "reduce_precision":
        bits = equation.params["exponent_bits"], equation.params["mantissa_bits"]
        if bits != (8, 23):
            raise context.unsupported(f"reduce_precision to {bits[0]} exponent and {bits[1]} mantissa bits")
    return list(values)
