"""A check's own figures (`CheckResult.stats`) as text or small tables, whatever the check keeps there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from verification.reporting.words import number, value

#: Kept in `stats` for sections of the report that show them in full.
SHOWN_ELSEWHERE = ("curves", "tost", "coverage", "first_cells")
_ROWS, _WIDTH, _COLUMNS = 40, 400, 10


def figures(stats: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Entries {name, text} or {name, columns, rows, hidden}, in the order of `stats`."""
    found = []
    for name, entry in stats.items():
        if name in SHOWN_ELSEWHERE:
            continue
        table = _table(entry)
        found.append({"name": name.replace("_", " "), **(table or {"text": _clipped(_figure(entry))})})
    return found


def _table(entry: Any) -> dict[str, Any] | None:
    """A list of alike objects, or an object of alike objects, as a table."""
    if isinstance(entry, Mapping):
        named: Sequence[tuple[str, Any]] = list(entry.items())
    elif isinstance(entry, list | tuple):
        named = [("", one) for one in entry]
    else:
        return None
    if not named or not all(isinstance(one, Mapping) and one for _, one in named):
        return None
    columns = list(dict.fromkeys(key for _, one in named for key in one))
    if len(columns) > _COLUMNS:
        return None
    rows = [[name, *(_clipped(_figure(one[key])) if key in one else "" for key in columns)] for name, one in named]
    if not any(row[0] for row in rows):
        rows, head = [row[1:] for row in rows], columns
    else:
        head = ["", *columns]
    return {"columns": [key.replace("_", " ") for key in head], "rows": rows[:_ROWS], "hidden": len(rows[_ROWS:])}


def _figure(entry: Any) -> str:
    return number(entry) if isinstance(entry, float) else value(entry)


def _clipped(text: str) -> str:
    return text if len(text) <= _WIDTH else text[: _WIDTH - 1] + "…"
