"""Reports for people: what stands in them, and that they are well-formed and self-contained."""

from __future__ import annotations

import copy
import json
import re
from html.parser import HTMLParser
from typing import Any
from xml.etree import ElementTree

import pytest
import report_samples as samples

from verification.reporting import charts, claims, html, markdown, text, validate, words
from verification.results import LEVELS, CheckResult, FieldDifference, Finding

VOID = {"meta", "br", "link", "img", "hr", "input"}


def plain(report: dict[str, Any]) -> dict[str, Any]:
    """The report as a file would give it."""
    return json.loads(json.dumps(report))


class Page(HTMLParser):
    """A page's tags, whether they are balanced, and its text as a reader gets it."""

    def __init__(self, source: str) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.attributes: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.blocks: dict[str, list[str]] = {}
        self.feed(source)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.attributes.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)
            self.blocks.setdefault(tag, []).append("")
        if tag in ("td", "th", "dt", "dd", "li", "p", "div", "br"):
            self.words.append(" ")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.attributes.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open, f"</{tag}> closes nothing"
        assert self.open.pop() == tag, f"</{tag}> closes another tag"

    def handle_data(self, data: str) -> None:
        if "style" not in self.open:
            self.words.append(data)
        for tag in set(self.open):
            self.blocks[tag][-1] += data

    @property
    def text(self) -> str:
        return " ".join("".join(self.words).split())


@pytest.fixture(scope="module", params=list(samples.ALL))
def rendered(request: pytest.FixtureRequest) -> tuple[dict[str, Any], str, Page]:
    """Every sample with its HTML."""
    report = plain(samples.ALL[request.param]())
    source = html.render(report)
    return report, source, Page(source)


def findings(report: dict[str, Any]) -> list[dict[str, Any]]:
    """All findings of a report."""
    return [finding for level in report["levels"] for check in level["checks"] for finding in check["findings"]]


def test_samples_are_valid_reports() -> None:
    for make in samples.ALL.values():
        validate.validate(plain(make()))


def test_html_is_well_formed(rendered: tuple[dict[str, Any], str, Page]) -> None:
    _, source, page = rendered
    assert source.lstrip().startswith("<!doctype html>")
    assert page.open == []


def test_html_is_self_contained(rendered: tuple[dict[str, Any], str, Page]) -> None:
    _, source, page = rendered
    assert not re.search(r"https?:|//[a-z]|url\(|@import", source)
    assert not [tag for tag, _ in page.attributes if tag in ("script", "link", "img", "iframe", "object")]
    links = [attributes["href"] for tag, attributes in page.attributes if tag == "a"]
    ids = {attributes.get("id") for _, attributes in page.attributes}
    assert links
    assert all(link and link.startswith("#") and link[1:] in ids for link in links)


def pictures(source: str) -> list[str]:
    """The outermost `<svg>` elements of a page."""
    found, depth, begin = [], 0, 0
    for mark in re.finditer(r"<svg\b|</svg>", source):
        if mark.group() == "<svg":
            begin = mark.start() if depth == 0 else begin
            depth += 1
        else:
            depth -= 1
            if depth == 0:
                found.append(source[begin : mark.end()])
    assert depth == 0
    return found


def test_html_pictures_are_xml_and_have_words(rendered: tuple[dict[str, Any], str, Page]) -> None:
    report, source, _ = rendered
    found = pictures(source)
    assert bool(found) == bool(report["coverage"]["declared"])
    for picture in found:
        root = ElementTree.fromstring(picture)
        assert root.get("aria-label")
        assert len(root) > 0


