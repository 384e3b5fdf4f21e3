"""Rules of random keys: a key is its words of data; what is drawn from it is traced from JAX's own implementation."""

from __future__ import annotations

import functools
from typing import Any

import jax
import numpy as np

from jaxlanes.ir import UINT
from jaxlanes.lower import loops
from jaxlanes.lower.context import Context, rule
from jaxlanes.lower.values import Keys, Lanes, Value


def _data(context: Context, key: Value) -> Value:
    """uint32, the words of each key last."""
    if not isinstance(key, Keys):
        raise TypeError(f"not a key: {type(key).__name__}")
    if all(isinstance(word, np.ndarray) for word in key.words):
        return np.stack(key.words, axis=-1)  # type: ignore[arg-type]
    return Lanes(np.stack([context.ids(word) for word in key.words], axis=-1), np.dtype(np.uint32))


def _keys(context: Context, data: Value, dtype: Any) -> Keys:
    array = data if isinstance(data, np.ndarray) else context.ids(data)
    words = [array[..., i] for i in range(array.shape[-1])]
    if not isinstance(data, np.ndarray):
        return Keys(tuple(Lanes(word, np.dtype(np.uint32)) for word in words), dtype)
    return Keys(tuple(words), dtype)


@functools.lru_cache(maxsize=512)
def _traced(function: Any, implementation: Any, shapes: tuple[Any, ...], options: tuple[Any, ...]) -> Any:
    arguments = [jax.ShapeDtypeStruct(shape, dtype) for shape, dtype in shapes]
    return jax.make_jaxpr(lambda *args: function(implementation, *args, *options))(*arguments)


def _apply(context: Context, function: Any, key_aval: Any, values: list[Value], *options: Any) -> Value:
    """A function of one key's data and more, mapped over an array of keys."""
    batch = key_aval.shape
    mapped = function
    for _ in batch:
        mapped = functools.partial(_over_first_axis, mapped)
    shapes = tuple((value.shape, np.dtype(value.dtype)) for value in values)
    closed = _traced(mapped, key_aval.dtype._impl, shapes, options)
    return context.run_closed(closed, values)[0]


def _over_first_axis(function: Any, implementation: Any, *args: Any) -> Any:
    arrays = [arg for arg in args if hasattr(arg, "shape")]
    options = args[len(arrays) :]
    return jax.vmap(lambda *mapped: function(implementation, *mapped, *options))(*arrays)


def _split(implementation: Any, key: Any, shape: Any) -> Any:
    return implementation.split(key, shape)


def _fold_in(implementation: Any, key: Any, number: Any) -> Any:
    return implementation.fold_in(key, number)


def _bits(implementation: Any, key: Any, width: int, shape: Any) -> Any:
    return implementation.random_bits(key, width, shape)


@rule("random_split")
def _random_split(context: Context, equation: Any, key: Value) -> Value:
    aval = equation.invars[0].aval
    data = _apply(context, _split, aval, [_data(context, key)], tuple(equation.params["shape"]))
    return _keys(context, data, aval.dtype)


@rule("random_fold_in")
def _random_fold_in(context: Context, equation: Any, key: Value, number: Value) -> Value:
    aval, shape = equation.invars[0].aval, equation.outvars[0].aval.shape
    data = _data(context, key)
    if aval.shape != shape or number.shape != shape:
        raise context.unsupported(f"random_fold_in of keys {aval.shape} and numbers {number.shape}")
    data = _apply(context, _fold_in, aval, [data, number])
    return _keys(context, data, aval.dtype)


@rule("random_bits")
def _random_bits(context: Context, equation: Any, key: Value) -> Value:
    width, shape = equation.params["bit_width"], tuple(equation.params["shape"])
    if width > 32:
        raise context.unsupported(f"random bits of width {width}")
    return _apply(context, _bits, equation.invars[0].aval, [_data(context, key)], width, shape)


@rule("random_seed", bodies=True)
def _random_seed(context: Context, equation: Any, seeds: Value) -> Value:
    implementation = equation.params["impl"]
    closed = jax.make_jaxpr(implementation.seed)(jax.ShapeDtypeStruct(seeds.shape, np.dtype(seeds.dtype)))
    data = context.run_closed(closed, [seeds])[0]
    return _keys(context, data, equation.outvars[0].aval.dtype)


@rule("random_wrap")
def _random_wrap(context: Context, equation: Any, data: Value) -> Value:
    return _keys(context, data, equation.outvars[0].aval.dtype)


@rule("random_unwrap")
def _random_unwrap(context: Context, equation: Any, key: Value) -> Value:
    return _data(context, key)


@rule("random_clone")
def _random_clone(context: Context, equation: Any, key: Value) -> Value:
    return key


@rule("iota_2x32_shape")
def _iota_2x32(context: Context, equation: Any) -> list[Value]:
    shape = equation.params["shape"]
    size = int(np.prod(shape, dtype=np.int64))
    return [np.zeros(shape, np.uint32), np.arange(size, dtype=np.uint32).reshape(shape)]


@rule("threefry2x32")
def _threefry2x32(context: Context, equation: Any, k1: Value, k2: Value, x1: Value, x2: Value) -> list[Value]:
    """One operation of the kernel per pair of words; its halves are taken apart by `word`."""
    builder = context.builder
    shape = np.broadcast_shapes(*(value.shape for value in (k1, k2, x1, x2)))
    if loops.takes_loops(shape, np.uint32, k1, k2, x1, x2):
        return list(_threefry_in_loops(context, shape, [k1, k2, x1, x2]))
    arrays = np.broadcast_arrays(*(context.ids(value) for value in (k1, k2, x1, x2)))
    first, second = [], []
    for args in zip(*(array.reshape(-1).tolist() for array in arrays), strict=True):
        both = builder.node("threefry", UINT, args)
        first.append(builder.node("word", UINT, (both,), 0))
        second.append(builder.node("word", UINT, (both,), 1))
    shape = arrays[0].shape
    return [context.lanes(np.reshape(half, shape), np.uint32) for half in (first, second)]


def _threefry_in_loops(context: Context, shape: tuple[int, ...], values: list[Value]) -> list[Value]:
    """Both words of each pair, written by one loop."""
    builder = context.builder
    halves = [loops.new_memory(context, shape, np.uint32) for _ in range(2)]
    readers = [loops.reader(context, value) for value in values]

    def write(index: loops.Index) -> None:
        args = tuple(loops.broadcast_element(context, read, index) for read in readers)
        both = builder.node("threefry", UINT, args)
        for number, half in enumerate(halves):
            loops.put(context, half, index, builder.node("word", UINT, (both,), number))

    loops.nest(context, shape, write)
    return list(halves)
