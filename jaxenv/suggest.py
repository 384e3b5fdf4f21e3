"""Suggestions in messages about a name that does not exist."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

_MOST = 3


def close(name: str, known: Iterable[str], cutoff: float = 0.5) -> list[str]:
    """Names spelt like `name`, whatever the case, the closest first. `cutoff`: 0 any, 1 only the same."""
    by_case = {one.casefold(): one for one in known}
    return [by_case[found] for found in difflib.get_close_matches(name.casefold(), by_case, cutoff=cutoff)]


def hint(names: list[str]) -> str:
    """Text to put behind the wrong name, "" where nothing is suggested."""
    if not names:
        return ""
    more = len(names) - _MOST
    shown = " or ".join(names[:_MOST]) if more <= 0 else f"{', '.join(names[:_MOST])} or {more} more"
    return f" (did you mean {shown}?)"
