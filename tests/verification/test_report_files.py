"""Report files: written whole beside the JSON, refused when they are not honest reports, and compared."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, get_args

import pytest
import report_samples as samples

from verification.reporting import files, schema, validate
from verification.reporting.compare import Comparison, compare
from verification.reporting.validate import ReportError
from verification.results import LEVELS, SEVERITY


def plain(report: dict[str, Any]) -> dict[str, Any]:
    """The report as a file would give it."""
    return json.loads(json.dumps(report))


def test_files_are_written_beside_the_report(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "r.json"
    written = files.render_files(samples.clean(), path)
    assert written == [path.with_suffix(".html"), path.with_suffix(".md")]
    assert sorted(file.name for file in path.parent.iterdir()) == ["r.html", "r.md"]
    assert written[0].read_text(encoding="utf-8").rstrip().endswith("</html>")


def test_files_never_overwrite_the_report(tmp_path: Path) -> None:
    with pytest.raises(ReportError, match=r"r\.html.*ends in \.json"):
        files.render_files(samples.clean(), tmp_path / "r.html")


def test_a_failed_rendering_leaves_the_old_pages(tmp_path: Path) -> None:
    path = tmp_path / "r.json"
    files.render_files(samples.clean(), path)
    before = path.with_suffix(".html").read_text(encoding="utf-8")
    with pytest.raises(ReportError, match="coverage is missing"):
        files.render_files({key: entry for key, entry in samples.clean().items() if key != "coverage"}, path)
    assert path.with_suffix(".html").read_text(encoding="utf-8") == before
    assert [file.suffix for file in sorted(tmp_path.iterdir())] == [".html", ".md"]


def test_a_report_survives_its_file(tmp_path: Path) -> None:
    path = tmp_path / "r.json"
    path.write_text(json.dumps(samples.failing()), encoding="utf-8")
    assert validate.load(path) == plain(samples.failing())


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (lambda good: good[: len(good) // 2], r"cut short \(line \d+.*run the verification again"),
        (lambda good: "", "cut short"),
        (lambda good: "verdict: pass", "it is not JSON"),
        (lambda good: '["pass"]', r"holds \['pass'\], not a report; expected a file written by"),
        (lambda good: '{"env": "x", "verdict": "equal"}', "has no 'schema', so it is not a report"),
        (lambda good: '{"schema": "other.thing/1"}', "has schema 'other.thing/1', so it is not a report"),
        (lambda good: good.replace("report/1", "report/2"), "newer than this checkout reads .*update the checkout"),
        (lambda good: good.replace("report/1", "report/0"), "schema 'verification.report/0' is not"),
    ],
)
def test_files_that_are_no_reports(tmp_path: Path, content: Callable[[str], str], message: str) -> None:
    path = tmp_path / "r.json"
    path.write_text(content(json.dumps(samples.clean())), encoding="utf-8")
    with pytest.raises(ReportError, match=message) as raised:
        validate.load(path)
    assert str(raised.value).startswith(str(path))


def test_a_missing_file_and_one_that_is_no_text(tmp_path: Path) -> None:
    with pytest.raises(ReportError, match=r"none\.json: there is no such report; `.* --json FILE` writes one"):
        validate.load(tmp_path / "none.json")
    (tmp_path / "r.json").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ReportError, match="cannot be read as text"):
        validate.load(tmp_path / "r.json")


def edited(change: Callable[[dict[str, Any]], object], base: Callable[[], dict[str, Any]] = samples.clean) -> Any:
    report = plain(base())
    change(report)
    return report


def set_check(**changes: Any) -> Callable[[dict[str, Any]], object]:
    return lambda report: report["levels"][1]["checks"][0].update(changes)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda r: r.pop("levels"), "levels is missing"),
        (lambda r: r.update(verdict="green"), "verdict is 'green', known are error, fail, inconclusive"),
        (lambda r: r.update(complete=1), "complete is 1, not true or false"),
        (lambda r: r["levels"][0].update(level="L9"), r"levels\[0\].level is 'L9'"),
        (lambda r: r["reference"].pop("version"), "reference.version is missing"),
        (lambda r: r.update(coverage=None), "coverage is None, not an object"),
        (lambda r: r["coverage"]["counts"].update(x=True), r"coverage.counts.x is True, not a whole number"),
        (lambda r: r.update(tost={}), "tost is {}, not a list"),
        (set_check(cases="many"), r"levels\[1\].checks\[0\].cases is 'many', not a whole number"),
        (set_check(findings=[{"step": 1}]), r"findings\[0\].differences is missing"),
    ],
)
def test_reports_of_another_shape_are_refused(change: Callable[[dict[str, Any]], object], message: str) -> None:
    with pytest.raises(ReportError, match=message):
        validate.validate(edited(change))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda r: r.update(complete=False), "verdict is pass, yet the run was not complete"),
        (lambda r: r["levels"][1].update(verdict="not_run"), "verdict is pass, yet L1 is not_run"),
        (set_check(verdict="fail"), "L1 is pass, yet not every check of it is"),
        (set_check(divergences=1), "L1 counts 0 divergences, its checks together do not"),
        (set_check(divergences=1), "check L1/injected is pass, yet it found divergences"),
        (set_check(cases=10), "check L1/injected is pass, yet 10 of 20000 steps were run"),
        (set_check(cases=0, planned=None), "is pass, yet 0 of None steps"),
    ],
)
def test_green_lights_that_nothing_earned_are_refused(change: Callable[[dict[str, Any]], object], message: str) -> None:
    with pytest.raises(ReportError, match=message):
        validate.validate(edited(change))


def test_forged_kill_rates_and_margins_are_refused() -> None:
    with pytest.raises(ReportError, match="5 of 5 mutants are said to be killed, the rows show 3 of 5"):
        validate.validate(edited(lambda r: r["mutants"].update(killed=5), samples.with_mutants))
    with pytest.raises(ReportError, match="margin of return is 0"):
        validate.validate(edited(lambda r: r["tost"][0].update(margin=0.0), samples.with_tost))


def compared(
    change: Callable[[dict[str, Any]], object], base: Callable[[], dict[str, Any]] = samples.clean
) -> Comparison:
    return compare(plain(base()), edited(change, base))


def test_a_report_is_not_worse_than_itself() -> None:
    for make in samples.ALL.values():
        same = compare(plain(make()), plain(make()))
        assert not same.worse
        assert same.exit_status == 0
        assert [change for change in same.changes if change.topic != "speed"] == []


def test_a_later_failure_is_worse_and_the_way_back_better() -> None:
    clean, failing = plain(samples.clean()), plain(samples.failing())
    worse = compare(clean, failing)
    assert worse.exit_status == 1
    lines = "\n".join(worse.lines())
    assert "✗ whole run: passed → failed" in lines
    assert "✗ L1/injected: divergences 0 in 20,000 → 3 in 20,000" in lines
    assert "✗ L2: passed → not asked for" in lines
    assert lines.count("\nchecks:") == 1
    assert lines.endswith("for the better")
    back = compare(failing, clean)
    assert not back.worse
    assert "✓ whole run: failed → passed" in "\n".join(back.lines())


@pytest.mark.parametrize(
    ("change", "words_"),
    [
        (lambda r: r["coverage"]["counts"].pop("move:haze"), "lost 1: move:haze"),
        (lambda r: r["ignored_fields"].append({"path": "p1.hp", "why": "hard"}), "p1.hp: no longer compared"),
        (
            lambda r: r["tolerances"].append({"path": "q", "atol": 1.0, "rtol": 0.0, "ulp": 0, "why": "drift"}),
            "q: exact → atol 1",
        ),
        (lambda r: r["capabilities"]["candidate"].update(Restorable=False), "candidate is no longer Restorable"),
        (lambda r: r["levels"][1]["checks"].pop(1), "L1/properties: is gone"),
        (set_check(cases=100, planned=100), "20,000 → 100 steps, rate below 0.015 % → 3 %"),
        (lambda r: r.update(verdict="not_run"), "whole run: passed → not run"),
    ],
)
def test_showing_less_than_before_is_worse(change: Callable[[dict[str, Any]], object], words_: str) -> None:
    found = compared(change)
    assert found.worse
    assert [c.words for c in found.changes if c.direction == "worse" and words_ in c.words]


def test_a_mutant_that_survives_now_is_worse() -> None:
    def revive(report: dict[str, Any]) -> None:
        report["mutants"]["rows"][2]["killed_by"] = {"L1": False, "L2": False, "L3": False}

    found = compared(revive, samples.with_mutants)
    assert [change.words for change in found.changes if change.direction == "worse"] == ["P17 lock_kept: survives now"]
    alarms = compared(lambda r: r["mutants"].update(false_alarms=2), samples.with_mutants)
    assert alarms.worse


def test_a_wider_margin_is_worse() -> None:
    found = compared(lambda r: r["tost"][0].update(margin=0.5), samples.with_tost)
    assert [change.words for change in found.changes if change.direction == "worse"] == ["return: margin ±0.05 → ±0.5"]


def test_speed_and_a_few_cases_fewer_are_not_worse() -> None:
    found = compared(set_check(cases=19_000, planned=19_000, seconds=400.0))
    assert not found.worse
    assert any("20,000 → 19,000" in change.words for change in found.changes)
    slower = compared(lambda r: r["levels"][3].update(seconds=770.0))
    assert [change.words for change in slower.changes if change.topic == "speed" and "×0.1" in change.words]


def test_an_answer_that_is_gone_is_no_improvement() -> None:
    found = compare(plain(samples.failing()), edited(lambda r: r.update(verdict="not_run"), samples.failing))
    assert [(change.direction, change.words) for change in found.changes if change.topic == "verdicts"] == [
        ("other", "whole run: failed → not run")
    ]


def test_reports_of_two_environments_are_not_compared() -> None:
    with pytest.raises(ReportError, match="A is of 'pokejax/gen1randombattle', B of 'cartpole'"):
        compared(lambda r: r.update(env="cartpole"))


def test_the_words_of_the_schema_are_those_of_the_results() -> None:
    assert set(get_args(schema.Verdict)) == set(SEVERITY)
    assert set(get_args(schema.Level)) == set(LEVELS)


def test_several_problems_are_told_at_once() -> None:
    def change(report: dict[str, Any]) -> None:
        del report["levels"]
        report.update(verdict="green", complete=1)

    with pytest.raises(ReportError, match=r"verdict is 'green'.*; complete is 1, .*; levels is missing; run"):
        validate.validate(edited(change))
