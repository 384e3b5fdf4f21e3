"""`check` accepts a fresh file of the bench and refuses a tampered one; what it cannot tell stays self-reported."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from board import Board, derive, weights

from leaderboard import replay
from leaderboard.__main__ import main
from leaderboard.checking.history import History, HistoryError
from leaderboard.records import submission

pytestmark = pytest.mark.usefixtures("toys")


@pytest.fixture
def board(toys, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Board:
    """A board of its own for each test; the bench runs once."""
    root = tmp_path_factory.mktemp("board")
    monkeypatch.chdir(root)
    made = Board(root) if not _made else object.__new__(Board)
    if not _made:
        _made.append(made.fresh)
    else:
        made.root = root
        made.git("init", "-q", "-b", "main")
        (root / "ERRATA.md").write_text("# Errata\n")
        made.commit("first", "2026-01-02T00:00:00+00:00")
        made.fresh = json.loads(json.dumps(_made[0]))
        for row in made.fresh["rows"]:
            row["commit"] = made.base
    return made


_made: list[dict[str, Any]] = []


def first(**changes: Any) -> Callable[[dict[str, Any]], object]:
    """Change the first row."""
    return lambda data: data["rows"][0].update(changes)


def rows(**changes: Any) -> Callable[[dict[str, Any]], object]:
    """Change every row."""
    return lambda data: [row.update(changes) for row in data["rows"]]


def sample(data: dict[str, Any]) -> None:
    data["rows"][0]["samples"] = [10 * value for value in data["rows"][0]["samples"]]


def median(data: dict[str, Any]) -> None:
    data["rows"][0]["median_sps"] *= 2


def reference(data: dict[str, Any]) -> None:
    for row in data["rows"]:
        row["reference"]["samples"] = [value / 7 for value in row["reference"]["samples"]]


def reference_median(data: dict[str, Any]) -> None:
    for row in data["rows"]:
        row["reference"]["median_sps"] /= 7


def batch(data: dict[str, Any]) -> None:
    data["rows"][0]["batch"] = 32


def batch_and_command(data: dict[str, Any]) -> None:
    """Another batch, with all that goes with it."""
    data["rows"][0].update(batch=32)
    for row in data["rows"]:
        row["command"] = row["command"].replace("--batch 8 16", "--batch 32 16")


def machine(**changes: Any) -> Callable[[dict[str, Any]], object]:
    return lambda data: [row["machine"].update(changes) for row in data["rows"]]


def command(old: str, new: str) -> Callable[[dict[str, Any]], object]:
    def change(data: dict[str, Any]) -> None:
        for row in data["rows"]:
            assert old in row["command"]
            row["command"] = row["command"].replace(old, new)

    return change


def without_last(data: dict[str, Any]) -> None:
    gone = len(data["rows"].pop()["samples"])
    for row in data["rows"]:
        row["reference"]["samples"] = row["reference"]["samples"][:-gone]
    derive(data)


def twice(data: dict[str, Any]) -> None:
    data["rows"].append(data["rows"][0])


def test_a_fresh_file_is_accepted(board: Board) -> None:
    verdict = board.check(board.fresh)
    assert verdict.accepted, verdict.text()
    assert weights(verdict) == [("flagged", "protocol")] * 2 + [("noted", "equivalence")]
    assert len(verdict.rows) == 2 and all("self-reported, play re-run" in row for row in verdict.rows)
    assert "2 × slow-duel" not in verdict.text() and "× slow-duel" in verdict.text()


TAMPERINGS: dict[str, tuple[Callable[[dict[str, Any]], object], str]] = {
    "a sample": (sample, "arithmetic"),
    "the median": (median, "arithmetic"),
    "the reference's samples": (reference, "arithmetic"),
    "the reference's median": (reference_median, "arithmetic"),
    "the batch": (batch, "command"),
    "an environment version": (rows(env_version="v7"), "environment"),
    "a configuration that there is not": (first(config={"autoreset": "full", "wings": 2}), "environment"),
    "another configuration": (first(config={"autoreset": "full", "noise": 0.9}), "re-run"),
    "an unknown commit": (rows(commit="0123456789" * 4), "commit"),
    "no commit": (rows(commit=None), "commit"),
    "a dirty tree": (rows(dirty=True), "commit"),
    "a date before the commit": (rows(date="2025-12-31T00:00:00+00:00"), "commit"),
    "a date to come": (rows(date="2999-12-31T00:00:00+00:00"), "commit"),
    "a hole in the fingerprint": (machine(cpu=""), "fingerprint"),
    "more cores than the machine's": (rows(cores=99), "fingerprint"),
    "a version that is missing": (rows(versions={"python": "3.11.7", "jax": "0.10.2"}), "fingerprint"),
    "another command": (command("--batch 8", "--batch 9"), "command"),
    "another environment's command": (command("toys/exact", "toys/quick"), "command"),
    "no command": (rows(command="make it fast"), "command"),
    "a row twice": (twice, "duplicate"),
    "a deleted row": (without_last, "command"),
    "the checksum": (first(checksum="00000000"), "re-run"),
    "steps of a call": (first(scan=8), "arithmetic"),
    "samples all alike": (first(samples=[1e6] * 4), "arithmetic"),
    "a fact left out": (lambda data: data["rows"][0].pop("config"), "schema"),
    "the mark of an older file": (lambda data: data.update(source={"file": "x", "rows": [0, 1]}), "schema"),
}


@pytest.mark.parametrize("name", TAMPERINGS)
def test_tampering_is_refused(board: Board, name: str) -> None:
    change, check = TAMPERINGS[name]
    verdict = board.check(board.edited(change))
    assert not verdict.accepted
    assert ("refused", check) in weights(verdict), verdict.text()


CONSISTENT: dict[str, tuple[Callable[[dict[str, Any]], object], str]] = {
    # The file contradicts itself, or git, however well its numbers fit.
    "an environment version": (rows(env_version="v7"), "environment"),
    "a commit that there is not": (rows(commit="0123456789" * 4), "commit"),
    "a hole in the fingerprint": (machine(memory_gib=None), "fingerprint"),
    "another command": (command("--batch 8", "--batch 9"), "command"),
    "a deleted row": (without_last, "command"),
    "a row twice": (twice, "duplicate"),
    # Only the re-run tells.
    "the batch and its command": (batch_and_command, "re-run"),
    "another program's checksum": (first(checksum="89abcdef"), "re-run"),
}


@pytest.mark.parametrize("name", CONSISTENT)
def test_tampering_with_everything_made_to_fit_is_refused(board: Board, name: str) -> None:
    change, check = CONSISTENT[name]
    data = board.edited(change, derived=True)
    for row in data["rows"]:  # steps of a call fit the batch too
        row["scan"] = min(1024, 65536 // row["batch"])
    verdict = board.check(data)
    assert ("refused", check) in weights(verdict), verdict.text()
    if check == "re-run":
        without = board.check(data, with_rerun=False)
        assert without.accepted, f"only the re-run tells: {without.text()}"
        assert all("self-reported" in row and "re-run" not in row for row in without.rows)


def fewer(data: dict[str, Any]) -> None:
    without_last(data)
    command("--batch 8 16", "--batch 8")(data)


def newer_commit(board: Board) -> Callable[[dict[str, Any]], object]:
    return rows(commit=board.commit("another"))


UNTOLD: dict[str, Callable[[Board], Callable[[dict[str, Any]], object]]] = {
    "samples": lambda board: sample,
    "the reference's samples": lambda board: reference,
    "the name of the machine": lambda board: machine(cpu="Faster Processor"),
    "another commit of the same environment version": newer_commit,
    "fewer rows under a command that asks for fewer": lambda board: fewer,
}


@pytest.mark.parametrize("name", UNTOLD)
def test_what_one_file_cannot_tell_stays_self_reported(board: Board, name: str) -> None:
    """Times on somebody else's machine are a word until a second submitter repeats them."""
    verdict = board.check(board.edited(UNTOLD[name](board), derived=True))
    assert verdict.accepted, verdict.text()
    assert all("self-reported" in row for row in verdict.rows)


