"""CUDA C++ to PTX, the assembly that every NVIDIA driver takes, with what a wheel brings."""

from __future__ import annotations

import hashlib
import importlib.metadata
import time
from contextlib import suppress

from jaxlanes.cuda import clang, nvrtc
from jaxlanes.errors import CompilerNotFoundError
from jaxlanes.runtime import cache

ROUTES = ("nvrtc", "clang")


def compile_ptx(source: str, arch: str = "sm_80", *, route: str = "auto", fast: bool = False) -> str:
    """The PTX of a kernel that `jaxlanes.emit.cuda.emit` wrote, for GPUs of `arch` and later.

    `route`: "nvrtc" (the wheel nvidia-cuda-nvrtc-cu12), "clang" (the wheel ziglang), or "auto": the first of them that
    is installed. `fast`: let the compiler contract `a * b + c` to one rounding; both routes round as written otherwise.
    Raises CompilerNotFoundError, CompilationError.
    """
    if _choose(route, arch) == "nvrtc":
        return nvrtc.compile_with_nvrtc(source, arch, fast=fast)
    return clang.compile_with_clang(source, arch, fast=fast)


def cached_ptx(source: str, arch: str, *, fast: bool = False) -> tuple[str, float]:
    """The PTX of `compile_ptx`, kept in the folder of kernels, and the seconds that it took: 0 if it was there.

    What was changed there is compiled again. Raises CompilerNotFoundError, CompilationError, CacheError.
    """
    route = _choose("auto", arch)
    version = nvrtc.version() if route == "nvrtc" else f"ziglang {importlib.metadata.version('ziglang')}"
    name = f"{cache.content_hash(source, arch, version, str(fast))}.ptx"
    try:
        digest, _, text = (cache.cache_folder() / name).read_bytes().partition(b"\n")
    except OSError:
        digest, text = b"", b""
    if hashlib.sha256(text).hexdigest().encode() == digest:
        return text.decode(), 0.0
    start = time.perf_counter()
    ptx = compile_ptx(source, arch, route=route, fast=fast)
    seconds = time.perf_counter() - start
    content = ptx.encode()
    with suppress(OSError):  # a full disk costs the next process its time, and this one nothing
        cache.write(name, hashlib.sha256(content).hexdigest().encode() + b"\n" + content)
    return ptx, seconds


def _choose(route: str, arch: str) -> str:
    """The route that is meant, which is there."""
    if route not in ("auto", *ROUTES):
        raise ValueError(f"compile_ptx: route must be auto or one of {', '.join(ROUTES)}, got {route!r}")
    if not arch.startswith("sm_"):
        raise ValueError(f'compile_ptx: arch must be like "sm_80", got {arch!r}')
    has = {"nvrtc": nvrtc.library() is not None, "clang": clang.installed()}
    chosen = next((name for name in ROUTES if has[name]), "") if route == "auto" else route
    if not chosen or not has[chosen]:
        raise CompilerNotFoundError(
            f"no compiler for CUDA{f' by the route {route}' if route != 'auto' else ''}: pip install "
            "nvidia-cuda-nvrtc-cu12 (NVIDIA's NVRTC) or pip install ziglang (Clang)"
        )
    return chosen
