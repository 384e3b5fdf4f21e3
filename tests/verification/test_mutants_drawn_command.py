"""``mutants --random N`` on a small game: each mutant in its own process, resumable, with clear errors."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import toy_drawn
from compiled_quickly import compiled_quickly  # noqa: F401 (a fixture)

from verification.cli import main
from verification.levels.context import Plan
from verification.mutants.drawn import measure
from verification.mutants.drawn.edits import Edit
from verification.mutants.drawn.measure import Measurement, Size
from verification.mutants.drawn.pool import Drawn
from verification.registry import load_plugin

AMOUNTS = ("--levels", "1,3", "--episodes", "8", "--injected", "64", "--interactions", "16")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    toy_drawn.write(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    yield tmp_path
    for name in ("drawn_game", "drawn_game.rules", "drawn_plugin"):
        sys.modules.pop(name, None)


def run(*arguments: object) -> int:
    return main(["mutants", *map(str, arguments)])


def measurement(edits: list[Edit]) -> Measurement:
    """A measurement of these changes in place of drawn ones."""
    plan = Plan()
    size = Size(1, plan.seed, ("L1", "L3"), 8, 64, 16, jobs=2)
    found = Measurement(load_plugin("drawn_plugin:plugin"), size)
    found.drawn = [Drawn(edit, "environment", str(number), "") for number, edit in enumerate(edits)]
    return found


def change(old: str, new: str) -> Edit:
    start = toy_drawn.RULES.index(old)
    line = toy_drawn.RULES.count("\n", 0, start) + 1
    return Edit("drawn_game.rules", "drawn_game/rules.py", "by hand", "f", start, start + len(old), new, line)


def test_each_outcome_in_a_process_of_its_own(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(measure, "CPU_LEAST", 10.0)
    monkeypatch.setattr(measure, "CPU_FACTOR", 0.0)
    edits = [
        change("count >= LIMIT", "count > LIMIT"),
        change("[0, 1, 2]", "[0, 1]"),  # the candidate refuses to start
        change("while count < 0:\n        count", "while count <= 99:\n        other"),  # it never ends
        change("while count < 0", "while count < -1"),  # no count is negative
        Edit("t", "drawn_game/steps.json", "value of a table", "['steps'][1]", new="2 → 3", value=[["steps", 1], 3]),
        change("step = STEPS[action]", "step = STEPS[action + 1]"),  # it raises at run time
    ]
    found = measurement(edits)
    seen: list[tuple[str, int, int]] = []
    found.run(lambda *done: seen.append(done), lambda: None)
    rows = [found.rows[str(number)] for number in range(len(edits))]
    assert [row["outcome"] for row in rows] == [
        "killed", "does not compile", "killed", "survived", "killed", "killed",
    ]  # fmt: skip
    assert rows[0]["level"] in ("L1", "L3") and rows[0]["field"] == "out.terminated"
    assert "/tree" not in str(rows), "no folder of this run"
    assert "made for three actions" in rows[1]["message"]
    assert (rows[2]["level"], rows[2]["message"]) == ("time limit", "took too long")
    assert rows[3]["ran"] and rows[4]["field"] == "count" and rows[4]["suspects"] == ["drawn_game.rules"]
    assert ("random mutants", 6, 6) in seen and ("the original", 1, 1) in seen
    assert not list(Path(folder).glob("**/divergences"))
    assert "rules" not in sys.modules.get("drawn_game", object).__dict__  # nothing of it ran here


def test_a_trial_that_waits_is_not_run_and_tried_again(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = measurement([change("LIMIT = 12", "LIMIT = __import__('time').sleep(99) or 12")])
    monkeypatch.setattr(measure, "CPU_LEAST", 30.0)
    monkeypatch.setattr(measure, "CPU_FACTOR", 0.0)
    monkeypatch.setattr(measure, "WALL_FACTOR", 0.2)
    found.run(lambda *done: None, lambda: None)
    assert found.rows["0"]["outcome"] == "not run"
    earlier = {"random": {**found.identity, "original": found.original}, "rows": list(found.rows.values())}
    assert found.take_over(earlier) == 0 and not found.rows


def test_an_inconclusive_check_of_the_original_still_judges() -> None:
    checks = {
        "a": ["pass", 1.0],
        "b": ["inconclusive", 1.0],
        "c": ["fail", 1.0],
        "d": ["error", 1],
        "e": ["not_run", 1],
    }
    assert measure.alarms_of(checks) == ["c", "d"]


def test_figures_are_written_and_an_interrupted_measurement_goes_on(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    out = folder / "m.json"
    command = ("drawn_plugin:plugin", "--random", 4, "--seed", 5, "--json", out, *AMOUNTS)
    trial = Measurement._trial
    calls: list[str] = []

    def interrupted(self: Measurement, tree: Any, one: Drawn, processes: Any) -> dict[str, Any]:
        calls.append(one.id)
        if len(calls) == 3:
            raise KeyboardInterrupt
        return trial(self, tree, one, processes)

    monkeypatch.setattr(Measurement, "_trial", interrupted)
    assert run(*command, "--jobs", 1) == 130
    half = json.loads(out.read_text())
    assert (len(half["rows"]), half["complete"], half["verdict"]) == (2, False, "not_run")
    assert "interrupted; --resume goes on" in capsys.readouterr().err
    monkeypatch.setattr(Measurement, "_trial", trial)
    refused = {
        ("--seed", 5): ("--seed", 6, "seed is 5, this measurement's is 6"),
        ("--random", 4): ("--random", 5, "count is 4, this measurement's is 5"),
        ("--episodes", "8"): ("--episodes", 9, "episodes is 8, this measurement's is 9"),
    }
    for (name, value), (_, other, words) in refused.items():
        changed = list(command)
        changed[changed.index(name) + 1] = other
        assert value != other and run(*changed, "--resume") == 3
        assert words in capsys.readouterr().err and json.loads(out.read_text()) == half
    assert run(*command, "--resume") in (0, 1)
    assert "resuming: 2 mutants are taken over" in capsys.readouterr().err
    whole = json.loads(out.read_text())
    assert whole["complete"] and len(whole["rows"]) == 4 == whole["mutants"] and len(calls) == 3
    kept = {row["id"]: row for row in whole["rows"]}
    assert all(kept[row["id"]] == row for row in half["rows"])
    assert whole["verdict"] == ("pass" if whole["rate"] is not None and whole["rate"] >= 0.95 else "fail")
    assert whole["random"]["original"]["alarms"] == []


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("drawn_plugin:homeless", "--random", "2"), "names no package to plant bugs in"),
        (("drawn_plugin:lost", "--random", "2"), "there is no package 'drawn_nowhere'"),
        (("drawn_plugin:plugin", "--random", "500"), "500 random mutants asked for"),
        (("drawn_plugin:plugin", "--random", "2", "--resume"), "--resume needs --json FILE"),
        (("drawn_plugin:plugin", "--random", "2", "--only", "x"), "--only belongs to the catalogue"),
        (("drawn_plugin:plugin", "--random", "2", "--alarms", "9"), "--alarms belongs to the catalogue"),
        (("drawn_plugin:plugin", "--resume"), "--resume belongs to random mutants"),
        (("drawn_plugin:plugin", "--backend", "simd"), "seeded mutants are compiled by XLA"),
        (("nowhere/none", "--random", "2"), "no verification plugin for 'nowhere/none'"),
    ],
)
def test_errors(folder: Path, arguments: tuple[str, ...], words: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(*arguments) == 3
    assert words in capsys.readouterr().err.replace("\n", " ")


@pytest.mark.parametrize(("content", "words"), [("{", "is no JSON"), ('{"schema": 1}', "is no file of random mutants")])
def test_a_file_that_is_none(folder: Path, content: str, words: str, capsys: pytest.CaptureFixture[str]) -> None:
    out = folder / "m.json"
    out.write_text(content)
    assert run("drawn_plugin:plugin", "--random", "2", "--resume", "--json", out) == 3
    assert words in capsys.readouterr().err and out.read_text() == content


def test_no_mutant_or_less(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("drawn_plugin:plugin", "--random", "0") == 2
    assert "--random" in capsys.readouterr().err
