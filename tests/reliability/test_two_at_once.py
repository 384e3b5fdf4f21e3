"""Two processes of a command in one folder: both end well, or the second is refused. No file is torn."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from forks import ROOT, Forks, program

_HOLD = """
import sys
from pathlib import Path
from jaxenv.commands import files
with files.alone(Path(sys.argv[1]), ""):
    print("held", flush=True)
    sys.stdin.read()
"""
REFUSED: dict[str, tuple[str, tuple[Any, ...], str]] = {
    "check": ("verification", ("check", "toy_pair:good", "--json", "x.json"), "--json"),
    "run": ("verification", ("run", "toy_pair:good", "--json", "x.json"), "--json"),
    "fuzz": ("verification", ("fuzz", "toy_pair:good", "--json", "x.json"), "--json"),
    "mutants": ("verification", ("mutants", "toy_pair:good", "--json", "x.json"), "--json"),
    "bench": ("leaderboard", ("bench", "pongjax/puffer_pong", "--json", "x.json"), "--json"),
    "sweep": ("sweep", ("--json", "x.json"), "--json"),
    "replay": ("pokejax", ("replay", "--out", "x.html"), "--out"),
    "quickstart": ("pokejax", ("quickstart", "--out", "."), "--out"),
}
"""Commands that work for long, whose results another process would overwrite."""
FILES = {"replay": "x.html", "quickstart": "quickstart.json"}


@pytest.fixture(scope="module")
def holder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, list[int]]]:
    """A folder of whose files another process holds three; and its ids."""
    folder = tmp_path_factory.mktemp("held")
    processes = []
    for name in ("x.json", *FILES.values()):
        process = subprocess.Popen(
            [sys.executable, "-c", _HOLD, str(folder / name)],
            cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        assert process.stdout is not None and process.stdout.readline() == "held\n"
        processes.append(process)
    yield folder, [process.pid for process in processes]
    for process in processes:
        process.kill()
        process.communicate()


@pytest.mark.parametrize("command", REFUSED)
def test_the_second_is_refused(
    command: str,
    holder: tuple[Path, list[int]],
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    name, words, option = REFUSED[command]
    folder, pids = holder
    monkeypatch.chdir(folder)
    before = sorted(path.name for path in folder.iterdir())
    assert program(name)([str(word) for word in words]) in (2, 3)
    said = capfd.readouterr().err
    file = FILES.get(command, "x.json")
    pid = pids[["x.json", *FILES.values()].index(file)]
    assert f"{file}: process {pid} is writing there; wait until it ends" in said and option in said, said
    assert sorted(path.name for path in folder.iterdir()) == before


def test_two_verifications_of_one_report(forker: Forks, tmp_path: Path) -> None:
    """Started at the same moment: one ends well, the other does too or is refused."""
    words = ("run", "toy_pair:buggy", "--levels", "1,3", "--episodes", 200, "--injected", 1000, "--failures", "cases")
    said = [tmp_path / f"{number}.txt" for number in range(2)]
    pids = [forker.start("verification", *words, "--json", "r.json", said=path, cwd=tmp_path) for path in said]
    statuses = [forker.wait(pid) for pid in pids]
    assert 1 in statuses and set(statuses) <= {1, 3}
    for status, path in zip(statuses, said, strict=True):
        assert status == 1 or "is writing there; wait until it ends" in path.read_text()
    assert json.loads((tmp_path / "r.json").read_text())["complete"]
    assert not [path.name for path in tmp_path.rglob(".*")]


def test_two_verifications_that_share_the_folder_of_findings(forker: Forks, tmp_path: Path) -> None:
    """Both find the same counterexamples, which bear the same names."""
    words = ("run", "toy_pair:buggy", "--levels", "1,3", "--episodes", 100, "--injected", 500, "--failures", "cases")
    pids = [
        forker.start("verification", *words, "--json", f"{name}.json", said=tmp_path / name, cwd=tmp_path)
        for name in ("one", "other")
    ]
    assert [forker.wait(pid) for pid in pids] == [1, 1]
    files = sorted((tmp_path / "cases").iterdir())
    assert files and all(json.loads(path.read_text())["schema"] == "verification.case/1" for path in files)
    for name in ("one", "other"):
        report = json.loads((tmp_path / f"{name}.json").read_text())
        found = [Path(f["file"]).name for c in report["levels"][1]["checks"] for f in c["findings"] if f["file"]]
        assert found and set(found) <= {path.name for path in files}


def test_many_short_ones_write_whole_files(forker: Forks, tmp_path: Path) -> None:
    """`report`, `shrink` and `pools` put whole files in place: the last one counts."""
    words = ("run", "toy_pair:buggy", "--levels", "3", "--episodes", 9, "--json", "r.json", "--failures", "cases")
    assert forker.run("verification", *words, said=tmp_path / "said", cwd=tmp_path) == 1
    case = next((tmp_path / "cases").iterdir())
    (tmp_path / "teams.txt").write_text("=== one ===\nTauros\n- Body Slam\n" * 1)
    shorts = [
        ("verification", "report", "r.json"),
        ("verification", "shrink", case, "--out", "small"),
        ("pools", "build", "teams.txt", "x.npz", "--format", "free"),
    ]
    pids = [forker.start(*short, said=tmp_path / "said", cwd=tmp_path) for short in shorts * 4]
    statuses = [forker.wait(pid) for pid in pids]
    assert statuses == [1, 1, 0] * 4, (tmp_path / "said").read_text()
    assert (tmp_path / "r.html").read_text().rstrip().endswith("</html>")
    for path in (tmp_path / "small").iterdir():
        assert json.loads(path.read_text())["schema"] == "verification.case/1"
    with np.load(tmp_path / "x.npz") as pool:
        assert len(pool["teams"]) == 1
    assert not [path.name for path in tmp_path.rglob(".*")]


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """The files of a checkout that `families new` needs."""
    root = tmp_path / "checkout"
    for path in ("pyproject.toml", "jaxenv/builtin.py", "families/lookup.py", ".ci/run"):
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / path, root / path)
    return root


def test_two_families_in_one_checkout(forker: Forks, checkout: Path, tmp_path: Path) -> None:
    """Each changes the table of ids: both are in it, or the second is refused and can be made afterwards."""
    names = ("lunar_rover", "solar_sail", "tide_pool")
    said = {name: tmp_path / f"{name}.txt" for name in names}
    pids = {name: forker.start("families", "new", name, "--out", checkout, said=said[name]) for name in names}
    statuses = {name: forker.wait(pid) for name, pid in pids.items()}
    assert set(statuses.values()) <= {0, 2} and 0 in statuses.values()
    for name, status in statuses.items():
        if status:
            assert "is writing there; wait until it ends" in said[name].read_text()
            assert not (checkout / name).exists()
            assert forker.run("families", "new", name, "--out", checkout, said=said[name]) == 0
    table = (checkout / "jaxenv/builtin.py").read_text()
    assert all(f'"{name}/' in table and (checkout / name / "env.py").exists() for name in names)
    assert not [path.name for path in checkout.iterdir() if path.name.startswith((".lock", ".new"))]


def test_one_family_twice(forker: Forks, tmp_path: Path) -> None:
    said = [tmp_path / f"{number}.txt" for number in range(2)]
    pids = [forker.start("families", "new", "lunar_rover", "--out", tmp_path / "rover", said=path) for path in said]
    statuses = [forker.wait(pid) for pid in pids]
    assert sorted(statuses) == [0, 2]
    refused = said[statuses.index(2)].read_text()
    assert str(tmp_path / "rover") in refused and "--out" in refused and "Traceback" not in refused
    assert (tmp_path / "rover" / "pyproject.toml").exists()


def test_a_lock_of_a_process_that_was_killed_keeps_nobody_out(tmp_path: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", _HOLD, str(tmp_path / "x")],
        cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stdout is not None and process.stdout.readline() == "held\n"
    process.kill()
    process.communicate()
    (tmp_path / f".x.{process.pid}.part").write_text("half")
    from jaxenv.commands import files

    began = time.monotonic()
    with files.alone(tmp_path / "x", ""):
        assert time.monotonic() - began < 5
    assert not list(tmp_path.iterdir()), "what it had begun to write is gone too"


def test_threads_that_write_one_file_tear_nothing(tmp_path: Path) -> None:
    from jaxenv.commands import files

    def write(number: int) -> None:
        for _ in range(50):
            files.write(tmp_path / "x", f"{number}" * 5000, "")

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(write, range(4)))
    text = (tmp_path / "x").read_text()
    assert len(text) == 5000 and len(set(text)) == 1 and len(list(tmp_path.iterdir())) == 1
