"""The report's pictures: where divergences begin, kill rates, coverage, equivalence tests, error curves."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any
from xml.etree import ElementTree

import numpy as np

from verification.reporting.svg import LINE, Picture, across
from verification.reporting.words import number, percent, plural

ROWS, _COLUMNS = 12, 8  # of the heat table
_CELLS_END = 0.86
_WIDEST = 4.0  # margins to either side of 0 that a forest plot shows; what lies beyond ends in an arrow
_LOG_SPAN = 100.0
_LINES, _DASHES = 3, "━╍┉"  # styles of lines, and how a key shows each
VERDICT_CLASS = {
    "equivalent": "pass",
    "equivalent but biased": "inconclusive",
    "different": "fail",
    "inconclusive": "not_run",
}


def divergence_table(check: Mapping[str, Any]) -> str:
    """Heat table of first divergences, fields × steps, "" where there are none.

    Totals a field are exact. The cells come from `stats["first_cells"]` ({field: {step: count}}) where the check gives
    it, and otherwise from the findings kept in detail.
    """
    totals = sorted(check["first_fields"].items(), key=lambda item: -item[1])
    if not totals:
        return ""
    bins = _bins([int(step) for step in check["first_steps"]])
    if len(bins) < 2:
        most = totals[0][1]
        rows = [(name, f"{total:,}", total / most, None) for name, total in totals[:ROWS]]
        return rates(rows, f"First divergences by field in {check['id']}, all at one step")
    cells = check["stats"].get("first_cells") or _cells(check["findings"])
    rows = totals[:ROWS]
    height = 36 * len(rows) + LINE + 6
    picture = Picture(height, f"First divergences by field and step in {check['id']}, {plural(len(totals), 'field')}")
    largest = max((sum(_in_bins(cells.get(name, {}), bins)) for name, _ in rows), default=1)
    for row, (name, total) in enumerate(rows):
        top = 36 * row
        picture.text(0, top + 12, name)
        picture.text(1, top + 12, f"{total:,}", anchor="end", class_="label strong")
        for column, count in enumerate(_in_bins(cells.get(name, {}), bins)):
            start, end = (_CELLS_END * (column + k) / len(bins) for k in (0, 1))
            share = math.log1p(count) / math.log1p(max(largest, 1))
            title = f"{name}, step {_span(bins[column])}: {count:,}"
            box = picture.box(start, end - 0.004, top + 16, 17, "heat" if count else "empty", title)
            if count:
                box.set("fill-opacity", f"{0.25 + 0.75 * share:.2f}")
                strong = "cell on" if share > 0.45 else "cell"
                picture.text((start + end) / 2, top + 29, f"{count:,}", anchor="middle", class_=strong)
    for column, steps in enumerate(bins):
        middle = _CELLS_END * (column + 0.5) / len(bins)
        picture.text(middle, height - 4, _span(steps), anchor="middle", class_="axis")
    picture.text(1, height - 4, "in all", anchor="end", class_="axis")
    return picture.markup()


def cells_are_exact(check: Mapping[str, Any]) -> bool:
    """True if the heat table's cells count every divergence, not only the ones kept in detail."""
    return "first_cells" in check["stats"] or check["divergences"] <= len(check["findings"])


def _cells(findings: Sequence[Mapping[str, Any]]) -> dict[str, dict[int, int]]:
    found: dict[str, dict[int, int]] = {}
    for finding in findings:
        steps = found.setdefault(first_field(finding), {})
        steps[finding["step"]] = steps.get(finding["step"], 0) + 1
    return found


def first_field(finding: Mapping[str, Any]) -> str:
    """The path under which a finding is counted, as `results.Finding.first_field` has it."""
    differences = finding["differences"]
    return differences[0]["name"] if differences else finding["message"] or "unknown"


def _bins(steps: Sequence[int]) -> list[tuple[int, int]]:
    """Ranges of steps, first and last, that hold about as many of the steps each."""
    distinct = sorted(set(steps))
    parts = np.array_split(np.array(distinct), min(_COLUMNS, len(distinct)))
    return [(int(part[0]), int(part[-1])) for part in parts]


def _in_bins(steps: Mapping[Any, int], bins: Sequence[tuple[int, int]]) -> list[int]:
    return [sum(count for step, count in steps.items() if low <= int(step) <= high) for low, high in bins]


