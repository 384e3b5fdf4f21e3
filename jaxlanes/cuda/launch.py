"""A kernel for CUDA as XLA calls it, on its own stream and with its own memory: `jaxlanes.vmap(fn, backend="cuda")`.

The handler between them (`emit/cuda_handler.h`) is a library that the C++ compiler of the system makes once.
"""

from __future__ import annotations

import ctypes
import dataclasses
import threading
import time
from pathlib import Path
from typing import Any

import jax
import jax.ffi
import numpy as np

from jaxlanes.cuda.compile import cached_ptx
from jaxlanes.cuda.driver import NoGpuError, find_driver
from jaxlanes.emit.cuda import BLOCK_THREADS, ENTRY, emit, header, scratch_words
from jaxlanes.emit.targets import host_target
from jaxlanes.errors import LanesError
from jaxlanes.ir import Memory
from jaxlanes.runtime import cache
from jaxlanes.runtime.compiler import compile_library, find_compiler
from jaxlanes.runtime.kernel import Kernel, Library, Use, used
from jaxlanes.runtime.recent import Recent
from jaxlanes.trace.program import Traced

TARGET = "jaxlanes_cuda"
"""XLA's name of the handler of all kernels."""
DRIVER_FUNCTIONS = ("cuGetErrorString", "cuStreamGetCtx", "cuCtxPushCurrent_v2", "cuCtxPopCurrent_v2",
                    "cuModuleLoadDataEx", "cuModuleUnload", "cuModuleGetFunction", "cuLaunchKernel")  # fmt: skip


@dataclasses.dataclass(frozen=True)
class Platform:
    """`name`: XLA's. `handler`: the function of `cuda_handler.h` that it calls, in these stages of an execution."""

    name: str
    handler: str
    stages: tuple[str, ...]


GPU = Platform("CUDA", "jaxlanes_cuda", ("initialize", "execute"))
HOST = Platform("cpu", "jaxlanes_cuda_on_host", ("execute",))  # with a driver that is made up
platform = GPU
"""Tests without a GPU make it `HOST`."""


@dataclasses.dataclass(frozen=True, eq=False)
class LaunchedKernel(Kernel):
    """`name`: the handler's name of it. `library_key`: the hash of its PTX. `scratch_words`: that each lane needs."""

    scratch_words: int

    def __call__(self, own: list[Any], shared: list[Any], shapes: list[tuple[int, ...]]) -> list[Any]:
        types = [jax.ShapeDtypeStruct(shape, dtype) for shape, (dtype, _) in zip(shapes, self.outputs, strict=True)]
        # The scratch buffer is a result that nobody reads, so that XLA gives it its place.
        scratch = [jax.ShapeDtypeStruct((shapes[0][0], self.scratch_words), np.int32)] if self.scratch_words else []
        call = jax.ffi.ffi_call(TARGET, [*scratch, *types])
        return list(call(*own, *shared, *self.large_constants, kernel=self.name))[len(scratch) :]


_building = threading.Lock()
_added: Recent[str, Library] = Recent(256)
"""Kernels that the handler has, by their key. (It keeps them until the process ends.)"""
_handlers: Recent[Platform, ctypes.CDLL] = Recent(2)


def gpu_arch() -> str:
    """The architecture of JAX's first GPU, such as "sm_90". Raises NoGpuError."""
    try:
        device = jax.local_devices(backend="cuda")[0]
    except RuntimeError as error:
        said = str(error).partition("\n")[0]
        raise NoGpuError(
            f'backend="cuda" needs an NVIDIA GPU that JAX sees, and it sees none ({said}); use backend="auto" or "simd"'
        ) from error
    return f"sm_{device.compute_capability.replace('.', '')}"


def compile_for_gpu(traced: Traced, *, fast: bool = False) -> LaunchedKernel:
    """Compiled to PTX for JAX's first GPU; the driver compiles that when the kernel is first called.

    Raises NoGpuError, UnsupportedError, CompilerNotFoundError, CompilationError, CacheError.
    """
    arch, words = gpu_arch(), scratch_words(traced.program)
    program, source = traced.program, emit(traced.program, fast=fast)
    outputs = tuple((dtype, out.size if isinstance(out, Memory) else len(out)) for dtype, out in program.outputs)
    with _building:
        start = time.perf_counter()
        handler = _handler(platform)
        seconds = time.perf_counter() - start
        ptx, in_compiler = cached_ptx(source, arch, fast=fast)
        arrays = len(program.inputs) + len(program.shared) + len(outputs)
        key = cache.content_hash(ptx, ENTRY, str(BLOCK_THREADS), str(arrays), str(words))
        name = f"jaxlanes_{key[:32]}"
        library = _added.get(key)
        if library is None:
            _add(handler, name, ptx, arrays, bool(words))
            library = _added[key] = Library(name, seconds + in_compiler)
    used.append(Use(library.name, library.seconds))
    return LaunchedKernel(library, key, outputs, traced.large_constants, words)


def _add(handler: ctypes.CDLL, name: str, ptx: str, arrays: int, has_scratch: bool) -> None:
    cuda = find_driver()
    functions = [ctypes.cast(getattr(cuda, name), ctypes.c_void_p) for name in DRIVER_FUNCTIONS]
    given = (ctypes.c_void_p * len(functions))(*functions)
    if not handler.jaxlanes_cuda_add(
        name.encode(), ptx.encode(), ENTRY.encode(), given, arrays, int(has_scratch), BLOCK_THREADS
    ):
        raise LanesError(f"no memory for a kernel of {len(ptx):,} characters of PTX")


def _handler(platform: Platform) -> ctypes.CDLL:
    """The library of the handler, registered with XLA."""
    known = _handlers.get(platform)
    if known is not None:
        return known
    compiler = find_compiler()
    source, flags = header("cuda_handler.h"), compiler.flags(host_target(), fast=False)

    def build(library: Path) -> None:
        text = library.with_suffix(".cc")
        text.write_text(source)
        compile_library(compiler, flags, text, library)

    key = cache.content_hash(source, " ".join(flags), compiler.version, jax.__version__)
    loaded = cache.load(cache.library(key, build))
    handler = jax.ffi.pycapsule(loaded[platform.handler])
    jax.ffi.register_ffi_target(TARGET, dict.fromkeys(platform.stages, handler), platform=platform.name)
    _handlers[platform] = loaded
    return loaded
