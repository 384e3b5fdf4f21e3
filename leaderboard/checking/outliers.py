"""Rows that stand apart from others of the same hardware."""

from __future__ import annotations

import statistics
from collections.abc import Iterator
from typing import Any

from leaderboard.checking.finding import Finding, flagged, hardware_of, section_of

FACTOR = 1.5
"""Two honest runs on one machine differ by less, unless it was busy."""


def outliers(rows: list[dict[str, Any]], others: list[dict[str, Any]]) -> Iterator[Finding]:
    """Flags for medians that are far from the others' on the same hardware: ours, and the reference's."""
    for number, row in enumerate(rows):
        place = f"rows[{number}]"
        alike = [other for other in others if hardware_of(other) == hardware_of(row)]
        ours = [
            other["median_sps"]
            for other in alike
            if section_of(other) == section_of(row) and other["batch"] == row["batch"]
        ]
        yield from _apart(row["median_sps"], ours, f"{place}.median_sps")
        if (reference := row["reference"]) is not None:
            theirs = [
                other["reference"]["median_sps"]
                for other in alike
                if other["reference"]
                and (other["env"], other["mode"]) == (row["env"], row["mode"])
                and _same_reference(other, row)
            ]
            yield from _apart(reference["median_sps"], theirs, f"{place}.reference.median_sps")


def _same_reference(row: dict[str, Any], other: dict[str, Any]) -> bool:
    names = ("name", "version", "cores")
    same = all(row["reference"][name] == other["reference"][name] for name in names)
    skip = lambda one: (one.get("config") or {}).get("frame_skip")  # noqa: E731
    return same and skip(row) == skip(other)


def _apart(value: float, others: list[float], place: str) -> Iterator[Finding]:
    if not others:
        return
    low, high = min(others) / FACTOR, max(others) * FACTOR
    if not low <= value <= high:
        middle = statistics.median(others)
        times = f"{value / middle:.2g} times the median of {len(others)} on the same hardware"
        yield flagged("outlier", place, f"is {value:,.4g}, {times} ({middle:,.4g})")
