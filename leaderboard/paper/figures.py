"""Rows of the comparison: a figure of the paper, and where on the board ours is found."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Literal

from leaderboard.paper.board import Board, Found

Section = Literal["throughput", "skill", "transfer", "ablation", "translation", "share"]
SECTIONS: dict[Section, str] = {
    "throughput": "Throughput, steps/s",
    "skill": "Wall clock to equal skill",
    "transfer": "Level 4: the same policy here and in the reference",
    "ablation": "Ablation of the levels",
    "translation": "Cost of translation",
    "share": "The environment's share of training",
}
NOT_YET = "not yet"


@dataclasses.dataclass(frozen=True, kw_only=True)
class PaperRow:
    """A figure of the paper.

    * `what`: environment and conditions, in words. `paper`: what the paper says; "" where it says nothing.
    * `value`: its figure, for the ratio; None where a ratio says nothing.
    * `ours`: finds ours; None where there can be none. It returns None where the board has none: "not yet".
    * `note`: what cannot be compared, and why.
    """

    section: Section
    what: str
    paper: str
    value: float | None = None
    ours: Callable[[Board], Found | None] | None = None
    note: str = ""

    def ratio(self, found: Found | None) -> float | None:
        """Ours over the paper's."""
        if self.value is None or found is None or found.value is None:
            return None
        return found.value / self.value
