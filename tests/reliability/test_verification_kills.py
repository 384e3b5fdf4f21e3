"""Verifications that are killed at random moments, go on with `--resume`, and end as if nobody had disturbed them."""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import time
from pathlib import Path
from typing import Any

import pytest
from forks import Forks

RUN = (
    *("run", "toy_pair:buggy", "--levels", "0,1,2,3", "--injected", 4000, "--interactions", 256, "--episodes", 400),
    *("--json", "r.json", "--failures", "cases"),
)
"""Relative paths: each run has a folder of its own."""
_CLOCKS = ("seconds", "provenance", "command")
_ENDED = ("pass", "fail", "inconclusive")


def start(forker: Forks, folder: Path) -> int:
    """The process of a run that goes on where the one before it in this folder was killed."""
    resume = ("--resume",) if (folder / "r.json").exists() else ()
    return forker.start("verification", *RUN, *resume, said=folder.parent / f"{folder.name}.txt", cwd=folder)


def finished(folder: Path) -> dict[str, Any]:
    """Checks that the report has finished, by id. A report that is not whole fails the test."""
    path = folder / "r.json"
    if not path.exists():
        return {}
    report = json.loads(path.read_text())
    assert report["schema"] == "verification.report/1"
    return {c["id"]: c for level in report["levels"] for c in level["checks"] if c["verdict"] in _ENDED}


def without_clocks(value: Any) -> Any:
    """A report without what a clock, or the command line, decides."""
    if isinstance(value, dict):
        return {name: without_clocks(part) for name, part in value.items() if name not in _CLOCKS}
    return [without_clocks(part) for part in value] if isinstance(value, list) else value


def cases(folder: Path) -> dict[str, bytes]:
    """Counterexamples by name, but what a killed process had begun to write."""
    return {path.name: path.read_bytes() for path in (folder / "cases").iterdir() if not path.name.startswith(".")}


def assert_same_run(killed: Path, undisturbed: Path) -> None:
    """Reports but for clocks, counterexamples byte for byte, and nothing half written."""
    reports = [json.loads((run / "r.json").read_text()) for run in (killed, undisturbed)]
    assert reports[0]["complete"]
    assert without_clocks(reports[0]) == without_clocks(reports[1])
    ours, theirs = (
        {path.name: path.read_bytes() for path in (run / "cases").iterdir()} for run in (killed, undisturbed)
    )
    assert {name: data for name, data in ours.items() if not name.startswith(".")} == theirs and theirs
    left = [path.name for path in killed.iterdir() if path.name.startswith(".r.json")]
    assert not left, "what a killed process had begun to write is cleared away"


def kill_and_resume(forker: Forks, folder: Path, kills: int) -> int:
    """Kill runs so often while they run, and let the last one end; how many runs there were.

    Where a run ends before the signal comes, it is compared, and another one begins.
    """
    undisturbed, killed = folder / "undisturbed", folder / "killed"
    undisturbed.mkdir()
    killed.mkdir()
    began = time.monotonic()
    assert forker.wait(start(forker, undisturbed)) == 1, (folder / "undisturbed.txt").read_text()
    length = time.monotonic() - began
    hits, runs = 0, 1
    while hits < kills:
        assert runs <= 2 * kills, f"{hits} of {kills} signals hit a process that still ran"
        before = finished(killed)
        pid = start(forker, killed)
        # Some moments are those of a report that is being written.
        if hits % 3 == 2:
            ends = time.monotonic() + length
            while not list(killed.glob(".r.json.*.part")) and time.monotonic() < ends:
                time.sleep(0.0002)
            time.sleep(random.random() * 0.002)
        else:
            time.sleep(random.random() * length * 0.7)
        os.kill(pid, signal.SIGKILL)
        if forker.wait(pid) == -signal.SIGKILL:
            hits += 1
            after = finished(killed)
            assert before.items() <= after.items(), f"kill {hits}: {before.keys()} became {after.keys()}"
        else:
            assert_same_run(killed, undisturbed)
            shutil.rmtree(killed)
            killed.mkdir()
            runs += 1
    assert forker.wait(start(forker, killed)) == 1, (folder / "killed.txt").read_text()
    assert_same_run(killed, undisturbed)
    return runs


def test_four_kills(forker: Forks, tmp_path: Path) -> None:
    kill_and_resume(forker, tmp_path, 4)


@pytest.mark.sweep
@pytest.mark.timeout(3600)
def test_fifty_kills_of_a_verification(forker: Forks, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    runs = kill_and_resume(forker, tmp_path, 50)
    with capsys.disabled():
        print(f"\n50 kills of {runs} runs; bit-exact at the end of each")
