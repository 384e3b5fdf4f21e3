"""Page of a run for a browser: one file without scripts, made from the same data as REPORT.md."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import jinja2

from translator.ledger import text_of

_environment = jinja2.Environment(
    loader=jinja2.FileSystemLoader(Path(__file__).parent / "pages"),
    undefined=jinja2.StrictUndefined,
    autoescape=True,
    trim_blocks=True,
    lstrip_blocks=True,
)


def render(
    result: Mapping[str, Any],
    notes: Sequence[str],
    attempts: Sequence[Mapping[str, Any]],
    green: Sequence[tuple[str, int]],
    not_verified: Sequence[str],
) -> str:
    """The page's HTML. `green`: (what was passed, after how many calls); `notes`: warnings that stand on top."""
    return _environment.get_template("report.html.jinja2").render(
        result=result, notes=notes, cost=costs(attempts), green=green, not_verified=not_verified
    )


def costs(attempts: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Table of costs: `reasons`, the columns, and `rows`, module → a cell for each reason and their sum.

    A reason is the phase of a call, or for a repair the level whose failure it was told of.
    """
    usd: dict[tuple[str, str], list[Decimal]] = {}
    for one in attempts:
        usd.setdefault((one["module"], _reason(one)), []).append(Decimal(one["cost_usd"]))
    reasons = list(dict.fromkeys(reason for _, reason in usd))
    modules = list(dict.fromkeys(module for module, _ in usd))
    rows = {}
    for module in modules:
        cells = [usd.get((module, reason), []) for reason in reasons]
        rows[module] = [_cell(cell) for cell in (*cells, [cost for cell in cells for cost in cell])]
    if len(modules) > 1:
        columns = [[cost for module in modules for cost in usd.get((module, reason), [])] for reason in reasons]
        rows["all"] = [_cell(cell) for cell in (*columns, [cost for column in columns for cost in column])]
    return {"reasons": reasons, "rows": rows}


def _reason(attempt: Mapping[str, Any]) -> str:
    level = attempt["signature"].partition("/")[0]
    return f"repair {level}" if attempt["phase"] == "repair" and level else str(attempt["phase"])


def _cell(costs: Sequence[Decimal]) -> str:
    return f"{text_of(sum(costs, Decimal(0)))} ({len(costs)})" if costs else ""
