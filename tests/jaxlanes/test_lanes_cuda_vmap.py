"""`jaxlanes.vmap(fn, backend="cuda")` under XLA, on a GPU that is made up: the handler, the launches, the errors."""

from __future__ import annotations

import ctypes
import re
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from cuda_functions import bits, integers, long_rows, shared_batch, shared_tables, stored
from jax import lax
from made_up_gpu import MadeUpGpu, compile_beside, made_up_gpu

import jaxenv
import jaxlanes
from jaxlanes.cuda import NoGpuError, clang, launch, nvrtc
from jaxlanes.cuda.compile import cached_ptx
from jaxlanes.emit.cuda import ENTRY
from jaxlanes.runtime import kernel

X = np.arange(600, dtype=np.int32).reshape(200, 3)


@pytest.fixture
def gpu(monkeypatch: pytest.MonkeyPatch) -> Any:
    gpu = made_up_gpu()
    gpu.stand_in(monkeypatch)
    yield gpu
    gpu.fail()
    assert gpu.wrong == 0


def same(ours: Any, theirs: Any, units: int = 0) -> None:
    """Every bit; but for floats, where `units` in the last place are allowed."""
    assert jax.tree.structure(ours) == jax.tree.structure(theirs)
    for number, (a, b) in enumerate(zip(stored(ours), stored(theirs), strict=True)):
        assert (a.shape, a.dtype) == (b.shape, b.dtype), number
        if units and a.dtype == np.float32:
            np.testing.assert_array_max_ulp(a, b, units)
            continue
        different = np.argwhere(bits(a) != bits(b))
        assert not len(different), f"result {number}: {len(different)} of {a.size} differ, the first at {different[0]}"


def launched_once(gpu: MadeUpGpu, fn: Callable[..., Any], *args: Any, in_axes: Any = 0) -> None:
    """Under jit, every bit as by `jax.vmap`; by one launch."""
    ours = jax.jit(jaxlanes.vmap(fn, in_axes, backend="cuda")).lower(*args).compile()
    before = gpu.launches
    got = jax.block_until_ready(ours(*args))
    assert gpu.launches == before + 1
    same(got, jax.jit(jax.vmap(fn, in_axes))(*args))


def test_keys_and_branches(gpu: MadeUpGpu) -> None:
    def fn(key: Any, x: Any) -> Any:
        own, other = jax.random.split(key)
        return own, lax.switch(x % 3, [lambda: jax.random.bits(other), lambda: jnp.uint32(x), lambda: jnp.uint32(7)])

    launched_once(gpu, fn, jax.random.split(jax.random.key(3), 200), np.arange(200, dtype=np.int32))


def test_shared_arguments_and_large_constants(gpu: MadeUpGpu) -> None:
    launched_once(gpu, shared_tables, *shared_batch(), in_axes=(None, 0, 0))


def test_a_scratch_buffer_is_memory_of_xla(gpu: MadeUpGpu) -> None:
    x = integers((), 0, 500)
    launched_once(gpu, long_rows, x)
    text = jax.jit(jaxlanes.vmap(long_rows, backend="cuda")).lower(x).as_text()
    assert re.search(r"custom_call @jaxlanes_cuda\(.*-> \(tensor<131x2066xi32>, tensor<131xi32>", text)


def test_a_step_of_pong_in_a_scan(gpu: MadeUpGpu) -> None:
    """Divisions in observations are XLA's to round in another way; that every bit is as by the lanes of the CPU is
    held to elsewhere, of the rollout."""
    env = jaxenv.make("pongjax/puffer_pong")
    params = env.default_params
    keys = jax.random.split(jax.random.key(5), 300)
    _, first = jax.vmap(env.reset, (0, None))(keys, params)
    actions = np.random.default_rng(0).integers(0, 3, (20, 300)).astype(np.int32)

    def play(step: Any) -> Any:
        def body(carry: Any, action: Any) -> Any:
            keys, state = carry
            keys = jax.vmap(lambda key: jax.random.split(key)[0])(keys)
            obs, state, *rest = step(keys, state, action, params)
            return (keys, state), (obs, rest)

        return jax.jit(lambda state: lax.scan(body, (keys, state), actions))(first)

    before = gpu.launches
    got = jax.block_until_ready(play(jaxlanes.vmap(env.step, (0, 0, 0, None), backend="cuda")))
    assert gpu.launches == before + 20
    same(got, play(jax.vmap(env.step, (0, 0, 0, None))), units=1)


