"""Generators of primitives that are functions of others.

Of sums and divisions only such operands are drawn that every intermediate result is exact, for in which order XLA's
libraries compute is not known. Zero is added to what may be a zero of either sign.
"""

from __future__ import annotations

from jaxlanes.tools.fuzz.classes import makes
from jaxlanes.tools.fuzz.elementwise import BIT_TYPES
from jaxlanes.tools.fuzz.scope import Scope, any_type
from jaxlanes.tools.fuzz.values import INTEGERS, NUMBERS, Type

_SMALL = "jnp.float32(lax.convert_element_type({0} % 5, jnp.int32) - 2)"
"""Whole numbers from -2 to 2 (or to -6), of unsigned or signed ones."""


def _matrix(scope: Scope, rows: int, columns: int) -> str:
    """Small whole numbers, as float32."""
    numbers = scope.operand(Type("uint8", (rows, columns)), constant=0.05)
    return scope.add(_SMALL, [numbers], [Type("float32", (rows, columns))], label="helper")[0]


@makes("lt_to", "le_to", "eq_to", in_programs=0.3)
def _in_total_order(scope: Scope, name: str) -> None:
    type_ = any_type(scope, NUMBERS)
    operands = [scope.operand(type_), scope.operand(type_)]
    scope.add(f"_compared('{name}', {{0}}, {{1}})", operands, [Type("bool", type_.shape)], label=name, pointwise=True)


@makes("cumlogsumexp", exact=False, in_programs=0)
def _cumlogsumexp(scope: Scope, name: str) -> None:
    type_ = Type("float32", scope.shape(1))
    axis, reverse = scope.below(len(type_.shape)), scope.chance(0.4)
    text = f"lax.cumlogsumexp({{0}}, {axis}, reverse={reverse})"
    scope.add(text, [scope.operand(type_, constant=0)], [type_], label=name)


@makes("reduce")
def _reduce(scope: Scope, name: str) -> None:
    type_ = Type(scope.dtype(BIT_TYPES), scope.shape(1))
    axis = scope.below(len(type_.shape))
    start = scope.constant(Type(type_.dtype, ()), "any")  # JAX batches only a constant
    joined = scope.one_of(["a | b", "a & b", "lax.max(a, b)", "a ^ b"])
    shape = type_.shape[:axis] + type_.shape[axis + 1 :]
    text = f"lax.reduce({{0}}, {{1}}, lambda a, b: {joined}, ({axis},))"
    scope.add(text, [scope.operand(type_, constant=0.02), start], [Type(type_.dtype, shape)], label=name)


@makes("platform_index", strict=True, in_programs=0.3)
def _platform(scope: Scope, name: str) -> None:
    type_ = any_type(scope)
    here = scope.one_of(["cpu", "tpu"])
    text = f"lax.platform_dependent({{0}}, {here}=lambda x: x, default=jnp.zeros_like)"
    scope.add(text, [scope.operand(type_)], [type_], label=name)


@makes("custom_linear_solve", in_programs=0.3)
def _custom_linear_solve(scope: Scope, name: str) -> None:
    type_ = Type("float32", (scope.between(1, 4),))
    text = "lax.custom_linear_solve(lambda x: x * 4, {0}, lambda _, b: b * 0.25, symmetric=True)"
    scope.add(text, [scope.operand(type_, constant=0.05)], [type_], label=name)


@makes("cholesky", strict=True, in_programs=0.2)
def _cholesky(scope: Scope, name: str) -> None:
    size = scope.between(1, 4)
    text = "(lambda low: lax.linalg.cholesky(low @ low.T))(jnp.tril({0}, -1) + jnp.eye(" + str(size) + "))"
    scope.add(f"{text} + jnp.float32(0)", [_matrix(scope, size, size)], [Type("float32", (size, size))], label=name)


@makes("triangular_solve", strict=True, in_programs=0.2)
def _triangular_solve(scope: Scope, name: str) -> None:
    size, others = scope.between(1, 3), scope.between(1, 3)
    left, unit = scope.chance(0.5), scope.chance(0.5)
    shape = (size, others) if left else (others, size)
    options = f"left_side={left}, lower={scope.chance(0.5)}, transpose_a={scope.chance(0.5)}, unit_diagonal={unit}"
    matrix = "{0}" if unit else f"({{0}} * (1 - jnp.eye({size})) + 2 * jnp.eye({size}))"
    text = f"lax.linalg.triangular_solve({matrix}, {{1}}, {options}) + jnp.float32(0)"
    scope.add(text, [_matrix(scope, size, size), _matrix(scope, *shape)], [Type("float32", shape)], label=name)


@makes("lu_pivots_to_permutation", in_programs=0.2)
def _permutation(scope: Scope, name: str) -> None:
    size = scope.between(1, 5)
    count = scope.between(1, size)
    pivots = scope.operand(Type("int32", (count,)), f"index:{size}", constant=0.05)
    text = f"lax.linalg.lu_pivots_to_permutation(jnp.clip({{0}}, 0, {size - 1}), {size})"
    scope.add(text, [pivots], [Type("int32", (size,))], label=name)


@makes("conv_general_dilated", in_programs=0.2)
def _convolution(scope: Scope, name: str) -> None:
    groups = scope.one_of([1, 1, 2])
    features, results = groups * scope.between(1, 2), groups * scope.between(1, 2)
    size, window = scope.between(3, 6), scope.between(1, 3)
    stride, apart, gaps = scope.between(1, 2), scope.between(1, 2), scope.between(1, 2)
    low, high = scope.between(-1, 2), scope.between(0, 2)
    length = (size - 1) * gaps + 1 + low + high - (window - 1) * apart
    if length < 1:
        low, length = 2, length + 2 - low
    if length < 1:
        apart, gaps, length = 1, 1, size + low + high - window + 1
    shape = (1, results, (length - 1) // stride + 1)
    dtype = scope.one_of(["float32", *INTEGERS])
    operands = [scope.operand(Type(dtype, (1, features, size)), "exact", constant=0.05),
                scope.operand(Type(dtype, (results, features // groups, window)), "exact", constant=0.3)]  # fmt: skip
    text = (f"lax.conv_general_dilated({{0}}, {{1}}, ({stride},), (({low}, {high}),), ({gaps},), ({apart},), "
            f"feature_group_count={groups})")  # fmt: skip
    scope.add(text, operands, [Type(dtype, shape)], label=name)
