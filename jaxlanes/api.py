"""`vmap`: the signature and results of `jax.vmap`, by one kernel."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import jax

from jaxlanes import lower as _rules  # noqa: F401 (registers them)
from jaxlanes.errors import CacheError, CompilationError, CompilerNotFoundError, UnsupportedError, first_line
from jaxlanes.runtime import kernel_index
from jaxlanes.runtime.batched import Batched, check_debugged
from jaxlanes.runtime.compiler import find_compiler
from jaxlanes.runtime.kernel import compile_kernel
from jaxlanes.runtime.kernel_index import Entry
from jaxlanes.runtime.recent import Recent
from jaxlanes.trace.axes import Axes, arguments, results
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
    out_axes: Any = 0,
    axis_name: Any = None,
    axis_size: int | None = None,
    spmd_axis_name: Any = None,
    *,
    backend: str = "auto",
    fast: bool = False,
    fingerprint: str | None = None,
) -> Callable[..., Any]:
    """`jax.vmap(fn, in_axes, …)`, compiled to one SIMD kernel for the CPU: each lane of a register is one call of `fn`;
    or to one kernel for an NVIDIA GPU, each thread of which is one call.

    * `fn`: pure, on one environment; its arguments and results are pytrees of bool, integers of up to 32 bits, float32
      and random keys. It is traced unbatched, so a `lax.cond` in it stays a branch, taken when a lane of the group of
      16 (AVX-512), 8 (AVX2) or 4 needs it.
    * `in_axes`, `out_axes`, `axis_name`, `axis_size`, `spmd_axis_name`: as for `jax.vmap`; so are keywords of a call.
      A batch that is not the first axis is moved there, outside the kernel. Collectives over `axis_name`, and
      `spmd_axis_name`, are left to XLA. So is a call in which nothing has a batch.
    * `backend`: "simd", "xla" (`jax.vmap` itself), or "auto": simd where JAX runs on the CPU, a C++ compiler is found,
      kernels can be kept on disk and `fn` uses only what is supported; else xla, with one `LanesWarning` that says
      why. "auto" raises nothing that `jax.vmap` would not raise. "cuda": one kernel for the GPU that JAX sees first,
      compiled to PTX by NVRTC or Clang and called through a C++ compiler's handler. No GPU has run one yet (what is
      tested is their meaning on the host and the handler with a driver that is made up), so "auto" leaves GPUs to xla.
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
    asked = {"axis_name": axis_name, "axis_size": axis_size, "spmd_axis_name": spmd_axis_name}
    plain = jax.vmap(fn, in_axes, out_axes, **asked)
    if backend == "xla":
        return plain
    if spmd_axis_name is not None:
        if backend == "auto":
            return plain
        raise UnsupportedError("spmd_axis_name", remedy='use backend="xla" for this function')
    compiled: dict[Any, Entry | None] = {}

    @functools.wraps(fn, assigned=("__name__", "__qualname__", "__doc__"), updated=())
    def batched(*args: Any, **kwargs: Any) -> Any:
        if backend == "auto" and jax.default_backend() != "cpu":
            return plain(*args, **kwargs)
        if backend == "cuda":
            _launch().gpu_arch()  # before `fn` is traced: that takes seconds
        call = arguments(in_axes, axis_size, args, kwargs)
        if not call.is_batched:
            return plain(*args, **kwargs)
        types = tuple(lane_type(leaf, axis) for leaf, axis in zip(call.leaves, call.axes, strict=True))
        kind = (call.tree, types, call.axes, kernel_index.settings(), None if axis_name is None else call.lanes)

        def finish(entry: Entry, leaves: list[Any], by_xla: Callable[..., list[Any]]) -> Any:
            found = entry.batched(call.lanes, leaves, by_xla)
            check_debugged(found, lambda: plain(*args, **kwargs), _name(fn))
            return results(out_axes, entry.structure, found, lambda: jax.eval_shape(plain, *args, **kwargs))

        def on_leaves(*flat: Any) -> Any:
            args, kwargs = jax.tree.unflatten(call.tree, flat)
            return fn(*args, **kwargs)

        again = jax.vmap(lambda *flat: jax.tree.leaves(on_leaves(*flat)), call.axes)
        known = None
        if fingerprint is not None and backend != "cuda" and axis_name is None:
            known = kernel_index.entry_key(fingerprint, _name(fn), call.tree, types, call.axes, fast)
            entry = (compiled.get(kind) or kernel_index.load(known, call.axes)) if known is not None else None
            if entry is not None:
                compiled[kind] = entry
                return finish(entry, call.leaves, again)
        try:
            closed, out_shape = trace_function(on_leaves, types, axis_name, call.lanes)
        except Exception as error:
            if backend != "auto":
                raise
            done = plain(*args, **kwargs)  # which raises where `fn` is at fault
            warn(f"jaxlanes uses XLA: one lane cannot be traced: {first_line(error)}", LanesWarning)
            return done
        # What fn closes over may be traced: it is one more argument, the same for all lanes.
        outer = [constant for constant in closed.consts if is_traced(constant)]
        all_axes = (*call.axes, *(None for _ in outer))
        if outer or kind not in compiled:
            found = _compile(closed, jax.tree.structure(out_shape), call.axes, all_axes, backend, fast)
            if not outer:
                compiled[kind] = found
                if known is not None and found is not None:
                    kernel_index.save(known, found)
        else:
            found = compiled[kind]
        if found is None:
            return plain(*args, **kwargs)
        if outer:
            again = jax.vmap(functools.partial(evaluate, closed), in_axes=all_axes)
        return finish(found, [*call.leaves, *outer], again)

    return batched


def _name(fn: Any) -> str:
    return f"{getattr(fn, '__module__', '')}:{getattr(fn, '__qualname__', '')}"


def _compile(closed: Any, structure: Any, axes: Axes, all_axes: Axes, backend: str, fast: bool) -> Entry | None:
    """None: to be done by XLA; that has been said. `all_axes`: those of what is closed over too."""
    try:
        find_compiler()
        traced = lower(closed, [axis is not None for axis in axes], "cuda" if backend == "cuda" else "cpu")
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
    except Exception as error:
        if backend != "auto":
            raise
        warn(f"jaxlanes uses XLA after a fault of its own, please report it: {first_line(error)}", LanesWarning)
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
