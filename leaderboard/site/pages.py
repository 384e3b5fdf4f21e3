"""Pages and their data, put into a folder."""

from __future__ import annotations

import json
from collections.abc import Sequence
from itertools import groupby
from pathlib import Path
from typing import Any

import jinja2
import vl_convert

from jaxenv.commands import files
from leaderboard.paper import report
from leaderboard.paper.figures import SECTIONS, PaperRow
from leaderboard.records import submission
from leaderboard.section import short
from leaderboard.site import charts, environment, overview
from leaderboard.site.collected import Collected

HERE = Path(__file__).parent
REMEDY = "choose another folder"
THOUSAND = 1000
_EMBED = "window.vegaEmbed = vegaEmbed;"


def build(collected: Collected, folder: Path, paper: Sequence[PaperRow] = (), documents: str = "") -> list[Path]:
    """Write all pages into `folder`, and name them. `StorageError` where it cannot be written.

    `documents`: a link from the overview to the documentation; "" for none.
    """
    contents = {folder / name: text for name, text in pages(collected, paper, documents).items()}
    data = {folder / "data" / name: submission.text(value) for name, value in collected.files.items()}
    files.write_all({**contents, **data, **assets(folder)}, REMEDY)
    return [path for path in contents if path.suffix == ".html"]


def assets(folder: Path) -> dict[Path, str]:
    """Style, script, and the libraries that draw the plots, from the wheel that is installed."""
    found = {folder / "assets" / file.name: file.read_text("utf-8") for file in sorted((HERE / "static").iterdir())}
    return {**found, folder / "assets" / "vega.js": vl_convert.javascript_bundle(_EMBED)}


def pages(collected: Collected, paper: Sequence[PaperRow] = (), documents: str = "") -> dict[str, str]:
    """Path → text of every page, and of the overview as JSON."""
    lines = overview.lines(collected)
    templates = _templates(documents)
    found = {
        "index.html": templates.get_template("overview.html").render(root="", **_overview(lines)),
        "paper.html": templates.get_template("paper.html").render(root="", sections=_paper(collected, paper)),
        "data/index.json": json.dumps([_plain(line) for line in lines], indent=1) + "\n",
    }
    for env, own in groupby(lines, key=lambda line: line.env):
        values = environment.page(collected, env, list(own))
        page = templates.get_template("environment.html").render(root="../", **values)
        found[f"env/{environment.slug(env)}.html"] = page
    return found


def _templates(documents: str) -> jinja2.Environment:
    made = jinja2.Environment(
        loader=jinja2.FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters.update(short=short, slug=environment.slug, engine=overview.engine, hardware=overview.hardware)
    made.filters.update(mode=overview.mode, figure=_figure)
    made.globals["documents"] = documents
    made.filters["sortable"] = lambda value: "" if value is None else value
    return made


def _figure(value: float | None, form: str = ".3g") -> str:
    """A number by a format, whole from a thousand on; a dash for none."""
    if value is None:
        return "–"
    return f"{value:,.0f}" if form == ".3g" and abs(value) >= THOUSAND else format(value, form)


def _overview(lines: list[overview.Line]) -> dict[str, Any]:
    bars = [
        {
            "name": f"{line.env.rpartition('/')[2]}, {line.engine}",
            "ratio": line.row["ratio"],
            "steps": short(line.row["median_sps"]),
            "reference": line.reference,
        }
        for line in sorted(overview.front(lines), key=lambda line: -(line.row or {}).get("ratio", 0))
        if line.row and line.row["ratio"]
    ]
    measured = [line for line in lines if line.row]
    return {
        "lines": lines,
        "chart": charts.speed_up(bars) if bars else None,
        "hardware": sorted({line.hardware for line in measured}),
        "modes": sorted({line.mode for line in measured}, reverse=True),
        "engines": sorted({line.engine for line in measured}),
        "environments": len({line.env for line in lines}),
        "unmeasured": len({line.env for line in lines if not line.row}),
    }


def _paper(collected: Collected, rows: Sequence[PaperRow]) -> list[dict[str, Any]]:
    found = report.lines(rows, collected.paper())
    return [
        {"title": title, "lines": [line for line in found if line.row.section == section]}
        for section, title in SECTIONS.items()
    ]


def _plain(line: overview.Line) -> dict[str, Any]:
    """A line of the overview as JSON; `row` is in `file`, among others."""
    row = line.row or {}
    return {
        "env": line.env,
        "reference": line.reference,
        "equivalence": line.equivalence.text,
        "gap": None
        if line.gap is None
        else {"verdict": line.gap.verdict, "reach": line.gap.reach, "file": line.gap.file},
        "measured": line.row is not None,
        "file": line.file,
        "standing": line.standing,
        "best": line.best,
        **{name: row.get(name) for name in ("median_sps", "ratio", "batch", "backend", "mode", "date", "command")},
        "hardware": line.hardware,
    }
