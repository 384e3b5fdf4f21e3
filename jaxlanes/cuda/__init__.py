"""Kernels for NVIDIA GPUs: a JAX function on one environment as CUDA C++, a thread for each environment.

    kernel = make_kernel(env.step, example_arguments)
    ptx = compile_ptx(kernel.source, "sm_90")

`jaxlanes.vmap(fn, backend="cuda")` does that and calls the kernel through XLA. `python -m jaxlanes.cuda` reports
on this machine; with a GPU it runs and times a kernel beside XLA.
"""

from __future__ import annotations

from jaxlanes.cuda.compile import compile_ptx
from jaxlanes.cuda.driver import DriverError, NoGpuError
from jaxlanes.cuda.host import run_on_host
from jaxlanes.cuda.kernel import CudaKernel, make_kernel
from jaxlanes.cuda.ptxas import Usage, assemble

__all__ = [
    "CudaKernel",
    "DriverError",
    "NoGpuError",
    "Usage",
    "assemble",
    "compile_ptx",
    "make_kernel",
    "run_on_host",
]