def _span(steps: tuple[int, int]) -> str:
    return str(steps[0]) if steps[0] == steps[1] else f"{steps[0]}–{steps[1]}"


def rates(rows: Sequence[tuple[str, str, float | None, Sequence[float] | None]], label: str) -> str:
    """Bars of shares with their intervals: rows are (name, words, share, (low, high))."""
    picture = Picture(38 * len(rows), label)
    for row, (name, words, share, interval) in enumerate(rows):
        top = 38 * row
        picture.text(0, top + 12, name)
        picture.text(1, top + 12, words, anchor="end", class_="label strong")
        picture.box(0, 1, top + 18, 10, "track")
        if share is not None:
            picture.box(0, share, top + 18, 10, "bar")
        if interval is not None:
            low, high = interval
            picture.line(low, high, top + 23, "whisker")
            for end in (low, high):
                picture.line(end, end, top + 18, "whisker", top + 28)
    return picture.markup()


def kill_rates(mutants: Mapping[str, Any]) -> str:
    """Share of the seeded bugs that each level found, with Wilson intervals."""
    rows = [
        (level, _rate_words(entry["killed"], entry["of"], entry["rate"], entry["ci95"]), entry["rate"], entry["ci95"])
        for level, entry in mutants["by_level"].items()
    ]
    together = _rate_words(mutants["killed"], mutants["mutants"], mutants["rate"], mutants["rate_ci95"])
    rows.append(("all levels", together, mutants["rate"], mutants["rate_ci95"]))
    return rates(rows, "Share of seeded bugs found, by level, with 95 % intervals")


def _rate_words(count: int, of: int, rate: float | None, interval: Sequence[float] | None) -> str:
    span = f" ({percent(interval[0])} to {percent(interval[1])})" if interval else ""
    return f"{count} of {of}: {percent(rate)}{span}"


def counts(values: Sequence[int], label: str) -> str:
    """Counts of behaviours that were exercised never, once, 2–9 times, 10–99 times …"""
    decades = Counter(-1 if value <= 0 else (0 if value == 1 else int(math.log10(value)) + 1) for value in values)
    if not decades:
        return ""
    top = max(decades)
    names = {-1: "never", 0: "once", 1: "2–9 times"} | {
        k: f"{10 ** (k - 1):,}–{10**k - 1:,} times" for k in range(2, top + 1)
    }
    most = max(decades.values())
    rows = [k for k in range(-1, top + 1)]
    picture = Picture(22 * len(rows), label)
    for row, key in enumerate(rows):
        count = decades.get(key, 0)
        picture.text(0, 22 * row + 14, names[key])
        picture.box(0.34, 0.34 + 0.56 * count / most, 22 * row + 4, 13, "bar" if key >= 0 else "bar bad")
        picture.text(1, 22 * row + 14, str(count), anchor="end", class_="label strong")
    return picture.markup()


def forest(tests: Sequence[Mapping[str, Any]]) -> str:
    """Differences with their intervals in units of each metric's margin; the band is the margin."""
    if not tests:
        return ""
    reach = max([1.5] + [_reach(test) for test in tests])
    reach = min(reach * 1.05, _WIDEST)

    def place(value: float) -> float:
        return 0.5 + value / (2 * reach)

    height = 44 * len(tests) + LINE + 6
    picture = Picture(height, "Differences between candidate and reference in units of the margin")
    picture.box(place(-1), place(1), 0, height - LINE - 4, "band")
    picture.line(0.5, 0.5, 0, "zero", height - LINE - 4)
    for row, test in enumerate(tests):
        middle = 44 * row + 28
        colour = VERDICT_CLASS.get(test["verdict"], "not_run")
        picture.text(0, middle - 14, test["metric"])
        picture.text(1, middle - 14, test["verdict"], anchor="end", class_=f"label strong {colour}")
        margin = test["margin"]
        for interval, class_ in ((test["ci95"], "thin"), (test["ci90"], "thick")):
            low, high = (place(end / margin) for end in interval)
            picture.line(low, high, middle, f"{class_} {colour}")
            _arrows(picture, low, high, middle, colour)
        picture.add("circle", cx=across(place(test["difference"] / margin)), cy=middle, r=5, class_=f"dot {colour}")
    for value, words in ((-1, "−margin"), (0, "0"), (1, "+margin")):
        picture.text(place(value), height - 4, words, anchor="middle", class_="axis")
    return picture.markup()


