"""Learning curves: `curve.png`, and `curve.html`, one file with plots to point at and the last figures.

Without Altair the page holds the picture in their place.
"""

from __future__ import annotations

import base64
import contextlib
import html
import io
import json
import math
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from baselines import charts
from baselines.errors import CheckpointError
from jaxenv.commands import files

REMEDY = "choose another place with --out"
_SMALL = (("entropy", "entropy"), ("explained_variance", "explained variance"), ("approx_kl", "approximate KL"))


def read_rows(run: Path) -> list[dict[str, Any]]:
    """Rows of a run's `metrics.jsonl`; a last line that was cut off is left out. `CheckpointError` without any."""
    path = run / "metrics.jsonl"
    try:
        lines = path.read_text().splitlines()
    except (OSError, ValueError) as error:
        said = error.strerror if isinstance(error, OSError) else error
        raise CheckpointError(f"{path}: {said}; give the folder of a run") from error
    rows = []
    for line in lines:
        with contextlib.suppress(ValueError):
            rows.append(json.loads(line))
    rows = [row for row in rows if isinstance(row, dict) and "steps" in row]
    if not rows:
        raise CheckpointError(f"{path}: holds no figures; train on, or give another run")
    return rows


def plot_runs(runs: Sequence[Path], target: Path) -> tuple[Path, Path]:
    """Write `target`.png and `target`.html for one run or several; returns their paths. `StorageError`."""
    bare = target.with_suffix("") if target.suffix in (".png", ".html") else target
    png, page = (bare.with_name(bare.name + ending) for ending in (".png", ".html"))
    data = {name: read_rows(run) for name, run in zip(_names(runs), runs, strict=True)}
    for place in (png, page):
        files.check_writable(place, REMEDY)
    picture = _picture(data, {level for run in runs if (level := _solved(run)) is not None})
    files.write(png, picture, REMEDY)
    files.write(page, _page(data, picture), REMEDY)
    return png, page


def plot_ratings(source: Path, target: Path) -> Path:
    """Write `target`.html: ratings and win rates of a file that `rate --json` wrote; returns its path.

    `CheckpointError` for another file, or without Altair; `StorageError`.
    """
    result = charts.read_ratings(source)
    if not charts.available():
        raise CheckpointError(f"{source}: plots of ratings need Altair; pip install 'pokejax[site]'")
    path = target if target.suffix == ".html" else target.with_name(target.name + ".html")
    files.check_writable(path, REMEDY)
    files.write(path, charts.page("Ratings", charts.ratings(result)), REMEDY)
    return path


def _names(runs: Sequence[Path]) -> list[str]:
    """The last part of each run's path, or all of it where several have the same one."""
    short = [run.absolute().name for run in runs]
    return short if len(set(short)) == len(runs) else [str(run) for run in runs]


def _solved(run: Path) -> float | None:
    """The mean return that counts as solved there, where `config.json` says one."""
    try:
        return json.loads((run / "config.json").read_text())["config"]["solved"]
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _picture(data: dict[str, list[dict[str, Any]]], solved: set[float]) -> bytes:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(10, 6), layout="constrained")
    FigureCanvasAgg(figure)
    main, *small = figure.subplot_mosaic([["main"] * 3, ["a", "b", "c"]], height_ratios=[2, 1]).values()
    for name, rows in data.items():
        steps = [row["steps"] for row in rows]
        wins = sorted({key for row in rows for key in row if key.startswith("win_rate/")})
        shown = wins or [next((k for k in ("log.score", "mean_return") if k in rows[-1]), "mean_return")]
        for key in shown:
            label = name if len(shown) == 1 else f"{name}: {key.removeprefix('win_rate/')}"
            main.plot(steps, [_number(row.get(key)) for row in rows], label=label)
        members = len(rows[-1].get("return_by_member") or [])
        if members > 1 and not wins:
            for member in range(members):
                values = [_number((row.get("return_by_member") or [None] * members)[member]) for row in rows]
                main.plot(steps, values, alpha=0.3, linewidth=0.8, color="gray")
        for axis, (key, title) in zip(small, _SMALL, strict=True):
            axis.plot(steps, [_number(row.get(key)) for row in rows])
            axis.set_title(title, fontsize=9)
            axis.set_xlabel("environment steps", fontsize=8)
        main.set_ylabel("win rate" if wins else {"log.score": "score"}.get(shown[0], "mean return"))
    for level in sorted(solved):
        main.axhline(level, color="gray", linestyle=":", label=f"solved: {level:g}")
    main.set_xlabel("environment steps")
    main.legend(fontsize=8)
    main.grid(alpha=0.3)
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=120)
    return buffer.getvalue()


def _number(value: Any) -> float:
    return math.nan if value is None else float(value)


def _page(data: dict[str, list[dict[str, Any]]], picture: bytes) -> str:
    """One file, nothing fetched from elsewhere."""
    tables = "".join(_tables(data))
    if charts.available():
        return charts.page("Learning curves", charts.curves(data), tables)
    encoded = base64.b64encode(picture).decode()
    style = "body{font-family:sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}img{max-width:100%}"
    style += "th{text-align:left;padding-right:1rem;font-weight:normal}td{font-variant-numeric:tabular-nums}"
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>Learning curves</title><style>{style}</style>'
        f'<h1>Learning curves</h1><img alt="Learning curves" src="data:image/png;base64,{encoded}">'
        f"<p>Plots to point at need Altair: pip install 'pokejax[site]'</p>{tables}</html>\n"
    )


def _tables(data: dict[str, list[dict[str, Any]]]) -> Iterator[str]:
    """The last figures of each run."""
    for name, rows in data.items():
        cells = "".join(
            f"<tr><th>{html.escape(key)}</th><td>{html.escape(_text(value))}</td></tr>"
            for key, value in rows[-1].items()
        )
        yield f"<h2>{html.escape(name)}: the last figures</h2><table>{cells}</table>"


def _text(value: Any) -> str:
    return f"{value:.5g}" if isinstance(value, float) else str(value)
