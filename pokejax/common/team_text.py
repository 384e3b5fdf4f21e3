"""Texts of teams, as people write and paste them."""

from __future__ import annotations

import re
from collections.abc import Sequence

HEADER = re.compile(r"^===.*===\s*$", re.MULTILINE)
"""A line that begins another team in an export of many."""


class TeamError(ValueError):
    """A team that cannot be read or is not allowed. ``problems`` holds one sentence each."""

    def __init__(self, problems: Sequence[str]):
        self.problems = tuple(problems)
        super().__init__("\n".join(self.problems))


def split_teams(text: str) -> list[str]:
    """The teams of a text: exports each under a ``=== … ===`` line, or packed teams one a line."""
    if HEADER.search(text):
        before, *parts = HEADER.split(text)
        return [before, *parts] if before.strip() else parts
    lines = [line for line in text.splitlines() if line.strip()]
    return lines if lines and all(is_packed(line) for line in lines) else [text] if lines else []


def is_packed(text: str) -> bool:
    """A team in one line of fields separated by ``|``."""
    return "|" in text and "\n" not in text.strip()
