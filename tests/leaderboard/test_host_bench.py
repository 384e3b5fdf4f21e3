"""The bench of environments that run on the host: turns, ratios, and what its command refuses."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

import families
import jaxenv
from families.lookup import Family
from leaderboard.__main__ import main
from leaderboard.family import Bench
from leaderboard.host import HostRequest, HostRow, in_turns

REQUEST = HostRequest(samples=3, seconds=1.0, cores=2)


def test_samples_are_taken_in_turns() -> None:
    calls: list[str] = []

    def timer(name: str, speed: float):
        def call(seconds: float) -> float:
            calls.append(name)
            return speed

        return call

    ours, theirs = in_turns(REQUEST, timer("ours", 10.0), timer("theirs", 4.0))
    assert (ours, theirs) == ([10.0] * 3, [4.0] * 3)
    assert calls == ["theirs", "ours"] * 4
    alone = dataclasses.replace(REQUEST, reference=False)
    assert in_turns(alone, timer("ours", 10.0), timer("theirs", 4.0)) == ([10.0] * 3, [])


def test_a_ratio_above_one_is_always_the_better() -> None:
    row = HostRow(section="s", what="w", unit="steps/s", ours=[10.0, 12.0, 11.0], theirs=[5.5])
    assert row.ratio == 2.0
    assert dataclasses.replace(row, less_is_better=True).ratio == 0.5
    assert dataclasses.replace(row, theirs=()).ratio is None


def measure(request: HostRequest) -> Iterator[HostRow]:
    yield HostRow(section="s", what="w", unit="steps/s", ours=[float(request.cores)] * request.samples)


BENCH = Bench(host=measure)


def make(num_envs: int = 1):
    raise AssertionError("a bench makes it itself")


make.facts = {  # type: ignore[attr-defined]
    "version": "1", "players": 1, "dynamics": "single", "information": "perfect", "num_actions": 2,
    "reward_range": (0.0, 1.0), "horizon": 9,
}  # fmt: skip


@pytest.fixture
def registered(monkeypatch: pytest.MonkeyPatch) -> None:
    from jaxenv import registry

    monkeypatch.setattr(registry, "_registered", dict(registry._registered))
    monkeypatch.setattr(families.lookup, "_registered", dict(families.lookup._registered))
    jaxenv.register("toy/host", "test_host_bench:make", kind="host")
    families.register(Family(name="toy", environments=("toy/host",), bench="test_host_bench:BENCH"))


def test_the_command_writes_the_familys_rows(
    registered: None, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "rows.json"
    assert main(["bench", "toy/host", "--samples", "2", "--cores", "3", "--json", str(out)]) == 0
    data = json.loads(out.read_text("utf-8"))
    assert (data["schema"], data["rows"][0]["median"], data["rows"][0]["ratio"]) == ("leaderboard.host/1", 3.0, None)
    assert "steps/s" in capsys.readouterr().out


def test_options_of_compiled_programs_are_refused(registered: None, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bench", "toy/host", "--backend", "simd", "--sweep"]) == 2
    told = " ".join(capsys.readouterr().err.split())
    assert "toy/host runs on the host, without a compiled program; leave --sweep --backend out" in told
