"""A CUDA kernel run on the host, one thread after the other: its meaning without a GPU, not its speed."""

from __future__ import annotations

import ctypes
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from jaxlanes.cuda.kernel import CudaKernel
from jaxlanes.emit.cuda import BLOCK_THREADS, ENTRY, header
from jaxlanes.errors import CompilationError
from jaxlanes.runtime.compiler import find_compiler

_FLAGS = ("-std=c++17", "-O1", "-fPIC", "-shared", "-fno-strict-aliasing", "-ffp-contract=off", "-w")


def run_on_host(kernel: CudaKernel) -> Callable[..., list[np.ndarray]]:
    """A function of the arguments that gives the arrays of the results (keys as their words).

    The kernel's source is compiled as it is, by the C++ compiler of the system, behind `cuda_host.h`.
    Raises CompilerNotFoundError, CompilationError.
    """
    library = compile_for_host(kernel.source)

    def run(*args: Any) -> list[np.ndarray]:
        lanes, arrays = kernel.arguments(args)
        outputs = kernel.empty_outputs(lanes)
        scratch = np.empty(max(1, lanes * kernel.scratch_words), np.int32)
        pointers = [array.ctypes.data for array in (scratch, *arrays, *outputs)]
        library.run_grid(ctypes.c_longlong(lanes), (ctypes.c_void_p * len(pointers))(*pointers))
        return outputs

    return run


def pointers_of(source: str) -> int:
    """Number of pointers that a kernel takes after the number of lanes."""
    return source.partition(f"{ENTRY}(")[2].partition(")")[0].count(",")


def _grid(source: str) -> str:
    """C++ of `run_grid(lanes, pointers)`: every thread of every block, those past the last lane too."""
    count = pointers_of(source)
    types = "void (*)(long long" + ", void*" * count + ")"
    given = "".join(f", pointers[{i}]" for i in range(count))
    return f"""
extern "C" void run_grid(long long lanes, void** pointers) {{
#ifdef __SSE__
  const unsigned mode = __builtin_ia32_stmxcsr();
  __builtin_ia32_ldmxcsr(mode | 0x8040);  // subnormal numbers are zero, as XLA has it on this processor
#endif
  blockDim.x = {BLOCK_THREADS};
  for (blockIdx.x = 0; (long long)blockIdx.x * blockDim.x < lanes; blockIdx.x++)
    for (threadIdx.x = 0; threadIdx.x < blockDim.x; threadIdx.x++)
      (({types}){ENTRY})(lanes{given});
#ifdef __SSE__
  __builtin_ia32_ldmxcsr(mode);
#endif
}}
"""


def compile_for_host(source: str) -> ctypes.CDLL:
    """A library with `run_grid(lanes, pointers)`, which runs a kernel.

    Raises CompilerNotFoundError, CompilationError.
    """
    compiler = find_compiler()
    with tempfile.TemporaryDirectory(prefix="jaxlanes-") as folder:
        text, library = Path(folder) / "kernel.cc", Path(folder) / "kernel.so"
        text.write_text(f"{header('cuda_host.h')}\n{source}\n{_grid(source)}")
        command = [*compiler.command, *_FLAGS, "-o", str(library), str(text)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            raise CompilationError(
                f"{' '.join(compiler.command)} failed with exit status {done.returncode} on a kernel for CUDA: a "
                f"defect of jaxlanes. It said:\n{done.stderr[:2000]}"
            )
        return ctypes.CDLL(str(library))
