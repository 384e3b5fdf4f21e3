"""Places that cannot be written or read, for every command of baselines, and two processes in one place.

The faults are real ones (`faults`). Each message names the place, what is wrong with it, and the option that chooses
another; nothing is left half written.
"""

from __future__ import annotations

import io
import json
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import chex
import children
import faults
import pytest
import small_environments as small
from rich.console import Console

from baselines.cli import main
from baselines.errors import StorageError
from baselines.loggers import TensorBoard
from baselines.plot import read_rows
from baselines.policy import load
from baselines.run_folder import open_run, updates
from baselines.train import Budget, Request, train
from baselines.transfer.store import PlanFile
from jaxenv.commands import files

CHUNK = children.CHUNK
TRAIN = ("train", "small/chain", *children.SMALL, "--steps", CHUNK, "--eval-episodes", 0)
SPEED = ("speed", "small/chain", "--hidden", 8, "--environments", 16, "--horizon", 4, "--seconds", 0.01)
TRANSFER = ("transfer", "pongjax/puffer_pong", "--policies", "uniform")
RATE = ("rate", "pokejax/gen1randombattle", "uniform_legal", "max_base_power")
WRITERS: dict[str, tuple[Callable[[Path, Path], tuple[Any, ...]], str]] = {
    "train": (lambda run, place: (*TRAIN, "--out", place / "run"), "--out"),
    "train json": (lambda run, place: (*TRAIN, "--out", run / "new", "--json", place / "x.json"), "--json"),
    "train resume": (lambda run, place: ("train", "small/chain", "--resume", place / "chain"), "--out"),
    "eval": (lambda run, place: ("eval", run, "--json", place / "x.json"), "--json"),
    "plot": (lambda run, place: ("plot", run, "--out", place / "curve"), "--out"),
    "plot beside": (lambda run, place: ("plot", place / "chain"), "--out"),
    "play": (lambda run, place: ("play", "pongjax/pong-small", "--steps", 2, "--out", place / "x.html"), "--out"),
    "speed": (lambda run, place: (*SPEED, "--json", place / "x.json"), "--json"),
    "transfer": (lambda run, place: (*TRANSFER, "--json", place / "x.json"), "--json"),
    "transfer returns": (lambda run, place: (*TRANSFER, "--returns", place / "x.json"), "--returns"),
    "rate": (lambda run, place: (*RATE, "--json", place / "x.json"), "--json"),
}
"""Commands that write, given a run and the folder where they cannot; and the option that chooses another."""


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished run."""
    folder = tmp_path_factory.mktemp("runs") / "chain"
    begin(folder)
    return folder


def begin(folder: Path, chunks: int = 2, **changes: Any) -> tuple[Any, str]:
    """Train in this process; the result, and what was said."""
    console = Console(file=io.StringIO(), record=True, width=1000)
    settings = {"budget": Budget(steps=CHUNK * chunks), "checkpoint_seconds": 0.0, "backend": "xla", **changes}
    return train(Request("small/chain", small.TINY_CONFIG, folder=folder, **settings), console), console.export_text()


def listing(folder: Path) -> dict[str, bytes]:
    """Every file in a folder, hidden ones too, with what is in it."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def check(said: str, place: Path, reason: str, option: str) -> None:
    """One line: place, reason, remedy."""
    assert len(said.strip().splitlines()) == 1, said
    assert str(place) in said and reason in said and "choose another" in said and option in said, said


