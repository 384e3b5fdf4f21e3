"""Pages of the board: what stands in them, their links, the front table, and errors that say what to do."""

from __future__ import annotations

import copy
import html
import importlib.machinery
import importlib.util
import json
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

import jaxenv
import jaxlanes
import pokejax
from jaxenv.builtin import BUILT_IN, HOST
from leaderboard.__main__ import main
from leaderboard.section import short
from leaderboard.site import collected, environment, equivalence, front, links, overview
from leaderboard.site.collected import Collected, SiteError
from leaderboard.site.described import describe

ROOT = Path(__file__).resolve().parents[2]
RESULTS = ROOT / "leaderboard" / "results"
DOCUMENTS = ("README.md", "docs/index.md")


@pytest.fixture(scope="module")
def everything() -> Collected:
    return collected.collect()


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("board")
    assert main(["build", str(folder)]) == 0
    return folder


def page_of(built: Path, env: str) -> str:
    return html.unescape((built / "env" / f"{environment.slug(env)}.html").read_text("utf-8"))


def speed_file() -> dict[str, Any]:
    return json.loads(next(RESULTS.glob("*/*-sps-*.json")).read_text("utf-8"))


def put(folder: Path, data: dict[str, Any], name: str = "toys/exact-sps-20260101-somebody-00000000.json") -> Path:
    (folder / name).parent.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(json.dumps(data), "utf-8")
    return folder


def small(folder: Path, **evidence: dict[str, Any]) -> Collected:
    """A board of one file of this repository's, with evidence of a toy."""
    (folder / "evidence").mkdir(parents=True)
    for name, data in evidence.items():
        (folder / "evidence" / f"{name}.json").write_text(json.dumps(data), "utf-8")
    put(folder / "results", speed_file())
    return collected.collect(folder / "results", folder / "evidence", folder / "ERRATA.md", ["toys/exact"])


def report(level: str, verdict: str, divergences: int = 0) -> dict[str, Any]:
    one = {"level": level, "verdict": verdict, "episodes": 3, "steps": 9, "divergences": divergences}
    return {"env": "toys/exact", "levels": [one], "command": "verify", "provenance": {"commit": "0123456789"}}


def test_every_environment_has_a_page(built: Path) -> None:
    overview_page = (built / "index.html").read_text("utf-8")
    for env in (*BUILT_IN, *HOST):
        assert f'href="env/{environment.slug(env)}.html"' in overview_page
        assert env in page_of(built, env)


def test_observations_are_told_field_by_field(built: Path) -> None:
    for env in sorted(BUILT_IN)[::4]:
        page = page_of(built, env)
        for field in jaxenv.make(env).obs_spec.fields:
            assert f"<code>{field.name}</code>" in page and field.meaning in page


def test_environment_that_cannot_be_made_says_why() -> None:
    found = describe("no/such-environment")
    assert "no/such-environment" in found.problem and not found.facts


def test_environments_without_rows_say_so(built: Path, everything: Collected) -> None:
    lines = json.loads((built / "data" / "index.json").read_text("utf-8"))
    without = {line["env"] for line in lines if not line["measured"]}
    assert without == set(everything.environments) - {row["env"] for _, kind, row in everything.rows if kind == "sps"}
    assert without and all("not measured yet" in page_of(built, env) for env in without)


def test_links_lead_somewhere_and_nothing_is_fetched(built: Path) -> None:
    assert len(list(built.rglob("*.html"))) > 10
    assert links.problems(built) == []


def test_every_figure_links_to_its_file_and_names_its_command(built: Path, everything: Collected) -> None:
    for path, kind, row in everything.rows:
        page = page_of(built, row["env"])
        assert row["command"] in page
        if kind in ("sps", "gap", "training", "training speed"):
            assert f'href="../data/{path}"' in page
        if kind == "sps":
            assert f">{short(row['median_sps'])}</a>" in page
        assert json.loads((built / "data" / path).read_text("utf-8")) == everything.files[path]


