"""The comparison as text, Markdown and JSON."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from typing import Any

from leaderboard.paper.board import Board, Found
from leaderboard.paper.figures import NOT_YET, SECTIONS, PaperRow, Section


@dataclasses.dataclass(frozen=True)
class Line:
    """A row with what the board has for it."""

    row: PaperRow
    ours: Found | None

    @property
    def ratio(self) -> float | None:
        """Ours over the paper's."""
        return self.row.ratio(self.ours)

    def source(self) -> str:
        """The origin of our figure: this run, or the date and command on record."""
        if self.ours is None:
            return NOT_YET
        kind = "measured in this run" if self.ours.measured else f"recorded {self.ours.date}"
        return f"{kind}, {self.ours.machine}: `{self.ours.command}`"

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return {
            "section": self.row.section,
            "what": self.row.what,
            "paper": self.row.paper,
            "paper_value": self.row.value,
            "ours": dataclasses.asdict(self.ours) if self.ours else NOT_YET,
            "ratio": self.ratio,
            "note": self.row.note,
        }


def lines(rows: Sequence[PaperRow], board: Board) -> list[Line]:
    """Every row, in the order of the sections."""
    order = list(SECTIONS)
    found = [Line(row, row.ours(board) if row.ours else None) for row in rows]
    return sorted(found, key=lambda line: order.index(line.row.section))


def text(found: Sequence[Line]) -> Iterator[str]:
    """Lines for a terminal, which are Markdown, too."""
    for number, (section, title) in enumerate(SECTIONS.items(), 1):
        yield f"## {number}. {title}"
        yield ""
        for line in _of(found, section):
            yield f"* **{line.row.what}**"
            yield f"  * paper: {line.row.paper or 'says nothing'}"
            yield f"  * ours: {line.ours.text if line.ours else NOT_YET}"
            if line.ratio is not None:
                yield f"  * ratio, ours to the paper's: {line.ratio:.3g}"
            if line.ours:
                yield f"  * {line.source()}"
            if line.row.note:
                yield f"  * not comparable: {line.row.note}"
        yield ""


def _of(found: Sequence[Line], section: Section) -> list[Line]:
    return [line for line in found if line.row.section == section]
