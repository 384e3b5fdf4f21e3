"""Interactive plots of runs and ratings, opened in a browser."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from baselines import charts
from baselines.__main__ import main

CHROMIUM = "/usr/bin/chromium"
RATINGS = {
    "result": {
        "players": ["one", "two"],
        "win_rates": [[None, 0.75], [0.25, None]],
        "anchor": "two",
        "ratings": [
            {"name": "one", "elo": 190.0, "ci95": [150.0, 230.0], "standard_error": 20.0},
            {"name": "two", "elo": 0.0, "ci95": [0.0, 0.0], "standard_error": 0.0},
        ],
    }
}


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """A run of two seeds, as its files have it."""
    folder = tmp_path / "first"
    folder.mkdir()
    rows = [
        {"steps": 100 * k, "mean_return": 1.5 * k, "return_by_member": [k, 2.0 * k], "entropy": 1.0 / k}
        for k in range(1, 5)
    ]
    rows[1]["entropy"] = float("nan")
    (folder / "metrics.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return folder


def test_curves_hold_every_seed(run):
    from baselines.plot import read_rows

    plots = charts.curves({"first": read_rows(run)})
    assert list(plots) == ["mean return", "entropy"]
    points = (
        plots["mean return"]["layer"][0]["data"]["values"]
        if "data" in plots["mean return"]["layer"][0]
        else (plots["mean return"]["data"]["values"])
    )
    by_seed = {seed: [p["value"] for p in points if p["seed"] == seed] for seed in ("0", "1", "mean")}
    assert by_seed == {"0": [1, 2, 3, 4], "1": [2, 4, 6, 8], "mean": [1.5, 3, 4.5, 6]}
    assert "NaN" not in json.dumps(plots)


def test_the_pages_in_a_browser(run, tmp_path):
    """Plots are drawn, the pointer shows values, and nothing is requested."""
    if not os.access(CHROMIUM, os.X_OK):
        pytest.skip(f"there is no {CHROMIUM}: apt-get install chromium")
    api = pytest.importorskip("playwright.sync_api", reason="Playwright, which drives Chromium, is not installed")
    (tmp_path / "r.json").write_text(json.dumps(RATINGS))
    assert main(["plot", str(run)]) == 0 and main(["plot", str(tmp_path / "r.json")]) == 0
    wrong: list[str] = []
    with api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        for path, count in ((run / "curve.html", 2), (tmp_path / "r.html", 2)):
            page = browser.new_page(color_scheme="dark")
            page.on("console", lambda said: wrong.append(said.text))
            page.on("pageerror", lambda error: wrong.append(str(error)))
            page.on("request", lambda asked: wrong.append(asked.url) if asked.url.startswith("http") else None)
            page.goto(path.as_uri())
            page.wait_for_selector("html[data-drawn=true]", state="attached", timeout=20_000)
            assert page.locator(".plot svg").count() == count
            box = page.locator(".plot svg").last.bounding_box()
            page.mouse.move(box["x"] + box["width"] * 0.4, box["y"] + box["height"] * 0.3)
            page.mouse.move(box["x"] + box["width"] * 0.5, box["y"] + box["height"] * 0.35)
            page.wait_for_selector("#vg-tooltip-element.visible", timeout=5_000)
        browser.close()
    assert wrong == []


def test_without_altair_the_page_has_the_picture(run, monkeypatch):
    monkeypatch.setattr(charts, "available", lambda: False)
    assert main(["plot", str(run)]) == 0
    page = (run / "curve.html").read_text("utf-8")
    assert "data:image/png;base64," in page and "pip install 'pokejax[site]'" in page
    assert "first: the last figures" in page


def test_a_file_without_ratings_is_refused(tmp_path, capsys):
    (tmp_path / "x.json").write_text("{}")
    assert main(["plot", str(tmp_path / "x.json")]) == 1
    assert "x.json: holds no ratings; give what `rate --json` wrote" in capsys.readouterr().err
