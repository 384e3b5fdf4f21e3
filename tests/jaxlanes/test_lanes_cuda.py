"""Kernels for CUDA without a GPU: what the source means, run on the host; that both compilers and ptxas take it; and
the bench against a driver that is made up of the host's own memory."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import lax

import jaxenv
import jaxlanes
from jaxenv.rollout import rollout
from jaxlanes.compiler import find_compiler
from jaxlanes.cuda import assemble, clang, compile_ptx, make_kernel, nvrtc, ptxas, run_on_host
from jaxlanes.cuda import bench as bench_module
from jaxlanes.cuda.__main__ import main
from jaxlanes.cuda.compile import ROUTES
from jaxlanes.cuda.host import grid
from jaxlanes.emit.cuda import ENTRY, LOCAL_WORDS, emit, header
from jaxlanes.errors import CompilerNotFoundError, LanesError, UnsupportedError
from jaxlanes.ir import Program

LANES = 131


def stored(tree: Any) -> list[np.ndarray]:
    """As kernels have it: keys as their words."""
    leaves = jax.tree.leaves(tree)
    is_key = [jnp.issubdtype(leaf.dtype, jax.dtypes.prng_key) for leaf in leaves]
    return [np.asarray(jax.random.key_data(leaf) if key else leaf) for leaf, key in zip(leaves, is_key, strict=True)]


def bits(array: np.ndarray) -> np.ndarray:
    if array.dtype != np.float32:
        return array
    return np.where(np.isnan(array), np.float32(np.nan), array).view(np.uint32)


def same_on_host(fn: Callable[..., Any], *args: Any, in_axes: Any = 0, expected: Any = None) -> None:
    """The kernel's results are those of `jax.vmap`, every bit of them."""
    got = run_on_host(make_kernel(fn, args, in_axes))(*args)
    wanted = stored(jax.jit(jax.vmap(fn, in_axes))(*args) if expected is None else expected)
    for number, (ours, theirs) in enumerate(zip(got, wanted, strict=True)):
        assert (ours.shape, ours.dtype) == (theirs.shape, theirs.dtype), number
        different = np.argwhere(bits(ours) != bits(theirs))
        assert not len(different), (
            f"result {number}: {len(different)} of {ours.size} differ, the first at {different[0]}"
        )


