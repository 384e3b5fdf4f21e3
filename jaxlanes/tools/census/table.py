"""The table of a census, and its summary."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any

_HEAD = ("suite", "environments", "XLA runs", "kernel", "equal", "median of kernel over XLA", "longest compile, s")


def summary(report: dict[str, Any]) -> str:
    """Markdown: a row for each suite, then what blocks the environments without a kernel."""
    lines = [_row(_HEAD), "|---" * len(_HEAD) + "|"]
    for suite, found in report["suites"].items():
        if "error" in found:
            lines.append(_row((suite, found["error"], *[""] * 5)))
            continue
        rows = [row for row in report["rows"] if row["suite"] == suite]
        run = [row for row in rows if "xla" not in row and "died" not in row]
        made = [row for row in run if "kernel" not in row]
        equal = sum(row["different"] == 0 for row in made)
        ratios = sorted(row["kernel_steps_per_second"] / row["xla_steps_per_second"] for row in made)
        middle = f"{ratios[len(ratios) // 2]:.1f}" if ratios else ""
        longest = f"{max(row['kernel_compile_seconds'] for row in made):.0f}" if made else ""
        lines.append(_row((suite, len(rows), len(run), len(made), equal, middle, longest)))
    blocked = Counter(_reason(row["kernel"]) for row in report["rows"] if "kernel" in row)
    if blocked:
        lines += ["", "What blocks the others, and how many:", ""]
        lines += [f"* {reason}: {count}" for reason, count in blocked.most_common()]
    return "\n".join(lines)


def _reason(text: str) -> str:
    """The words of an error before what is of one environment: types, and the place."""
    return text.removeprefix("UnsupportedError: ").partition(" (")[0].partition(" at /")[0]


def _row(cells: Iterable[Any]) -> str:
    return f"| {' | '.join(map(str, cells))} |"