def test_in_vmap_with_derivatives_and_what_is_traced_outside(gpu: MadeUpGpu) -> None:
    fn = lambda row, y: row * 2 + y  # noqa: E731
    ours, theirs = (v(fn, (0, None)) for v in (lambda f, a: jaxlanes.vmap(f, a, backend="cuda"), jax.vmap))
    stacked, y = np.stack([X, X + 1]), np.arange(3, dtype=np.int32)
    before = gpu.launches
    same(jax.vmap(ours, (0, None))(stacked, y), jax.vmap(theirs, (0, None))(stacked, y))
    assert gpu.launches == before + 1  # two axes are one

    def outer(offset: Any) -> Any:
        return jaxlanes.vmap(lambda row: row + offset, backend="cuda")(X)

    assert jnp.array_equal(jax.jit(outer)(np.int32(4)), X + 4)
    x = np.linspace(0.1, 1, 10).astype(np.float32)
    square = lambda f: jax.grad(lambda x: (f(x) ** 2).sum())(x)  # noqa: E731
    assert jnp.allclose(square(jaxlanes.vmap(jnp.sin, backend="cuda")), square(jax.vmap(jnp.sin)))


def test_sizes_of_batches(gpu: MadeUpGpu) -> None:
    """A block is 128 threads; nothing is launched for no lanes."""
    ours = jaxlanes.vmap(lambda x: x * 3, backend="cuda")
    for lanes in (1, 127, 128, 129, 1000):
        x = np.arange(lanes, dtype=np.int32)
        assert jnp.array_equal(ours(x), x * 3)
    before = gpu.launches
    assert jax.block_until_ready(jax.jit(ours)(np.zeros(0, np.int32))).shape == (0,)
    assert gpu.launches == before


