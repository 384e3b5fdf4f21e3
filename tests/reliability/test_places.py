"""Places that cannot be written, for every command but those of baselines, whose tests have the same.

Read-only mounts, full disks and permissions are real ones (`faults`). Each command says so in one line, before it has
begun to work: the place, the reason, the remedy. Nothing is left half written.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import faults
import pytest
import toy_pair
from forks import Forks, program
from writers import WRITERS

from verification.cli import main as verify

TEAM = "=== one ===\nTauros\n- Body Slam\n"


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with what some commands read: a counterexample, a report, a team."""
    folder = tmp_path_factory.mktemp("prepared")
    words = ("run", "toy_pair:buggy", "--levels", "3", "--episodes", "12", "--failures", folder / "found")
    assert verify([str(word) for word in (*words, "--json", folder / "report.json")]) == 1
    first = json.loads((folder / "report.json").read_text())["levels"][0]["checks"][0]["findings"][0]
    shutil.copy(first["file"], folder / "case.json")
    for path in (folder / "report.html", folder / "report.md"):
        path.unlink()
    shutil.rmtree(folder / "found")
    (folder / "teams.txt").write_text(TEAM)
    return folder


def listing(folder: Path) -> dict[str, bytes]:
    """Every file in a folder, hidden ones too, with what is in it."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def copy(prepared: Path, place: Path) -> None:
    place.mkdir(exist_ok=True)
    for path in prepared.iterdir():
        shutil.copy(path, place)


def check(said: str, place: Path, reason: str, remedy: str) -> None:
    """One line: place, reason, remedy."""
    assert len(said.strip().splitlines()) == 1, said
    assert str(place) in said and reason in said and remedy in said and "Traceback" not in said, said


def run(writer: str, place: Path, capfd: pytest.CaptureFixture[str]) -> str:
    """Run it in this process; it must fail. What it said."""
    name, words, _ = WRITERS[writer]
    capfd.readouterr()
    assert program(name)([str(word) for word in words(place)]) not in (0, None)
    shown = capfd.readouterr()
    assert not shown.out
    return shown.err


@pytest.mark.parametrize("writer", WRITERS)
def test_a_read_only_place(writer: str, prepared: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    place = tmp_path / "place"
    copy(prepared, place)
    before = listing(place)
    with faults.read_only(place):
        check(run(writer, place, capfd), place, "Read-only file system", WRITERS[writer][2])
    assert listing(place) == before


@pytest.mark.parametrize("writer", WRITERS)
def test_a_full_disk(writer: str, prepared: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    with faults.disk(tmp_path / "place") as place:
        copy(prepared, place)
        faults.fill(place)
        before = listing(place)
        check(run(writer, place, capfd), place, "No space left on device", WRITERS[writer][2])
        assert listing(place) == before


def test_places_that_permissions_forbid(prepared: Path, tmp_path: Path, unprivileged: Forks) -> None:
    place = tmp_path / "place"
    copy(prepared, place)
    before = listing(place)
    with faults.forbidden(place):
        for number, (writer, (name, words, remedy)) in enumerate(WRITERS.items()):
            said = tmp_path / f"{number}.txt"
            assert unprivileged.run(name, *words(place), said=said) not in (0, 130), writer
            check(said.read_text(), place, "Permission denied", remedy)
    assert listing(place) == before


@pytest.mark.parametrize("writer", WRITERS)
def test_a_file_where_a_folder_should_be(
    writer: str, prepared: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    if writer in ("shrink", "report", "pools"):
        pytest.skip("it reads what it is given in the same folder first")
    place = tmp_path / "file"
    place.write_text("")
    check(run(writer, place, capfd), place, "", WRITERS[writer][2])
    assert place.read_text() == ""


class Filling(toy_pair.RestorableMonster):
    """Fills, or empties, a disk at some steps of all its games."""

    disk = Path()
    at: dict[int, Any] = {}  # noqa: RUF012
    steps = 0

    def step(self, actions: Any) -> None:
        super().step(actions)
        Filling.steps += 1
        for do in self.at.pop(Filling.steps, ()):
            do(self.disk)


def filling() -> Any:
    """Plugin of a verification during which a disk is filled."""
    return toy_pair.make("test_places:filling", candidate=lambda: Filling("candidate", "no-potions"))


def test_a_verification_whose_disk_is_full_for_a_while(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """It says so once, counts every difference, and writes the report when there is room again."""
    monkeypatch.setattr("verification.cli.running.WRITE_EVERY", 0.0)
    words = ["run", "test_places:filling", "--levels", "1,3", "--episodes", "12", "--injected", "200"]

    def verified(folder: Path, at: dict[int, Any]) -> tuple[int, dict[str, Any]]:
        Filling.disk, Filling.at, Filling.steps = folder, at, 0
        paths = ["--json", str(folder / "r.json"), "--failures", str(folder / "cases")]
        status = verify([*words, *paths])
        path = folder / "r.json"
        return status, json.loads(path.read_text())

    (tmp_path / "plain").mkdir()
    status, undisturbed = verified(tmp_path / "plain", {})
    steps = Filling.steps
    assert status == 1 and steps > 300
    with faults.disk(tmp_path / "disk", "4m") as disk:
        capfd.readouterr()
        status, report = verified(disk, {5: [faults.fill], steps - 5: [faults.empty]})
        said = capfd.readouterr().err
        assert status == 1 and report["complete"] and (disk / "r.html").exists()
        assert said.count("The run goes on and tries again") == 1 and "No space left on device" in said
        for ours, theirs in zip(report["levels"], undisturbed["levels"], strict=True):
            for one, other in zip(ours["checks"], theirs["checks"], strict=True):
                assert one["divergences"] == other["divergences"] and one["verdict"] == other["verdict"]
        notes = [note for level in report["levels"] for check in level["checks"] for note in check["notes"]]
        assert any("a counterexample is not kept" in note and "--failures" in note for note in notes)
        assert not list(disk.glob(".*.part"))


def test_a_verification_whose_disk_stays_full(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """The last whole state of the report stays, and says that it is not the end."""
    with faults.disk(tmp_path / "disk") as disk:
        Filling.disk, Filling.at, Filling.steps = disk, {400: [faults.fill]}, 0
        words = ["run", "test_places:filling", "--levels", "1,3", "--episodes", "12", "--injected", "200"]
        paths = ["--json", str(disk / "r.json"), "--failures", str(tmp_path / "cases")]
        assert verify([*words, *paths]) == 3
        assert f"could not run: {disk / 'r.json'}: cannot be written: No space left" in capfd.readouterr().err
        report = disk / "r.json"
        assert not report.exists() or not json.loads(report.read_text())["complete"]
        assert not list(disk.glob(".*.part"))


def test_a_home_that_cannot_be_written_is_named_by_replay(tmp_path: Path, unprivileged: Forks) -> None:
    """Showdown is installed there: the message names that place, and not that of the replay."""
    home, said = tmp_path / "home", tmp_path / "said.txt"
    home.mkdir()
    env = {"HOME": str(home), "XDG_CACHE_HOME": "", "POKEJAX_CACHE_DIR": "", "JAX_COMPILATION_CACHE_DIR": ""}
    with faults.forbidden(home):
        out = tmp_path / "battle.html"
        assert unprivileged.run("pokejax", "replay", "--out", out, said=said, **env) == 2
    last = said.read_text().strip().splitlines()[-1]
    assert last.startswith("pokejax replay: Pokémon Showdown cannot be installed in ")
    assert str(home) in last and "Permission denied" in last and "POKEJAX_CACHE_DIR" in last
    assert "Traceback" not in said.read_text() and not out.exists() and not list(home.iterdir())


@pytest.mark.parametrize("reference", ["showdown", "puffer_pong"])
@pytest.mark.parametrize("fault", ["read-only", "full", "a file"])
def test_a_cache_of_references_that_cannot_be_written(
    reference: str, fault: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from references.protocol import ReferenceUnavailableError

    install: Any = __import__(f"references.{reference}.install", fromlist=["install"]).install
    place = tmp_path / "cache"
    monkeypatch.setenv("POKEJAX_CACHE_DIR", str(place / "inner"))
    if fault == "a file":
        place.write_text("")
    else:
        place.mkdir()
    made = {"read-only": faults.read_only, "full": faults.full_disk, "a file": faults.contextlib.nullcontext}[fault]
    local = tmp_path / "pong.h"
    local.write_bytes(bytes(100_000))
    monkeypatch.setenv("POKEJAX_PUFFERLIB", str(local))
    with made(place), pytest.raises(ReferenceUnavailableError) as info:
        install()
    said = str(info.value)
    assert str(place) in said and "Remedy:" in said, said
    if fault != "full" or reference == "puffer_pong":
        assert "POKEJAX_CACHE_DIR" in said
