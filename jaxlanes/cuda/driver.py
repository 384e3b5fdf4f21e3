"""NVIDIA's driver, libcuda: loads PTX, copies arrays, launches a kernel and times it on the device."""

from __future__ import annotations

import ctypes
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import numpy as np

from jaxlanes.errors import LanesError

_MAJOR, _MINOR = 75, 76  # CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_…
_LOG_BUFFER, _LOG_SIZE = 5, 6  # CU_JIT_ERROR_LOG_BUFFER, …_SIZE_BYTES
_LOG_BYTES = 8192


class DriverError(LanesError):
    """The driver refused a call."""


class NoGpuError(DriverError):
    """There is no driver, or it sees no GPU."""


def find_driver() -> ctypes.CDLL:
    """The driver's library: JAXLANES_LIBCUDA, else the system's. Raises NoGpuError if there is none."""
    name = os.environ.get("JAXLANES_LIBCUDA", "") or ("nvcuda.dll" if sys.platform == "win32" else "libcuda.so.1")
    try:
        return ctypes.CDLL(name)
    except OSError as error:
        raise NoGpuError(f"no CUDA driver on this machine ({error})") from error


class Device:
    """The first GPU, through its primary context, which JAX uses too. Close it, or use it in a `with`.

    Raises NoGpuError, DriverError.
    """

    def __init__(self) -> None:
        self.cuda = find_driver()
        code = self.cuda.cuInit(0)
        if code:
            raise NoGpuError(self._failure("cuInit", code))
        count = ctypes.c_int()
        self._call("cuDeviceGetCount", ctypes.byref(count))
        if not count.value:
            raise NoGpuError("the CUDA driver sees no GPU")
        self.device = ctypes.c_int()
        self._call("cuDeviceGet", ctypes.byref(self.device), 0)
        context = ctypes.c_void_p()
        self._call("cuDevicePrimaryCtxRetain", ctypes.byref(context), self.device)
        self._call("cuCtxPushCurrent_v2", context)

    def close(self) -> None:
        self._call("cuCtxPopCurrent_v2", ctypes.byref(ctypes.c_void_p()))
        self._call("cuDevicePrimaryCtxRelease_v2", self.device)

    def __enter__(self) -> Device:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def name(self) -> str:
        text = ctypes.create_string_buffer(256)
        self._call("cuDeviceGetName", text, 256, self.device)
        return text.value.decode()

    @property
    def arch(self) -> str:
        """Such as "sm_90"."""
        major, minor = ctypes.c_int(), ctypes.c_int()
        self._call("cuDeviceGetAttribute", ctypes.byref(major), _MAJOR, self.device)
        self._call("cuDeviceGetAttribute", ctypes.byref(minor), _MINOR, self.device)
        return f"sm_{major.value}{minor.value}"

    @contextmanager
    def function(self, ptx: str, entry: str) -> Iterator[ctypes.c_void_p]:
        """The kernel `entry` of a module of PTX, which the driver compiles for this GPU; unloaded afterwards."""
        module, function = ctypes.c_void_p(), ctypes.c_void_p()
        log = ctypes.create_string_buffer(_LOG_BYTES)
        options = (ctypes.c_int * 2)(_LOG_BUFFER, _LOG_SIZE)
        values = (ctypes.c_void_p * 2)(ctypes.addressof(log), _LOG_BYTES)
        loaded = self.cuda.cuModuleLoadDataEx(ctypes.byref(module), ptx.encode(), 2, options, values)
        if loaded:
            raise DriverError(f"{self._failure('cuModuleLoadDataEx', loaded)}\n{log.value.decode(errors='replace')}")
        try:
            self._call("cuModuleGetFunction", ctypes.byref(function), module, entry.encode())
            yield function
        finally:
            self._call("cuModuleUnload", module)

    @contextmanager
    def buffers(self, sizes: Sequence[int]) -> Iterator[list[ctypes.c_uint64]]:
        """Memory of these sizes in bytes on the GPU; freed afterwards."""
        made: list[ctypes.c_uint64] = []
        try:
            for size in sizes:
                pointer = ctypes.c_uint64()
                self._call("cuMemAlloc_v2", ctypes.byref(pointer), ctypes.c_size_t(max(1, size)))
                made.append(pointer)
            yield made
        finally:
            for pointer in made:
                self._call("cuMemFree_v2", pointer)

    def upload(self, to: ctypes.c_uint64, array: np.ndarray) -> None:
        """`array` must be contiguous."""
        if array.nbytes:
            self._call("cuMemcpyHtoD_v2", to, ctypes.c_void_p(array.ctypes.data), ctypes.c_size_t(array.nbytes))

    def download(self, array: np.ndarray, source: ctypes.c_uint64) -> None:
        if array.nbytes:
            self._call("cuMemcpyDtoH_v2", ctypes.c_void_p(array.ctypes.data), source, ctypes.c_size_t(array.nbytes))

    def launch(
        self, function: ctypes.c_void_p, blocks: int, threads: int, arguments: Sequence[ctypes._SimpleCData]
    ) -> None:
        """Start the kernel with these parameters on the default stream; does not wait for it."""
        parameters = (ctypes.c_void_p * len(arguments))(*(ctypes.addressof(argument) for argument in arguments))
        self._call("cuLaunchKernel", function, blocks, 1, 1, threads, 1, 1, 0, None, parameters, None)

    def synchronise(self) -> None:
        self._call("cuCtxSynchronize")

    @contextmanager
    def timed(self, seconds: list[float]) -> Iterator[None]:
        """Appends the seconds that the GPU spent on what was launched inside."""
        begin, end = ctypes.c_void_p(), ctypes.c_void_p()
        milliseconds = ctypes.c_float()
        self._call("cuEventCreate", ctypes.byref(begin), 0)
        self._call("cuEventCreate", ctypes.byref(end), 0)
        try:
            self._call("cuEventRecord", begin, None)
            yield
            self._call("cuEventRecord", end, None)
            self._call("cuEventSynchronize", end)
            self._call("cuEventElapsedTime", ctypes.byref(milliseconds), begin, end)
            seconds.append(milliseconds.value / 1000)
        finally:
            self._call("cuEventDestroy_v2", begin)
            self._call("cuEventDestroy_v2", end)

    def _call(self, name: str, *arguments: object) -> None:
        code = getattr(self.cuda, name)(*arguments)
        if code:
            raise DriverError(self._failure(name, code))

    def _failure(self, name: str, code: int) -> str:
        text = ctypes.c_char_p()
        self.cuda.cuGetErrorString(code, ctypes.byref(text))
        return f"the CUDA driver's {name} failed with error {code}: {(text.value or b'unknown').decode()}"