def test_html_says_every_verdict_in_words(rendered: tuple[dict[str, Any], str, Page]) -> None:
    report, source, page = rendered
    assert claims.headline(report) in page.text
    assert claims.claim(report) in page.text
    cells = re.findall(
        r'<li class="(\w+) cell-\w+">.*?<span class="level">(\w+)</span>.*?<span class="word">(.*?)</span>',
        source,
        re.DOTALL,
    )
    if claims.only_mutants(report):
        assert cells == []
        return
    verdicts = {level["level"]: level for level in report["levels"]}
    assert [level for _, level, _ in cells] == list(LEVELS)
    for verdict, level, word in cells:
        expected = verdicts[level]["verdict"] if level in verdicts else "not_asked"
        assert verdict == expected
        assert word.split(" ", 1)[0] == words.SYMBOLS[expected]
        assert word.split(" ", 1)[1] in (words.VERDICT_WORDS[expected], "partly run")


def test_html_holds_every_reproduction_escaped(rendered: tuple[dict[str, Any], str, Page]) -> None:
    report, source, page = rendered
    for finding in findings(report):
        assert finding["repro"] in page.blocks["pre"]
        for difference in finding["differences"]:
            assert difference["name"] in page.text
    assert "<steps>" not in source
    assert "<Can't" not in source


def test_html_stresses_the_first_field_with_expected_before_actual() -> None:
    source = html.render(plain(samples.failing()))
    row = re.search(r'<tr class="first">(.*?)</tr>', source, re.DOTALL)
    assert row
    shown = Page(row.group(1)).text
    assert shown.index("p1.team.0.hp") < shown.index("113") < shown.index("110") < shown.index("−3")


def test_markup_from_a_report_never_becomes_markup() -> None:
    evil = "<script>alert(1)</script> | `x` </pre> {{ 7 * 7 }}"
    check = CheckResult("L1/injected", "L1", evil, cases=10, unit="steps", planned=10)
    difference = FieldDifference(evil, evil, evil, evil)
    check.add(Finding(1, (difference,), evil, evil, ((evil, 1.0),), {evil: evil}, evil, evil, 1, evil))
    check.add(Finding(2, (), message=evil))
    check.notes.append(evil)
    report = samples.report([check.conclude()], env=evil, reason=evil, command=evil, blind_spots=[evil])
    report["coverage"]["counts"][evil] = 1
    source = html.render(plain(report))
    page = Page(source)
    assert page.open == []
    assert "script" not in {tag for tag, _ in page.attributes}
    assert "{{ 7 * 7 }}" in page.text
    for line in markdown.render(plain(report)).splitlines():
        if line.startswith("|"):
            assert len(re.findall(r"(?<!\\)\|", line)) in (5, 8), line


def test_interruption_is_said_everywhere() -> None:
    report = plain(samples.interrupted())
    page = Page(html.render(report))
    assert "Interrupted." in page.text
    assert "partly run" in page.text
    assert "120 of 200 episodes" in page.text
    assert "Interrupted." in markdown.render(report)
    assert any("interrupted" in line for line in text.lines(report))
    for words_ in (page.text, markdown.render(report), "\n".join(text.lines(report))):
        assert "Equal" not in words_
        assert "passed" in words_  # level 0 did pass
    assert "Interrupted." not in html.render(plain(samples.clean()))


def test_missing_capabilities_say_what_they_mean(rendered: tuple[dict[str, Any], str, Page]) -> None:
    report, _, page = rendered
    for gap in report["capabilities"]["missing"]:
        assert gap["means"] in page.text
    for gap in claims.gaps(report):
        assert claims.gap_sentence(gap) in page.text


def test_a_capability_that_both_sides_lack_is_named_once() -> None:
    missing = [{"side": side, "capability": "Taped", "means": "no draws"} for side in ("reference", "candidate")]
    report = samples.report([])
    report["capabilities"]["missing"] = missing
    assert [claims.gap_sentence(gap) for gap in claims.gaps(report)] == [
        "Taped is missing in reference and candidate: no draws"
    ]


