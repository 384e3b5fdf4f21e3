"""Other compilers and processors: the `ziglang` package alone, and aarch64 by cross-compilation."""

from __future__ import annotations

import importlib.util
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jax
import jax.ffi
import jax.numpy as jnp
import numpy as np
import pytest
from test_lanes_targets import batch, everything, functions, runnable

import jaxlanes
from jaxlanes.emit.cpp_simd import emit
from jaxlanes.emit.targets import TARGETS
from jaxlanes.ir import Memory
from jaxlanes.runtime.compiler import find_compiler
from jaxlanes.trace.program import Traced, lower

pytestmark = pytest.mark.skipif(importlib.util.find_spec("ziglang") is None, reason="needs the ziglang package")
_MAIN = Path(__file__).with_name("standalone_main.cc")


@pytest.fixture
def no_other_compiler(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A path on which there is no program at all."""
    monkeypatch.delenv("JAXLANES_CC", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert find_compiler().is_zig


@pytest.mark.parametrize(
    "isa",
    ["neon", *(pytest.param(isa, marks=pytest.mark.sweep) for isa in ("avx512", "avx2", "portable"))],
)
def test_zig_is_enough(no_other_compiler: None, same: Any, isa: str, monkeypatch: pytest.MonkeyPatch) -> None:
    if isa not in runnable() and TARGETS[isa].flags:
        pytest.skip(f"this processor has no {isa}")
    monkeypatch.setenv("JAXLANES_ISA", isa)
    same(everything, *batch())


def test_both_compilers_give_the_same_bits(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    f = (np.random.default_rng(4).standard_normal(500) * 20).astype(np.float32)
    here = jax.tree.leaves(jaxlanes.vmap(functions, backend="simd")(f))
    monkeypatch.setenv("JAXLANES_CC", f"{sys.executable} -m ziglang c++")
    for ours, theirs in zip(jax.tree.leaves(jaxlanes.vmap(functions, backend="simd")(f)), here, strict=True):
        assert np.array_equal(np.asarray(ours), np.asarray(theirs), equal_nan=True)


def _cross_compile(traced: Traced, folder: Path, *how: str) -> Path:
    """A program for aarch64 Linux around the kernel, or with `-c` what is to be linked to one."""
    source, program = folder / "kernel.cc", folder / "kernel"
    source.write_text(emit(traced.program, TARGETS["neon"]) + _MAIN.read_text())
    command = [sys.executable, "-m", "ziglang", "c++", "-target", "aarch64-linux-musl", *how, "-std=c++17", "-O2"]
    command += ["-fwrapv", "-fno-strict-aliasing", "-fno-math-errno", "-fno-trapping-math", "-ffp-contract=off", "-w"]
    command += [f"-I{jax.ffi.include_dir()}", "-o", str(program), str(source)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[:3000]
    return program


def _run(emulator: str, program: Path, traced: Traced, args: list[np.ndarray]) -> list[np.ndarray]:
    lanes = len(args[0])
    given = np.int64(lanes).tobytes()
    for array in [*args, *traced.large_constants]:
        given += np.int64(array.nbytes).tobytes() + np.ascontiguousarray(array).tobytes()
    outputs = [(np.dtype(dtype), out.size if isinstance(out, Memory) else len(out))
               for dtype, out in traced.program.outputs]  # fmt: skip
    sizes = [dtype.itemsize * size for dtype, size in outputs]
    done = subprocess.run([emulator, str(program), *map(str, sizes)], input=given, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr[:3000]
    found, at = [], 0
    for (dtype, size), bytes_a_lane in zip(outputs, sizes, strict=True):
        found.append(np.frombuffer(done.stdout, dtype, size * lanes, at).reshape(lanes, size))
        at += bytes_a_lane * lanes
    assert at == len(done.stdout)
    return found


def _cases(name: str) -> tuple[Callable[..., Any], tuple[Any, ...], Traced]:
    f = np.random.default_rng(3).standard_normal(200).astype(np.float32) * 20
    fn, args = (everything, batch()) if name == "everything" else (functions, (f,))
    one = jax.tree.map(lambda leaf: leaf[0], args)
    return fn, args, lower(jax.make_jaxpr(fn)(*one), [True] * len(args))


@pytest.mark.parametrize("name", ["everything", "functions"])
def test_aarch64_is_compiled(name: str, tmp_path: Path) -> None:
    compiled = _cross_compile(_cases(name)[2], tmp_path, "-c").read_bytes()
    assert compiled[18:20] == b"\xb7\x00", "the ELF header's machine is not aarch64"


@pytest.mark.sweep  # Zig first compiles a C library, for a minute or more
@pytest.mark.parametrize("name", ["everything", "functions"])
def test_aarch64_gives_the_same_bits(name: str, tmp_path: Path) -> None:
    emulator = shutil.which("qemu-aarch64") or shutil.which("qemu-aarch64-static")
    if not emulator:
        pytest.skip("needs qemu-aarch64 (Debian: qemu-user)")
    fn, args, traced = _cases(name)
    program = _cross_compile(traced, tmp_path, "-static", "-nostdlib++")
    flat = [np.asarray(jax.random.key_data(a) if jnp.issubdtype(a.dtype, jax.dtypes.prng_key) else a)
            for a in jax.tree.leaves(args)]  # fmt: skip
    here = jax.tree.leaves(jaxlanes.vmap(fn, backend="simd")(*args))
    for there, ours in zip(_run(emulator, program, traced, flat), here, strict=True):
        if jnp.issubdtype(ours.dtype, jax.dtypes.prng_key):
            ours = jax.random.key_data(ours)
        expected = np.asarray(ours).reshape(there.shape)
        assert np.array_equal(there.astype(expected.dtype), expected, equal_nan=expected.dtype.kind == "f")