def test_paper_has_six_sections_with_sources(built: Path) -> None:
    page = html.unescape((built / "paper.html").read_text("utf-8"))
    assert page.count("<h2>") == 6
    assert "not yet" in page and 'href="data/results/' in page


@pytest.mark.parametrize("name", DOCUMENTS)
def test_front_table_is_the_boards(name: str, everything: Collected) -> None:
    assert front.markdown(overview.lines(everything)) in (ROOT / name).read_text("utf-8")
    assert main(["front", str(ROOT / name), "--check"]) == 0


def test_front_rows_are_the_fastest_of_the_results(everything: Collected) -> None:
    wanted: dict[tuple[str, str], float] = {}
    cores = {}
    for file in RESULTS.glob("*/*-sps-*.json"):
        for row in json.loads(file.read_text("utf-8"))["rows"]:
            if row["mode"] == "env_random_legal":
                key, count = (row["env"], row["backend"]), row.get("cores", row["machine"]["cores"])
                if count > cores.get(key, 0):
                    cores[key], wanted[key] = count, 0.0
                if count == cores[key]:
                    wanted[key] = max(wanted[key], row["median_sps"])
    found = {
        (line.env, line.row["backend"]): line.row["median_sps"]
        for line in overview.front(overview.lines(everything))
        if line.row
    }
    assert found == wanted


