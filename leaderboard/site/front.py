"""The front table: rows of the overview as Markdown, between two marks of a document."""

from __future__ import annotations

import textwrap

from leaderboard.section import short
from leaderboard.site.collected import SiteError
from leaderboard.site.equivalence import Equivalence
from leaderboard.site.overview import NOT_MEASURED, Line, front

BEGIN, END = "<!-- board -->", "<!-- /board -->"
_WIDTH = 118
_HEAD = ("| environment | ours by | steps/s | the reference's | ratio | the same? |", "|---|---|---|---|---|---|")


def markdown(found: list[Line]) -> str:
    """The front table, the hardware of its rows, and the environments that are in none of them."""
    table: list[str] = [*_HEAD]
    machines: dict[str, None] = {}
    for line in front(found):
        row = line.row
        assert row is not None
        machines[line.hardware] = None
        timed = row["reference"]
        theirs = f"{short(timed['median_sps'])}, {timed['name']}" if timed else "not timed"
        cells = (f"`{line.env}`", line.engine, short(row["median_sps"]), theirs, times(row["ratio"]))
        table.append(f"| {' | '.join(cells)} | {badge(line.equivalence)} |")
    without = ", ".join(f"`{line.env}`" for line in found if line.row is None)
    note = f"Measured on {'; '.join(machines)}." + (f" {NOT_MEASURED.capitalize()}: {without}." if without else "")
    wrapped = textwrap.wrap(note, _WIDTH, break_long_words=False, break_on_hyphens=False)
    return "\n".join([*table, "", *wrapped])


def times(ratio: float | None) -> str:
    """A ratio as "**40×**": bold where ours is the faster one."""
    if ratio is None:
        return "–"
    text = f"{ratio:.3g}×"
    return f"**{text}**" if ratio > 1 else text


def badge(proof: Equivalence) -> str:
    """As "equal: L1 L3; bugs 127/127"."""
    bugs = f"; bugs {proof.bugs.killed}/{proof.bugs.judged}" if proof.bugs else ""
    return proof.state + (f": {proof.levels_text}" if proof.passed else "") + bugs


def replaced(text: str, table: str, name: str) -> str:
    """A document's text with the table between its marks. `SiteError` for a document without them; `name` is its."""
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise SiteError(f"{name}: it has no lines {BEGIN} and {END}; write them where the table is to stand")
    return f"{before}{BEGIN}\n{table}\n{END}{after}"
