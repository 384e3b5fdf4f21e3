"""`python -m jaxlanes.cuda`: the bench, against a driver that is made up of the host's own memory."""

from __future__ import annotations

import functools
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from cuda_functions import stored
from made_up_gpu import made_up_gpu as make_gpu

import jaxlanes.cuda.__main__ as bench_program
from jaxlanes.cuda import bench as bench_module
from jaxlanes.cuda.__main__ import main
from jaxlanes.cuda.pallas import first_line, pallas_kernel
from jaxlanes.errors import LanesError

MODULE = """
import jax.numpy as jnp
def step(lanes):
    x = jnp.arange(lanes, dtype=jnp.int32)
    return (lambda x, y, t: (x * y + t[1], x.astype(jnp.float32) / 3)), (x, x + 5, jnp.arange(4)), (0, 0, None)
def of_five(lanes):
    return (lambda x: x.sum()), (jnp.ones((lanes, 5), jnp.int32),), 0
number = 3
"""


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The name of a module with kernels to bench."""
    (tmp_path / "kernels_to_bench.py").write_text(MODULE)
    monkeypatch.syspath_prepend(tmp_path)
    return "kernels_to_bench"


@pytest.fixture
def made_up_gpu(module: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A driver whose GPU is the host: what the bench calls, in the order and with the types that it calls it."""
    gpu = make_gpu()
    monkeypatch.setenv("JAXLANES_LIBCUDA", str(gpu.path))
    monkeypatch.setattr(bench_module, "compile_ptx", gpu.ptx_of)


def rows(arguments: list[str], path: Path, status: int = 0) -> list[dict[str, Any]]:
    assert main(["bench", *arguments, "--runs", "2", "--json", str(path)]) == status
    return json.loads(path.read_text())