def test_what_was_not_tested_is_complete() -> None:
    report = plain(samples.with_tost())
    headings = dict(claims.not_tested(report))
    assert headings["Levels"] == [
        f"{level}: not asked for"
        for level in ("L1 injected single steps", "L2 interactions", "L3d law of the random draws")
    ]
    assert headings["Tolerances"] == ["qpos.*: rtol 1e-05; float32 rounding, measured"]
    assert headings["Fields not compared"] == ["out.info.log: text for people, which no rule reads"]
    assert "L4/transfer" in headings["Checks without an answer"][0]
    assert "2 of 53" in headings["Behaviours never exercised"][0]
    assert headings["How rare a difference could still be"][0].startswith(
        "64 whole episodes (L3/free-run): up to 4.69 %"
    )
    page, short = Page(html.render(report)).text, markdown.render(report)
    for heading, items in headings.items():
        assert heading in short
        assert all(" ".join(item.split()) in page for item in items)


def test_claims_say_no_more_than_was_done() -> None:
    clean = claims.claim(plain(samples.clean()))
    assert clean == (
        "No difference in 20,000 injected single steps, 1,024 interaction traces and 200 whole episodes; "
        "so at most 1.5 % of such episodes differ (95 % confidence)."
    )
    failed = claims.claim(plain(samples.failing()))
    assert failed.startswith("Not equal: 3 divergences at L1 (L1/injected ran 20,000 injected single steps)")
    assert "61 divergences at L3" in failed
    assert "p1.team.0.hp (28 of 64)" in failed
    assert claims.claim(plain(samples.interrupted())) == (
        "Not verified: L3/episodes: partly run (120 of 200 episodes were run). "
        "Otherwise no difference in 120 whole episodes."
    )
    assert "node is not installed" in claims.claim(plain(samples.could_not_run()))
    assert "3 of 5 seeded bugs" in claims.claim(plain(samples.mutants_only()))
    assert "nothing about the candidate" in markdown.render(plain(samples.mutants_only()))


def test_checks_of_one_level_are_not_added_up() -> None:
    """Level 1's properties look at the very steps that were injected: 40,000 would be a claim too many."""
    report = plain(samples.clean())
    assert [check["cases"] for check in claims.tried(report)] == [20_000, 1024, 200]


def test_rule_of_three_only_where_cases_are_a_sample() -> None:
    sample = {"level": "L3", "unit": "episodes", "cases": 300, "divergences": 0}
    assert words.bound(sample) == pytest.approx(0.01)
    for changes in ({"divergences": 1}, {"cases": 0}, {"level": "L4"}, {"level": "L0", "unit": "checks"}):
        assert words.bound(sample | changes) is None


def test_survivors_come_first_with_their_explanation() -> None:
    page = Page(html.render(plain(samples.with_mutants()))).text
    table = page[page.index("seeded bug module") :]
    assert table.index("P21 swap_args") < table.index("P22 tie_order") < table.index("P1 crit_x2")
    assert "survives: equivalent" in table
    assert "survives: no explanation yet" in table
    assert "Only L2 found P17 lock_kept." in page
    assert "60 % (23.1 % to 88.2 %)" in page
    short = markdown.render(plain(samples.with_mutants()))
    assert re.search(r"survives: \*\*P22 tie\\_order\*\*.*unexplained", short)


def test_equivalence_tests_show_interval_margin_and_verdict() -> None:
    report = plain(samples.with_tost())
    page = Page(html.render(report)).text
    for test in report["tost"]:
        assert test["verdict"] in page
    assert "-0.007 … 0.015" in page
    assert "13,529 policies" in page
    assert "the trimmed test fails" in page
    plot = ElementTree.fromstring(charts.forest(report["tost"]))
    lines = [line for line in plot.iter("line") if "thick" in (line.get("class") or "")]
    assert len(lines) == 4
    assert plot.find("rect[@class='band']") is not None
    wide = lines[2]  # the win rate's interval leaves the picture on both sides and ends in arrows
    assert (wide.get("x1"), wide.get("x2")) == ("0%", "100%")
    assert {"◂", "▸"} <= {element.text for element in plot.iter("text")}