@pytest.mark.parametrize("change", [sample, reference])
def test_outliers_of_the_same_hardware_are_flagged(board: Board, change: Callable[[dict[str, Any]], object]) -> None:
    board.put(board.fresh)
    board.commit("the board has a row")
    data = board.edited(change, derived=True)
    data["submitter"] = "another"
    for row in data["rows"]:
        row["samples"] = [value + 1 for value in row["samples"]]  # no copies
    derive(data)
    verdict = board.check(data)
    assert verdict.accepted and ("flagged", "outlier") in weights(verdict), verdict.text()


def test_files_of_the_board_are_never_changed_or_removed(board: Board, capsys) -> None:
    path = board.put(board.fresh)
    board.commit("the board has a row")
    words = ["check", "--no-rerun", "--base", board.base]
    assert main([*words, str(path)]) == 0
    again = board.edited(lambda data: data["rows"][0].update(noisy=not data["rows"][0]["noisy"]))
    path.write_text(submission.text(again))
    assert main(words) == 1
    assert "append-only" in (said := capsys.readouterr().out) and "was changed" in said
    path.unlink()
    assert main(words) == 1
    assert "is gone; restore it" in capsys.readouterr().out


def test_a_copy_under_another_name_is_a_duplicate(board: Board) -> None:
    board.put(board.fresh)
    board.commit("the board has a row")
    copy = board.edited(lambda data: data.update(submitter="thief"))
    for row in copy["rows"]:
        row["date"] = "2026-11-01T00:00:00+00:00"
    verdict = board.check(copy)
    assert weights(verdict).count(("refused", "duplicate")) == 2


def test_places(board: Board) -> None:
    elsewhere = board.root / submission.RESULTS / "toys" / "mine.json"
    elsewhere.parent.mkdir(parents=True)
    elsewhere.write_text(submission.text(board.fresh))
    verdict = board.checker().check(elsewhere)
    assert ("refused", "path") in weights(verdict) and submission.place(board.fresh) in verdict.text()
    unnamed = board.edited(lambda data: data.update(submitter=submission.UNNAMED))
    assert ("refused", "path") in weights(board.check(unnamed))


