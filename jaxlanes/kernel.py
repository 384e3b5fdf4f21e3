"""A program compiled, loaded and registered with XLA; then a JAX function on batches."""

from __future__ import annotations

import ctypes
import dataclasses
import time
from pathlib import Path
from typing import Any

import jax
import jax.ffi
import numpy as np

from jaxlanes import cache
from jaxlanes.compiler import compile_library, find_compiler
from jaxlanes.emit.cpp_simd import emit
from jaxlanes.emit.targets import Target, host_target
from jaxlanes.ir import Memory
from jaxlanes.trace import Traced


@dataclasses.dataclass(frozen=True, eq=False)
class Kernel:
    """`name`: XLA's name of it. `seconds`: this process spent in the compiler, 0 if it was in the cache."""

    name: str
    outputs: tuple[tuple[str, int], ...]  # dtype and elements
    large_constants: tuple[np.ndarray, ...]
    seconds: float

    def __call__(self, lanes: int, own: list[Any], shared: list[Any]) -> list[Any]:
        """`own`: arrays with `lanes` as their first axis; `shared`: without. Outputs are `[lanes, elements]`."""
        types = [jax.ShapeDtypeStruct((lanes, size), dtype) for dtype, size in self.outputs]
        return list(jax.ffi.ffi_call(self.name, types)(*own, *shared, *self.large_constants))


_loaded: dict[str, tuple[Any, float]] = {}
used: list[Kernel] = []
"""Every kernel that this process has asked for, in that order: for whoever measures compilation."""


def compile_kernel(traced: Traced, *, fast: bool = False, target: Target | None = None) -> Kernel:
    """Raises CompilerNotFoundError, CompilationError, CacheError."""
    compiler = find_compiler()
    target = target or host_target()
    source = emit(traced.program, target)
    flags = compiler.flags(target, fast)
    key = cache.content_hash(source, " ".join(flags), compiler.version, jax.__version__)
    seconds = 0.0
    name = f"jaxlanes_{key[:32]}"

    def build(library: Path) -> None:
        nonlocal seconds
        start = time.perf_counter()
        text = library.with_suffix(".cc")
        text.write_text(source)
        compile_library(compiler, flags, text, library)
        seconds = time.perf_counter() - start

    if name not in _loaded:
        loaded = ctypes.CDLL(str(cache.library(key, build)))
        jax.ffi.register_ffi_target(name, jax.ffi.pycapsule(loaded.jaxlanes_kernel), platform="cpu")
        _loaded[name] = loaded, seconds
    outputs = [(dtype, out.size if isinstance(out, Memory) else len(out)) for dtype, out in traced.program.outputs]
    used.append(Kernel(name, tuple(outputs), traced.large_constants, _loaded[name][1]))
    return used[-1]