@pytest.mark.usefixtures("made_up_gpu")
def test_bench(module: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Where JAX itself sees no GPU, and so has no Pallas either."""
    (result,) = rows([f"{module}:step", "--lanes", "1024"], tmp_path / "results.json")
    said = capsys.readouterr().out
    assert "made up (sm_90), 1024 lanes" in said and "by the kernel alone, not by JAX" in said
    assert "no kernel by Pallas: Only interpret mode is supported on CPU backend." in said
    assert (result["elements"], result["different"], result["lanes"]) == (2048, 0, 1024)
    assert 0 <= result["largest"] < 1e-4 and result["kernel_seconds"] > 0 and result["xla_seconds"] > 0
    assert result["call_seconds"] is None and result["pallas_seconds"] is None and result["pallas_different"] is None


@pytest.fixture
def interpreted(made_up_gpu: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """JAX calls our kernel, and XLA does what Pallas's says."""
    make_gpu().stand_in(monkeypatch)
    monkeypatch.setattr(bench_program, "bench", functools.partial(bench_module.bench, interpret=True))


@pytest.mark.usefixtures("interpreted")
def test_bench_with_pallas(module: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    names = [f"{module}:step", f"{module}:of_five"]
    for result in rows([*names, "--lanes", "1024"], tmp_path / "results.json"):
        assert result["pallas_refused"] is None and result["pallas_different"] == result["different"] == 0
        assert result["pallas_largest"] < 1e-4 and result["pallas_seconds"] > 0 < result["pallas_compile_seconds"]
        assert result["call_seconds"] > 0
    said = capsys.readouterr().out
    assert said.count("called by JAX") == said.count("by Pallas (compiled in") == 2
    (result,) = rows([f"{module}:step", "--lanes", "1000"], tmp_path / "results.json")
    assert result["pallas_refused"] == "not asked: 1000 lanes are no multiple of 128" and result["different"] == 0


@pytest.mark.usefixtures("interpreted")
def test_a_wrong_result_is_told(
    module: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Whosever it is."""
    stored, path = bench_module._Program.stored, tmp_path / "results.json"
    names = [f"{module}:step", "--lanes", "256"]

    def off_by_one(kernel: str) -> None:
        """Of XLA's program, which is the first that is made, or of Pallas's, the last."""
        made: list[Any] = []
        monkeypatch.setattr(bench_module, "_Program", lambda *args: made.append(Program(*args)) or made[-1])
        wrong = {"xla": 0, "pallas": 2}[kernel]
        add = lambda self: [r + (self is made[wrong]) for r in stored(self)]  # noqa: E731
        monkeypatch.setattr(Program, "stored", add)

    Program = bench_module._Program  # noqa: N806
    off_by_one("xla")
    rows(names, path, status=1)
    assert "; NOT THE SAME: 256 of 512 elements differ, floats by at most 1" in capsys.readouterr().out
    off_by_one("pallas")
    (result,) = rows(names, path, status=1)
    said = capsys.readouterr().out
    assert "by Pallas (NOT THE SAME: 256 of 512 elements differ, floats by at most 1)" in said and "; same: 0" in said
    assert (result["different"], result["pallas_different"]) == (0, 256)


def lowered(fn: Any, args: tuple[Any, ...], in_axes: Any = 0) -> str:
    """By Triton for a GPU: that is done without one."""
    device = jax.sharding.AbstractDevice(device_kind="NVIDIA H200", num_cores=132, platform="gpu")
    with jax.sharding.use_abstract_mesh(jax.sharding.AbstractMesh((), (), abstract_device=device)):
        call, arrays = pallas_kernel(fn, args, in_axes)
        return jax.jit(call).trace(*arrays).lower(lowering_platforms=("cuda",)).as_text()


@pytest.mark.filterwarnings("ignore:The Pallas Triton backend is deprecated:DeprecationWarning")  # by later JAX
def test_what_triton_takes() -> None:
    x, table = np.arange(256, dtype=np.int32), np.arange(4, dtype=np.int32)
    assert lowered(lambda x, t, s: (x * x + s, x[None] * t), (x, table, np.int32(3)), (0, None, None)).count("triton")
    with pytest.raises(ValueError, match="size is a power of 2") as refused:
        lowered(lambda x: x.sum(), (np.ones((256, 5), np.float32),))
    assert first_line(refused.value).startswith("The Pallas Triton lowering currently requires")
    with pytest.raises(NotImplementedError) as refused:
        lowered(lambda key: jax.random.bits(key), (jax.random.split(jax.random.key(0), 256),))
    assert first_line(refused.value).startswith("Unimplemented primitive in Pallas Triton lowering: random_wrap")
    assert first_line(KeyError()) == "KeyError" and first_line(ValueError("\n two\nlines")) == "two"


def test_what_pallas_is_given() -> None:
    """Keys, shared arguments and what the function closes over."""
    big = jnp.asarray(np.random.default_rng(2).integers(-100, 100, 512))

    def fn(key: Any, x: Any, shared: Any) -> Any:
        own = jax.random.fold_in(key, x)
        return {"key": own, "draw": jax.random.bits(own), "big": (big[x % 512] + shared[1], x > 3)}

    args = jax.random.split(jax.random.key(1), 256), np.arange(256, dtype=np.int32), np.arange(3, dtype=np.int32)
    call, arrays = pallas_kernel(fn, args, (0, 0, None), interpret=True)
    theirs = stored(jax.jit(jax.vmap(fn, (0, 0, None)))(*args))
    for a, b in zip(stored(jax.jit(call)(*arrays)), theirs, strict=True):
        assert (a.shape, a.dtype) == (b.shape, b.dtype) and np.array_equal(a, b)


@pytest.mark.usefixtures("made_up_gpu")
def test_info(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["info"]) == 0
    said = capsys.readouterr().out
    assert "\nGPU: made up (sm_90)" in said and "\nJAX's GPU: no (" in said
    monkeypatch.setenv("MADE_UP_BROKEN", "1")
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
