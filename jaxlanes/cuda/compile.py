"""CUDA C++ to PTX, the assembly that every NVIDIA driver takes, with what a wheel brings."""

from __future__ import annotations

from jaxlanes.cuda import clang, nvrtc
from jaxlanes.errors import CompilerNotFoundError

ROUTES = ("nvrtc", "clang")


def compile_ptx(source: str, arch: str = "sm_80", *, route: str = "auto", fast: bool = False) -> str:
    """The PTX of a kernel that `jaxlanes.emit.cuda.emit` wrote, for GPUs of `arch` and later.

    `route`: "nvrtc" (the wheel nvidia-cuda-nvrtc-cu12), "clang" (the wheel ziglang), or "auto": the first of them that
    is installed. `fast`: let the compiler contract `a * b + c` to one rounding; both routes round as written otherwise.
    Raises CompilerNotFoundError, CompilationError.
    """
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
    if chosen == "nvrtc":
        return nvrtc.compile_with_nvrtc(source, arch, fast=fast)
    return clang.compile_with_clang(source, arch, fast=fast)
