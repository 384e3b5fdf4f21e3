"""Runs that are killed at random moments, go on with `--resume`, and end as if nobody had disturbed them."""

from __future__ import annotations

import json
import random
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

import children
import pytest

from baselines.checkpoint import UNFINISHED, Checkpoint
from baselines.run_folder import open_run, updates

MOMENTS: tuple[str, ...] = ("of training", "of a checkpoint", "at all", "of the end")
"""Kinds of moments at which a run is killed: after a row of this process, while a checkpoint is being written, any,
and after the last row, when it is evaluated. The last kind comes last."""


def train(folder: Path, chunks: int, resume: bool) -> tuple[Any, ...]:
    """The command's arguments: a checkpoint after every chunk, and the end of the run with its curve."""
    settings = ("--resume", folder) if resume else ("--out", folder, *children.SMALL)
    ends = ("--eval-episodes", 4, "--checkpoint-seconds", 0, "--backend", "xla")
    return ("train", "small/chain", "--steps", chunks * children.CHUNK, *settings, *ends)


def kill(folder: Path, process: subprocess.Popen[str], moment: str, last: int, startup: float) -> bool:
    """Kill the process at a moment of that kind; whether it still ran. `last`: the number of the last update."""
    rows = folder / "metrics.jsonl"
    before = rows.stat().st_mtime_ns if rows.exists() else 0
    ends = time.monotonic() + (random.uniform(0, 1.3 * startup) if moment == "at all" else 300)

    def due() -> bool:
        if moment == "of training":
            return rows.exists() and rows.stat().st_mtime_ns > before and rows.stat().st_size > 0
        if moment == "of the end":
            return rows.exists() and f'"update": {last},' in rows.read_text()
        return moment == "of a checkpoint" and any((folder / "checkpoints").glob(f"*{UNFINISHED}*"))

    while process.poll() is None and time.monotonic() < ends and not due():
        time.sleep(0.0005)
    # A chunk and its checkpoint take about a tenth of a second, the end of a run a few.
    time.sleep(random.random() * {"of training": 0.3, "of a checkpoint": 0.05, "of the end": 3.0}.get(moment, 0.0))
    process.send_signal(signal.SIGKILL)
    process.communicate()
    return process.returncode == -signal.SIGKILL


def without_clocks(run: Path) -> list[dict[str, Any]]:
    """The rows of a run without what a clock decides."""
    rows = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
    return [{name: value for name, value in row.items() if name not in ("seconds", "sps")} for row in rows]


def assert_same_run(one: Path, other: Path) -> None:
    """Every array bit by bit, every row, the facts, the choice of the best checkpoint, and all files by name."""
    ours, theirs = open_run(one), open_run(other)
    assert ours.arrays.keys() == theirs.arrays.keys() and len(ours.arrays) > 20
    for name, array in ours.arrays.items():
        assert array.dtype == theirs.arrays[name].dtype and array.tobytes() == theirs.arrays[name].tobytes(), name
    assert without_clocks(one) == without_clocks(other)
    assert facts(ours) == facts(theirs)
    assert sorted(path.name for path in one.iterdir()) == sorted(path.name for path in other.iterdir())
    left, right = ({path.name for path in (run / "checkpoints").iterdir()} for run in (one, other))
    assert left == right
    assert (one / "checkpoints" / "best").read_text() == (other / "checkpoints" / "best").read_text()


def facts(checkpoint: Checkpoint) -> dict[str, Any]:
    """Without the time that it took."""
    return {name: value for name, value in checkpoint.facts.to_json().items() if name != "seconds"}


def kill_and_resume(folder: Path, kills: int, chunks: int) -> dict[str, int]:
    """Kill a run so often while it runs and let it end; how many kills of each kind there were.

    A signal that comes after a process has ended does not count, and is sent again: at most as many again.
    """
    undisturbed, killed = folder / "undisturbed", folder / "killed"
    began = time.monotonic()
    with children.start(*train(undisturbed, chunks, resume=False)) as process:
        while not updates(undisturbed) and process.poll() is None:
            time.sleep(0.01)
        startup = time.monotonic() - began
        _, said = process.communicate()
    assert process.returncode == 0, said
    hits: dict[str, int] = dict.fromkeys(MOMENTS, 0)
    for _ in range(2 * kills):
        number = sum(hits.values())
        if number == kills:
            break
        moment = MOMENTS[-1] if number == kills - 1 else MOMENTS[number % (len(MOMENTS) - 1)]
        before = updates(killed)
        with children.start(*train(killed, chunks, resume=(killed / "config.json").exists())) as process:
            hits[moment] += kill(killed, process, moment, 4 * chunks, startup)
        after = updates(killed)
        assert not before or after[-1] >= before[-1], (
            f"kill {number} {moment}: of checkpoints {before} {after} are left"
        )
        for update in after[-1:]:
            open_run(killed / "checkpoints" / str(update))
    said = children.run(*train(killed, chunks, resume=(killed / "config.json").exists())).stderr
    assert "resumed at" in said
    assert_same_run(killed, undisturbed)
    return hits


def test_three_kills(tmp_path: Path) -> None:
    hits = kill_and_resume(tmp_path, 3, 24)
    assert sum(hits.values()) >= 2


@pytest.mark.sweep
@pytest.mark.timeout(3600)
def test_fifty_kills(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    hits = kill_and_resume(tmp_path, 50, 1200)
    with capsys.disabled():
        print(f"\n{sum(hits.values())} kills of a process that still ran ({hits}); bit-exact at the end")
    assert sum(hits.values()) == 50
