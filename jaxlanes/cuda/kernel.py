"""A JAX function as the source of a CUDA kernel, with what a launch has to know."""

from __future__ import annotations

import dataclasses
import importlib
from collections.abc import Callable, Sequence
from typing import Any, cast

import jax
import jax.numpy as jnp
import numpy as np

from jaxlanes import lower as _rules  # noqa: F401 (registers them)
from jaxlanes.emit.cuda import emit, scratch_words
from jaxlanes.errors import LanesError
from jaxlanes.ir import Memory
from jaxlanes.trace.axes import spread
from jaxlanes.trace.jaxpr import lane_type
from jaxlanes.trace.program import argument_dtypes, is_key, lower


@dataclasses.dataclass(frozen=True, eq=False)
class CudaKernel:
    """`emit.cuda.ENTRY` says how `source` is called. Shapes are of one lane."""

    source: str
    axes: tuple[int | None, ...]  # of each flat argument: 0 if each lane has its own, None if all share it
    outputs: tuple[jax.ShapeDtypeStruct, ...]  # as stored: of a key its words
    tree: Any  # of the results
    large_constants: tuple[np.ndarray, ...]
    scratch_words: int  # per lane

    def arguments(self, args: Sequence[Any]) -> tuple[int, list[np.ndarray]]:
        """The number of lanes, and the arrays that the kernel reads, in the order of its parameters."""
        leaves = [_stored(leaf) for leaf in jax.tree.leaves(tuple(args))]
        if len(leaves) != len(self.axes):
            raise ValueError(f"jaxlanes.cuda: the kernel has {len(self.axes)} arrays as arguments, got {len(leaves)}")
        own, shared = [], []
        for leaf, axis in zip(leaves, self.axes, strict=True):
            dtypes = argument_dtypes(leaf.dtype, axis == 0)
            (shared if axis is None else own).extend(leaf.astype(dtype, copy=False) for dtype in dtypes)
        lanes = {leaf.shape[0] for leaf in own}
        if len(lanes) != 1:
            raise ValueError(f"jaxlanes.cuda: arguments have different batch sizes: {sorted(lanes)}")
        return lanes.pop(), [*own, *shared, *(np.ascontiguousarray(c) for c in self.large_constants)]

    def empty_outputs(self, lanes: int) -> list[np.ndarray]:
        return [np.empty((lanes, *out.shape), out.dtype) for out in self.outputs]


def _stored(leaf: Any) -> np.ndarray:
    if hasattr(leaf, "dtype") and is_key(leaf.dtype):
        leaf = jax.random.key_data(leaf)
    return np.ascontiguousarray(leaf if isinstance(leaf, np.ndarray) else jnp.asarray(leaf))


def make_kernel(fn: Callable[..., Any], args: Sequence[Any], in_axes: Any = 0, *, fast: bool = False) -> CudaKernel:
    """The kernel that does what `jax.vmap(fn, in_axes)` does to arguments like these (arrays, the batch as axis 0).

    `in_axes`: of 0 and None, as for `jaxlanes.vmap`. `fast`: see `emit`.
    Raises UnsupportedError, and ValueError for other axes.
    """
    args = tuple(args)
    axes = tuple(spread(in_axes, args))
    if not set(axes) <= {0, None}:
        raise ValueError(f"jaxlanes.cuda: in_axes may be 0 or None, got {in_axes}; move the batch with jnp.moveaxis")
    leaves, tree = jax.tree.flatten(args)
    types = [lane_type(leaf, axis) for leaf, axis in zip(leaves, axes, strict=True)]
    closed, shape = jax.make_jaxpr(fn, return_shape=True)(*jax.tree.unflatten(tree, types))
    traced = lower(closed, [axis is not None for axis in axes], "cuda")
    outputs = []
    for aval, (dtype, out) in zip(closed.out_avals, traced.program.outputs, strict=True):
        size = out.size if isinstance(out, Memory) else len(out)
        words = (size // max(1, int(np.prod(aval.shape))),) if is_key(aval.dtype) else ()
        outputs.append(jax.ShapeDtypeStruct((*aval.shape, *words), np.dtype(dtype)))
    return CudaKernel(
        emit(traced.program, fast=fast),
        axes,
        tuple(outputs),
        jax.tree.structure(shape),
        traced.large_constants,
        scratch_words(traced.program),
    )


def load_function(name: str) -> Callable[[int], tuple[Callable[..., Any], tuple[Any, ...], Any]]:
    """The function that `module:function` names. `function(lanes)` gives `(fn, arguments, in_axes)`, to be run as
    `jax.vmap(fn, in_axes)(*arguments)` with `lanes` as the size of the batch. Raises LanesError."""
    module, colon, function = name.partition(":")
    if not colon or not module or not function:
        raise LanesError(f"{name!r} names no function; write module:function, as in mypackage.kernels:step")
    try:
        found: Any = getattr(importlib.import_module(module), function, None)
    except ImportError as error:
        raise LanesError(f"the module of {name!r} cannot be imported: {error}") from error
    if found is None or not callable(found):
        raise LanesError(f"the module {module} has no function {function}; check the spelling of {name!r}")
    return cast(Any, found)
