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
    """`name`: XLA's name of it. `library`: the cache's. `seconds`: in the compiler, 0 if another process was."""

    name: str
    library: str
    outputs: tuple[tuple[str, int], ...]  # dtype and elements
    large_constants: tuple[np.ndarray, ...]
    seconds: float

    def __call__(self, own: list[Any], shared: list[Any], shapes: list[tuple[int, ...]]) -> list[Any]:
        """`own`: arrays with the lanes as their first axis; `shared`: without. Outputs have those shapes, lanes too."""
        types = [jax.ShapeDtypeStruct(shape, dtype) for shape, (dtype, _) in zip(shapes, self.outputs, strict=True)]
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

    def build(library: Path) -> None:
        nonlocal seconds
        start = time.perf_counter()
        text = library.with_suffix(".cc")
        text.write_text(source)
        compile_library(compiler, flags, text, library)
        seconds = time.perf_counter() - start

    if key not in _loaded:
        path = cache.library(key, build)
        _loaded[key] = _register(key, path), seconds
    outputs = [(dtype, out.size if isinstance(out, Memory) else len(out)) for dtype, out in traced.program.outputs]
    return _use(key, tuple(outputs), traced.large_constants)


def load_kernel(
    library: str, outputs: tuple[tuple[str, int], ...], large_constants: tuple[np.ndarray, ...]
) -> Kernel | None:
    """The kernel of a library of the cache; None if it is not there, or not what was written. Raises CacheError."""
    if library not in _loaded:
        path = cache.find_library(library)
        if path is None:
            return None
        _loaded[library] = _register(library, path), 0.0
    return _use(library, outputs, large_constants)


def _name(library: str) -> str:
    return f"jaxlanes_{library[:32]}"


def _register(library: str, path: Path) -> Any:
    loaded = ctypes.CDLL(str(path))
    jax.ffi.register_ffi_target(_name(library), jax.ffi.pycapsule(loaded.jaxlanes_kernel), platform="cpu")
    return loaded


def _use(library: str, outputs: tuple[tuple[str, int], ...], large_constants: tuple[np.ndarray, ...]) -> Kernel:
    used.append(Kernel(_name(library), library, outputs, large_constants, _loaded[library][1]))
    return used[-1]
