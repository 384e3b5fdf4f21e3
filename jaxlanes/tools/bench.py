"""The GPU bench: a kernel beside `jax.vmap` on the same GPU, its results compared and both timed."""

from __future__ import annotations

import ctypes
import dataclasses
import math
import statistics
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import jax
import numpy as np

from jaxlanes.api import vmap
from jaxlanes.cuda.compile import compile_ptx
from jaxlanes.cuda.driver import Device, NoGpuError
from jaxlanes.cuda.kernel import CudaKernel, load_function, make_kernel
from jaxlanes.emit.cuda import BLOCK_THREADS, ENTRY
from jaxlanes.errors import LanesError
from jaxlanes.trace.program import is_key


@dataclasses.dataclass(frozen=True)
class Result:
    """`different`: elements of integers and bools that are not XLA's; `largest`: the largest absolute difference of a
    finite float, NaN if one is finite on one side only. Seconds are the median of the runs, of all lanes.

    `kernel_seconds` are the GPU's own for the kernel alone; the others are from the call of a compiled function of JAX
    to its results: `call_seconds` those of `jaxlanes.vmap(backend="cuda")`, None where JAX sees no GPU or another route
    to PTX was asked for.
    """

    name: str
    gpu: str
    xla_platform: str
    lanes: int
    elements: int
    different: int
    largest: float
    compile_seconds: float
    kernel_seconds: float
    xla_seconds: float
    xla_compile_seconds: float
    call_seconds: float | None = None

    def same(self, tolerance: float) -> bool:
        """True if our results are XLA's; floats to `tolerance`."""
        return self.different == 0 and self.largest <= tolerance


def bench(name: str, lanes: int, *, runs: int = 10, route: str = "auto", fast: bool = False) -> Result:
    """Run it every way, in turns: what slows one down slows the others down.

    Raises DriverError, LanesError.
    """
    made = load_function(name)(lanes)
    if not isinstance(made, tuple) or len(made) != 3:
        raise LanesError(f"{name}({lanes}) must give (function, arguments, in_axes), got {type(made).__name__}")
    fn, args, in_axes = made
    with Device() as device:
        start = time.perf_counter()
        kernel = make_kernel(fn, args, in_axes, fast=fast)
        ptx = compile_ptx(kernel.source, device.arch, route=route, fast=fast)
        with device.function(ptx, ENTRY) as function:
            compiled = time.perf_counter() - start
            with _resident(device, function, kernel, args) as (launch, collect):
                launch()
                device.synchronise()
                xla = _Program(jax.vmap(fn, in_axes=in_axes), args)
                ours = _ours(fn, args, in_axes, fast) if route == "auto" else None
                others = [program for program in (xla, ours) if program is not None]
                seconds: list[float] = []
                for _ in range(runs):
                    with device.timed(seconds):
                        launch()
                    for program in others:
                        program.run()
                different, largest, elements = compare(collect(), xla.stored())
        if ours is not None:
            again = compare(ours.stored(), xla.stored())
            different, largest = max(different, again[0]), float(np.maximum(largest, again[1]))  # NaN stays
        return Result(
            name,
            f"{device.name} ({device.arch})",
            jax.default_backend(),
            lanes,
            elements,
            different,
            largest,
            compiled,
            statistics.median(seconds),
            xla.median,
            xla.compile_seconds,
            ours and ours.median,
        )


def _ours(fn: Any, args: Any, in_axes: Any, fast: bool) -> _Program | None:
    """The kernel as JAX calls it; None where JAX sees no GPU."""
    try:
        return _Program(vmap(fn, in_axes, backend="cuda", fast=fast), args)
    except NoGpuError:
        return None


@contextmanager
def _resident(device: Device, function: Any, kernel: CudaKernel, args: Any) -> Iterator[tuple[Any, Any]]:
    """Arguments and results on the GPU: a function that launches the kernel, and one that fetches the results."""
    lanes, arrays = kernel.arguments(args)
    outputs = kernel.empty_outputs(lanes)
    with device.buffers([4 * lanes * kernel.scratch_words, *(a.nbytes for a in (*arrays, *outputs))]) as pointers:
        for pointer, array in zip(pointers[1 : 1 + len(arrays)], arrays, strict=True):
            device.upload(pointer, array)
        parameters = [ctypes.c_longlong(lanes), *pointers]
        blocks = math.ceil(lanes / BLOCK_THREADS)

        def collect() -> list[np.ndarray]:
            device.synchronise()
            for pointer, array in zip(pointers[1 + len(arrays) :], outputs, strict=True):
                device.download(array, pointer)
            return outputs

        yield (lambda: device.launch(function, blocks, BLOCK_THREADS, parameters)), collect


class _Program:
    """A function of JAX, compiled, on JAX's own device; it has run once."""

    def __init__(self, fn: Any, args: Any) -> None:
        self.args = jax.device_put(args)
        start = time.perf_counter()
        self.compiled = jax.jit(fn).lower(*self.args).compile()
        self.compile_seconds = time.perf_counter() - start
        self.results = jax.block_until_ready(self.compiled(*self.args))
        self.seconds: list[float] = []

    def run(self) -> None:
        """Takes the time from the call to the results."""
        start = time.perf_counter()
        jax.block_until_ready(self.compiled(*self.args))
        self.seconds.append(time.perf_counter() - start)

    @property
    def median(self) -> float:
        return statistics.median(self.seconds)

    def stored(self) -> list[np.ndarray]:
        """Keys as their words."""
        leaves = jax.tree.leaves(self.results)
        return [np.asarray(jax.random.key_data(leaf) if is_key(leaf.dtype) else leaf) for leaf in leaves]


def compare(ours: list[np.ndarray], theirs: list[np.ndarray]) -> tuple[int, float, int]:
    """Number of integers and bools that differ, largest difference of a float, and number of elements.

    Floats that are not finite must be the same ones: else the difference is NaN.
    """
    different, largest, elements = 0, 0.0, 0
    for a, b in zip(ours, theirs, strict=True):
        elements += a.size
        if a.dtype.kind != "f":
            different += int((a != b).sum())
            continue
        finite = np.isfinite(a) & np.isfinite(b)
        if not np.array_equal(a[~finite], b[~finite], equal_nan=True):
            largest = math.nan
        elif finite.any():
            distance = float(np.abs(a[finite].astype(np.float64) - b[finite].astype(np.float64)).max())
            largest = largest if math.isnan(largest) else max(largest, distance)
    return different, largest, elements
