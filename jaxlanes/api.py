"""`vmap`: the signature and results of `jax.vmap`, by one kernel."""

from __future__ import annotations

import functools
import warnings
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
from jax.custom_batching import custom_vmap
from jax.extend import core

from jaxlanes import lower as _rules  # noqa: F401 (registers them)
from jaxlanes.compiler import find_compiler
from jaxlanes.errors import CompilerNotFoundError, UnsupportedError
from jaxlanes.kernel import Kernel, compile_kernel
from jaxlanes.trace import is_key, is_traced, lower

BACKENDS = ("auto", "xla", "simd")


class LanesWarning(UserWarning):
    """`backend="auto"` could not make a kernel and uses XLA."""


def vmap(fn: Callable[..., Any], in_axes: Any = 0, *, backend: str = "auto", fast: bool = False) -> Callable[..., Any]:
    """`jax.vmap(fn, in_axes)`, compiled to one SIMD kernel for the CPU: each lane of a register is one call of `fn`.

    * `fn`: pure, on one environment; its arguments and results are pytrees of bool, integers of up to 32 bits, float32
      and random keys. It is traced unbatched, so a `lax.cond` in it stays a branch, taken when a lane of the group of
      16 (AVX-512), 8 (AVX2) or 4 needs it.
    * `in_axes`: as for `jax.vmap`, of 0 and None; results have the batch as axis 0.
    * `backend`: "simd", "xla" (`jax.vmap` itself), or "auto": simd where JAX runs on the CPU, a C++ compiler is found
      and `fn` uses only what is supported; else xla, with one `LanesWarning` that says why.
    * `fast`: let the compiler contract `a * b + c` to one rounding.

    Integers and bools are bitwise those of XLA. Floats are computed in the order written; sums in the order of the
    index; a division by a constant is a multiplication by its reciprocal, as XLA:CPU compiles it; elementary functions
    are within the units in the last place that `functions.h` states. Subnormal numbers are flushed, as XLA:CPU does.

    The function can be called in `jax.jit`, `lax.scan`, `shard_map` and `jax.vmap`. Derivatives are those of
    `jax.vmap(fn)`, by XLA. The first call with new shapes compiles; kernels are cached on disk.

    Raises UnsupportedError, CompilerNotFoundError, CompilationError, CacheError with "simd".
    """
    if backend not in BACKENDS:
        raise ValueError(f"jaxlanes.vmap: backend must be one of {', '.join(BACKENDS)}, got {backend!r}")
    plain = jax.vmap(fn, in_axes=in_axes)
    if backend == "xla":
        return plain
    compiled: dict[Any, _Compiled | None] = {}

    @functools.wraps(fn, assigned=("__name__", "__qualname__", "__doc__"), updated=())
    def batched(*args: Any) -> Any:
        if backend == "auto" and jax.default_backend() != "cpu":
            return plain(*args)
        leaves, tree = jax.tree.flatten(args)
        axes = _flat_axes(in_axes, args)
        lanes = _batch_size(leaves, axes, args)
        types = tuple(
            jax.ShapeDtypeStruct(jnp.shape(leaf) if axis is None else jnp.shape(leaf)[1:], jax.typeof(leaf).dtype)
            for leaf, axis in zip(leaves, axes, strict=True)
        )
        examples = jax.tree.unflatten(tree, types)
        closed, out_shape = jax.make_jaxpr(fn, return_shape=True)(*examples)
        # What fn closes over may be traced: it is one more argument, the same for all lanes.
        outer = [constant for constant in closed.consts if is_traced(constant)]
        key = (tree, tuple((t.shape, t.dtype) for t in types), axes)
        if outer or key not in compiled:
            found = _compile(closed, axes, backend, fast)
            if not outer:
                compiled[key] = found
        else:
            found = compiled[key]
        if found is None:
            return plain(*args)
        results = found(lanes, list(leaves), outer, closed)
        return jax.tree.unflatten(jax.tree.structure(out_shape), results)

    return batched


