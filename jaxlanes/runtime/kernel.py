"""CPU kernels: a program compiled, loaded and registered with XLA, then called as a JAX function on batches."""

from __future__ import annotations

import dataclasses
import itertools
import time
import weakref
from pathlib import Path
from typing import Any, NamedTuple

import jax
import jax.ffi
import numpy as np

from jaxlanes.emit.cpp_simd import emit
from jaxlanes.emit.targets import Target, host_target
from jaxlanes.ir import Memory
from jaxlanes.runtime import cache
from jaxlanes.runtime.compiler import compile_library, find_compiler
from jaxlanes.runtime.recent import Log, Recent
from jaxlanes.trace.program import Traced


@dataclasses.dataclass(frozen=True, eq=False)
class Library:
    """A loaded library. `name`: XLA's name of its handler. `seconds`: spent in the compiler, 0 if it was on disk."""

    name: str
    seconds: float


@dataclasses.dataclass(frozen=True, eq=False)
class Kernel:
    """`library_key`: the library's key in the cache. `outputs`: dtype and number of elements of each."""

    library: Library
    library_key: str
    outputs: tuple[tuple[str, int], ...]
    large_constants: tuple[np.ndarray, ...]

    @property
    def name(self) -> str:
        """XLA's name of the kernel."""
        return self.library.name

    def __call__(self, own: list[Any], shared: list[Any], shapes: list[tuple[int, ...]]) -> list[Any]:
        """`own`: arrays with the lanes as their first axis; `shared`: without. Outputs have those shapes, lanes too."""
        types = [jax.ShapeDtypeStruct(shape, dtype) for shape, (dtype, _) in zip(shapes, self.outputs, strict=True)]
        return list(jax.ffi.ffi_call(self.name, types)(*own, *shared, *self.large_constants))


_loaded: weakref.WeakValueDictionary[str, Library] = weakref.WeakValueDictionary()
"""By the cache's key: libraries of kernels that something still uses. (XLA keeps a handler until the process ends.)"""
_last_loaded: Recent[str, Library] = Recent(64)
"""Libraries that stay known although nothing uses them at the moment: a retrace will ask for them again."""
_numbers = itertools.count(2)


class Use(NamedTuple):
    """One request for a kernel; `name` and `seconds` as of its library."""

    name: str
    seconds: float


used: Log[Use] = Log(4096)
"""The kernels that this process asked for, in that order: for whoever measures compilation."""


def compile_kernel(traced: Traced, *, fast: bool = False, target: Target | None = None) -> Kernel:
    """The kernel of a program, from this process, from the cache, or compiled.

    Raises CompilerNotFoundError, CompilationError, CacheError.
    """
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

    library = _loaded.get(key)
    if library is None:
        path = cache.library(key, build)
        library = _load(key, path, seconds)
    outputs = [(dtype, out.size if isinstance(out, Memory) else len(out)) for dtype, out in traced.program.outputs]
    return _use(library, key, tuple(outputs), traced.large_constants)


def load_kernel(
    key: str, outputs: tuple[tuple[str, int], ...], large_constants: tuple[np.ndarray, ...]
) -> Kernel | None:
    """The kernel of a library of the cache; None if it is not there, or not what was written. Raises CacheError."""
    library = _loaded.get(key)
    if library is None:
        path = cache.find_library(key)
        if path is None:
            return None
        library = _load(key, path, 0.0)
    return _use(library, key, outputs, large_constants)


def _load(key: str, path: Path, seconds: float) -> Library:
    library = Library(_register(f"jaxlanes_{key[:32]}", path), seconds)
    _loaded[key] = library
    return library


def _register(name: str, path: Path) -> str:
    """Load a library and register its handler with XLA: the name that it got. It is never unloaded.

    Raises CacheError.
    """
    handler = jax.ffi.pycapsule(cache.load(path).jaxlanes_kernel)
    jax.devices("cpu")  # XLA's answer would come later otherwise
    try:
        jax.ffi.register_ffi_target(name, handler, platform="cpu")
    except jax.errors.JaxRuntimeError:
        # The process loaded and forgot a library of this key, and the cache's file has been built anew since.
        name = f"{name}_{next(_numbers)}"
        jax.ffi.register_ffi_target(name, handler, platform="cpu")
    return name


def _use(
    library: Library, key: str, outputs: tuple[tuple[str, int], ...], large_constants: tuple[np.ndarray, ...]
) -> Kernel:
    _last_loaded[key] = library
    used.append(Use(library.name, library.seconds))
    return Kernel(library, key, outputs, large_constants)
