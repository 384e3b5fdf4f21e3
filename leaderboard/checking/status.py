"""Standing of a row: self-reported, reproduced or verified; never stored in a file, always derived.

* `self-reported`: nobody but the submitter has seen it.
* `reproduced`: another submitter's row of the same program on the same hardware agrees: one's median is within the
  quartiles of the other.
* `verified`: reproduced, its play was re-run here, and the environment's equivalence is on the board.
* `void`: a line of ERRATA.md says so.
"""

from __future__ import annotations

import fnmatch
import re
from pathlib import Path
from typing import Any, Literal

from leaderboard.checking.finding import hardware_of, section_of

Standing = Literal["void", "self-reported", "reproduced", "verified"]
NEEDED = frozenset({"L1", "L3"})
"""Levels that must have passed for an environment whose speed is ranked."""
_CELLS = 5


class ErrataError(ValueError):
    """A line of the table of voided rows that cannot be read."""


def voided(errata: Path) -> list[tuple[str, str, str]]:
    """(environment, versions, files) of each line of the table "Voided rows of the board". `ErrataError`."""
    try:
        text = errata.read_text(encoding="utf-8")
    except FileNotFoundError:
        return []
    _, _, after = text.partition("## Voided rows of the board")
    found = []
    for line in re.findall(r"^\|.*\|$", after.partition("\n## ")[0], re.M)[2:]:
        cells = [cell.strip().strip("`") for cell in line.strip("|").split("|")]
        if len(cells) != _CELLS or not all(cells):
            raise ErrataError(
                f"{errata}: {line!r} has {len(cells)} cells; write environment, versions, files, since, why"
            )
        found.append((cells[0], cells[1], cells[2]))
    return found


def is_void(row: dict[str, Any], path: str, lines: list[tuple[str, str, str]]) -> bool:
    """True for a row that a line of ERRATA.md voids."""
    return any(
        row["env"] == env
        and fnmatch.fnmatchcase(str(row.get("env_version", "")), versions)
        and (files == "-" or fnmatch.fnmatchcase(Path(path).name, files) or fnmatch.fnmatchcase(path, files))
        for env, versions, files in lines
    )


def equivalent(env_id: str, board: dict[str, dict[str, Any]]) -> bool:
    """True where passed verifications on the board cover the needed levels of an environment."""
    levels = {
        level["level"]
        for data in board.values()
        if data["kind"] == "verification"
        for row in data["rows"]
        if row["env"] == env_id and row["verdict"] == "pass" and row["complete"]
        for level in row["levels"]
        if level["verdict"] == "pass"
    }
    return levels >= NEEDED


def standing(
    row: dict[str, Any],
    path: str,
    submitter: str,
    board: dict[str, dict[str, Any]],
    lines: list[tuple[str, str, str]],
    *,
    confirmed: bool,
) -> Standing:
    """Standing of a row of the kind `sps`. `confirmed`: its play was re-run and found the same."""
    if is_void(row, path, lines):
        return "void"
    if row["short"]:
        return "self-reported"
    agreeing = any(
        _agree(row, other)
        for name, data in board.items()
        if name != path and data["kind"] == "sps" and data["submitter"] != submitter
        for other in data["rows"]
        if not is_void(other, name, lines)
    )
    if not agreeing:
        return "self-reported"
    return "verified" if confirmed and equivalent(row["env"], board) else "reproduced"


def _agree(row: dict[str, Any], other: dict[str, Any]) -> bool:
    same = section_of(row) == section_of(other) and row["batch"] == other["batch"]
    if not same or hardware_of(row) != hardware_of(other):
        return False
    within = lambda one, two: two["q25"] <= one["median_sps"] <= two["q75"]  # noqa: E731
    return within(row, other) or within(other, row)