def test_divergence_table_counts_every_divergence() -> None:
    report = plain(samples.failing())
    episodes = next(level for level in report["levels"] if level["level"] == "L3")["checks"][0]
    shown = [element.text for element in ElementTree.fromstring(charts.divergence_table(episodes)).iter("text")]
    for name, count in episodes["first_fields"].items():
        assert name in shown
        assert str(count) in shown
    assert charts.cells_are_exact(episodes)
    # A check that counts on its own may give no cells: then the kept findings fill them, and the page says so.
    del episodes["stats"]["first_cells"]
    assert not charts.cells_are_exact(episodes)
    assert "cells only those kept in detail" in Page(html.render(report)).text
    exact = episodes | {"stats": {"first_cells": {"prng": {"3": 9}}}}
    assert charts.cells_are_exact(exact)
    assert "9" in charts.divergence_table(exact)


def test_curves_skip_what_cannot_be_drawn() -> None:
    data = {"x": [0, 1, 2, 3], "y": [1.0, None, float("inf"), 2.0], "limit": 5.0}
    plot = ElementTree.fromstring(charts.curves("error", {"": data}))
    assert len([line for line in plot.iter("polyline") if "curve" in (line.get("class") or "")]) == 2
    assert charts.curves("error", {"": {"x": [0], "y": [None]}}) == ""


def test_figures_and_tracebacks_of_checks_are_shown() -> None:
    page = Page(html.render(plain(samples.with_tost()))).text
    assert "decided by rounding: 3" in page
    assert "qpos.0 0.5 180" in page
    assert "ValueError: <bad>" in page


def test_coverage_names_what_never_ran() -> None:
    report = plain(samples.clean())
    page = Page(html.render(report)).text
    for name in report["coverage"]["never"]:
        assert name in page
    for name in report["coverage"]["counts"]:
        assert name in page
    assert "51 of 53: 96.2 %" in page
    assert "0.0031 % ± 0.0012 %" in page


@pytest.mark.parametrize("name", list(samples.ALL))
def test_markdown_is_short_and_has_its_sections(name: str) -> None:
    report = plain(samples.ALL[name]())
    short = markdown.render(report)
    assert len(short.splitlines()) <= 120
    sections = re.findall(r"^### (.*)$", short, re.MULTILINE)
    assert sections[0] == "Workload"
    assert sections[-1] == "What was not tested"
    assert claims.claim(report).split(" (")[0] in short.replace("\\", "")
    if not claims.only_mutants(report):
        assert {"What was tried", "Anomalies"} <= set(sections)
    for line in short.splitlines():
        assert not line.startswith("|") or line.endswith("|")


def test_markdown_shows_one_anomaly_of_each_kind() -> None:
    short = markdown.render(plain(samples.failing()))
    assert short.count("```sh") == 3
    assert "uv run python -m verification replay 'out/a & b/<steps>-inject-0.json'" in short
    assert "shrunk to 1 step" in short
    assert "| `p1.team.0.hp` | damage | `113` | `110` |" in short


def test_markdown_stays_short_whatever_a_run_finds() -> None:
    report = plain(samples.failing())
    level = report["levels"][1]
    many = []
    for k in range(60):
        check = copy.deepcopy(level["checks"][0])
        check["id"] = f"L1/number-{k}"
        for index, finding in enumerate(check["findings"]):
            finding["differences"][0]["name"] = f"field.{k}.{index}"
        many.append(check)
    level["checks"] = many
    level["divergences"] = sum(check["divergences"] for check in many)
    report["mutants"] = plain(samples.with_mutants())["mutants"]
    report["tost"] = plain(samples.with_tost())["tost"]
    report["blind_spots"] = [f"blind spot {k}" for k in range(40)]
    assert len(markdown.render(report).splitlines()) <= 120


def test_terminal_text_ends_with_the_claim() -> None:
    for make in samples.ALL.values():
        report = plain(make())
        lines = text.lines(report)
        assert lines[-1] == claims.claim(report)
        assert words.SYMBOLS[report["verdict"]] in lines[-2]
    lines = text.lines(plain(samples.failing()))
    assert any(re.search(r"p1\.team\.0\.hp\s+expected 113, actual 110", line) for line in lines)
    assert any(line.startswith("  again: uv run python -m verification replay") for line in lines)
