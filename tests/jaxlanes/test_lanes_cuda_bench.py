"""`python -m jaxlanes.cuda`: the bench, against a driver that is made up of the host's own memory."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from made_up_gpu import made_up_gpu as make_gpu

from jaxlanes.cuda.__main__ import main
from jaxlanes.cuda.kernel import load_function
from jaxlanes.errors import LanesError
from jaxlanes.tools import bench as bench_module

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
    """Of a GPU that JAX itself does not see."""
    (result,) = rows([f"{module}:step", "--lanes", "1024"], tmp_path / "results.json")
    said = capsys.readouterr().out
    assert "made up (sm_90), 1024 lanes" in said and "by the kernel alone, not by JAX" in said
    assert (result["elements"], result["different"], result["lanes"]) == (2048, 0, 1024)
    assert 0 <= result["largest"] < 1e-4 and result["kernel_seconds"] > 0 and result["xla_seconds"] > 0
    assert result["call_seconds"] is None


@pytest.mark.usefixtures("made_up_gpu")
def test_bench_of_a_kernel_that_jax_calls(
    module: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    make_gpu().stand_in(monkeypatch)
    names = [f"{module}:step", f"{module}:of_five"]
    for result in rows([*names, "--lanes", "1000"], tmp_path / "results.json"):
        assert result["different"] == 0 and result["call_seconds"] > 0
    assert capsys.readouterr().out.count("called by JAX") == 2


@pytest.mark.usefixtures("made_up_gpu")
def test_a_wrong_result_is_told(
    module: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    stored = bench_module._Program.stored
    monkeypatch.setattr(bench_module._Program, "stored", lambda self: [r + 1 for r in stored(self)])
    rows([f"{module}:step", "--lanes", "256"], tmp_path / "results.json", status=1)
    assert "; NOT THE SAME: 256 of 512 elements differ, floats by at most 1" in capsys.readouterr().out


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
        load_function(name)


def test_comparison() -> None:
    a, b = np.array([1.0, np.nan, np.inf], np.float32), np.array([1.5, np.nan, np.inf], np.float32)
    assert bench_module.compare([a, np.arange(3)], [b, np.array([0, 1, 5])]) == (1, 0.5, 6)
    assert np.isnan(bench_module.compare([a], [np.array([1, 2, np.inf], np.float32)])[1])


def test_as_a_program() -> None:
    environment = {**os.environ, "JAXLANES_LIBCUDA": "libnowhere.so"}
    done = subprocess.run([sys.executable, "-m", "jaxlanes.cuda", "bench", "os:getcwd"], env=environment, text=True,
                          capture_output=True, check=False)  # fmt: skip
    assert done.returncode == 3 and "no CUDA driver" in done.stderr
