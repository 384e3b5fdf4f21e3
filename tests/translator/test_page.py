"""The page of a run: costs by module and level, calls to green, and what is not verified."""

from __future__ import annotations

from html.parser import HTMLParser
from pathlib import Path

import toy_translation as toy

from translator import page


class Cells(HTMLParser):
    """Rows of all tables, as texts, and the tags that were opened and not closed."""

    def __init__(self) -> None:
        super().__init__()
        self.rows: list[list[str]] = []
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "tr":
            self.rows.append([])
        if tag in ("td", "th"):
            self.rows[-1].append("")
        if tag not in ("meta",):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] in ("td", "th"):
            self.rows[-1][-1] += data


def test_a_run_has_a_page(tmp_path: Path) -> None:
    position, _ = toy.finish(toy.begin(tmp_path, "scripted:buggy:T1,T4"))
    text = (tmp_path / "run/report.html").read_text()
    cells = Cells()
    cells.feed(text)
    assert not cells.open and position.attempt == 3
    assert ["place", "0.05 (1)", "0.05 (1)", "", "0.10 (2)"] in cells.rows
    assert ["module", "generate", "repair L1", "repair L2", "sum"] in cells.rows
    assert ["all", "0.05 (1)", "0.05 (1)", "0.05 (1)", "0.15 (3)"] in cells.rows
    assert ["L1 of place", "2"] in cells.rows and ["L2", "3"] in cells.rows
    assert "Simulation. A scripted agent stood in for a model" in text and "<li>nothing was left out</li>" in text


def test_words_of_an_agent_cannot_become_markup() -> None:
    result = {
        "project": "<b>x", "state": "STUCK", "reason": "<script>alert(1)</script>", "agent": "a", "iterations": 0,
        "cost_usd": "0.00", "cap_usd": "1.00", "seconds": 1.0, "levels": {"L1": "not_run"},
    }  # fmt: skip
    text = page.render(result, [], [], [], ["<i>"])
    assert "<script>" not in text and "<b>x" not in text and "&lt;script&gt;alert(1)" in text and "<i>" not in text


def test_costs_of_a_run_without_calls_are_an_empty_table() -> None:
    assert page.costs([]) == {"reasons": [], "rows": {}}
