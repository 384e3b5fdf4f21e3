"""A kernel on the GPU beside `jax.vmap`: the same results, and both times."""

from __future__ import annotations

import ctypes
import dataclasses
import importlib
import math
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, cast

import jax
import numpy as np

from jaxlanes.cuda.compile import compile_ptx
from jaxlanes.cuda.driver import Device
from jaxlanes.cuda.kernel import CudaKernel, make_kernel
from jaxlanes.emit.cuda import BLOCK_THREADS, ENTRY
from jaxlanes.errors import LanesError
from jaxlanes.trace import is_key


@dataclasses.dataclass(frozen=True)
class Result:
    """`different`: elements of integers and bools that are not XLA's; `largest`: the largest absolute difference of a
    finite float, NaN if one is finite on one side only. Seconds are the median of the runs, of all lanes."""

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


def load(name: str) -> Callable[[int], tuple[Callable[..., Any], tuple[Any, ...], Any]]:
    """What `module:function` names: `function(lanes)` gives `(fn, arguments, in_axes)`, to be run as
    `jax.vmap(fn, in_axes)(*arguments)` with `lanes` as the size of the batch. Raises LanesError."""
    module, colon, function = name.partition(":")
    if not colon or not module or not function:
        raise LanesError(f"{name!r} names no function; write module:function, as in mypackage.kernels:step")
    try:
        found: Any = getattr(importlib.import_module(module), function, None)
    except ImportError as error:
        raise LanesError(f"the module of {name!r} cannot be imported: {error}") from error
    if found is None or not callable(found):
        raise LanesError(f"the module {module} has no function {function}; check the spelling of {name!r}")
    return cast(Any, found)


def bench(name: str, lanes: int, *, runs: int = 10, route: str = "auto", fast: bool = False) -> Result:
    """Run it both ways. Raises DriverError, LanesError."""
    made = load(name)(lanes)
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
                xla = _Xla(fn, args, in_axes)
                seconds: list[float] = []
                xla_seconds: list[float] = []
                for _ in range(runs):  # in turns: what slows one down slows the other down
                    with device.timed(seconds):
                        launch()
                    xla_seconds.append(xla.run())
                different, largest, elements = compare(collect(), xla.stored())
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
            statistics.median(xla_seconds),
            xla.compile_seconds,
        )


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


class _Xla:
    """The same by XLA, on its own device; it has run once."""

    def __init__(self, fn: Any, args: Any, in_axes: Any) -> None:
        self.args = jax.device_put(args)
        start = time.perf_counter()
        self.compiled = jax.jit(jax.vmap(fn, in_axes=in_axes)).lower(*self.args).compile()
        self.compile_seconds = time.perf_counter() - start
        self.results = jax.block_until_ready(self.compiled(*self.args))

    def run(self) -> float:
        """Seconds from the call to the results."""
        start = time.perf_counter()
        jax.block_until_ready(self.compiled(*self.args))
        return time.perf_counter() - start

    def stored(self) -> list[np.ndarray]:
        """Keys as their words."""
        leaves = jax.tree.leaves(self.results)
        return [np.asarray(jax.random.key_data(leaf) if is_key(leaf.dtype) else leaf) for leaf in leaves]


def compare(ours: list[np.ndarray], theirs: list[np.ndarray]) -> tuple[int, float, int]:
    """How many integers and bools differ, by how much a float does at most, and how many elements there are.

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
