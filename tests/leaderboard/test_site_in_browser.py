"""Documentation and board in one folder, opened from disk in headless Chromium: sorting, filters, plots, search."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from jaxenv.builtin import BUILT_IN, HOST
from leaderboard.site.environment import slug

pytest.importorskip("zensical", reason="Zensical, which renders the documentation, is not installed")
ROOT = Path(__file__).resolve().parents[2]
CHROMIUM = "/usr/bin/chromium"
WIDTHS = {"phone": 390, "desk": 1280}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder that `.ci/site` has built."""
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, str(ROOT / ".ci" / "site"), str(folder)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "0 problems" in done.stdout
    return folder


class Tab:
    """A page of a browser, and all that went wrong in it: errors, and requests to anything but files."""

    def __init__(self, context, site: Path) -> None:
        self.page = context.new_page()
        self.site = site
        self.wrong: list[str] = []
        self.page.on("console", lambda said: said.type in ("error", "warning") and self.wrong.append(said.text))
        self.page.on("pageerror", lambda error: self.wrong.append(str(error)))
        self.page.on("request", lambda asked: self.wrong.append(asked.url) if not local(asked.url) else None)

    def open(self, name: str) -> None:
        self.page.goto((self.site / name).as_uri())

    def drawn(self) -> None:
        """Wait until the plots are there."""
        self.page.wait_for_selector("html[data-drawn=true]", state="attached", timeout=20_000)

    def shown(self, column: int) -> list[str]:
        """Values by which a column of the overview is sorted, of the rows that are shown."""
        found = f"#overview tbody tr:not([hidden]) td:nth-child({column})"
        return self.page.eval_on_selector_all(found, "cells => cells.map((cell) => cell.dataset.v)")


def local(url: str) -> bool:
    return url.startswith(("file:", "data:", "blob:", "about:"))


@pytest.fixture(scope="module")
def browser() -> Iterator:
    if not os.access(CHROMIUM, os.X_OK):
        pytest.skip(f"there is no {CHROMIUM}: apt-get install chromium")
    api = pytest.importorskip("playwright.sync_api", reason="Playwright, which drives Chromium, is not installed")
    with api.sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield running
        running.close()


@pytest.fixture
def tab(browser, site: Path) -> Iterator[Tab]:
    context = browser.new_context(viewport={"width": WIDTHS["desk"], "height": 900}, color_scheme="light")
    opened = Tab(context, site)
    yield opened
    assert not opened.wrong
    context.close()


def test_folder_has_documentation_and_every_environment(site: Path) -> None:
    assert (site / "index.html").is_file() and (site / "verification.html").is_file()
    for env in (*BUILT_IN, *HOST):
        assert (site / "board" / "env" / f"{slug(env)}.html").is_file()


def test_overview_sorts(tab: Tab) -> None:
    tab.open("board/index.html")
    tab.drawn()
    assert tab.page.locator("figure.plot svg.marks").count() == 1
    tab.page.click("th:nth-child(2) button")
    ratios = [float(value) for value in tab.shown(2) if value]
    assert len(ratios) > 2 and ratios == sorted(ratios, reverse=True)
    assert tab.shown(2)[-1] == ""  # not measured comes last
    tab.page.click("th:nth-child(2) button")
    assert [float(value) for value in tab.shown(2) if value] == sorted(ratios)
    assert tab.shown(2)[-1] == ""
    tab.page.click("th:nth-child(1) button")
    names = [name.lower() for name in tab.shown(1)]
    assert names == sorted(names)


def test_overview_filters(tab: Tab) -> None:
    tab.open("board/index.html")
    everything = len(tab.shown(1))
    tab.page.uncheck("[data-filter=best]")
    assert len(tab.shown(1)) > everything
    hardware = tab.page.eval_on_selector_all("[data-filter=hardware] option", "all => all.map((one) => one.text)")[1:]
    assert len(hardware) > 1
    for one in hardware:
        tab.page.select_option("[data-filter=hardware]", one)
        rows = "#overview tbody tr:not([hidden])"
        shown = tab.page.eval_on_selector_all(rows, "rows => rows.map((row) => row.dataset.hardware)")
        assert shown and set(shown) == {one}
    tab.page.select_option("[data-filter=hardware]", "")
    first = tab.shown(1)[0]
    tab.page.fill("[data-filter=text]", first.upper())
    assert set(tab.shown(1)) == {first}
    tab.page.fill("[data-filter=text]", "no environment is called so")
    assert tab.shown(1) == [] and tab.page.inner_text("form.filters output").startswith("0 of ")


def test_theme_changes_and_plots_follow(tab: Tab) -> None:
    tab.open("board/index.html")
    tab.drawn()
    colour = "getComputedStyle(document.body).backgroundColor"
    label = "getComputedStyle(document.querySelector('figure.plot svg.marks text')).fill"
    before = tab.page.evaluate(colour), tab.page.evaluate(label)
    tab.page.click("#theme")
    tab.page.wait_for_function(f"{label} !== {before[1]!r}", timeout=20_000)
    assert tab.page.evaluate(colour) != before[0]


@pytest.mark.parametrize("width", WIDTHS)
def test_pages_fit_the_screen(tab: Tab, width: str) -> None:
    tab.page.set_viewport_size({"width": WIDTHS[width], "height": 800})
    pages = sorted((tab.site / "board" / "env").glob("*.html"), key=lambda path: -path.stat().st_size)[:2]
    for name in ("board/index.html", "board/paper.html", "index.html", *(f"board/env/{one.name}" for one in pages)):
        tab.open(name)
        if name.startswith("board/"):
            tab.drawn()
        assert tab.page.evaluate("document.documentElement.scrollWidth") <= WIDTHS[width], name


def test_every_plot_is_drawn(tab: Tab) -> None:
    for page in sorted((tab.site / "board" / "env").glob("*.html")):
        tab.open(f"board/env/{page.name}")
        tab.drawn()
        assert tab.page.locator("figure.plot").count() == tab.page.locator("figure.plot svg.marks").count()


def test_documentation_is_searched_from_disk(tab: Tab) -> None:
    tab.open("index.html")
    tab.page.click(".md-search__button")
    tab.page.wait_for_timeout(300)
    tab.page.keyboard.type("observation")
    found = (
        "[...document.querySelectorAll('*')].some((e) => e.shadowRoot && /\\d+ results/.test(e.shadowRoot.textContent))"
    )
    tab.page.wait_for_function(found, timeout=20_000)
