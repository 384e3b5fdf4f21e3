"""`vmap`: the signature and results of `jax.vmap`, by one kernel."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp

from jaxlanes import lower as _rules  # noqa: F401 (registers them)
from jaxlanes.errors import CacheError, CompilationError, CompilerNotFoundError, UnsupportedError
from jaxlanes.runtime import kernel_index
from jaxlanes.runtime.batched import Axes, Batched, check_debugged
from jaxlanes.runtime.compiler import find_compiler
from jaxlanes.runtime.kernel import compile_kernel
from jaxlanes.runtime.kernel_index import Entry
from jaxlanes.runtime.recent import Recent
from jaxlanes.trace.caller import caller_line, warn
from jaxlanes.trace.jaxpr import evaluate, is_traced, lane_type, result_weak_types, trace_function
from jaxlanes.trace.program import lower

BACKENDS = ("auto", "xla", "simd", "cuda")


_faults: Recent[str, bool] = Recent(64)
"""Faults of this machine that were told already."""


class LanesWarning(UserWarning):
    """`backend="auto"` could not make a kernel and uses XLA."""


def vmap(
    fn: Callable[..., Any],
    in_axes: Any = 0,
    *,
    backend: str = "auto",
    fast: bool = False,
    fingerprint: str | None = None,
) -> Callable[..., Any]:
    """`jax.vmap(fn, in_axes)`, compiled to one SIMD kernel for the CPU: each lane of a register is one call of `fn`;
    or to one kernel for an NVIDIA GPU, each thread of which is one call.

    * `fn`: pure, on one environment; its arguments and results are pytrees of bool, integers of up to 32 bits, float32
      and random keys. It is traced unbatched, so a `lax.cond` in it stays a branch, taken when a lane of the group of
      16 (AVX-512), 8 (AVX2) or 4 needs it.
    * `in_axes`: as for `jax.vmap`, of 0 and None; results have the batch as axis 0.
    * `backend`: "simd", "xla" (`jax.vmap` itself), or "auto": simd where JAX runs on the CPU, a C++ compiler is found,
      kernels can be kept on disk and `fn` uses only what is supported; else xla, with one `LanesWarning` that says
      why. "cuda": one kernel for the GPU that JAX sees first, compiled to PTX by NVRTC or Clang and called through a
      C++ compiler's handler. No GPU has run one yet (what is tested is their meaning on the host and the handler with
      a driver that is made up), so "auto" leaves GPUs to xla.
    * `fast`: let the compiler contract `a * b + c` to one rounding; with "cuda", elementary functions of CUDA too.
    * `fingerprint`: lets another process find the kernel without tracing `fn`, which takes most of the time of a start
      whose kernel is on disk. A text that is another one whenever `fn` would compute something else from arguments of
      the same structure, shapes and dtypes: that depends on its code, on the code that it calls, on what it closes over
      and on the files that it reads, so a hash of all these is a good one. `fn` may not close over values that are
      traced outside. What `jaxlanes` can see is taken care of: the arguments' structure and types, the versions of JAX
      and Python, JAX's settings, the compiler, the code of `jaxlanes`. Without one, and with "cuda", `fn` is traced in
      each process.

    Integers and bools are bitwise those of XLA. Floats are computed in the order written; sums in the order of the
    index; a division by a constant is a multiplication by its reciprocal, as XLA:CPU compiles it; elementary functions
    are within the units in the last place that `functions.h` states. Subnormal numbers are flushed, as XLA:CPU does.

    The function can be called in `jax.jit`, `lax.scan`, `shard_map` and `jax.vmap`. Derivatives are those of
    `jax.vmap(fn)`, by XLA. The first call with new shapes compiles; kernels are cached on disk.

    Raises UnsupportedError, CompilerNotFoundError, CompilationError, CacheError with "simd" and "cuda", and
    `jaxlanes.cuda.NoGpuError` with "cuda" where JAX sees no GPU. What the driver refuses is an error of JAX's, with the
    driver's text.
    """
    if backend not in BACKENDS:
        raise ValueError(f"jaxlanes.vmap: backend must be one of {', '.join(BACKENDS)}, got {backend!r}")
    plain = jax.vmap(fn, in_axes=in_axes)
    if backend == "xla":
        return plain
    compiled: dict[Any, Entry | None] = {}

    @functools.wraps(fn, assigned=("__name__", "__qualname__", "__doc__"), updated=())
    def batched(*args: Any) -> Any:
        if backend == "auto" and jax.default_backend() != "cpu":
            return plain(*args)
        if backend == "cuda":
            _launch().gpu_arch()  # before `fn` is traced: that takes seconds
        leaves, tree = jax.tree.flatten(args)
        axes = _flat_axes(in_axes, args)
        lanes = _batch_size(leaves, axes, args)
        types = tuple(lane_type(leaf, axis) for leaf, axis in zip(leaves, axes, strict=True))
        call = (tree, types, axes, kernel_index.settings())
        known = None
        if fingerprint is not None and backend != "cuda":
            known = kernel_index.entry_key(fingerprint, _name(fn), tree, types, axes, fast)
            entry = (compiled.get(call) or kernel_index.load(known, axes)) if known is not None else None
            if entry is not None:
                compiled[call] = entry
                flat = lambda *flat: jax.tree.leaves(plain(*jax.tree.unflatten(tree, flat)))  # noqa: E731
                results = entry.batched(lanes, leaves, flat)
                check_debugged(results, lambda: plain(*args), _name(fn))
                return jax.tree.unflatten(entry.structure, results)
        closed, out_shape = trace_function(fn, jax.tree.unflatten(tree, types))
        # What fn closes over may be traced: it is one more argument, the same for all lanes.
        outer = [constant for constant in closed.consts if is_traced(constant)]
        all_axes = (*axes, *(None for _ in outer))
        if outer or call not in compiled:
            found = _compile(closed, jax.tree.structure(out_shape), axes, all_axes, backend, fast)
            if not outer:
                compiled[call] = found
                if known is not None and found is not None:
                    kernel_index.save(known, found)
        else:
            found = compiled[call]
        if found is None:
            return plain(*args)
        traced = jax.vmap(functools.partial(evaluate, closed), in_axes=all_axes)
        results = found.batched(lanes, [*leaves, *outer], traced)
        check_debugged(results, lambda: plain(*args), _name(fn))
        return jax.tree.unflatten(found.structure, results)

    return batched


def _name(fn: Any) -> str:
    return f"{getattr(fn, '__module__', '')}:{getattr(fn, '__qualname__', '')}"


def _compile(closed: Any, structure: Any, axes: Axes, all_axes: Axes, backend: str, fast: bool) -> Entry | None:
    """None: to be done by XLA; that has been said. `all_axes`: those of what is closed over too."""
    try:
        find_compiler()
        traced = lower(closed, [axis is not None for axis in axes])
        kernel = (_launch().compile_for_gpu if backend == "cuda" else compile_kernel)(traced, fast=fast)
    except UnsupportedError as error:
        located = error if error.where else UnsupportedError(error.what, caller_line(), error.remedy)
        if backend != "auto":
            raise located from error
        warn(f"jaxlanes uses XLA: {located}", LanesWarning)
        return None
    except (CompilerNotFoundError, CompilationError, CacheError) as error:
        if backend != "auto":
            raise
        if _faults.get(str(error)) is None:  # of this machine: every other function will meet it too
            _faults[str(error)] = True
            warn(f"jaxlanes uses XLA: {error}", LanesWarning)
        return None
    weak = result_weak_types(closed, all_axes)
    outputs = tuple(
        jax.ShapeDtypeStruct(aval.shape, aval.dtype, weak_type=is_weak)
        for aval, is_weak in zip(closed.out_avals, weak, strict=True)
    )
    return Entry(Batched(kernel, outputs, all_axes), structure)


def _launch() -> Any:
    """The module that only GPUs need: a start on a CPU does not wait for its import."""
    from jaxlanes.cuda import launch

    return launch


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
