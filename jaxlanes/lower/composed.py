"""Rules of primitives that are functions of others: each is traced, and its equations are lowered."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from jaxlanes.lower import reduce_loops
from jaxlanes.lower.context import Context, rule
from jaxlanes.lower.loops import takes_loops
from jaxlanes.lower.values import Lanes, Value, size_of


def run_function(context: Context, function: Callable[..., Any], equation: Any, values: list[Value]) -> list[Value]:
    """The results of a function of the equation's operands."""
    types = [
        jax.ShapeDtypeStruct(atom.aval.shape, atom.aval.dtype, weak_type=getattr(atom.aval, "weak_type", False))
        for atom in equation.invars
    ]
    return context.run_closed(jax.make_jaxpr(function)(*types), values)


@rule("call_hi_primitive", bodies=True)
def _call_hi_primitive(context: Context, equation: Any, *values: Value) -> list[Value]:
    primitive = equation.params["_prim"]

    def expanded(*flat: Any) -> Any:
        return jax.tree.leaves(primitive.expand(*jax.tree.unflatten(primitive.in_tree, flat)))

    return run_function(context, expanded, equation, list(values))


@rule("custom_linear_solve", bodies=True)
def _custom_linear_solve(context: Context, equation: Any, *values: Value) -> list[Value]:
    """The function that solves; those of its derivatives are not needed."""
    lengths, functions = equation.params["const_lengths"], equation.params["jaxprs"]
    start = lengths.matvec + lengths.vecmat
    constants = values[start : start + lengths.solve]
    return context.run_closed(functions.solve, [*constants, *values[sum(lengths) :]])


@rule("reduce", bodies=True)
def _reduce(context: Context, equation: Any, *values: Value) -> list[Value]:
    """Elements are taken in the order of the index, the first one after the initial value."""
    equation.params.get("computation")  # what `jaxpr` was traced from
    inner, axes = equation.params["jaxpr"], tuple(equation.params["dimensions"])
    half = len(values) // 2
    if takes_loops(values[0].shape, values[0].dtype, *values) and size_of(values[0]):
        return _reduce_in_loops(context, inner, axes, list(values[:half]), list(values[half:]))
    arrays, initial = [context.ids(value) for value in values[:half]], [context.ids(value) for value in values[half:]]
    kept = [axis for axis in range(arrays[0].ndim) if axis not in axes]
    shape = tuple(arrays[0].shape[axis] for axis in kept)
    columns = [np.transpose(array, [*kept, *axes]).reshape(*shape, -1) for array in arrays]
    results = [np.zeros(shape, np.int64) for _ in arrays]
    dtypes = [np.dtype(value.dtype) for value in values[:half]]

    def scalars(nodes: list[int]) -> list[Value]:
        return [Lanes(np.asarray(node, np.int64), dtype) for node, dtype in zip(nodes, dtypes, strict=True)]

    for place in np.ndindex(*shape):
        total = [int(start.reshape(-1)[0]) for start in initial]
        for row in zip(*(column[place].tolist() for column in columns), strict=True):
            given = [*scalars(total), *scalars(list(row))]
            total = [context.scalar(value) for value in context.run_closed(inner, given)]
        for result, node in zip(results, total, strict=True):
            result[place] = node
    return [Lanes(result, dtype) for result, dtype in zip(results, dtypes, strict=True)]


def _reduce_in_loops(
    context: Context, inner: Any, axes: tuple[int, ...], arrays: list[Value], initial: list[Value]
) -> list[Value]:
    dtypes = [np.dtype(array.dtype) for array in arrays]

    def combine(total: list[int], row: list[int]) -> list[int]:
        nodes = zip([*total, *row], [*dtypes, *dtypes], strict=True)
        scalars: list[Value] = [Lanes(np.asarray(node, np.int64), dtype) for node, dtype in nodes]
        return [context.scalar(value) for value in context.run_closed(inner, scalars)]

    return reduce_loops.reduce_many(context, arrays, axes, combine, [context.scalar(value) for value in initial])


@rule("platform_index")
def _platform_index(context: Context, equation: Any) -> Value:
    """The number of the group of platforms that the kernel's belongs to; a group None takes all."""
    groups = equation.params["platforms"]
    for number, names in enumerate(groups):
        if names is None or context.platform in names or (context.platform == "cuda" and "gpu" in names):
            return np.asarray(number, np.int32)
    raise context.unsupported(f"a branch by platform without one for {context.platform}")