def test_front_is_written_between_its_marks(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    document = tmp_path / "page.md"
    document.write_text(f"before\n\n{front.BEGIN}\nold\n{front.END}\nafter\n", "utf-8")
    assert main(["front", str(document), "--check"]) == 1
    assert "leaderboard front" in capsys.readouterr().err
    assert main(["front", str(document)]) == 0
    text = document.read_text("utf-8")
    assert text.startswith("before\n") and text.endswith(f"{front.END}\nafter\n") and "old" not in text
    assert main(["front", str(document), "--check"]) == 0
    document.write_text("no marks\n", "utf-8")
    assert main(["front", str(document)]) == 2
    assert front.BEGIN in capsys.readouterr().err


@pytest.mark.parametrize(
    ("given", "state"),
    [
        ({}, "not verified"),
        ({"a": report("L1", "pass")}, "partly"),
        ({"a": report("L1", "pass"), "b": report("L3", "pass")}, "equal"),
        ({"a": report("L1", "pass"), "b": report("L3", "fail", 1)}, "differs"),
        ({"a": report("L1", "pass", 1), "b": report("L3", "pass")}, "differs"),
    ],
)
def test_badges(tmp_path: Path, given: dict[str, Any], state: str) -> None:
    proof = equivalence.equivalence(small(tmp_path / "board", **given), "toys/exact")
    assert proof.state == state
    assert {one.file for one in proof.levels} == {f"evidence/{name}.json" for name in given}


def test_voided_rows_are_out_of_the_tables(tmp_path: Path) -> None:
    data = speed_file()
    env = data["rows"][0]["env"]
    errata = "# Errata\n\n## Voided rows of the board\n\n|a|b|c|d|e|\n|---|---|---|---|---|\n"
    (tmp_path / "ERRATA.md").write_text(errata + f"| `{env}` | `*` | - | today | wrong |\n", "utf-8")
    found = collected.collect(put(tmp_path / "results", data), tmp_path, tmp_path / "ERRATA.md", [])
    assert not found.rows and len(found.void) == len(data["rows"])
    (line,) = overview.lines(found)
    assert line.row is None
    assert environment.page(found, env, [line])["voided"]


def test_checksums_that_differ_are_told(tmp_path: Path) -> None:
    data = speed_file()
    other = copy.deepcopy(data)
    other["rows"][0]["checksum"] = "00000000"
    put(tmp_path / "results", data, "toys/a-sps-20260101-one-00000000.json")
    put(tmp_path / "results", other, "toys/b-sps-20260101-two-00000000.json")
    found = collected.collect(tmp_path / "results", tmp_path, tmp_path / "ERRATA.md", [])
    env = data["rows"][0]["env"]
    page = environment.page(found, env, [line for line in overview.lines(found) if line.env == env])
    assert "2 runs differ" in {one["verdict"] for one in page["checksums"]}


def test_no_rows(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "empty").mkdir()
    assert main(["build", str(tmp_path / "out"), "--results", str(tmp_path / "empty")]) == 2
    said = capsys.readouterr().err
    assert str(tmp_path / "empty") in said and "no rows" in said and "leaderboard bench" in said
    assert not (tmp_path / "out").exists()


def test_row_without_a_field(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data = speed_file()
    del data["rows"][0]["median_sps"]
    results = put(tmp_path / "results", data)
    assert main(["build", str(tmp_path / "out"), "--results", str(results)]) == 2
    said = capsys.readouterr().err
    assert "median_sps" in said and "exact-sps" in said


def test_evidence_without_a_field(tmp_path: Path) -> None:
    lacking = report("L1", "pass")
    del lacking["levels"][0]["steps"]
    with pytest.raises(SiteError, match=r"evidence/a\.json: a level lacks the field 'steps'"):
        overview.lines(small(tmp_path / "board", a=lacking))
    with pytest.raises(SiteError, match=r"evidence/b\.json: it lacks the field 'by_level'"):
        overview.lines(small(tmp_path / "other", b={"env": "toys/exact", "schema": "verification.mutants/1"}))


def test_folder_that_cannot_be_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "file").write_text("")
    assert main(["build", str(tmp_path / "file")]) == 2
    said = capsys.readouterr().err
    assert "cannot be written" in said and "another folder" in said


def test_without_altair(tmp_path: Path) -> None:
    code = """
import sys
sys.modules["altair"] = sys.modules["vl_convert"] = None
from leaderboard.__main__ import main
assert main(["front", sys.argv[1], "--check"]) == 0
sys.exit(main(["build", sys.argv[2]]))
"""
    command = [sys.executable, "-c", code, str(ROOT / "README.md"), str(tmp_path / "out")]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 2
    assert "pip install 'pokejax[site]'" in done.stderr and not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ('<a href="gone.html">x</a>', "gone.html, which is not there"),
        ('<a href="#gone">x</a>', "no #gone"),
        ('<a href="folder/">x</a>', "a folder"),
        ('<script src="https://example.org/a.js"></script>', "fetches https://example.org/a.js"),
        ('<link rel="stylesheet" href="//example.org/a.css">', "fetches //example.org/a.css"),
        ('<img src="gone.png">', "loads gone.png"),
        ("<p>see [the page][there]</p>", "unrendered"),
        ("<p>see [the page](there.md)</p>", "unrendered"),
        ("<p>::: jaxenv.make</p>", "unrendered"),
    ],
)
def test_broken_pages_are_found(tmp_path: Path, body: str, told: str) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "index.html").write_text(f"<html><body>{body}</body></html>", "utf-8")
    (problem,) = links.problems(tmp_path)
    assert problem.startswith("index.html: ") and told in problem


def test_sound_pages_are_not_found_fault_with(tmp_path: Path) -> None:
    body = (
        '<h1 id="top">x</h1><a href="#top">x</a><a href="https://example.org">x</a><code>[a](b.md)</code>'
        '<link rel="canonical" href="https://example.org"><img src="data:image/png;base64,">'
    )
    (tmp_path / "index.html").write_text(f"<html><body>{body}</body></html>", "utf-8")
    (tmp_path / "site.css").write_text("a { background: url(x.png) }")
    assert links.problems(tmp_path) == []
    (tmp_path / "site.css").write_text("@import 'https://example.org/a.css';")
    assert links.problems(tmp_path) == ["site.css: fetches https://example.org/a.css"]


@pytest.fixture(scope="module")
def ci_site() -> ModuleType:
    loader = importlib.machinery.SourceFileLoader("ci_site", str(ROOT / ".ci" / "site"))
    spec = importlib.util.spec_from_loader("ci_site", loader)
    assert spec
    module = importlib.util.module_from_spec(spec)
    loader.exec_module(module)
    return module


