"""NVIDIA's compiler library, NVRTC, from its wheel: CUDA C++ to PTX. It needs neither a GPU nor a driver."""

from __future__ import annotations

import ctypes
import functools
import importlib.util
import sys
from pathlib import Path

from jaxlanes.errors import CompilationError

_FOLDERS = ("nvidia.cuda_nvrtc", "nvidia.cu13")  # of the wheels nvidia-cuda-nvrtc-cu12 and nvidia-cuda-nvrtc


@functools.lru_cache(maxsize=1)
def library() -> Path | None:
    """Path of the wheel's library; None if no such wheel is installed."""
    for package in _FOLDERS:
        try:
            found = importlib.util.find_spec(package)
        except ModuleNotFoundError:
            continue
        for root in (found.submodule_search_locations or ()) if found else ():
            pattern = "bin/nvrtc64_*_0.dll" if sys.platform == "win32" else "lib/libnvrtc.so.*"
            for path in sorted(Path(root).glob(pattern)):
                if ".alt." not in path.name:
                    return path
    return None


@functools.lru_cache(maxsize=4)
def _load(path: Path) -> ctypes.CDLL:
    nvrtc = ctypes.CDLL(str(path))
    nvrtc.nvrtcGetErrorString.restype = ctypes.c_char_p
    return nvrtc


def version() -> str:
    """Such as "NVRTC 12.9"; "" without the wheel."""
    path = library()
    if path is None:
        return ""
    major, minor = ctypes.c_int(), ctypes.c_int()
    _check(_load(path), _load(path).nvrtcVersion(ctypes.byref(major), ctypes.byref(minor)), "nvrtcVersion")
    return f"NVRTC {major.value}.{minor.value}"


def compile_with_nvrtc(source: str, arch: str, *, fast: bool) -> str:
    """PTX for `arch`, such as "sm_80". `fast`: contract `a * b + c` to one rounding. Raises CompilationError."""
    path = library()
    if path is None:
        raise CompilationError("NVRTC is not installed; pip install nvidia-cuda-nvrtc-cu12")
    nvrtc = _load(path)
    program = ctypes.c_void_p()
    made = nvrtc.nvrtcCreateProgram(ctypes.byref(program), source.encode(), b"kernel.cu", 0, None, None)
    _check(nvrtc, made, "nvrtcCreateProgram")
    try:
        flags = [f"--gpu-architecture=compute_{arch.removeprefix('sm_')}", "--std=c++17", "--disable-warnings",
                 f"--fmad={'true' if fast else 'false'}", "--ftz=false", "--prec-div=true",
                 "--prec-sqrt=true"]  # fmt: skip
        options = (ctypes.c_char_p * len(flags))(*(flag.encode() for flag in flags))
        done = nvrtc.nvrtcCompileProgram(program, len(flags), options)
        if done:
            log = _text(nvrtc, program, "ProgramLog")
            raise CompilationError(
                f"NVRTC refused a kernel for {arch} ({nvrtc.nvrtcGetErrorString(done).decode()}): either {version()} "
                f"does not know this architecture, or it is a defect of jaxlanes. It said:\n{log[:2000]}"
            )
        return _text(nvrtc, program, "PTX")
    finally:
        nvrtc.nvrtcDestroyProgram(ctypes.byref(program))


def _text(nvrtc: ctypes.CDLL, program: ctypes.c_void_p, what: str) -> str:
    size = ctypes.c_size_t()
    _check(nvrtc, getattr(nvrtc, f"nvrtcGet{what}Size")(program, ctypes.byref(size)), f"nvrtcGet{what}Size")
    text = ctypes.create_string_buffer(size.value)
    _check(nvrtc, getattr(nvrtc, f"nvrtcGet{what}")(program, text), f"nvrtcGet{what}")
    return text.value.decode(errors="replace")


def _check(nvrtc: ctypes.CDLL, code: int, what: str) -> None:
    if code:
        raise CompilationError(f"{what} failed: {nvrtc.nvrtcGetErrorString(code).decode()}")