@pytest.mark.parametrize("writer", WRITERS)
def test_a_read_only_place(writer: str, run: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    command, option = WRITERS[writer]
    place = tmp_path / "place"
    begin_in(place, run)
    before = listing(place)
    with faults.read_only(place):
        assert main([str(part) for part in command(run, place)]) == 1
    check(capfd.readouterr().err, place, "Read-only file system", option)
    assert listing(place) == before and not (run / "new").exists()


@pytest.mark.parametrize("writer", WRITERS)
def test_a_full_disk(writer: str, run: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    command, option = WRITERS[writer]
    with faults.disk(tmp_path / "place") as place:
        begin_in(place, run)
        faults.fill(place)
        before = listing(place)
        assert main([str(part) for part in command(run, place)]) == 1
        check(capfd.readouterr().err, place, "No space left on device", option)
        assert listing(place) == before and not (run / "new").exists()


def test_places_that_permissions_forbid(run: Path, tmp_path: Path) -> None:
    place, said = tmp_path / "place", tmp_path / "said.txt"
    begin_in(place, run)
    commands = {name: command(run, place) for name, (command, _) in WRITERS.items()}
    said.touch()
    closed = [path for path in (place, *place.rglob("*")) if path.is_dir()]
    for path in closed:
        path.chmod(0o555)
    before = listing(place)
    try:
        found = children.statuses([*commands.values()], said, tmp_path / "told.json", faults.unprivileged())
    finally:
        for path in closed:
            path.chmod(0o755)
    lines = said.read_text().splitlines()
    assert found == [1] * len(commands) == [1] * len(lines), lines
    for line, (name, (_, option)) in zip(lines, WRITERS.items(), strict=True):
        check(line, place, "Permission denied", option)
        assert line.startswith(f"{name.split()[0]}: ")
    assert listing(place) == before and not (run / "new").exists()


def begin_in(place: Path, run: Path) -> None:
    """A folder with a copy of the run in it."""
    place.mkdir(exist_ok=True)
    subprocess.run(["cp", "-r", str(run), str(place)], check=True)


def test_runs_that_may_only_be_read(run: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """Evaluating and watching them works; nothing is written there."""
    place = tmp_path / "place"
    begin_in(place, run)
    before = listing(place)
    with faults.read_only(place):
        assert main(["eval", str(place / "chain"), "--episodes", "4", "--backend", "xla"]) == 0
        assert main(["play", str(place / "chain"), "--steps", "3"]) == 0
        assert main(["plot", str(place / "chain"), "--out", str(tmp_path / "curve")]) == 0
    assert "mean_return" in capfd.readouterr().out and (tmp_path / "curve.html").exists()
    assert listing(place) == before


def test_runs_that_may_not_be_read(run: Path, tmp_path: Path) -> None:
    place, said = tmp_path / "place", tmp_path / "said.txt"
    begin_in(place, run)
    said.touch()
    checkpoint = place / "chain" / "checkpoints" / "8"
    commands = (("eval", place / "chain"), ("train", "small/chain", "--resume", place / "chain"))
    data = max((path for path in checkpoint.rglob("*") if path.is_file()), key=lambda path: path.stat().st_size)
    for path, mode in ((place / "chain" / "checkpoints", 0o000), (data, 0o000), (place / "chain", 0o000)):
        with faults.forbidden(path, mode):
            assert children.statuses(commands, said, tmp_path / "told.json", faults.unprivileged()) == [1, 1]
        for line in said.read_text().splitlines():
            assert str(place) in line and "Permission denied" in line and "make it readable" in line, line
        said.write_text("")
    assert updates(place / "chain") == [4, 8], "what may not be read is not taken for damaged"


def test_a_disk_that_is_full_for_a_while(tmp_path: Path) -> None:
    """The run says so, goes on, and misses nothing at the end. Rows take more than the block that they had."""
    with faults.disk(tmp_path / "disk") as disk:
        begin(tmp_path / "undisturbed", chunks=24)
        filler = _Filler(disk, {3: faults.fill, 21: faults.empty})
        result, said = begin(disk / "run", chunks=24, loggers=(lambda folder: filler, TensorBoard))
        assert result.update == 96
        assert said.count("TensorBoard: No space left on device; the run goes on without this log") == 1
        assert said.count("cannot write the checkpoint") == said.count("The run goes on and tries again") == 18
        assert said.count("rows are written when they can be") == 1 and "No space left on device" in said
        assert [row["update"] for row in read_rows(disk / "run")] == list(range(4, 100, 4))
        one, other = open_run(disk / "run").arrays, open_run(tmp_path / "undisturbed").arrays
        chex.assert_trees_all_equal(one, other, strict=True)
        assert not list((disk / "run").rglob("*unfinished*")) and not list((disk / "run").rglob(".*"))


def test_a_disk_that_stays_full(tmp_path: Path) -> None:
    with faults.disk(tmp_path / "disk") as disk:
        words = r"checkpoints/96: cannot write the checkpoint: .*No space left on device.*Earlier .* are kept; .*--out"
        with pytest.raises(StorageError, match=words):
            begin(disk / "run", chunks=24, loggers=(lambda folder: _Filler(disk, {3: faults.fill}),))
        assert updates(disk / "run") == [4, 8] and load(disk / "run").env == "small/chain"
        lines = (disk / "run" / "metrics.jsonl").read_text().splitlines()
        assert 3 <= len(lines) < 24 and [json.loads(line)["update"] for line in lines] == [
            4 * k + 4 for k in range(len(lines))
        ]
        assert not list((disk / "run").rglob("*unfinished*"))
        faults.empty(disk)
        result, said = begin(disk / "run", chunks=24, resume=True)
        assert "resumed at update 8" in said and result.update == 96
        assert [row["update"] for row in read_rows(disk / "run")] == list(range(4, 100, 4))


class _Filler:
    """A logger that does something to the disk at some rows."""

    def __init__(self, disk: Path, at: dict[int, Callable[[Path], None]]) -> None:
        self.disk, self.at, self.rows = disk, at, 0

    def log(self, row: dict[str, Any], progress: float) -> None:
        self.rows += 1
        if self.rows in self.at:
            self.at[self.rows](self.disk)

    def close(self) -> None:
        pass


def test_a_file_of_results_that_meets_a_full_disk_keeps_what_it_had(tmp_path: Path) -> None:
    """As `transfer` and `rate` write theirs while they play."""
    with faults.disk(tmp_path / "disk") as disk:
        file = PlanFile(disk / "out.json", {"games": 2}, matches={})
        faults.fill(disk)
        before = listing(disk)
        file.data["matches"]["one"] = list(range(100_000))
        with pytest.raises(StorageError, match=r"out.json: cannot be written: No space left on device; .*--json"):
            file.write()
        assert listing(disk) == before
        faults.empty(disk)
        again = PlanFile(disk / "out.json", {"games": 2}, matches={})
        assert again.data["matches"] == {}


def test_a_place_from_which_nothing_may_be_executed(tmp_path: Path) -> None:
    (tmp_path / "place").mkdir()
    with faults.no_exec(tmp_path / "place") as place:
        begin(place / "run")
        assert load(place / "run").env == "small/chain"


def test_a_home_that_cannot_be_written(run: Path, tmp_path: Path) -> None:
    """Compiled programs and kernels are not kept, which one line each says; everything else works."""
    home, said = tmp_path / "home", tmp_path / "said.txt"
    home.mkdir()
    said.touch()
    commands = [
        (*TRAIN, "--backend", "auto", "--out", tmp_path / "run"),
        ("eval", run, "--episodes", 4, "--backend", "xla"),
    ]
    where = {"HOME": str(home), "XDG_CACHE_HOME": "", "JAX_COMPILATION_CACHE_DIR": "", "JAXLANES_CACHE": ""}
    with faults.forbidden(home):
        assert children.statuses(commands, said, tmp_path / "told.json", faults.unprivileged(), **where) == [0, 0]
    kept = [line for line in said.read_text().splitlines() if "compiled programs" in line]
    assert len(kept) == 2 and all("JAX_COMPILATION_CACHE_DIR" in line and str(home) in line for line in kept)
    (kernels,) = [line for line in said.read_text().splitlines() if "LanesWarning" in line]
    assert all(part in kernels for part in ("Permission denied", str(home), "JAXLANES_CACHE"))
    assert "Traceback" not in said.read_text() and open_run(tmp_path / "run").facts.update == 4
    assert not list(home.iterdir())


def test_a_home_is_written_as_a_tilde(run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setattr("baselines.speed.env_sps", lambda *_: 1.0)
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    begin_in(tmp_path / "home", run)
    for command in (
        (*TRAIN, "--out=~/new", "--json=~/train.json"),
        ("eval", "~/chain", "--episodes", 2, "--backend", "xla", "--json=~/eval.json"),
        ("plot", "~/chain", "--out=~/curve"),
        ("play", "~/chain", "--steps", 2),
        (*SPEED, "--json=~/speed.json"),
    ):
        assert main([str(part) for part in command]) == 0
    written = {"new", "train.json", "eval.json", "curve.png", "curve.html", "speed.json"}
    assert written <= {path.name for path in (tmp_path / "home").iterdir()}
    assert not list((tmp_path / "work").iterdir())


@pytest.mark.parametrize(
    ("command", "option"),
    [(TRANSFER, "--json"), (TRANSFER, "--returns"), (RATE, "--json")],
    ids=["transfer json", "transfer returns", "rate json"],
)
def test_a_tilde_of_long_commands(
    command: tuple[str, ...], option: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: Any
) -> None:
    """The place they would write to is looked at first: here a folder stands in the way."""
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "x").mkdir()
    assert main([*command, f"{option}=~/x"]) == 1
    check(capfd.readouterr().err, tmp_path / "x", "is a folder", option)
    assert main([*command, f"{option}=~nobody-of-that-name/x"]) == 2
    assert "~nobody-of-that-name/x: " in capfd.readouterr().err


def test_two_processes_do_not_train_in_one_folder(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "run"
    rows = folder / "metrics.jsonl"
    endless = ("train", "small/chain", *children.SMALL, "--minutes", 5, "--checkpoint-seconds", 0)
    with children.start(*endless, "--out", folder) as first:
        while not (rows.exists() and rows.stat().st_size) and first.poll() is None:
            time.sleep(0.05)
        try:
            for command in ((*TRAIN, "--out", folder), ("train", "small/chain", "--resume", folder)):
                assert main([str(part) for part in command]) == 1
                said = capfd.readouterr().err
                assert f"{folder}: process {first.pid} is writing there; wait until it ends" in said and "--out" in said
            first.send_signal(signal.SIGINT)
            assert first.wait(800) == 130
        finally:
            first.kill()
    rows_now = read_rows(folder)
    assert [row["update"] for row in rows_now] == [4 * (k + 1) for k in range(len(rows_now))]
    assert not list(folder.glob(".*"))
    begin(folder, resume=True)


def test_two_processes_do_not_write_one_file_of_results(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """The long ones are refused: what one of them has played would be lost."""
    place = tmp_path / "x.json"
    code = "import sys; from jaxenv.commands import files; from pathlib import Path\n"
    code += "with files.alone(Path(sys.argv[1]), ''): print('held', flush=True); sys.stdin.read()"
    command = [children.sys.executable, "-c", code, str(place)]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with subprocess.Popen(command, env=children.environ(), cwd=children.ROOT, **pipes) as holder:
        assert holder.stdout is not None and holder.stdout.readline() == "held\n"
        for other in (SPEED, TRANSFER, RATE):
            assert main([*map(str, other), "--json", str(place)]) == 1
            assert f"{place}: process {holder.pid} is writing there; wait until it ends" in capfd.readouterr().err
        holder.kill()
    with files.alone(place, ""):  # the lock of a process that was killed keeps nobody out
        pass
    assert not list(tmp_path.iterdir())


def test_many_processes_write_whole_files_at_once(tmp_path: Path) -> None:
    """The short ones, `eval` and `plot`, put whole files in place: the last one counts."""
    target = tmp_path / "out.json"
    code = "import sys, time; from pathlib import Path; from jaxenv.commands import files\n"
    code += "for k in range(400): files.write_json(Path(sys.argv[1]), [sys.argv[2]] * 20_000)"
    command = [children.sys.executable, "-c", code, str(target)]
    writers = [
        subprocess.Popen([*command, name], env=children.environ(), cwd=children.ROOT) for name in ("one", "other")
    ]
    seen: set[str] = set()
    while any(writer.poll() is None for writer in writers):
        if target.exists():
            found = json.loads(target.read_text())
            assert len(found) == 20_000 and len(set(found)) == 1
            seen.update(found)
    assert [writer.returncode for writer in writers] == [0, 0] and seen == {"one", "other"}
    assert [path.name for path in tmp_path.iterdir()] == ["out.json"]


def test_devices_and_links_stay_what_they_are(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link.json").symlink_to(tmp_path / "real" / "out.json")
    files.write_json(tmp_path / "link.json", 1)
    assert (tmp_path / "link.json").is_symlink() and (tmp_path / "real" / "out.json").read_text() == "1\n"
    for device in (Path("/dev/null"), Path("/dev/full")):
        kind = device.stat().st_mode
        files.check_writable(device, "")
        with files.alone(device, ""):
            if device.name == "null":
                files.write_json(device, 1)
            else:
                with pytest.raises(StorageError, match=r"/dev/full: cannot be written: No space left on device"):
                    files.write_json(device, 1)
        assert device.stat().st_mode == kind
