"""The start of a process whose kernels are on disk: measured in one, and recorded."""

import json

import pytest

from leaderboard import start
from leaderboard.__main__ import main
from leaderboard.commands import bench as bench_command
from leaderboard.duration import Schedule


@pytest.mark.usefixtures("toys")
def test_a_row_has_it(tmp_path, monkeypatch, capsys):
    calls = []
    real = start.subprocess.run

    def counted(command, **options):
        if "leaderboard.start" in command:
            calls.append(json.loads(options["input"]))
        return real(command, **options)

    monkeypatch.setattr(start.subprocess, "run", counted)
    arguments = ["--batch", "4", "--no-reference", "--samples", "1", "--seconds", "0.01", "--backend", "simd"]
    file = tmp_path / "rows.json"
    assert main(["bench", "toys/walk", *arguments, "--json", str(file)]) == 0
    (row,) = json.loads(file.read_text())["rows"]
    assert 0 < row["cached_start_seconds"] < 60
    assert len(calls) == 2 and calls[0] == calls[1]
    assert (calls[0]["batch"], calls[0]["steps"], calls[0]["backend"]) == (4, row["scan"], "simd")
    said = " ".join(capsys.readouterr().out.split())
    assert f"another process plays within {row['cached_start_seconds']:.2f} s" in said


def test_the_default_is_a_kernel_where_there_is_one(monkeypatch, capsys):
    said = []
    monkeypatch.setattr(bench_command, "_possible", lambda sections, console: [])  # nothing is measured
    monkeypatch.setattr(bench_command, "Schedule", lambda *a: said.append(a[1].backend) or Schedule(*a))
    command = ["bench", "pongjax/puffer_pong", "--no-reference", "--no-peers"]
    for more in ((), ("--chunk", "4", "--batch", "8"), ("--xla-option", "none"), ("--backend", "xla")):
        assert main([*command, *more]) == 0
    monkeypatch.setenv("JAXLANES_CC", "/nowhere/c++")
    assert main(command) == 0
    assert said == ["simd", "xla", "xla", "xla", "xla"]
    err = capsys.readouterr().err
    assert err.count("XLA is used, which is slower than a kernel: ") == 1 and "/nowhere/c++" in err


@pytest.mark.usefixtures("toys")
def test_where_there_is_none(monkeypatch):
    from toys import Walk  # pyright: ignore[reportMissingImports]

    class Unknown(Walk):
        """An environment that no other process could make."""

    assert start.cached_start_seconds(Unknown(), 4, 5, "simd") is None
    monkeypatch.setattr(start.sys, "executable", "/bin/false")
    assert start.cached_start_seconds(Walk(), 4, 5, "simd") is None