def test_two_threads_load_a_module_once(gpu: MadeUpGpu) -> None:
    """The driver takes its time over a module: both threads ask for it before it is there."""
    ours = jax.jit(jaxlanes.vmap(lambda x: (x * 17) ^ 5, backend="cuda")).lower(X).compile()
    barrier, results = threading.Barrier(2), {}

    def call(number: int) -> None:
        barrier.wait()
        for _ in range(20):
            results[number] = np.asarray(ours(X))

    before = gpu.loads
    threads = [threading.Thread(target=call, args=(number,)) for number in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert gpu.loads == before + 1
    assert all(np.array_equal(results[number], (X * 17) ^ 5) for number in range(2))


def test_a_kernel_is_found_again(gpu: MadeUpGpu) -> None:
    """By another `vmap` of a function that is the same: one module."""
    for _ in range(2):
        before = gpu.loads
        assert jnp.array_equal(jaxlanes.vmap(lambda x: x * 19, backend="cuda")(X), X * 19)
    assert gpu.loads == before


@pytest.mark.parametrize(
    ("what", "code", "message"),
    [
        ("load", 218, "cuModuleLoadDataEx failed with error 218: a PTX JIT compilation failed\nptxas: line 3: what is"),
        ("launch", 2, "cuLaunchKernel failed with error 2: out of everything"),
        ("context", 999, "cuStreamGetCtx failed with error 999: unknown"),
    ],
)
def test_what_the_driver_refuses(gpu: MadeUpGpu, what: str, code: int, message: str) -> None:
    ours = jaxlanes.vmap(lambda x: x - code, backend="cuda")
    gpu.fail(what, code)
    with pytest.raises(jax.errors.JaxRuntimeError, match=re.escape(f"jaxlanes: the CUDA driver's {message}")):
        jax.block_until_ready(jax.jit(ours)(X))
    gpu.fail()  # and another time it may do it
    assert jnp.array_equal(ours(X), X - code)


def test_a_compiler_makes_what_is_loaded(gpu: MadeUpGpu, monkeypatch: pytest.MonkeyPatch) -> None:
    """PTX for the architecture of JAX's GPU, which this driver does not know how to run."""
    if not clang.installed() and nvrtc.library() is None:
        pytest.skip("no compiler for CUDA: the wheel ziglang or nvidia-cuda-nvrtc-cu12 brings one")
    monkeypatch.setattr(launch, "cached_ptx", cached_ptx)
    with pytest.raises(jax.errors.JaxRuntimeError, match="error 218"):
        jax.block_until_ready(jaxlanes.vmap(lambda x: x * 37, backend="cuda")(X))
    assert f".entry {ENTRY}(" in gpu.last_ptx and ".target sm_90" in gpu.last_ptx
    assert kernel.used[-1].seconds > 0


def test_a_kernel_of_another_process(gpu: MadeUpGpu) -> None:
    """An executable outlives the process that traced it; the kernel that it names does not."""
    jax.block_until_ready(jaxlanes.vmap(lambda x: x, backend="cuda")(X))
    call = jax.ffi.ffi_call(launch.TARGET, jax.ShapeDtypeStruct(X.shape, X.dtype))
    with pytest.raises(jax.errors.JaxRuntimeError, match="this process has not made the kernel"):
        jax.block_until_ready(call(X, kernel="jaxlanes_of_yesterday"))
    name = kernel.used[-1].name
    with pytest.raises(jax.errors.JaxRuntimeError, match="the kernel has other arguments"):
        jax.block_until_ready(call(X, X, X, kernel=name))


def test_without_a_gpu() -> None:
    def fn(x: Any) -> Any:
        raise AssertionError("traced for nothing")

    with pytest.raises(NoGpuError, match=r'needs an NVIDIA GPU that JAX sees.*use backend="auto" or "simd"'):
        jaxlanes.vmap(fn, backend="cuda")(X)


def test_lowered_for_a_gpu(gpu: MadeUpGpu, monkeypatch: pytest.MonkeyPatch) -> None:
    """As far as a GPU itself: the handler is registered for CUDA, and XLA is told to call it with the kernel's name."""
    monkeypatch.setattr(launch, "platform", launch.GPU)
    traced = jax.jit(jaxlanes.vmap(lambda x: x * 31, backend="cuda")).trace(X)
    assert re.search(
        r'custom_call @jaxlanes_cuda\(%arg0\).*kernel = "jaxlanes_[0-9a-f]{32}"',
        traced.lower(lowering_platforms=("cuda",)).as_text(),
    )


def test_auto_leaves_gpus_to_xla(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jax, "default_backend", lambda: "gpu")
    assert "jaxlanes" not in jax.jit(jaxlanes.vmap(lambda x: x + 1)).lower(X).as_text()


def test_the_handler_for_gpus_wants_a_stream(gpu: MadeUpGpu, monkeypatch: pytest.MonkeyPatch) -> None:
    """Targets registered for CUDA ask XLA for its stream, and take no other: XLA on the CPU has none to give."""
    monkeypatch.setattr(launch, "platform", launch.Platform("cpu", launch.GPU.handler, launch.GPU.stages))
    monkeypatch.setattr(launch, "TARGET", "jaxlanes_cuda_with_streams")
    with pytest.raises(jax.errors.JaxRuntimeError, match="GPU context is not available"):
        jax.block_until_ready(jaxlanes.vmap(lambda x: x * 23, backend="cuda")(X))


def test_the_handler_for_gpus_on_streams(gpu: MadeUpGpu, tmp_path: Path) -> None:
    """It loads a module before the first run, once for each context, and launches on the stream that it is given."""
    x = np.arange(300, dtype=np.int32)
    jax.block_until_ready(jaxlanes.vmap(lambda x: x * 29, backend="cuda")(x))  # without a stream: in the first context
    name, handler = kernel.used[-1].name.encode(), launch._handler(launch.HOST)[launch.GPU.handler]
    xla = compile_beside(tmp_path / "xla.so", "made_up_xla.cc")
    xla.call.restype = ctypes.c_char_p

    def call(name: bytes, executes: bool, stream: int) -> tuple[str, bool]:
        out = np.zeros_like(x)
        pointers = (ctypes.c_void_p(array.ctypes.data) for array in (x, out))
        said = xla.call(handler, name, int(executes), ctypes.c_void_p(stream), *pointers, ctypes.c_int64(len(x)))
        return said.decode(), np.array_equal(out, x * 29)

    before, launches = gpu.loads, gpu.launches
    assert call(name, False, 0x52) == ("", False)  # of another context
    assert (gpu.loads, gpu.launches) == (before + 1, launches)
    assert call(name, True, 0x52) == ("", True) and call(name, True, 0x51) == ("", True)
    assert (gpu.loads, gpu.launches) == (before + 1, launches + 2)
    assert xla.asked_for_streams() == 3
    assert "has not made the kernel" in call(b"another", True, 0x51)[0]
    gpu.fail("launch", 2)
    assert "cuLaunchKernel failed with error 2" in call(name, True, 0x51)[0]


def test_unsupported(gpu: MadeUpGpu) -> None:
    with pytest.raises(jaxlanes.UnsupportedError, match="the primitive bessel_i1e"):
        jaxlanes.vmap(lambda x: lax.bessel_i1e(x.astype(jnp.float32)), backend="cuda")(X)
    with pytest.raises(jaxlanes.UnsupportedError, match="a kernel for CUDA of 602 arrays"):
        jaxlanes.vmap(lambda *x: x, backend="cuda")(*(X for _ in range(301)))


def test_a_fingerprint_is_ignored(gpu: MadeUpGpu) -> None:
    for factor in (2, 3):
        ours = jaxlanes.vmap(lambda x, f=factor: x * f, backend="cuda", fingerprint="the same")
        assert jnp.array_equal(ours(X), X * factor)
