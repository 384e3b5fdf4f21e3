"""From a jaxpr to a program of the intermediate form."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from jaxlanes.errors import UnsupportedError
from jaxlanes.ir import DTYPES, WIDE, Memory, Program, dtype_limits, node_type, operations
from jaxlanes.lower import loops
from jaxlanes.lower.context import Context
from jaxlanes.lower.loops import is_large, is_looped, store
from jaxlanes.lower.values import Keys, Lanes, Stored, Value, is_wide, size_of
from jaxlanes.lower.wide import concerns, lower_wide
from jaxlanes.passes.dead_code import remove_dead_code
from jaxlanes.passes.uses import executed
from jaxlanes.trace.jaxpr import is_traced


@dataclasses.dataclass(frozen=True, eq=False)
class Traced:
    """A lowered function. The kernel's shared arguments are the function's, then `large_constants`."""

    program: Program
    large_constants: tuple[np.ndarray, ...]


def is_key(dtype: Any) -> bool:
    return jnp.issubdtype(dtype, jax.dtypes.prng_key)


def argument_dtypes(dtype: Any, own: bool) -> tuple[Any, ...]:
    """The dtypes of the arrays that a kernel takes for an argument; `own`: each lane has its own.

    A number that all lanes share and that is 64 bits wide comes as its low word and as a float32.
    """
    if not is_wide(dtype):
        return (dtype,)
    narrow = np.dtype(WIDE[dtype.name])
    return (narrow,) if own or dtype.kind == "f" else (narrow, np.dtype(np.float32))


def lower(closed: Any, has_lanes: Sequence[bool], platform: str = "cpu") -> Traced:
    """Lower a closed jaxpr on one lane; `has_lanes` says of each of its arguments whether each lane has its own.

    Constants of the jaxpr that are traced themselves are shared arguments after those of the function. Arguments and
    results of 64-bit types are 32-bit ones of the program: see `argument_dtypes`. `platform`: "cpu" or "cuda".
    Arrays are handled in loops, or one by one where that is less work. Raises UnsupportedError.
    """
    with loops.above(loops.LOOP_ELEMENTS) as limit:
        looped = _tried(closed, has_lanes, platform)
    if limit.met:
        with loops.above(loops.SPARSE_ELEMENTS):
            single = _tried(closed, has_lanes, platform)
        if isinstance(single, Traced) and (not isinstance(looped, Traced) or _is_less_work(single, looped)):
            return single
    if not isinstance(looped, Traced):
        raise looped
    return looped


def _tried(closed: Any, has_lanes: Sequence[bool], platform: str) -> Traced | UnsupportedError:
    try:
        return _lower(closed, has_lanes, platform)
    except UnsupportedError as error:
        return error


def _is_less_work(single: Traced, looped: Traced) -> bool:
    """True if elements one by one leave less than half of the operations, and not too many for the compiler."""
    of_single, of_loops = (executed(found.program.body, found.program.nodes) for found in (single, looped))
    return operations(single.program.body) < loops.SPARSE_OPERATIONS and 2 * of_single < of_loops


def _lower(closed: Any, has_lanes: Sequence[bool], platform: str) -> Traced:
    context = Context(concerns, lower_wide, platform)
    inputs: list[tuple[str, int]] = []
    arguments = []
    for variable, own in zip(closed.jaxpr.invars, has_lanes, strict=True):
        arguments.append(_argument(context, variable.aval, own, inputs))
    constants = [
        _argument(context, jax.typeof(constant), False, inputs) if is_traced(constant) else constant
        for constant in closed.consts
    ]
    shared_arguments = len(context.shared)
    results = context.run(closed.jaxpr, constants, arguments)
    outputs: list[tuple[str, Any]] = []
    for result in results:
        if isinstance(result, Keys):  # the words of each key side by side, as in its data
            ids = np.stack([context.ids(word) for word in result.words], axis=-1)
            result = Lanes(ids, np.dtype(np.uint32))
        if not context.is_exact(result):
            raise UnsupportedError(
                f"a result of type {result.dtype}{list(result.shape)} that may need 64 bits",
                remedy="a lane has 32 bits: convert it to int32 or float32",
            )
        name = np.dtype(result.dtype).name
        outputs.append((WIDE.get(name, name), _output(context, result)))
    shared = [(memory.dtype, memory.size) for memory in context.shared]
    program = Program(context.builder.nodes, context.builder.block, inputs, shared, outputs)
    remove_dead_code(program)
    large = [context.large_constants[i][0] for i in range(shared_arguments, len(shared))]
    return Traced(program, tuple(large))


def _argument(context: Context, aval: Any, own: bool, inputs: list[tuple[str, int]]) -> Value:
    if is_key(aval.dtype):
        words = aval.dtype._impl.key_shape[-1]
        data = _array(context, (*aval.shape, words), np.dtype(np.uint32), own, inputs)
        ids = context.ids(data)
        return Keys(tuple(Lanes(ids[..., word], np.dtype(np.uint32)) for word in range(words)), aval.dtype)
    return _array(context, aval.shape, aval.dtype, own, inputs)


def _array(context: Context, shape: tuple[int, ...], dtype: Any, own: bool, inputs: list[tuple[str, int]]) -> Value:
    if dtype == jax.dtypes.float0:
        return np.zeros(shape, np.bool_)
    wide = is_wide(dtype)
    name = WIDE[dtype.name] if wide else np.dtype(dtype).name
    if name not in DTYPES:
        raise UnsupportedError(
            f"an argument of type {name}{list(shape)}", remedy=f"a lane has 32 bits: use {', '.join(DTYPES)}"
        )
    size = int(np.prod(shape, dtype=np.int64))
    if not own:
        memory, others = context.add_shared(name, size), argument_dtypes(dtype, own)[1:]
        twin = None
        for other in others:
            twin = Stored(context.add_shared(other.name, size), 0, tuple(shape), other)
        return Stored(memory, 0, tuple(shape), np.dtype(dtype), not wide, twin)
    number = len(inputs)
    inputs.append((name, size))
    limits = None if name in ("bool", "float32") else dtype_limits(dtype)
    if not wide and is_large(shape):
        return Stored(Memory("argument", name, size, number), 0, tuple(shape), np.dtype(dtype))
    ids = [context.builder.free("input", node_type(dtype), (number, i), limits) for i in range(size)]
    return Lanes(np.reshape(np.asarray(ids, np.int64), shape), np.dtype(dtype), not wide)


def _output(context: Context, value: Value) -> tuple[int, ...] | Memory:
    if isinstance(value, Stored) and value.memory.kind in ("rows", "cell") and size_of(value) == value.memory.size:
        return value.memory
    if not isinstance(value, Keys) and not is_wide(value.dtype) and is_looped(value):
        return store(context, value).memory
    return tuple(int(node) for node in context.ids(value).reshape(-1))