def _reach(test: Mapping[str, Any]) -> float:
    return max(abs(end) for end in (*test["ci95"], *test["ci90"], test["difference"])) / test["margin"]


def _arrows(picture: Picture, low: float, high: float, y: float, colour: str) -> None:
    for beyond, share, sign, anchor in ((low < 0, 0.0, "◂", "end"), (high > 1, 1.0, "▸", "start")):
        if beyond:
            picture.text(share, y + 5, sign, anchor=anchor, class_=f"label {colour}")


def curves(name: str, series: Mapping[str, Mapping[str, Any]], height: int = 150) -> str:
    """Lines of `y` over `x` by label, and each one's `limit` (a number, a list along x, or none) dashed.

    The vertical axis is logarithmic when the positive values span more than two decades; then values ≤ 0 are left out.
    """
    lines, limits = [], []
    for data in series.values():
        x = [float(entry) for entry in data["x"]]
        lines.append((x, _floats(data["y"])))
        limit = data.get("limit")
        limits.append((x, _floats(limit if isinstance(limit, list | tuple) else [limit] * len(x))))
    shown = [entry for _, ys in lines + limits for entry in ys if math.isfinite(entry)]
    along = [entry for x, _ in lines for entry in x]
    if not along or not shown:
        return ""
    positive = [entry for entry in shown if entry > 0]
    logarithmic = bool(positive) and max(positive) / min(positive) > _LOG_SPAN
    heights = [math.log10(entry) for entry in positive] if logarithmic else shown
    left, right, low, high = min(along), max(along), min(heights), max(heights)
    span, width = (high - low) or 1.0, (right - left) or 1.0
    picture = Picture(height + 2 * LINE + 4, f"{name} over {number(left)} to {number(right)}")
    frame = {"x": "0", "y": str(LINE), "width": "100%", "height": str(height), "viewBox": "0 0 1000 100"}
    plot = ElementTree.SubElement(picture.root, "svg", frame | {"preserveAspectRatio": "none"})
    picture.add("rect", parent=plot, x=0, y=0, width=1000, height=100, class_="frame")
    for index, label in enumerate(series):
        for (x, ys), class_ in ((limits[index], "limit"), (lines[index], f"curve line-{index % _LINES}")):
            for points in _pieces(x, ys, logarithmic):
                path = " ".join(f"{1000 * (a - left) / width:.1f},{95 - 90 * (b - low) / span:.2f}" for a, b in points)
                picture.add("polyline", parent=plot, points=path, class_=class_, vector_effect="non-scaling-stroke")
        if label:
            # The names stand in their line's colour, from the right, each in a third of the width.
            place = 1 - 0.34 * (len(series) - 1 - index)
            picture.text(
                place, LINE - 4, f"{_DASHES[index % _LINES]} {label}", anchor="end", class_=f"key-{index % _LINES}"
            )
    top, bottom = (10**high, 10**low) if logarithmic else (high, low)
    picture.text(0, LINE - 4, number(top, 2), class_="axis")
    picture.text(0, 2 * LINE + height - 2, number(bottom, 2), class_="axis")
    span_words = f"{number(left)} … {number(right)}" + (", height logarithmic" if logarithmic else "")
    picture.text(1, 2 * LINE + height - 2, span_words, anchor="end", class_="axis")
    return picture.markup()


def _floats(values: Sequence[float | None]) -> list[float]:
    return [math.nan if entry is None else float(entry) for entry in values]


def _pieces(x: Sequence[float], y: Sequence[float], logarithmic: bool) -> list[list[tuple[float, float]]]:
    """The stretches of a curve that can be drawn: finite, and positive where the axis is logarithmic."""
    pieces: list[list[tuple[float, float]]] = [[]]
    for a, b in zip(x, y, strict=False):
        if math.isfinite(b) and (b > 0 or not logarithmic):
            pieces[-1].append((a, math.log10(b) if logarithmic else b))
        elif pieces[-1]:
            pieces.append([])
    # A lone point is drawn as a line from itself to itself, which round ends make a dot.
    return [piece if len(piece) > 1 else piece * 2 for piece in pieces if piece]
