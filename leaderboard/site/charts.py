"""Plots as Vega-Lite, made by Altair. The pages' script draws them, and gives them the colours of the theme."""

from __future__ import annotations

from typing import Any

import altair as alt

Spec = dict[str, Any]
_HEIGHT = 260
_FIRST, _SECOND = "#0b7a75", "#c2571a"
"""Ours, and the other side; both are readable on light and on dark."""


def speed_up(rows: list[dict[str, Any]]) -> Spec:
    """Bars of ours over the reference's, one for each of `rows` {name, ratio, steps, reference}; a line at one."""
    base = alt.Chart(alt.Data(values=rows))
    ratio = alt.X("ratio:Q", title="times the reference, log scale", scale=alt.Scale(type="log", nice=False))
    bars = base.mark_rule(strokeWidth=3).encode(
        x=ratio, x2=alt.X2Datum(1), y=alt.Y("name:N", sort=None, title=None, axis=alt.Axis(labelLimit=290)),
        color=alt.condition("datum.ratio >= 1", alt.value(_FIRST), alt.value(_SECOND)),
    )  # fmt: skip
    points = base.mark_circle(size=110, opacity=1).encode(
        x=ratio, y=alt.Y("name:N", sort=None),
        color=alt.condition("datum.ratio >= 1", alt.value(_FIRST), alt.value(_SECOND)),
        tooltip=["name:N", alt.Tooltip("ratio:Q", format=".3~g"), "steps:N", "reference:N"],
    )  # fmt: skip
    one = alt.Chart(alt.Data(values=[{"ratio": 1}])).mark_rule(strokeDash=[4, 4]).encode(x="ratio:Q")
    return _spec(alt.layer(bars, points, one), height=24 * len(rows) + 20)


def batch_curve(rows: list[dict[str, Any]]) -> Spec:
    """Steps per second by batch, with quartiles; `rows` {series, batch, steps, q25, q75, ratio}."""
    base = alt.Chart(alt.Data(values=rows)).encode(
        x=alt.X("batch:Q", title="lanes in a batch, log scale", scale=alt.Scale(type="log", base=2)),
        color=alt.Color("series:N", title=None, legend=alt.Legend(orient="bottom", columns=1, labelLimit=420)),
    )
    steps = alt.Y("steps:Q", title="steps/s, log scale", scale=alt.Scale(type="log"), axis=alt.Axis(format="~s"))
    spread = base.mark_rule(strokeWidth=2).encode(y=alt.Y("q25:Q", scale=alt.Scale(type="log")), y2="q75:Q")
    line = base.mark_line().encode(y=steps)
    points = base.mark_circle(size=70, opacity=1).encode(
        y=steps,
        tooltip=["series:N", "batch:Q", *(alt.Tooltip(f"{name}:Q", format=".4~s") for name in ("steps", "q25", "q75")),
                 alt.Tooltip("ratio:Q", format=".3~g")],
    )  # fmt: skip
    return _spec(alt.layer(line, spread, points))


def forest(rows: list[dict[str, Any]], margin: float, unit: str) -> Spec:
    """Differences with 90 % intervals, and the margin on both sides; `rows` {name, difference, low, high, combined}."""
    base = alt.Chart(alt.Data(values=rows))
    y = alt.Y("name:N", sort=None, title=None, axis=alt.Axis(labelLimit=200))
    colour = alt.condition("datum.combined", alt.value(_SECOND), alt.value(_FIRST))
    title = f"ours minus the reference's, {unit}"
    tooltip = ["name:N", *(alt.Tooltip(f"{name}:Q", format="+.4~g") for name in ("difference", "low", "high"))]
    bars = base.mark_rule(strokeWidth=3).encode(
        x=alt.X("low:Q", title=title), x2="high:Q", y=y, color=colour, tooltip=tooltip
    )
    points = base.mark_point(size=90, filled=True, opacity=1).encode(
        x="difference:Q", y=y, color=colour, tooltip=tooltip
    )
    zero = alt.Chart(alt.Data(values=[{"at": 0}])).mark_rule(strokeDash=[2, 3]).encode(x="at:Q")
    bounds = alt.Data(values=[{"at": -margin}, {"at": margin}])
    limits = alt.Chart(bounds).mark_rule(strokeWidth=2, color="#8b8b8b").encode(x="at:Q")
    return _spec(alt.layer(limits, zero, bars, points), height=28 * len(rows) + 20)


def history(rows: list[dict[str, Any]]) -> Spec:
    """Steps per second over the dates of the rows; `rows` {series, date, steps, commit, batch}."""
    chart = alt.Chart(alt.Data(values=rows)).mark_line(point=alt.OverlayMarkDef(size=70)).encode(
        x=alt.X("date:T", title="measured", axis=alt.Axis(tickCount=4, labelOverlap=True)),
        y=alt.Y("steps:Q", title="steps/s, log scale", scale=alt.Scale(type="log"), axis=alt.Axis(format="~s")),
        color=alt.Color("series:N", title=None, legend=alt.Legend(orient="bottom", columns=1, labelLimit=420)),
        tooltip=["series:N", "date:T", "commit:N", "batch:Q", alt.Tooltip("steps:Q", format=".4~s")],
    )  # fmt: skip
    return _spec(chart)


def engines(rows: list[dict[str, Any]]) -> Spec:
    """Bars of engines that were timed in one run; `rows` {name, steps, ours}."""
    base = alt.Chart(alt.Data(values=rows)).encode(
        y=alt.Y("name:N", sort=None, title=None, axis=alt.Axis(labelLimit=200)),
        x=alt.X("steps:Q", title="steps/s, log scale", scale=alt.Scale(type="log"), axis=alt.Axis(format="~s")),
        color=alt.condition("datum.ours", alt.value(_FIRST), alt.value(_SECOND)),
    )
    points = base.mark_circle(size=130, opacity=1).encode(tooltip=["name:N", alt.Tooltip("steps:Q", format=".4~s")])
    return _spec(points, height=28 * len(rows) + 20)


def _spec(chart: alt.Chart | alt.LayerChart | alt.FacetChart, height: int = _HEIGHT) -> Spec:
    return chart.properties(width="container", height=height).to_dict()