def integers(shape: tuple[int, ...], low: int, high: int, dtype: str = "int32", seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(low, high, (LANES, *shape)).astype(dtype)


# ---- functions of every kind


def arithmetic(a: Any, b: Any) -> Any:
    binary = (lax.add, lax.sub, lax.mul, lax.div, lax.rem, lax.max, lax.min, lax.shift_left, lax.shift_right_logical,
              lax.shift_right_arithmetic, lax.lt, lax.eq, lax.bitwise_xor)  # fmt: skip
    by_constants = [lax.div(a, jnp.asarray(c, a.dtype)) for c in (0, 1, 7, 64)]
    narrowed = [a.astype(t) for t in ("int8", "uint8", "int16", "uint16", "uint32", "float32", "bool")]
    single = [lax.population_count(a), lax.clz(a), lax.sign(a), jnp.abs(a), ~a]
    return [op(a, b) for op in binary], by_constants, narrowed, single, jnp.mod(a, b), jnp.floor_divide(a, b)


def arithmetic_batch(dtype: str) -> tuple[np.ndarray, np.ndarray]:
    info = np.iinfo(dtype)
    near = [info.min, info.min + 1, -1, 0, 1, 2, 7, 8, 16, 31, 32, 33, info.max - 1, info.max]
    edges = np.array([v for v in near if info.min <= v <= info.max], dtype)
    a, b = (x.ravel() for x in np.meshgrid(edges, edges))
    many = np.random.default_rng(0).integers(info.min, info.max, (2, 500), dtype, endpoint=True)
    return np.concatenate([a, many[0]]), np.concatenate([b, many[1]])


def floats(a: Any, b: Any) -> Any:
    ops = (lax.add, lax.sub, lax.mul, lax.div, lax.max, lax.min, lax.lt, lax.le, lax.eq, lax.ne, lax.rem)
    single = (lax.neg, lax.abs, lax.sign, lax.floor, lax.ceil, lax.sqrt, lax.is_finite)
    rounded = lax.round(a, lax.RoundingMethod.AWAY_FROM_ZERO), lax.round(a, lax.RoundingMethod.TO_NEAREST_EVEN)
    converted = [a.astype(t) for t in ("int8", "uint8", "int16", "int32", "uint32", "bool")]
    constants = jnp.where(a > 1, jnp.nan, jnp.inf), jnp.asarray([np.inf, np.nan, -0.0, 1.5], jnp.float32)
    bits = lax.bitcast_convert_type(a, jnp.int32), lax.bitcast_convert_type(a, jnp.uint32)
    return [op(a, b) for op in ops], [op(a) for op in single], rounded, converted, constants, bits, lax.nextafter(a, b)


def floats_batch() -> tuple[np.ndarray, np.ndarray]:
    edges = np.array([0.0, -0.0, 1, -1, 0.5, -2.5, 3.5, np.inf, -np.inf, np.nan, 2.0**23, 2.0**31, -(2.0**31), 2.0**32,
                      3e38, 127.5, -128.5, 65535.5], np.float32)  # fmt: skip
    a, b = (x.ravel() for x in np.meshgrid(edges, edges))
    many = np.random.default_rng(0).standard_normal((2, 1000)).astype(np.float32) * np.float32(1e3)
    return np.concatenate([a, many[0]]), np.concatenate([b, many[1]])


def control(key: Any, i: Any, x: Any, v: Any) -> Any:
    def heavy(y: Any) -> Any:
        for k in range(20):
            y = (y * 1103515245 + 12345 + k) ^ (y >> 7)
        return y

    branch = lax.switch(i, [lambda: (x, i), lambda: (heavy(x), i), lambda: (heavy(i), x), lambda: (x + 1, x)])
    nested = lax.cond(i > 2, lambda: lax.cond(x > 9, lambda: heavy(x), lambda: heavy(i)), lambda: x)
    swapped, _ = lax.scan(lambda c, r: ((c[1], c[0] + r, c[2]), None), (x, i, key), v)
    carry, rows = lax.scan(lambda c, r: (heavy(c) + r, (c, c > r, c.astype(jnp.int8))), x, v)
    back = lax.scan(lambda c, r: (c + r, c), x, v, reverse=True)[1]
    left = lax.while_loop(lambda c: c[0] > 0, lambda c: (c[0] - 1, c[1] * 3 + heavy(c[0])), (i, x))
    table = jnp.asarray(np.random.default_rng(1).integers(-100, 100, 300).astype(np.int16))[(x * 7) % 300]
    curve = jnp.asarray(np.array([0.5, -np.inf, np.nan, 1.0] * 5, np.float32))[x % 20]
    draws = jax.random.split(key), jax.random.bits(key, (3,)), jax.random.randint(key, (), 0, i + 2)
    written = v.at[i].set(x), v.at[x % 9].add(i), rows[0][i % 6], rows[1][x % 6], jnp.sort(v), jnp.argmax(v)
    return branch, nested, swapped, carry, rows, rows, back, left, table, curve, draws, written


def control_batch() -> tuple[Any, ...]:
    keys = jax.random.split(jax.random.key(3), LANES)
    return keys, integers((), 0, 9), integers((), 0, 50, seed=1), integers((6,), -9, 9, seed=2)


def shared_tables(tables: Any, i: Any, x: Any) -> Any:
    big = jnp.asarray(np.random.default_rng(2).integers(-100, 100, (50, 200)).astype(np.int8))
    return [t[i % 7] for t in tables], [t[1:3] for t in tables], big[i, i * 3], x[i % x.shape[0]]


def shared_batch() -> tuple[Any, ...]:
    rng = np.random.default_rng(3)
    tables = [rng.integers(0, 100, 7).astype(t) for t in ("int8", "uint16", "int32", "uint32", "float32", "bool")]
    return tables, integers((), 0, 50), integers((40,), 0, 2, "bool")


def long_rows(x: Any) -> Any:
    """What a loop stacks is too long for a thread's own memory: it goes to the scratch buffer."""
    _, rows = lax.scan(lambda c, k: (c * 5 + k, (c, c.astype(jnp.float32))), x, jnp.arange(LOCAL_WORDS + 9))
    return rows[0][x % LOCAL_WORDS] + rows[0][3], rows[1][x % 7]


def elementary(f: Any) -> Any:
    names = ("sin", "cos", "tan", "exp", "exp2", "log", "log1p", "expm1", "tanh", "logistic", "sinh", "cosh", "asinh",
             "cbrt", "erf", "erfc", "atan", "rsqrt", "erf_inv")  # fmt: skip
    return [getattr(lax, name)(f) for name in names], lax.pow(jnp.abs(f), f), lax.atan2(f, f + 1), lax.asin(f / 100)


def play(name: str, lanes: int = 33, steps: int = 3) -> tuple[Callable[..., Any], tuple[Any, ...], Any]:
    """The body of a rollout of random legal play: resets, keys, policy and step."""
    env = jaxenv.make(name)
    compiled = rollout(env, lanes, steps, collect=True)
    params = env.default_params

    def lane(carry: Any, params: Any) -> Any:
        from jaxenv.rollout import _step

        return compiled._repeat(lambda c: _step(env, compiled.policy, c, params), None, carry, 0)

    return lane, (compiled.init(jax.random.key(3), params), params), (0, None)


KERNELS: dict[str, Callable[[], tuple[Callable[..., Any], tuple[Any, ...], Any]]] = {
    "arithmetic": lambda: (arithmetic, arithmetic_batch("int32"), 0),
    "floats": lambda: (floats, floats_batch(), 0),
    "control": lambda: (control, control_batch(), 0),
    "shared_tables": lambda: (shared_tables, shared_batch(), (None, 0, 0)),
    "long_rows": lambda: (long_rows, (integers((), 0, 500),), 0),
    "elementary": lambda: (elementary, (floats_batch()[0],), 0),
    "pong": lambda: play("pongjax/puffer_pong"),
    "half_cheetah": lambda: play("cheetahjax/HalfCheetah-v5"),
}


# ---- meaning


@pytest.mark.parametrize("dtype", ["int8", "uint16", "int32", "uint32"])
def test_integer_arithmetic(dtype: str) -> None:
    same_on_host(arithmetic, *arithmetic_batch(dtype))


@pytest.mark.parametrize("name", ["floats", "control", "shared_tables", "long_rows"])
def test_a_kernel_on_the_host(name: str) -> None:
    fn, args, in_axes = KERNELS[name]()
    same_on_host(fn, *args, in_axes=in_axes)


def test_a_loop_that_other_lanes_would_never_leave() -> None:
    """Inside a branch only the lanes that took it go round. (XLA, which selects, turns 2**31 times.)"""

    def fn(n: Any) -> Any:
        return lax.cond(n % 2 == 0, lambda: lax.while_loop(lambda c: c != 0, lambda c: c - 2, n), lambda: n)

    n = integers((), 0, 50)
    same_on_host(fn, n, expected=np.where(n % 2 == 0, 0, n))


@pytest.mark.parametrize("name", ["pong", "half_cheetah"])
def test_an_environment_on_the_host(name: str) -> None:
    """Against the kernel of the CPU's lanes, which rounds as written too."""
    fn, args, in_axes = KERNELS[name]()
    same_on_host(fn, *args, in_axes=in_axes, expected=jaxlanes.vmap(fn, in_axes, backend="simd")(*args))


def test_elementary_functions_are_those_of_the_lanes() -> None:
    """Below 2**20, where sine and its like are not taken from libm."""
    rng = np.random.default_rng(1)
    f = np.concatenate([floats_batch()[0], rng.standard_normal(3000) * np.exp(rng.uniform(-12, 12, 3000))])
    f = f.astype(np.float32)[~(np.abs(f) >= 2**20) | ~np.isfinite(f)]
    same_on_host(elementary, f, expected=jaxlanes.vmap(elementary, backend="simd")(f))


def test_sine_of_large_numbers() -> None:
    """Half a unit in the last place; libm's own bound is not better."""
    rng = np.random.default_rng(2)
    f = (np.exp(rng.uniform(13.9, 88.7, 5000)) * rng.choice([-1, 1], 5000)).astype(np.float32)
    got = run_on_host(make_kernel(lambda x: (lax.sin(x), lax.cos(x), lax.tan(x)), (f,)))(f)
    with np.errstate(all="ignore"):
        for ours, function in zip(got, (np.sin, np.cos, np.tan), strict=True):
            true = function(f.astype(np.float64))
            assert (np.abs(ours - true) / np.spacing(np.abs(true.astype(np.float32)))).max() < 0.6


def test_remainders_of_all_magnitudes() -> None:
    rng = np.random.default_rng(4)
    x, y = (np.exp(rng.uniform(-80, 88, (2, 4000))) * rng.choice([-1, 1], (2, 4000))).astype(np.float32)
    (got,) = run_on_host(make_kernel(lax.rem, (x, y)))(x, y)
    expected = np.fmod(x, y)
    kept = np.abs(expected) >= np.finfo(np.float32).tiny  # the processor may flush what is subnormal
    assert np.array_equal(got[kept], expected[kept]) and kept.sum() > 3000


def test_what_the_source_says() -> None:
    kernel = make_kernel(long_rows, (integers((), 0, 500),))
    assert kernel.scratch_words == 2 * (LOCAL_WORDS + 9)
    assert f"{ENTRY}(long long lanes, int* __restrict__ scratch, const int* __restrict__ in0" in kernel.source
    assert "#include" not in kernel.source
    assert "LANES_FAST 1" in make_kernel(elementary, (floats_batch()[0],), fast=True).source


def test_too_many_arrays_for_a_launch() -> None:
    program = Program([], make_kernel_body(), [("int32", 1)] * 600, [], [])
    with pytest.raises(UnsupportedError, match="600 arrays"):
        emit(program)


def make_kernel_body() -> Any:
    from jaxlanes.ir import Block

    return Block()


def test_arguments_that_do_not_fit() -> None:
    kernel = make_kernel(lambda a, b: a + b, (integers((), 0, 9), integers((), 0, 9)))
    with pytest.raises(ValueError, match="different batch sizes: \\[3, 131\\]"):
        kernel.arguments((integers((), 0, 9), np.zeros(3, np.int32)))
    with pytest.raises(ValueError, match="2 arrays as arguments, got 1"):
        kernel.arguments((integers((), 0, 9),))


# ---- compilers from wheels


def needs(route: str) -> None:
    if route == "clang" and not clang.installed():
        pytest.skip("no Clang: the wheel ziglang brings it")
    if route == "nvrtc" and nvrtc.library() is None:
        pytest.skip("no NVRTC: the wheel nvidia-cuda-nvrtc-cu12 (or nvidia-cuda-nvrtc) brings it")


@pytest.mark.parametrize("route", ROUTES)
@pytest.mark.parametrize("name", KERNELS)
def test_compiles_to_ptx(name: str, route: str) -> None:
    needs(route)
    fn, args, in_axes = KERNELS[name]()
    ptx = compile_ptx(make_kernel(fn, args, in_axes).source, "sm_80", route=route)
    assert f".entry {ENTRY}(" in ptx and ".target sm_80" in ptx and ".extern" not in ptx
    # Nothing that an assembler may contract: each operation says how it rounds.
    assert not [word for word in ("fma.", "mul.f32", "add.f32", "sub.f32", ".approx", ".ftz") if word in ptx]
    if ptxas.find_ptxas():
        usage = assemble(ptx, "sm_90")
        assert 0 < usage.registers <= 255


def test_fast_contracts() -> None:
    needs("nvrtc")
    fn, args, in_axes = KERNELS["elementary"]()
    ptx = compile_ptx(make_kernel(fn, args, in_axes, fast=True).source, route="nvrtc", fast=True)
    assert "fma.rn.f32" in ptx


def test_no_compiler(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nvrtc, "library", lambda: None)
    monkeypatch.setattr(clang, "installed", lambda: False)
    with pytest.raises(CompilerNotFoundError, match=r"nvidia-cuda-nvrtc-cu12.*or pip install ziglang"):
        compile_ptx("")
    with pytest.raises(ValueError, match="route must be auto or one of nvrtc, clang, got 'gcc'"):
        compile_ptx("", route="gcc")
    with pytest.raises(ValueError, match="arch must be like"):
        compile_ptx("", "hopper")


# ---- the bench

MODULE = """
import jax.numpy as jnp
def step(lanes):
    x = jnp.arange(lanes, dtype=jnp.int32)
    return (lambda x, y, t: (x * y + t[1], x.astype(jnp.float32) / 3)), (x, x + 5, jnp.arange(4)), (0, 0, None)
number = 3
"""

DRIVER = r"""
#include <stdlib.h>
#include <string.h>
#include <chrono>
typedef std::chrono::steady_clock::time_point moment;
extern "C" {
int cuInit(unsigned) { return getenv("FAKE_BROKEN") ? 100 : 0; }
int cuGetErrorString(int, const char** text) { return *text = "no device", 0; }
int cuDeviceGetCount(int* n) { return *n = 1, 0; }
int cuDeviceGet(int* device, int) { return *device = 7, 0; }
int cuDeviceGetName(char* text, int, int device) { return strcpy(text, device == 7 ? "made up" : "wrong"), 0; }
int cuDeviceGetAttribute(int* value, int what, int) { return *value = what == 75 ? 9 : 0, 0; }
int cuDevicePrimaryCtxRetain(void** c, int) { return *c = (void*)1, 0; }
int cuDevicePrimaryCtxRelease_v2(int) { return 0; }
int cuCtxPushCurrent_v2(void*) { return 0; }
int cuCtxPopCurrent_v2(void**) { return 0; }
int cuModuleLoadDataEx(void** m, const char* ptx, unsigned n, int*, void**) {
  return *m = (void*)2, strcmp(ptx, "the ptx") || n != 2 ? 218 : 0;
}
int cuModuleGetFunction(void** f, void*, const char* name) { return *f = (void*)3, strcmp(name, "jaxlanes_kernel"); }
int cuModuleUnload(void*) { return 0; }
int cuMemAlloc_v2(unsigned long long* p, size_t n) { return *p = (unsigned long long)malloc(n), 0; }
int cuMemFree_v2(unsigned long long p) { return free((void*)p), 0; }
int cuMemcpyHtoD_v2(unsigned long long to, const void* from, size_t n) { return memcpy((void*)to, from, n), 0; }
int cuMemcpyDtoH_v2(void* to, unsigned long long from, size_t n) { return memcpy(to, (void*)from, n), 0; }
int cuCtxSynchronize() { return 0; }
int cuEventCreate(moment** e, unsigned) { return *e = new moment, 0; }
int cuEventRecord(moment* e, void*) { return *e = std::chrono::steady_clock::now(), 0; }
int cuEventSynchronize(moment*) { return 0; }
int cuEventElapsedTime(float* ms, moment* a, moment* b) {
  return *ms = std::chrono::duration<float, std::milli>(*b - *a).count(), 0;
}
int cuEventDestroy_v2(moment* e) { return delete e, 0; }
int cuLaunchKernel(void* f, unsigned gx, unsigned, unsigned, unsigned bx, unsigned, unsigned, unsigned, void* stream,
                   void** given, void** extra) {
  long long lanes = *(long long*)given[0];
  if (f != (void*)3 || stream || extra || (long long)gx * bx < lanes) return 1;
  void* pointers[6];
  for (int i = 0; i < 6; i++) pointers[i] = *(void**)given[1 + i];
  return run_grid(lanes, pointers), 0;
}
}
"""


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The name of a module with kernels to bench."""
    (tmp_path / "kernels_to_bench.py").write_text(MODULE)
    monkeypatch.syspath_prepend(tmp_path)
    return "kernels_to_bench"


@pytest.fixture
def made_up_gpu(tmp_path: Path, module: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A driver whose GPU is the host: what the bench calls, in the order and with the types that it calls it."""
    kernel = make_kernel(*bench_module.load(f"{module}:step")(100))
    source, library = tmp_path / "driver.cc", tmp_path / "driver.so"
    source.write_text("\n".join([header("cuda_host.h").replace("#define sqrt ", "#define sqrt_ "), kernel.source,
                                 grid(kernel), DRIVER]))  # fmt: skip
    command = [*find_compiler().command, "-std=c++17", "-O1", "-fPIC", "-shared", "-w", "-o", str(library), str(source)]
    subprocess.run(command, check=True)
    monkeypatch.setenv("JAXLANES_LIBCUDA", str(library))
    monkeypatch.setattr(bench_module, "compile_ptx", lambda *args, **options: "the ptx")


@pytest.mark.usefixtures("made_up_gpu")
def test_bench(module: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "results.json"
    assert main(["bench", f"{module}:step", "--lanes", "1000", "--runs", "2", "--json", str(path)]) == 0
    assert "made up (sm_90), 1000 lanes" in capsys.readouterr().out
    (result,) = json.loads(path.read_text())
    assert (result["elements"], result["different"], result["lanes"]) == (2000, 0, 1000)
    assert 0 <= result["largest"] < 1e-4 and result["kernel_seconds"] > 0 and result["xla_seconds"] > 0


@pytest.mark.usefixtures("made_up_gpu")
def test_a_wrong_result_is_told(
    module: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(bench_module._Xla, "stored", lambda self: [np.asarray(r) + 1 for r in self.results])
    assert main(["bench", f"{module}:step", "--lanes", "50", "--runs", "1"]) == 1
    assert "NOT THE SAME: 50 of 100 elements differ, floats by at most 1" in capsys.readouterr().out


@pytest.mark.usefixtures("made_up_gpu")
def test_info(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["info"]) == 0
    assert "GPU: made up (sm_90)" in capsys.readouterr().out
    monkeypatch.setenv("FAKE_BROKEN", "1")
    assert main(["info"]) == 0
    assert "GPU: no (the CUDA driver's cuInit failed with error 100: no device)" in capsys.readouterr().out


def test_without_a_gpu(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("JAXLANES_LIBCUDA", "libnowhere.so")
    assert main(["bench", "kernels_to_bench:step"]) == 3
    message = capsys.readouterr().err
    assert (
        message.startswith("jaxlanes.cuda: no CUDA driver on this machine (libnowhere.so") and message.count("\n") == 1
    )


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("nothing", "names no function"),
        ("no_such_module:f", "cannot be imported"),
        ("kernels_to_bench:number", "no func"),
    ],
)
def test_names_of_functions(module: str, name: str, message: str) -> None:
    with pytest.raises(LanesError, match=message):
        bench_module.load(name)


def test_comparison() -> None:
    a, b = np.array([1.0, np.nan, np.inf], np.float32), np.array([1.5, np.nan, np.inf], np.float32)
    assert bench_module.compare([a, np.arange(3)], [b, np.array([0, 1, 5])]) == (1, 0.5, 6)
    assert np.isnan(bench_module.compare([a], [np.array([1, 2, np.inf], np.float32)])[1])


def test_as_a_program() -> None:
    environment = {**os.environ, "JAXLANES_LIBCUDA": "libnowhere.so"}
    done = subprocess.run([sys.executable, "-m", "jaxlanes.cuda", "bench", "os:getcwd"], env=environment, text=True,
                          capture_output=True, check=False)  # fmt: skip
    assert done.returncode == 3 and "no CUDA driver" in done.stderr
