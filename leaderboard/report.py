"""Rows as a table."""

from __future__ import annotations

from typing import Any

from rich.table import Table


def table(rows: list[dict[str, Any]]) -> Table:
    """One line for each batch. "ratio" is against all the reference's workers, "per core" against one; ~ is noisy."""
    first = rows[0]
    view = Table(title=f"{first['env']}, {first['mode']}, {first['backend']}", caption=_caption(first))
    for name in ("batch", "steps/s", "quartiles", "compile", "episode", "ratio", "per core"):
        view.add_column(name, justify="right")
    for row in rows:
        view.add_row(
            str(row["batch"]),
            _short(row["median_sps"]) + ("~" if row["noisy"] else ""),
            f"{row['q25'] / row['median_sps'] - 1:+.0%} {row['q75'] / row['median_sps'] - 1:+.0%}",
            f"{row['trace_seconds'] + row['compile_seconds']:.1f} s",
            _number(row["mean_episode_length"]),
            _number(row["ratio"]),
            _number(row["ratio_per_reference_core"]),
            style="bold" if row["best"] and len(rows) > 1 else None,
        )
    return view


def _short(value: float) -> str:
    for size, letter in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if value >= size:
            return f"{value / size:.3g} {letter}"
    return f"{value:.3g}"


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:,.1f}"


def _caption(row: dict[str, Any]) -> str:
    machine, reference = row["machine"], row["reference"]
    where = f"{machine['cpu']}, {machine['cores']} cores, {machine['device_count']} × {machine['device']}"
    if reference is None:
        return f"no reference timed; {where}"
    return (
        f"reference: {reference['name']} {reference['version']}, {reference['median_sps']:,.0f} {reference['unit']} "
        f"on {reference['cores']} cores; {where}"
    )
