"""`leaderboard reproduce paper`: six sections, where each figure is from, and what is not there yet."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path

import pytest

import families
from leaderboard import section
from leaderboard.__main__ import main
from leaderboard.paper import board, report
from leaderboard.paper.board import Board, Row
from leaderboard.paper.figures import SECTIONS, PaperRow

SPEED = {
    "env": "toy/one", "mode": "env_random_legal", "median_sps": 2e6, "backend": "simd:cpu", "cores": 2, "batch": 4096,
    "ratio": 40.0, "reference": {"name": "slow", "median_sps": 5e4}, "date": "2026-11-23T05:05:04",
    "command": "bench toy", "machine": {"cpu": "Xeon", "cores": 2, "accelerator": None},
}  # fmt: skip
RUN = {
    "env": "toy/one", "algorithm": "ppo", "steps": 1_000_000, "minutes": 3.0, "mean_return": 5.0, "train_sps": 9e4,
    "command": "train toy", "machine": "two cores",
}  # fmt: skip
PAPER = PaperRow(
    section="throughput", what="toy", paper="4M", value=4e6, ours=partial(board.steps_per_second, env="toy/one")
)


def test_six_sections_and_every_figure_of_the_paper(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    out = tmp_path / "paper.json"
    assert main(["reproduce", "paper", "--json", str(out)]) == 0
    told = capsys.readouterr().out
    titles = [line for line in told.splitlines() if line.startswith("## ")]
    assert titles == [f"## {number}. {title}" for number, title in enumerate(SECTIONS.values(), 1)] and len(titles) == 6
    for figure in (
        "500M",
        "15.2M",
        "16.2M",
        "140M",
        "35.5M",
        "1.66M",
        "798K",
        "717K",
        "153K",
        "14.5K",
        "0.313",
        "$3.26",
    ):
        assert figure in told
    rows = json.loads(out.read_text())["rows"]
    assert {row["section"] for row in rows} == set(SECTIONS)
    for row in rows:
        if row["ours"] != "not yet":
            assert row["ours"]["command"] and row["ours"]["machine"] and not row["ours"]["measured"]
            assert row["ratio"] is None or row["ratio"] == pytest.approx(row["ours"]["value"] / row["paper_value"])


def test_what_is_not_measured_says_so() -> None:
    (line,) = report.lines([PAPER], Board(()))
    assert line.source() == "not yet" and line.ratio is None and line.to_json()["ours"] == "not yet"
    assert "  * ours: not yet" in list(report.text([line]))


def test_rows_of_this_run_go_before_those_on_record() -> None:
    slower = Row("sps", {**SPEED, "median_sps": 1e6}, measured=True)
    (line,) = report.lines([PAPER], Board((Row("sps", SPEED), slower)))
    assert line.ratio == 0.25 and line.source().startswith("measured in this run, Xeon, 2 cores")
    (line,) = report.lines([PAPER], Board((Row("sps", SPEED),)))
    assert line.ratio == 0.5 and line.source() == "recorded 2026-11-23, Xeon, 2 cores: `bench toy`"
    assert line.ours is not None
    assert line.ours.text == "2M (simd:cpu, 2 cores, 4,096 lanes); 40× slow, which makes 50K here"


def test_skill_is_told_beside_the_reference_at_its_rate() -> None:
    other = Row("training", {**RUN, "steps": 9_000_000, "command": "train toy --reference"})
    found = board.equal_skill(Board((Row("sps", SPEED), Row("training", RUN), other)), "toy/one")
    assert found is not None
    assert found.text.startswith("3 min for 1M steps, mean return 5; slow needs 20 s for the steps alone")
    assert board.equal_skill(Board(()), "toy/one") is None


def test_each_family_declares_rows_of_its_own() -> None:
    declared = {family.name: family.part("paper") for family in families.families() if family.paper}
    assert {"pokejax_gen1", "cheetahjax", "pongjax"} <= set(declared)
    assert all(isinstance(row, PaperRow) for rows in declared.values() for row in rows)


def test_bad_files_are_refused(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    (tmp_path / "torn.json").write_text("{")
    assert main(["reproduce", "paper", "--with", str(tmp_path / "torn.json")]) == 2
    assert "torn.json: not JSON, or cut short" in capsys.readouterr().err
    (tmp_path / "file").write_text("")
    assert main(["reproduce", "paper", "--json", str(tmp_path / "file" / "x.json")]) == 2
    assert "choose another file with --json" in capsys.readouterr().err


@pytest.mark.parametrize(("value", "text"), [(3.0, "3"), (2139620.0, "2.14M"), (5e8, "500M"), (7.2e3, "7.2K")])
def test_short(value: float, text: str) -> None:
    assert section.short(value) == text


@pytest.mark.parametrize(("seconds", "text"), [(3, "3 s"), (90, "1.5 min"), (7200, "2 hours"), (172800, "2 days")])
def test_duration(seconds: float, text: str) -> None:
    assert board.duration(seconds) == text