@rule("cumlogsumexp", bodies=True)
def _cumlogsumexp(context: Context, equation: Any, x: Value) -> Value:
    axis, reverse = equation.params["axis"], equation.params["reverse"]
    return run_function(
        context, lambda v: lax.associative_scan(jnp.logaddexp, v, reverse=reverse, axis=axis), equation, [x]
    )[0]


_LANCZOS = 7.0
_LANCZOS_FIRST = 0.99999999999980993227684700473478
_LANCZOS_REST = (
    676.520368121885098567009190444019, -1259.13921672240287047156078755283, 771.3234287776530788486528258894,
    -176.61502916214059906584551354, 12.507343278686904814458936853, -0.13857109526572011689554707,
    9.984369578019570859563e-6, 1.50563273514931155834e-7,
)  # fmt: skip
"""Coefficients of Lanczos's approximation of the gamma function, those that XLA takes too."""


def _lanczos(z: Any) -> tuple[Any, Any]:
    """The sum of the series, and the series of its derivative, of z + 1."""
    total, slope = jnp.full_like(z, _LANCZOS_FIRST), jnp.zeros_like(z)
    for number, coefficient in enumerate(_LANCZOS_REST, 1):
        place = z + float(number)
        total += coefficient / place
        slope -= coefficient / (place * place)
    return total, slope


def _log_of_gamma(z: Any, total: Any) -> tuple[Any, Any]:
    """The parts of the logarithm by Lanczos: that of z + 7.5, and of the whole."""
    log_t = math.log(_LANCZOS + 0.5) + jnp.log1p(z / (_LANCZOS + 0.5))
    t = z + (_LANCZOS + 0.5)
    return log_t, (z + 0.5 - t / log_t) * log_t + (math.log(math.sqrt(2 * math.pi)) + jnp.log(total))


@rule("lgamma", bodies=True)
def _lgamma(context: Context, equation: Any, x: Value) -> Value:
    """By Lanczos's approximation, and by reflection below a half."""

    def function(v: Any) -> Any:
        reflected = v < 0.5
        z = jnp.where(reflected, -v, v - 1)
        _, result = _log_of_gamma(z, _lanczos(z)[0])
        fraction = jnp.abs(v) - jnp.floor(jnp.abs(v))
        fraction = jnp.where(fraction > 0.5, 1 - fraction, fraction)
        sine = jnp.log(jnp.sin(math.pi * fraction))
        mirrored = jnp.where(jnp.isfinite(sine), math.log(math.pi) - sine - result, -sine)
        result = jnp.where(reflected, mirrored, result)
        return jnp.where(jnp.isinf(v), jnp.inf, result)

    return run_function(context, function, equation, [x])[0]


@rule("digamma", bodies=True)
def _digamma(context: Context, equation: Any, x: Value) -> Value:
    """By the derivative of Lanczos's approximation, and by reflection below a half."""

    def function(v: Any) -> Any:
        reflected = v < 0.5
        z = jnp.where(reflected, -v, v - 1)
        total, slope = _lanczos(z)
        log_t, _ = _log_of_gamma(z, total)
        result = log_t + slope / total - _LANCZOS / (z + (_LANCZOS + 0.5))
        near = v + jnp.abs(jnp.floor(v + 0.5))
        mirrored = result - math.pi / jnp.tan(math.pi * near)
        result = jnp.where(reflected, mirrored, result)
        return jnp.where((v <= 0) & (v == jnp.floor(v)), jnp.nan, result)

    return run_function(context, function, equation, [x])[0]


@rule("random_gamma", bodies=True)
def _random_gamma(context: Context, equation: Any, key: Value, alpha: Value) -> Value:
    """As JAX draws it: by rejection, one key for each number."""
    try:
        from jax._src.random.core import _gamma_impl as draw  # not part of JAX's public interface
    except ImportError:
        try:
            from jax._src.random import _gamma_impl as draw  # type: ignore[no-redef]
        except ImportError:
            raise context.unsupported("random_gamma with this version of JAX") from None
    log_space = equation.params["log_space"]
    return run_function(context, lambda k, a: draw(k, a, log_space=log_space, use_vmap=True), equation, [key, alpha])[0]