def test_navigation_has_every_page(ci_site: ModuleType) -> None:
    text = (ROOT / "mkdocs.yml").read_text("utf-8")
    assert ci_site.check_navigation(text, ci_site.pages()) == []
    lacking = text.replace("      - Limits: limits.md\n", "      - Gone: gone.md\n")
    assert ci_site.check_navigation(lacking, ci_site.pages()) == [
        "mkdocs.yml: the navigation lacks limits.md; add it to `nav`",
        "mkdocs.yml: the navigation names gone.md, which is no page",
    ]


@pytest.mark.parametrize(
    ("link", "new"),
    [
        ("verification.md#levels", "verification.md#levels"),
        ("../baselines/README.md", "baselines.md"),
        ("../leaderboard/results/", "board/index.html"),
        ("evidence/", "evidence/README.md"),
        ("evidence/pong-levels.json", "evidence/pong-levels.json"),
        ("../pyproject.toml", "https://github.com/pokejax/pokejax/blob/main/pyproject.toml"),
        ("https://github.com/pokejax/pokejax/blob/main/docs/limits.md", "limits.md"),
        ("https://example.org/x.md", "https://example.org/x.md"),
    ],
)
def test_links_hold_among_the_copied_pages(ci_site: ModuleType, link: str, new: str) -> None:
    text = f"a [link]({link}), `[code]({link})`\n\n[there]: {link}\n\n```\n[code]({link})\n```\n"
    wanted = f"a [link]({new}), `[code]({link})`\n\n[there]: {new}\n\n```\n[code]({link})\n```\n"
    assert ci_site.relinked(text, "docs/figures.md", ci_site.pages()) == (wanted, [])


def test_exit_status_of_the_command(
    ci_site: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(ci_site, "check_navigation", lambda text, known: ["mkdocs.yml: the navigation lacks x.md"])
    assert ci_site.main([str(tmp_path / "out")]) == 1
    assert "the navigation lacks x.md" in capsys.readouterr().err
    (tmp_path / "file").write_text("")
    assert ci_site.main([str(tmp_path / "file")]) == 2
    assert "another folder" in capsys.readouterr().err


def test_an_unknown_name_of_the_api_is_refused(ci_site: ModuleType, tmp_path: Path) -> None:
    before, _, _ = (ROOT / "mkdocs.yml").read_text("utf-8").partition("nav:")
    (tmp_path / "mkdocs.yml").write_text(f"{before}nav:\n  - Page: index.md\n", "utf-8")
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "index.md").write_text("# A page\n\n::: jaxlanes.vmap\n", "utf-8")
    page = (ci_site.render(tmp_path) / "index.html").read_text("utf-8")
    assert 'id="jaxlanes.vmap"' in page and "jaxlanes.vmap" in page and ":::" not in page
    (tmp_path / "docs" / "index.md").write_text("# A page\n\n::: jaxlanes.nmap\n", "utf-8")
    with pytest.raises(ci_site.PagesError, match=r"^::: jaxlanes\.nmap: nothing has this name; mend it"):
        ci_site.render(tmp_path)


def test_public_names_are_in_the_api() -> None:
    text = "\n".join(page.read_text("utf-8") for page in (ROOT / "docs" / "api").glob("*.md"))
    there = set(text.split())
    public = {f"{module.__name__}.{name}" for module in (jaxenv, jaxlanes) for name in module.__all__}
    public |= {f"pokejax.{name}" for name in dir(pokejax) if not hasattr(jaxenv, name)}
    apart = {"jaxenv.__version__", "jaxenv.policy", "jaxenv.spaces"}  # modules, with entries of their own
    assert public - there - apart == set()


def test_a_broken_link_is_named_with_its_page(ci_site: ModuleType) -> None:
    _, broken = ci_site.relinked("[x](gone.md) and [y](../../outside.md)", "docs/figures.md", ci_site.pages())
    assert len(broken) == 2 and all(text.startswith("docs/figures.md: links to ") for text in broken)
