"""The commands as a user types them, on the small game: files written, exit status, clear errors."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
import toy_pair

from verification.cli import main


@pytest.fixture
def failures(tmp_path: Path) -> Path:
    return tmp_path / "failures"


def run(*arguments: str | Path) -> int:
    return main([str(argument) for argument in arguments])


SMALL = ("--episodes", "12", "--injected", "200", "--interactions", "32")


def test_run_writes_three_reports(tmp_path: Path, failures: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "r.json"
    status = run(
        "run", "toy_pair:good", "--levels", "1,2,3", *SMALL, "--seed", 7, "--json", out, "--failures", failures
    )
    assert status == 0, capsys.readouterr().err
    report = json.loads(out.read_text())
    assert report["verdict"] == "pass" and report["complete"] and not report["interrupted"]
    assert [level["level"] for level in report["levels"]] == ["L1", "L2", "L3"]
    assert report["levels"][2]["episodes"] == 12 and report["levels"][2]["checks"][0]["rate_bound_95"] == 3 / 12
    assert out.with_suffix(".html").read_text().startswith("<!doctype html") and out.with_suffix(".md").exists()
    assert "No difference in" in capsys.readouterr().err


def test_a_bug_fails_is_replayed_and_shrunk(tmp_path: Path, failures: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "r.json"
    assert run("run", "toy_pair:buggy", "--levels", "3", *SMALL, "--json", out, "--failures", failures) == 1
    report = json.loads(out.read_text())
    first = report["levels"][0]["checks"][0]["findings"][0]
    assert first["repro"] == f"uv run python -m verification replay {first['file']}"
    assert run("replay", first["file"]) == 1
    assert "expected" in capsys.readouterr().err
    # The case says which plugin it is of: told that it is another's, it is equal there.
    case = json.loads(Path(first["file"]).read_text())
    mended = tmp_path / "mended.json"
    mended.write_text(json.dumps({**case, "env": "toy_pair:good"}))
    assert run("replay", mended) == 0
    assert run("shrink", mended) == 0
    assert run("shrink", first["file"], "--out", tmp_path) == 1


def test_a_case_is_played_in_the_setting_that_it_was_found_in(
    tmp_path: Path, failures: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("run", "toy_pair:buggy", "--levels", "3", *SMALL, "--failures", failures) == 1
    case = json.loads(sorted(failures.iterdir())[0].read_text()) | {"env": "toy_pair:weathered"}
    path = tmp_path / "case.json"
    for setting, status in (({}, 0), ({"weather": "dry"}, 0), ({"weather": "wet"}, 1)):
        path.write_text(json.dumps(case | {"setting": setting}))
        assert run("replay", path) == status, setting
        assert run("shrink", path, "--out", tmp_path / "shrunk") == status, setting
    (shrunk,) = (tmp_path / "shrunk").iterdir()
    assert json.loads(shrunk.read_text())["setting"] == {"weather": "wet"}
    assert run("replay", shrunk) == 1
    capsys.readouterr()
    for setting, words in (
        ({"wind": 1}, "has no setting 'wind'; it has: weather"),
        ({"weather": "hot"}, "setting 'weather' cannot be 'hot'; it is one of dry, wet"),
    ):
        path.write_text(json.dumps(case | {"setting": setting}))
        assert run("replay", path) == 3
        assert words in capsys.readouterr().err.replace("\n", " ")
    path.write_text(json.dumps(case | {"env": "toy_pair:good", "setting": {"wind": 1}}))
    assert run("replay", path) == 3 and "it has: none" in capsys.readouterr().err


def test_without_a_capability_the_status_is_2(tmp_path: Path, failures: Path) -> None:
    assert run("run", "toy_pair:plain", "--levels", "1,3", *SMALL, "--failures", failures) == 2


def test_unsound_plugins_and_unknown_ids_are_errors(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "r.json"
    assert run("run", "no-such/env", "--json", out) == 3
    report = json.loads(out.read_text())
    assert report["verdict"] == "error" and "no verification plugin for 'no-such/env'" in report["reason"]
    assert run("run", "toy_pair:restless", "--levels", "0", "--json", out) == 3
    assert "not deterministic" in json.loads(out.read_text())["reason"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("run", "toy_pair:good", "--levels", "1,7"), "level L7 does not exist"),
        (("run", "toy_pair:good", "--episodes", "0"), "'0' is not an integer of at least 1"),
        (("run", "toy_pair:good", "--seed", "-1"), "'-1' is not an integer from 0 to"),
        (("fuzz", "toy_pair:good", "--duration", "soon"), "no duration"),
    ],
)
def test_bad_arguments(arguments: tuple[str, ...], words: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(*arguments) == 2 and words in capsys.readouterr().err


@pytest.mark.parametrize("command", ["replay", "shrink", "report", "coverage"])
def test_damaged_files(command: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "x.json"
    assert run(command, path) == 3
    path.write_text('{"schema": "verification.')
    assert run(command, path) == 3
    assert str(path) in capsys.readouterr().err.replace("\n", "")


def test_check_says_what_is_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parent))
    assert run("check", "toy_pair:good") == 0
    assert "Batched is missing in reference and candidate" in capsys.readouterr().err


def test_fuzz_stops_at_the_time_and_at_a_difference(tmp_path: Path, failures: Path) -> None:
    out = tmp_path / "f.json"
    common = ("--episodes", "8", "--injected", "64", "--failures", failures, "--json", out)
    assert run("fuzz", "toy_pair:good", "--duration", "1s", *common) == 0
    report = json.loads(out.read_text())
    assert report["levels"][1]["episodes"] >= 16 and report["levels"][1]["episodes"] % 8 == 0
    assert run("fuzz", "toy_pair:buggy", "--duration", "1h", *common) == 1


def test_coverage_report_and_compare(tmp_path: Path, failures: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before, after = tmp_path / "a.json", tmp_path / "b.json"
    common = ("--failures", failures, "--levels", "1,3")
    assert run("run", "toy_pair:good", *SMALL, *common, "--json", before) == 0
    assert run("run", "toy_pair:good", *SMALL, *common, "--json", after) == 0
    assert run("coverage", before) == 0 and "never: revived" in capsys.readouterr().err
    assert run("compare", before, after) == 0
    before.with_suffix(".html").unlink()
    assert run("report", before) == 0 and before.with_suffix(".html").exists()
    assert run("run", "toy_pair:good", "--levels", "3", *SMALL, "--failures", failures, "--json", after) == 0
    assert run("compare", before, after) == 1, "a level is gone"


def test_resume_takes_over_what_is_finished(
    tmp_path: Path, failures: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "r.json"
    command = ("run", "toy_pair:good", "--levels", "1,3", *SMALL, "--json", out, "--failures", failures)
    original = toy_pair.behaviours

    def interrupt(*batches: object) -> object:
        raise KeyboardInterrupt

    monkeypatch.setattr("verification.levels.episodes._one", interrupt)
    assert run(*command) == 130
    assert json.loads(out.read_text())["interrupted"]
    monkeypatch.undo()
    assert toy_pair.behaviours is original
    assert run(*command, "--resume") == 0
    assert "2 checks are taken over" in capsys.readouterr().err
    assert run("run", "toy_pair:good", "--levels", "3", "--json", out, "--resume") == 3


def test_power_gives_the_published_sizes(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("power", "--margin", "0.02", "--win-rate", "0.5") == 0
    assert "13529 battles per arm" in capsys.readouterr().err


def test_transfer_needs_returns_and_margins(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("run", "toy_pair:good", "--levels", "4") == 2
    returns = tmp_path / "returns.json"
    returns.write_text(json.dumps({"return": {"candidate": [[1.0]], "reference": [[1.0]]}}))
    out = tmp_path / "t.json"
    assert run("run", "toy_pair:good", "--levels", "4", "--returns", returns, "--json", out) == 3
    assert "have no margin" in json.dumps(json.loads(out.read_text()))


def test_transfer_gives_the_four_verdicts(tmp_path: Path) -> None:
    import numpy as np

    def returns(shift: float, spread: float) -> dict[str, object]:
        rng = np.random.default_rng(3)
        ours, theirs = rng.normal(10, spread, (2, 6, 40))
        return {"return": {"candidate": (ours + shift).tolist(), "reference": theirs.tolist()}}

    status = {}
    for name, (shift, spread) in {"same": (0.0, 0.5), "off": (5.0, 0.5), "noisy": (0.0, 30.0)}.items():
        path = tmp_path / f"{name}.json"
        path.write_text(json.dumps(returns(shift, spread)))
        out = tmp_path / f"{name}.report.json"
        status[name] = run("run", "toy_pair:with_margin", "--levels", "4", "--returns", path, "--json", out)
    assert status == {"same": 0, "off": 1, "noisy": 2}


def test_untrusted_source_is_judged_in_a_sandbox(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    adversaries = Path(__file__).parent / "adversaries"
    monkeypatch.syspath_prepend(adversaries)
    source = tmp_path / "source"
    source.mkdir()
    shutil.copy(adversaries / "honest.py", source)
    out = tmp_path / "u.json"
    command = ("run", "dice:PLUGIN", "--levels", "0,1,3", *SMALL, "--json", out)
    assert run(*command, "--untrusted", f"{source}:honest:Honest") == 0
    assert {check["id"] for level in json.loads(out.read_text())["levels"] for check in level["checks"]} >= {
        "L0/guard",
        "L0/sandbox",
        "L3/held-out",
    }
    assert run(*command, "--untrusted", f"{source}:honest:Nobody") == 1
    assert run(*command, "--untrusted", str(tmp_path / "nothing.py:make")) == 3


def test_help_names_no_environments_option_unless_asked(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("run", "--help") == 0
    general = capsys.readouterr().out
    assert "--set NAME=VALUE" in general and not {"--teams", "--policy", "--workers", "--mood"} & set(general.split())
    assert run("run", "toy_pair:choosy", "--help") == 0
    asked = " ".join(capsys.readouterr().out.split())
    assert "options of toy_pair:choosy" in asked and "--mood MOOD how it feels: calm, wild (default calm)" in asked


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ((), {"mood": "calm", "lives": "1", "backend": "xla"}),
        (("--mood", "wild"), {"mood": "wild", "lives": "1", "backend": "xla"}),
        (("--set", "mood=wild", "--set", "lives=3"), {"mood": "wild", "lives": "3", "backend": "xla"}),
        (("--set", "mood=calm", "--mood", "wild"), {"mood": "wild", "lives": "1", "backend": "xla"}),
    ],
)
def test_a_plugins_options_reach_it(arguments: tuple[str, ...], expected: dict[str, str], tmp_path: Path) -> None:
    out = tmp_path / "r.json"
    toy_pair.CHOSEN.clear()
    assert run("run", *arguments, "toy_pair:choosy", "--levels", "1", *SMALL, "--json", out) == 0
    assert [expected] == toy_pair.CHOSEN
    told = json.loads(out.read_text())["plan"]["options"]
    assert told == {
        name: value for name, value in expected.items() if name == "backend" or (arguments and value in str(arguments))
    }


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (("--mood", "sad"), "unknown mood 'sad'; known: calm, wild"),
        (("--set", "tempo=2"), "toy_pair:choosy has no option 'tempo'; it has: mood, lives"),
    ],
)
def test_options_that_there_are_not(arguments: tuple[str, ...], reason: str, tmp_path: Path) -> None:
    out = tmp_path / "r.json"
    assert run("run", "toy_pair:choosy", *arguments, "--levels", "1", "--json", out) == 3
    assert reason in json.loads(out.read_text())["reason"]


def test_an_option_of_another_environment_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("run", "toy_pair:good", "--mood", "wild") == 2 and "--mood" in capsys.readouterr().err
    assert run("run", "toy_pair:good", "--set", "wild") == 2
    assert "'wild' is not NAME=VALUE" in capsys.readouterr().err
