"""Outputs that fail: a reader that leaves, a full device, a logger that raises. None of them costs a run.

Pipes are real ones, whose reading end is closed.
"""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import children
import pytest
import small_environments as small
from rich.console import Console

from baselines.plot import read_rows
from baselines.policy import load
from baselines.run_folder import open_run
from baselines.train import Budget, Request, train
from jaxenv.commands.interrupts import INTERRUPTED, Interrupt, listening

ENDLESS = ("train", "small/chain", *children.SMALL, "--minutes", 5, "--eval-episodes", 4)


def closed_pipe() -> int:
    """The writing end of a pipe that nobody reads."""
    reading, writing = os.pipe()
    os.close(reading)
    return writing


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A short run of a game of two."""
    folder = tmp_path_factory.mktemp("runs") / "pennies"
    request = Request("small/pennies", small.TINY_CONFIG, Budget(steps=512), folder, backend="xla")
    train(request, Console(file=io.StringIO()))
    return folder


def test_training_whose_reader_leaves_stops_with_a_checkpoint(tmp_path: Path) -> None:
    pipe = closed_pipe()
    folder, out = tmp_path / "run", tmp_path / "out.json"
    done = children.run(*ENDLESS, "--out", folder, "--json", out, status=INTERRUPTED, stderr=pipe)
    os.close(pipe)
    assert not done.stdout, "where the output is no terminal, all is said on the standard error"
    rows = read_rows(folder)
    assert rows and open_run(folder).facts.update == rows[-1]["update"]
    assert load(folder).env == "small/chain"
    assert json.loads(out.read_text())["status"] == "interrupted"
    assert (folder / "curve.png").exists() and not list(folder.glob(".*"))


def test_training_through_head(tmp_path: Path) -> None:
    """The command as it is typed; a line is printed every ten seconds."""
    command = children.command(*ENDLESS, "--out", tmp_path / "run")
    pipe = subprocess.run(
        ["bash", "-c", 'set -o pipefail; "$@" 2>&1 | head -1', "bash", *command],
        cwd=children.ROOT, env=children.environ(), capture_output=True, text=True, timeout=800, check=False,
    )  # fmt: skip
    assert pipe.returncode == INTERRUPTED, pipe.stderr
    assert len(pipe.stdout.splitlines()) == 1 and not pipe.stderr
    rows = read_rows(tmp_path / "run")
    assert open_run(tmp_path / "run").facts.update == rows[-1]["update"] > 10


def test_commands_whose_reader_leaves_keep_their_files(trained: Path, tmp_path: Path) -> None:
    ours = tmp_path / "files"
    sizes = ("--hidden", 8, "--environments", 16, "--horizon", 4, "--seconds", 0.01)
    commands = (
        ("--help",),
        ("train", "--help"),
        ("eval", trained, "--episodes", 4, "--json", ours / "eval.json"),
        ("play", trained, "--steps", 5),
        ("plot", trained, "--out", ours / "curve"),
        ("speed", "small/chain", *sizes, "--json", ours / "speed.json"),
        ("eval", tmp_path / "nowhere"),
    )
    statuses = children.statuses(commands, None, tmp_path / "statuses.json")
    assert statuses == [INTERRUPTED] * 6 + [1]
    assert json.loads((ours / "eval.json").read_text())["mean_return"] is not None
    assert len(json.loads((ours / "speed.json").read_text())["rows"]) == 1
    assert (ours / "curve.png").read_bytes().startswith(b"\x89PNG") and (ours / "curve.html").exists()
    assert not list(ours.glob(".*"))


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs the device /dev/full of Linux")
def test_an_output_that_is_full_is_said_on_the_other_one(trained: Path, tmp_path: Path) -> None:
    with open("/dev/full", "w") as full:
        done = children.run("--help", stdout=full, status=1)
    assert done.stderr.strip() == "--help: its output cannot be written: No space left on device; send it elsewhere"
    short = ("--steps", 2 * children.CHUNK, "--eval-episodes", 0, "--out", tmp_path / "run")
    train = ("train", "small/chain", *children.SMALL, *short)
    play = ("play", trained, "--steps", 5)
    assert children.statuses([train, play], Path("/dev/full"), tmp_path / "statuses.json") == [1, 1]
    assert open_run(tmp_path / "run").facts.update == 8
    assert json.loads((tmp_path / "run" / "result.json").read_text())["status"] == "done"


class Broken:
    """A logger that fails from some row on, and when it is closed."""

    def __init__(self, rows: int) -> None:
        self.rows, self.calls = rows, 0

    def log(self, row: dict[str, Any], progress: float) -> None:
        self.calls += 1
        if self.calls > self.rows:
            raise ConnectionResetError("the server has gone")

    def close(self) -> None:
        raise RuntimeError("nothing to close")


def test_a_logger_that_raises_is_dropped_with_one_message(tmp_path: Path) -> None:
    one, other = Broken(2), Broken(100)
    console = Console(file=io.StringIO(), record=True, width=200)
    request = Request(
        "small/chain", small.TINY_CONFIG, Budget(steps=512 * 6), tmp_path / "run", backend="xla",
        loggers=(lambda folder: one, lambda folder: other),
    )  # fmt: skip
    result = train(request, console)
    said = console.export_text()
    assert (result.status, result.update) == ("done", 24) and len(read_rows(tmp_path / "run")) == 6
    assert said.count("Broken: the server has gone; the run goes on without this log") == 1
    assert said.count("Broken: nothing to close") == 1, "the one that was dropped is not closed"
    assert (one.calls, other.calls) == (3, 6)


def test_a_pipe_of_rich_itself_stops_a_run_likewise(tmp_path: Path) -> None:
    """Rich ends the process where a plain console meets a closed pipe; a run that was given one stops instead."""
    code = (
        "import sys; from pathlib import Path; from rich.console import Console; import small_environments as small; "
        "from baselines.train import *; "
        "r = train(Request('small/chain', small.TINY_CONFIG, Budget(minutes=5), Path(sys.argv[1]), backend='xla'), "
        "Console(stderr=True)); print(r.status, r.update)"
    )
    pipe = closed_pipe()
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "run")],
        cwd=children.ROOT, env=children.environ(), stdout=subprocess.PIPE, stderr=pipe, text=True, check=False,
        timeout=800,
    )  # fmt: skip
    os.close(pipe)
    assert done.returncode == 0 and open_run(tmp_path / "run").facts.update == read_rows(tmp_path / "run")[-1]["update"]


def test_ctrl_c_is_heard_once_or_raised_at_once() -> None:
    import signal
    import threading

    before = signal.getsignal(signal.SIGINT)
    with listening(at_once=False) as interrupt:
        assert not interrupt.heard
        signal.raise_signal(signal.SIGINT)
        assert interrupt.heard
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
    with listening(at_once=True) as interrupt:
        interrupt.check()
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
        with pytest.raises(KeyboardInterrupt):
            interrupt.check()
    assert signal.getsignal(signal.SIGINT) is before
    heard: list[Interrupt] = []

    def elsewhere() -> None:
        with listening(at_once=True) as interrupt:
            heard.append(interrupt)

    thread = threading.Thread(target=elsewhere)
    thread.start()
    thread.join()
    assert not heard[0].heard and signal.getsignal(signal.SIGINT) is before
