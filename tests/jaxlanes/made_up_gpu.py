"""A GPU that is made up: a CUDA driver whose memory is the host's and whose modules are kernels compiled for the host.

What is not seen by it: what a GPU's own compiler makes of PTX, streams, and anything about time.
"""

from __future__ import annotations

import ctypes
import functools
import hashlib
import subprocess
import tempfile
import threading
from pathlib import Path
from typing import Any

import jax.ffi
import pytest

from jaxlanes.cuda import launch
from jaxlanes.cuda.host import compile_for_host, pointers_of
from jaxlanes.runtime.compiler import find_compiler

FAILING = {"": 0, "load": 1, "launch": 2, "context": 3}


def compile_beside(library: Path, source: str) -> ctypes.CDLL:
    """A library of a file in this folder."""
    flags = ["-std=c++17", "-O1", "-fPIC", "-shared", "-w", f"-I{jax.ffi.include_dir()}"]
    path = Path(__file__).with_name(source)
    subprocess.run([*find_compiler().command, *flags, "-o", library, path], check=True)
    return ctypes.CDLL(str(library))


class MadeUpGpu:
    """One for a process: XLA keeps what it is once given."""

    def __init__(self) -> None:
        self.folder = tempfile.TemporaryDirectory(prefix="made-up-gpu-")
        self.path = Path(self.folder.name) / "libcuda.so"
        self.library = compile_beside(self.path, "made_up_driver.cc")
        self.compiled: dict[str, Any] = {}
        self.lock = threading.Lock()

    def ptx_of(self, source: str, arch: str = "", **_options: Any) -> str:
        """The text that stands for a kernel's PTX with this driver."""
        text = f"what {hashlib.sha256(source.encode()).hexdigest()} is on {arch}"
        with self.lock:
            if text not in self.compiled:
                self.compiled[text] = compile_for_host(source)
                self.library.host_code(text.encode(), self.compiled[text].run_grid, pointers_of(source))
        return text

    @property
    def loads(self) -> int:
        return self.library.count_loads()

    @property
    def launches(self) -> int:
        return self.library.count_launches()

    @property
    def wrong(self) -> int:
        """Calls that no driver would take."""
        return self.library.count_wrong()

    @property
    def last_ptx(self) -> str:
        """The PTX that it was asked to load last."""
        self.library.last_ptx.restype = ctypes.c_char_p
        return self.library.last_ptx().decode()

    def fail(self, what: str = "", code: int = 0) -> None:
        """From now on: "load", "launch", "context", or nothing."""
        self.library.fail(FAILING[what], code)

    def stand_in(self, patch: pytest.MonkeyPatch) -> None:
        """Let `jaxlanes.vmap(backend="cuda")` use it, called by XLA on the CPU."""
        patch.setenv("JAXLANES_LIBCUDA", str(self.path))
        patch.setattr(launch, "platform", launch.HOST)
        patch.setattr(launch, "gpu_arch", lambda: "sm_90")
        patch.setattr(launch, "cached_ptx", lambda source, arch, **options: (self.ptx_of(source, arch), 0.5))


@functools.cache
def made_up_gpu() -> MadeUpGpu:
    return MadeUpGpu()