def test_standing_rises_with_a_second_submitter_and_the_equivalence(board: Board) -> None:
    other = board.edited(lambda data: data.update(submitter="another"))
    for row in other["rows"]:
        row.update(short=False, samples=[value * 1.0001 for value in row["samples"]] * 3)
        row["reference"]["samples"] = row["reference"]["samples"] * 3
        row["command"] = row["command"].replace("--samples 4 --seconds 0.01", "--samples 12 --seconds 1")
    derive(other)
    mine = board.edited(lambda data: None)
    for row in mine["rows"]:
        row.update(short=False, samples=row["samples"] * 3)
        row["reference"]["samples"] = row["reference"]["samples"] * 3
        row["command"] = row["command"].replace("--samples 4 --seconds 0.01", "--samples 12 --seconds 1")
    derive(mine)
    board.put(other)
    board.commit("somebody else's")
    verdict = board.check(mine)
    assert verdict.accepted and all("reproduced" in row for row in verdict.rows), verdict.text()
    level = {"verdict": "pass", "episodes": 1, "steps": 1, "divergences": 0, "seconds": 1.0}
    row = {
        **{"env": "toys/exact", "verdict": "pass", "complete": True, "reference": "slow 1", "candidate": "walk v0"},
        **{"levels": [{**level, "level": "L1"}, {**level, "level": "L3"}], "coverage": None, "mutants": None},
        **{"evidence": "x.json", "evidence_sha256": "0" * 64, "provenance": {}, "command": "verify"},
    }
    board.put({"schema": 1, "kind": "verification", "submitter": "another", "rows": [row]})
    board.commit("its equivalence")
    verdict = board.check(mine)
    assert all("verified, play re-run" in row for row in verdict.rows), verdict.text()
    assert all("reproduced" in row for row in board.check(mine, with_rerun=False).rows)
    header = "# Errata\n\n## Voided rows of the board\n\n| a | b | c | d | e |\n|---|---|---|---|---|\n"
    (board.root / "ERRATA.md").write_text(header + "| `toys/exact` | v0 | - | 2026-11-29 | a wrong clock |\n")
    assert all("void" in row for row in board.check(mine).rows)
    (board.root / "ERRATA.md").write_text(header + "| toys/exact | v0 |\n")
    assert main(["check", str(board.put(mine))]) == 2


def test_floats_are_stepped_on_from_recorded_states(toys, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    board = Board(tmp_path, "toys/quick")
    verdict = board.check(board.fresh)
    assert verdict.accepted and all("play re-run" in row for row in verdict.rows), verdict.text()

    def forge(place: int, value: float) -> Callable[[dict[str, Any]], object]:
        def change(data: dict[str, Any]) -> None:
            for row in data["rows"]:
                floats = row["probe"]["dtypes"].index("float32" if place else "int32")
                row["probe"]["states"][2][floats][0] += value

        return change

    for change in (forge(1, 0.01), forge(0, 1)):
        verdict = board.check(board.edited(change))
        assert ("refused", "re-run") in weights(verdict) and "times the tolerance" in verdict.text()
    assert board.check(board.edited(forge(1, 1e-8))).accepted

    def shapes(data: dict[str, Any]) -> None:
        for row in data["rows"]:
            row["probe"]["shapes"][0] = [1]

    assert "other shapes or types" in board.check(board.edited(shapes)).text()
    verdict = board.check(board.edited(rows(probe=None)))
    assert verdict.accepted and not any("play re-run" in row for row in verdict.rows)
    monkeypatch.setattr(replay, "is_exact", lambda env: True)  # a checksum of floats is one machine's own
    assert board.check(board.fresh).text()


def test_files_that_cannot_be_read_are_refused(board: Board, capsys) -> None:
    bad = board.root / "bad.json"
    bad.write_text('{"schema": 9}')
    assert main(["check", str(bad), "--base", board.base]) == 1
    assert "schema 9 is newer than this checkout reads" in capsys.readouterr().out
    assert main(["check", str(board.root / "none.json"), "--base", board.base]) == 1
    assert "there is no such file" in capsys.readouterr().out
    assert main(["check", str(bad), "--base", "nowhere"]) == 2
    assert "git knows no commit nowhere" in capsys.readouterr().err
    with pytest.raises(HistoryError, match="name another commit with --base"):
        History(board.root.parent, None)


def test_a_comment_for_a_pull_request(board: Board, capsys) -> None:
    path, out = board.put(board.edited(median)), board.root / "verdict.md"
    assert main(["check", str(path), "--no-rerun", "--markdown", str(out)]) == 1
    text = out.read_text()
    assert "**refused**" in text and "* **refused** arithmetic: rows[0].median_sps: is " in text
    assert main(["check", str(path), "--no-rerun", "--markdown", str(board.root)]) == 2
    assert "choose another file with --markdown" in capsys.readouterr().err
