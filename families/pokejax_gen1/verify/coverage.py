"""What a sweep exercised, counted from the reference's own records."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from references.showdown.gen1.fields import column, field_names

ALL_MOVES = 165
_STATUS_NAMES = {1: "brn", 2: "par", 3: "slp", 4: "frz", 5: "psn", 6: "tox", 7: "fnt"}


@dataclass
class Coverage:
    """Counts over battles. `selected`: by move number, steps on which the side's selected move was that one;
    `executed`: the same for the move last announced, which Metronome and Mirror Move change."""

    selected: Counter[int] = field(default_factory=Counter)
    executed: Counter[int] = field(default_factory=Counter)
    conditions: Counter[str] = field(default_factory=Counter)
    results: Counter[str] = field(default_factory=Counter)

    def add(self, records: NDArray[np.int32], actions: NDArray[np.uint8]) -> None:
        """Count one battle: records int32 [T + 1, F], actions uint8 [T, 2]."""
        steps = len(records) - 1
        for side in range(2):
            acted = (actions[:steps, side] >= 6) & (actions[:steps, side] <= 9)
            after = records[1:][acted]
            self.selected.update(after[:, column(f"p{side + 1}.last_selected_move")].tolist())
            self.executed.update(after[:, column(f"p{side + 1}.last_move")].tolist())
        for name, at in _condition_columns().items():
            self.conditions[name] += int((records[:, at] != 0).sum())
        for name in ("p1.team", "p2.team"):
            for member in range(6):
                codes, counts = np.unique(records[:, column(f"{name}.{member}.status")], return_counts=True)
                for code, count in zip(codes.tolist(), counts.tolist(), strict=True):
                    if code:
                        self.conditions[_STATUS_NAMES[code]] += count
        last = records[-1]
        outcome = "unfinished"
        if last[column("ended")]:
            outcome = ("tie", "p1 wins", "p2 wins")[last[column("winner")]]
        self.results[outcome] += 1

    def to_json(self) -> dict[str, Any]:
        """Figures for a report; `moves` counts the distinct ones of the 165 that were selected or executed."""
        used = {move for move in (*self.selected, *self.executed) if 1 <= move <= ALL_MOVES}
        return {
            "moves": len(used),
            "moves_of": ALL_MOVES,
            "moves_never_used": sorted(set(range(1, ALL_MOVES + 1)) - used),
            "selected": {str(move): count for move, count in sorted(self.selected.items())},
            "executed": {str(move): count for move, count in sorted(self.executed.items())},
            "conditions": dict(sorted(self.conditions.items())),
            "results": dict(self.results),
        }


def _condition_columns() -> dict[str, list[int]]:
    columns: dict[str, list[int]] = {}
    for at, name in enumerate(field_names()):
        head, _, condition = name.partition(".active.volatile.")
        if condition:
            columns.setdefault(condition, []).append(at)
        elif head.endswith((".transformed", ".maybe_locked", ".trapped", ".sub_fainted")):
            columns.setdefault(head.rpartition(".")[2], []).append(at)
    return columns
