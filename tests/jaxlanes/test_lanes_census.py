"""The census of published suites, on suites that are made up."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import pytest
from jax import lax

from jaxlanes.tools.census import __main__ as census
from jaxlanes.tools.census import worker
from jaxlanes.tools.census.playable import Playable, legal, uniform
from jaxlanes.tools.census.suites import SUITES, Suite
from jaxlanes.tools.census.table import summary

ROW = {
    "suite": "gymnax",
    "env": "A",
    "compared": 256_000,
    "different": 0,
    "largest_error": 0.0,
    "xla_compile_seconds": 1.0,
    "kernel_compile_seconds": 3.4,
    "xla_steps_per_second": 100,
    "kernel_steps_per_second": 450,
}
ANSWERS: dict[str, dict[str, Any]] = {
    "A": ROW,
    "B": {"suite": "gymnax", "env": "B", "kernel": "UnsupportedError: the primitive qr (f32[2,2] -> …) at /x.py:3"},
    "C": {"suite": "gymnax", "env": "C", "xla": "TypeError: no"},
}


def play(key: jax.Array, state: Any) -> tuple[Any, Any]:
    """A counter that begins anew at 9."""
    number = jnp.where(state["n"] >= 9, 0, state["n"] + legal(key, jnp.array([False, True, True])))
    place = state["x"] + uniform(key, -1.0, 1.0, (2,), jnp.float32)
    return {"n": number, "x": place}, (place.sum(), number > 8)


def begin(key: jax.Array) -> Any:
    return {"n": uniform(key, 0, 5, (), jnp.int32), "x": jnp.zeros(2)}


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> dict[str, Playable]:
    """A suite whose environments can be added; a few lanes and steps."""
    games = {"good": Playable(begin, play)}
    monkeypatch.setitem(SUITES, "toys", Suite(("numpy",), lambda: sorted(games), games.__getitem__))
    for name, size in (("LANES", 32), ("STEPS", 20), ("WINDOW", 10), ("TIMED_LANES", 32), ("TIMED_STEPS", 4)):
        monkeypatch.setattr(worker, name, size)
    monkeypatch.delenv("JAXLANES_CACHE", raising=False)
    monkeypatch.setenv("JAXLANES_CACHE", "")
    return games


def test_rows_of_a_worker(small: dict[str, Playable], capsys: pytest.CaptureFixture[str]) -> None:
    assert worker.main(["toys"]) == 0
    listed = json.loads(capsys.readouterr().out)
    assert listed["names"] == ["good"] and listed["versions"]["jax"] == jax.__version__
    row = worker.measured("toys", "good")
    assert row["compared"] == 32 * 20 and row["different"] == 0 and row["largest_error"] == 0
    assert row["kernel_steps_per_second"] > 0 and row["xla_compile_seconds"] > 0
    small["fft"] = Playable(begin, lambda key, state: (state, jnp.fft.fft(state["x"])))
    assert "complex64" in worker.measured("toys", "fft")["kernel"]

    def fall(key: jax.Array, state: Any) -> Any:
        raise KeyError("a fault of its own")

    small["broken"] = Playable(begin, fall)
    assert "a fault of its own" in worker.measured("toys", "broken")["xla"]


def test_a_wrong_kernel_is_seen(small: dict[str, Playable], monkeypatch: pytest.MonkeyPatch) -> None:
    from jaxlanes.lower.context import RULES

    right = RULES["add"]

    def wrong(context: Any, equation: Any, x: Any, y: Any) -> Any:
        name = "sub" if equation.outvars[0].aval.dtype == jnp.float32 else "add"
        return right(context, equation.replace(primitive=getattr(lax, f"{name}_p")), x, y)

    monkeypatch.setitem(RULES, "add", wrong)
    row = worker.measured("toys", "good")
    assert row["different"] > 600 and row["largest_error"] > 0.1


def test_rows_are_written_as_they_come_and_not_made_twice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    stop = ["C"]

    def run(suite: str, arguments: list[str], timeout: float, python: str | None) -> dict[str, Any]:
        if suite == "pgx":
            raise census.SuiteError("exit status 1: no such package")
        if not arguments:
            return {"names": sorted([*ANSWERS, "D"]), "versions": {"jax": "1"}}
        asked.append(arguments[0])
        if arguments[0] in stop:
            raise KeyboardInterrupt
        if arguments[0] == "D":
            raise census.SuiteError("not done after 5 s")
        return ANSWERS[arguments[0]]

    monkeypatch.setattr(census, "_run", run)
    out = tmp_path / "census.json"
    command = ["--suite", "gymnax,pgx", "--out", str(out)]
    assert census.main(command) == census.INTERRUPTED
    assert [row["env"] for row in json.loads(out.read_text())["rows"]] == ["A", "B"]
    stop.clear()
    assert census.main([*command, "--resume"]) == 0
    assert asked == ["A", "B", "C", "C", "D"]
    report = json.loads(out.read_text())
    told = summary(report)
    assert "| gymnax | 4 | 2 | 1 | 1 | 4.5 | 3 |" in told and "* the primitive qr: 1" in told
    assert "| pgx | exit status 1: no such package |" in told
    assert [census.told(row) for row in report["rows"]] == [
        "equal, compiled in 3.4 s, 4.5 times XLA",
        "kernel: UnsupportedError: the primitive qr (f32[2,2] -> …) at /x.py:3",
        "xla: TypeError: no",
        "died: not done after 5 s",
    ]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--suite", "gymnax,atari"], "--suite atari: no such suite; there are gymnax, pgx"),
        ([], "is there already; go on with it by --resume"),
    ],
)
def test_errors(arguments: list[str], says: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "census.json"
    out.write_text("{}")
    assert census.main([*arguments, "--out", str(out)]) == census.COULD_NOT
    assert says in capsys.readouterr().err