class _Compiled:
    """A kernel with what stands around it: keys, shapes, derivatives and an outer `vmap`."""

    def __init__(self, closed: Any, axes: tuple[int | None, ...], kernel: Kernel) -> None:
        self.axes, self.kernel = axes, kernel
        self.out_avals = closed.out_avals
        self.traced_constants = [is_traced(constant) for constant in closed.consts]

    def __call__(self, lanes: int, leaves: list[Any], outer: list[Any], closed: Any) -> list[Any]:
        axes = (*self.axes, *(None for _ in outer))

        def plain(*flat: Any) -> list[Any]:
            return jax.vmap(functools.partial(_evaluate, closed, self.traced_constants), in_axes=axes, axis_size=lanes)(
                *flat
            )

        @custom_vmap
        def on_lanes(*flat: Any) -> list[Any]:
            return self._run(lanes, axes, list(flat))

        @on_lanes.def_vmap
        def _(size: int, batched: list[bool], *flat: Any) -> tuple[list[Any], list[bool]]:
            # Two axes of lanes are one; what is shared by one of them only is written out.
            if not any(b for b, axis in zip(batched, axes, strict=True) if axis is None):
                merged = []
                for leaf, is_batched, axis in zip(flat, batched, axes, strict=True):
                    if axis is not None and not is_batched:
                        leaf = jnp.broadcast_to(leaf, (size, *leaf.shape))
                    merged.append(leaf if axis is None else leaf.reshape(size * lanes, *leaf.shape[2:]))
                results = _Compiled.__call__(self, size * lanes, merged[: len(self.axes)],
                                             merged[len(self.axes) :], closed)  # fmt: skip
                return [r.reshape(size, lanes, *r.shape[1:]) for r in results], [True] * len(results)
            results = jax.vmap(plain, in_axes=[0 if b else None for b in batched], axis_size=size)(*flat)
            return results, [True] * len(results)

        differentiable = jax.custom_jvp(lambda *flat: on_lanes(*flat))

        @differentiable.defjvp
        def _(primals: Any, tangents: Any) -> Any:
            return jax.jvp(plain, primals, tangents)

        return list(differentiable(*leaves, *outer))

    def _run(self, lanes: int, axes: tuple[int | None, ...], flat: list[Any]) -> list[Any]:
        own, shared = [], []
        for leaf, axis in zip(flat, axes, strict=True):
            array = jax.random.key_data(leaf) if is_key(leaf.dtype) else jnp.asarray(leaf)
            (shared if axis is None else own).append(array)
        raw = self.kernel(lanes, own, shared)
        results = []
        for aval, array in zip(self.out_avals, raw, strict=True):
            if is_key(aval.dtype):
                data = array.reshape(lanes, *aval.shape, -1)
                results.append(jax.random.wrap_key_data(data, impl=str(jax.random.key_impl(_as_key(aval.dtype)))))
            else:
                results.append(array.reshape(lanes, *aval.shape).astype(aval.dtype))
        return results


def _as_key(dtype: Any) -> Any:
    return jax.random.wrap_key_data(jnp.zeros(dtype._impl.key_shape, jnp.uint32), impl=dtype._impl)


def _evaluate(closed: Any, traced: list[bool], *flat: Any) -> list[Any]:
    """The traced function, what it closed over being the last arguments."""
    count = len(closed.jaxpr.invars)
    extra = iter(flat[count:])
    consts = [next(extra) if outer else const for const, outer in zip(closed.consts, traced, strict=True)]
    return core.jaxpr_as_fun(closed.replace(consts=consts))(*flat[:count])


def _compile(closed: Any, axes: tuple[int | None, ...], backend: str, fast: bool) -> _Compiled | None:
    """None: to be done by XLA; that has been said."""
    try:
        find_compiler()
        kernel = compile_kernel(lower(closed, [axis is not None for axis in axes]), fast=fast)
    except (UnsupportedError, CompilerNotFoundError) as error:
        if backend == "simd":
            raise
        warnings.warn(f"jaxlanes uses XLA: {error}", LanesWarning, stacklevel=4)
        return None
    return _Compiled(closed, axes, kernel)


def _flat_axes(in_axes: Any, args: tuple[Any, ...]) -> tuple[int | None, ...]:
    if isinstance(in_axes, list):
        in_axes = tuple(in_axes)
    if isinstance(in_axes, tuple) and len(in_axes) != len(args):
        raise ValueError(f"jaxlanes.vmap: in_axes {in_axes} names {len(in_axes)} arguments, the call has {len(args)}")
    try:
        axes = jax.tree.broadcast(in_axes, args, is_leaf=lambda x: x is None)
    except ValueError as error:
        raise ValueError(f"jaxlanes.vmap: in_axes {in_axes} does not fit the arguments: {error}") from error
    flat = jax.tree.leaves(axes, is_leaf=lambda x: x is None)
    wrong = [axis for axis in flat if axis not in (0, None)]
    if wrong:
        raise ValueError(f"jaxlanes.vmap: in_axes may be 0 or None, got {wrong[0]}; move the axis with jnp.moveaxis")
    return tuple(flat)


def _batch_size(leaves: list[Any], axes: tuple[int | None, ...], args: Any) -> int:
    sizes = {jnp.shape(leaf)[:1] for leaf, axis in zip(leaves, axes, strict=True) if axis == 0}
    if not sizes:
        raise ValueError("jaxlanes.vmap: no argument has a batch axis; in_axes must be 0 for at least one")
    if () in sizes:
        raise ValueError("jaxlanes.vmap: a scalar has no batch axis; pass it with in_axes None")
    if len(sizes) > 1:
        raise ValueError(f"jaxlanes.vmap: arguments have different batch sizes: {sorted(s[0] for s in sizes)}")
    (size,) = sizes.pop()
    return int(size)
