"""The same function as one Pallas kernel through Triton, to be timed beside ours: a program for each block of lanes.

It is what somebody gets who writes `jax.vmap(fn)` into a kernel's body without rewriting `fn` for Triton.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
from jax.extend import core

from jaxlanes.errors import LanesError
from jaxlanes.trace import is_key

BLOCK = 128
"""Lanes of a program: one for each thread of the four warps that Triton gives it."""


class PallasRefusedError(LanesError):
    """Pallas has no kernel for the function; the message is the first line of what it says."""


def pallas_kernel(
    fn: Callable[..., Any], args: tuple[Any, ...], in_axes: Any = 0, *, interpret: bool = False
) -> tuple[Callable[..., list[Any]], list[Any]]:
    """A function of arrays, and the arrays: it gives the leaves of `jax.vmap(fn, in_axes)(*args)`, keys as words.

    The lanes must be a multiple of `BLOCK`. What `fn` closes over is an argument of the kernel. `interpret`: by XLA
    instead of Triton, for tests. What Pallas cannot do it says when the function is compiled.
    Raises PallasRefusedError, and ImportError with a JAX that has no Triton.
    """
    from jax.experimental import pallas
    from jax.experimental.pallas import triton

    leaves, tree = jax.tree.flatten(args)
    axes = jax.tree.leaves(jax.tree.broadcast(in_axes, args, is_leaf=lambda x: x is None), is_leaf=lambda x: x is None)
    dtypes = [jax.typeof(leaf).dtype for leaf in leaves]
    arrays = [jax.random.key_data(x) if is_key(t) else jnp.asarray(x) for x, t in zip(leaves, dtypes, strict=True)]
    (lanes,) = {array.shape[0] for array, axis in zip(arrays, axes, strict=True) if axis == 0}
    if lanes % BLOCK:
        raise PallasRefusedError(f"not asked: {lanes} lanes are no multiple of {BLOCK}")

    def flat(*arrays: Any) -> list[Any]:
        wrapped = [
            jax.random.wrap_key_data(x, impl=dtype._impl.name) if is_key(dtype) else x
            for x, dtype in zip(arrays, dtypes, strict=True)
        ]
        results = jax.tree.leaves(jax.vmap(fn, in_axes)(*jax.tree.unflatten(tree, wrapped)))
        return [jax.random.key_data(x) if is_key(x.dtype) else x for x in results]

    blocks = [
        jax.ShapeDtypeStruct((BLOCK, *array.shape[1:]) if axis == 0 else array.shape, array.dtype)
        for array, axis in zip(arrays, axes, strict=True)
    ]
    closed = jax.make_jaxpr(flat)(*blocks)
    constants = [jnp.asarray(constant) for constant in closed.consts]
    outputs = closed.out_avals

    def body(*references: Any) -> None:
        read = [r[...] for r in references[: len(references) - len(outputs)]]
        given, consts = read[: len(arrays)], read[len(arrays) :]
        results = core.jaxpr_as_fun(closed.replace(consts=consts))(*given)
        for reference, result in zip(references[len(read) :], results, strict=True):
            reference[...] = result

    def own(array: Any) -> Any:
        return pallas.BlockSpec((BLOCK, *array.shape[1:]), lambda i: (i, *(0 for _ in array.shape[1:])))

    def shared(array: Any) -> Any:
        return pallas.BlockSpec(array.shape, lambda _: tuple(0 for _ in array.shape))

    call = pallas.pallas_call(
        body,
        out_shape=[jax.ShapeDtypeStruct((lanes, *out.shape[1:]), out.dtype) for out in outputs],
        grid=(lanes // BLOCK,),
        in_specs=[
            *(own(x) if axis == 0 else shared(x) for x, axis in zip(arrays, axes, strict=True)),
            *(shared(x) for x in constants),
        ],
        out_specs=[own(out) for out in outputs],
        interpret=interpret,
        compiler_params=triton.CompilerParams(num_warps=BLOCK // 32),
    )
    return call, [*arrays, *constants]


def first_line(error: Exception) -> str:
    """Of what an error says, or its type."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[0] if lines else type(error).__name__
