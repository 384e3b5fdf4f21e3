"""A bench of an environment that runs on the host (RFC 0002): its family times it and the reference in turns."""

from __future__ import annotations

import dataclasses
import statistics
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.table import Table


@dataclasses.dataclass(frozen=True, kw_only=True)
class HostRequest:
    """The order for a family's `Bench.host`: samples of each row, seconds of each sample, cores to use at most.

    `reference`: whether to time the reference as well.
    """

    samples: int
    seconds: float
    cores: int
    reference: bool = True


@dataclasses.dataclass(frozen=True, kw_only=True)
class HostRow:
    """One figure of ours beside the reference's: samples that were taken in turns, as `unit`.

    `section`, `what`: the table and the line. `less_is_better`: for times. `facts`: more about the line.
    """

    section: str
    what: str
    unit: str
    ours: Sequence[float]
    theirs: Sequence[float] = ()
    less_is_better: bool = False
    facts: Mapping[str, Any] = dataclasses.field(default_factory=dict)

    @property
    def ratio(self) -> float | None:
        """By how much ours is the better, of the medians; None without the reference."""
        if not self.theirs:
            return None
        ours, theirs = statistics.median(self.ours), statistics.median(self.theirs)
        return theirs / ours if self.less_is_better else ours / theirs

    def to_json(self) -> dict[str, Any]:
        """Plain data."""
        medians = {"median": statistics.median(self.ours), "ratio": self.ratio}
        medians["reference_median"] = statistics.median(self.theirs) if self.theirs else None
        return {**dataclasses.asdict(self), **medians}


HostBench = Callable[[HostRequest], Iterator[HostRow]]
"""Measures, and gives each row as it is done."""


def in_turns(
    request: HostRequest, ours: Callable[[float], float], theirs: Callable[[float], float] | None
) -> tuple[list[float], list[float]]:
    """Samples of both, one after the other, behind a short one of each that does not count. Both take seconds."""
    timers = [timer for timer in (theirs if request.reference else None, ours) if timer is not None]
    for timer in timers:
        timer(request.seconds / 4)
    found: list[list[float]] = [[] for _ in timers]
    for _ in range(request.samples):
        for samples, timer in zip(found, timers, strict=True):
            samples.append(timer(request.seconds))
    return found[-1], found[0] if len(found) == 2 else []


def line(row: HostRow) -> str:
    """A row in one line, for when it is made."""
    ratio = "" if row.ratio is None else f", {row.ratio:.1f} × the reference"
    return f"{row.section}, {row.what}: {statistics.median(row.ours):,.4g} {row.unit}{ratio}"


def tables(rows: Sequence[HostRow], reference: str) -> list[Table]:
    """A table for each section."""
    from rich.table import Table

    found = []
    for section in dict.fromkeys(row.section for row in rows):
        own = [row for row in rows if row.section == section]
        facts = list(dict.fromkeys(name for row in own for name in row.facts))
        table = Table(title=section)
        for name in ("", "unit", "ours", "quartiles", reference, "ratio", *facts):
            table.add_column(name, justify="left" if name in ("", "unit") else "right")
        for row in own:
            table.add_row(row.what, row.unit, *_figures(row), *(str(row.facts.get(name, "")) for name in facts))
        found.append(table)
    return found


def _figures(row: HostRow) -> tuple[str, str, str, str]:
    spread = statistics.quantiles(row.ours, n=4) if len(row.ours) > 1 else [row.ours[0]] * 3
    theirs = f"{statistics.median(row.theirs):,.4g}" if row.theirs else "–"
    ratio = "–" if row.ratio is None else f"{row.ratio:.1f}"
    return f"{statistics.median(row.ours):,.4g}", f"{spread[0]:,.4g}–{spread[2]:,.4g}", theirs, ratio
