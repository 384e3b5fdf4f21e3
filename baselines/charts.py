"""Interactive plots of runs and ratings in one HTML file: values under the pointer, each seed. Needs Altair.

The script that draws them stands in the page: it opens from disk, and nothing is fetched.
"""

from __future__ import annotations

import html
import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from baselines.errors import CheckpointError

Rows = list[dict[str, Any]]
_SMALL = ("entropy", "explained_variance", "approx_kl")
_STYLE = (
    ":root{color-scheme:light dark}"
    "body{font-family:system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}"
    ".plot{width:100%}img{max-width:100%}th{text-align:left;padding-right:1rem;font-weight:normal}"
    "td{font-variant-numeric:tabular-nums}"
)
_SCRIPT = """
const dark = matchMedia("(prefers-color-scheme: dark)");
function draw() {
  const theme = dark.matches ? { theme: "dark" } : {};
  const plots = [...document.querySelectorAll("script[type='application/vega-lite+json']")];
  Promise.all(plots.map(plot => vegaEmbed(plot.previousElementSibling, JSON.parse(plot.textContent),
    { actions: false, renderer: "svg", ...theme, config: { background: null } })))
    .then(() => { document.documentElement.dataset.drawn = "true"; });
}
dark.addEventListener("change", draw);
draw();
"""


def available() -> bool:
    """True if Altair and the script that draws its plots are installed (`pip install 'pokejax[site]'`)."""
    try:
        import altair  # noqa: F401
        import vl_convert  # noqa: F401
    except ImportError:
        return False
    return True


def page(title: str, plots: Mapping[str, dict[str, Any]], after: str = "") -> str:
    """HTML with the plots (heading → Vega-Lite), and `after`, HTML that stands below them."""
    import vl_convert

    parts = [
        f'<h2>{html.escape(name)}</h2><div class="plot"></div>'
        f'<script type="application/vega-lite+json">{json.dumps(spec).replace("<", chr(92) + "u003c")}</script>'
        for name, spec in plots.items()
    ]
    library = vl_convert.javascript_bundle("window.vegaEmbed = vegaEmbed;")
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width, initial-scale=1"><title>{html.escape(title)}</title>'
        f"<style>{_STYLE}</style><h1>{html.escape(title)}</h1>{''.join(parts)}{after}"
        f'<script type="module">{library}{_SCRIPT}</script></html>\n'
    )


def curves(data: Mapping[str, Rows]) -> dict[str, dict[str, Any]]:
    """Plots of runs (name → rows of `metrics.jsonl`): win rates, the return with every seed, figures of the losses."""
    import altair as alt

    points = [point for name, rows in data.items() for row in rows for point in _points(name, row)]
    found = {}
    for measure in dict.fromkeys(point["measure"] for point in points):
        own = [point for point in points if point["measure"] == measure]
        near = alt.selection_point(fields=["steps", "line"], nearest=True, on="pointerover", empty=False)
        base = alt.Chart(alt.Data(values=own)).encode(
            x=alt.X("steps:Q", title="environment steps", axis=alt.Axis(format="~s")),
            y=alt.Y("value:Q", title=measure, scale=alt.Scale(zero=False)),
            color=alt.Color("run:N", title=None, legend=alt.Legend(orient="bottom", columns=2, labelLimit=300)),
            detail="line:N",
        )
        lines = base.mark_line().encode(
            opacity=alt.condition("datum.seed == 'mean'", alt.value(1), alt.value(0.35)),
            strokeWidth=alt.condition("datum.seed == 'mean'", alt.value(2.5), alt.value(1)),
        )
        dots = base.mark_circle(size=60).encode(
            opacity=alt.condition(near, alt.value(1), alt.value(0)),
            tooltip=["run:N", "seed:N", alt.Tooltip("steps:Q", format=","), alt.Tooltip("value:Q", format=".4~g")],
        )
        height = 320 if measure not in _SMALL else 160
        chart = alt.layer(lines, dots.add_params(near)).properties(width="container", height=height)
        found[measure.replace("_", " ")] = chart.to_dict()
    return found


def _points(name: str, row: dict[str, Any]) -> list[dict[str, Any]]:
    found = []

    def add(measure: str, line: str, seed: str, value: Any) -> None:
        if isinstance(value, int | float) and math.isfinite(value):
            point = {"measure": measure, "run": name, "line": f"{name} {line}", "seed": seed}
            found.append({**point, "steps": row["steps"], "value": value})

    for key in sorted(key for key in row if key.startswith("win_rate/")):
        add("win rate", key, key.removeprefix("win_rate/"), row[key])
    for member, value in enumerate(row.get("return_by_member") or []):
        add("mean_return", str(member), str(member), value)
    for measure in ("mean_return", "log.score", *_SMALL):
        add(measure, "mean", "mean", row.get(measure))
    return found


def read_ratings(path: Path) -> dict[str, Any]:
    """The result in a file of `rate --json`. `CheckpointError` for another file."""
    try:
        result = json.loads(path.read_text("utf-8"))["result"]
        assert len(result["win_rates"]) == len(result["players"]) and result["ratings"]
    except (OSError, ValueError, KeyError, TypeError, AssertionError) as error:
        raise CheckpointError(f"{path}: holds no ratings; give what `rate --json` wrote, or a run's folder") from error
    return result


def ratings(result: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Plots of ratings with 95 % intervals, and of the win rate of each player against each other."""
    import altair as alt

    rated = [
        {"name": one["name"], "elo": one["elo"], "low": one["ci95"][0], "high": one["ci95"][1]}
        for one in sorted(result["ratings"], key=lambda one: -one["elo"])
    ]
    order = [one["name"] for one in rated]
    base = alt.Chart(alt.Data(values=rated)).encode(y=alt.Y("name:N", sort=order, title=None))
    tooltip = ["name:N", *(alt.Tooltip(f"{key}:Q", format=".0f") for key in ("elo", "low", "high"))]
    bars = base.mark_rule(strokeWidth=3).encode(x=alt.X("low:Q", title="Elo"), x2="high:Q", tooltip=tooltip)
    dots = base.mark_circle(size=110, opacity=1).encode(x="elo:Q", tooltip=tooltip)
    cells = [
        {"row": row, "column": column, "win rate": rate}
        for row, rates in zip(result["players"], result["win_rates"], strict=True)
        for column, rate in zip(result["players"], rates, strict=True)
        if rate is not None
    ]
    grid = alt.Chart(alt.Data(values=cells)).encode(
        x=alt.X("column:N", sort=order, title="against", axis=alt.Axis(labelAngle=-40)),
        y=alt.Y("row:N", sort=order, title=None),
    )
    scale = alt.Scale(domain=[0, 0.5, 1], range=["#c2571a", "#f2f2ee", "#0b7a75"])
    squares = grid.mark_rect().encode(
        color=alt.Color("win rate:Q", scale=scale, legend=None),
        tooltip=["row:N", "column:N", alt.Tooltip("win rate:Q", format=".1%")],
    )
    words = grid.mark_text(color="#20262e").encode(text=alt.Text("win rate:Q", format=".0%"))
    sized = {"width": "container", "height": 34 * len(order) + 20}
    return {
        "Ratings, with 95 % intervals": alt.layer(bars, dots).properties(**sized).to_dict(),
        "Win rates of the row against the column": alt.layer(squares, words).properties(**sized).to_dict(),
    }
