"""Figures of a measurement by random mutants: kill rates with intervals, the place named, and the survivors."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from verification.statistics.rates import wilson

NAMED_AMONG = 3
SHOWN_SURVIVORS = 40

Row = Mapping[str, Any]


def summary(rows: Sequence[Row], levels: Sequence[str], survivors: Mapping[str, str]) -> dict[str, Any]:
    """The report's figures. `rate` is over the mutants that do something and are not equivalent.

    Apart, and never counted as killed: what does not compile, and what leaves the program as it was. `survivors`: id of
    a mutant → the reason for which it is equivalent; one that was killed all the same is counted as killed.
    """
    outcomes = Counter(row["outcome"] for row in rows)
    judged = [row for row in rows if row["outcome"] in ("killed", "survived")]
    killed = [row for row in judged if row["outcome"] == "killed"]
    alive = [row for row in judged if row["outcome"] == "survived"]
    equivalent = [row for row in alive if _equivalent(row, survivors)]
    real = len(judged) - len(equivalent)
    ranks = [rank_of(row) for row in killed]
    return {
        "mutants": len(rows),
        "judged": real,
        "killed": len(killed),
        **_rate("rate", len(killed), real),
        **_rate("rate_with_equivalents", len(killed), len(judged)),
        "does_not_compile": outcomes["does not compile"],
        "same_program": outcomes["same program"],
        "not_run": outcomes["not run"],
        "equivalent": len(equivalent),
        "survived": len(alive) - len(equivalent),
        "by_level": {level: _level(level, killed, real) for level in (*levels, "time limit")},
        "by_kind": {kind: _kind(kind, judged, survivors) for kind in sorted({row["kind"] for row in judged})},
        "localisation": {
            "top1": _share(sum(rank == 1 for rank in ranks), len(killed)),
            "top3": _share(sum(rank is not None and rank <= NAMED_AMONG for rank in ranks), len(killed)),
        },
        "rows": [{**row, "rank": rank_of(row), "explanation": survivors.get(row["id"], "")} for row in rows],
    }


def rank_of(row: Row) -> int | None:
    """Place of the changed file among the suspects of the finding that killed a mutant, from 1; None if it is none."""
    suspects = row.get("suspects") or []
    return suspects.index(row["module"]) + 1 if row["module"] in suspects else None


def _rate(name: str, killed: int, of: int) -> dict[str, Any]:
    if not of:
        return {name: None, f"{name}_ci95": None}
    interval = wilson(killed, of)
    return {name: killed / of, f"{name}_ci95": [float(interval.low), float(interval.high)]}


def _level(level: str, killed: Sequence[Row], of: int) -> dict[str, Any]:
    here = sum(row["level"] == level for row in killed)
    return {"killed_first": here, "of": of, **_rate("rate", here, of)}


def _kind(kind: str, judged: Sequence[Row], survivors: Mapping[str, str]) -> dict[str, Any]:
    here = [row for row in judged if row["kind"] == kind and not _equivalent(row, survivors)]
    killed = sum(row["outcome"] == "killed" for row in here)
    return {"killed": killed, "of": len(here), **_rate("rate", killed, len(here))}


def _equivalent(row: Row, survivors: Mapping[str, str]) -> bool:
    return row["outcome"] == "survived" and row["id"] in survivors


def _share(part: int, of: int) -> float | None:
    return part / of if of else None


def lines(env: str, found: Mapping[str, Any]) -> Iterator[str]:
    """The figures in a terminal, then each survivor with its patch."""
    yield f"{env}: {found['mutants']} random mutants"
    yield f"  {found['does_not_compile']} do not compile, {found['same_program']} leave the program as it was"
    if found["not_run"]:
        yield f"  {found['not_run']} gave no result in time (a busy machine?): --resume tries them again"
    yield f"  killed {found['killed']} of {found['judged']}: {_words(found, 'rate')}"
    if found["equivalent"]:
        rate = _words(found, "rate_with_equivalents")
        yield f"    with the {found['equivalent']} that were decided to be equivalent: {rate}"
    for kind, part in found["by_kind"].items():
        yield f"    {kind:<12} {part['killed']} of {part['of']}: {_words(part, 'rate')}"
    for level, part in found["by_level"].items():
        if part["killed_first"]:
            yield f"    first at {level:<10} {part['killed_first']:>4}  {100 * part['rate']:.1f} %"
    named = found["localisation"]
    if named["top1"] is not None:
        yield f"  file at fault: first {100 * named['top1']:.1f} %, among three {100 * named['top3']:.1f} %"
    alive = [row for row in found["rows"] if row["outcome"] == "survived" and not row["explanation"]]
    for row in alive[:SHOWN_SURVIVORS]:
        ran = "its line ran" if row["ran"] else "its line never ran"
        where = f"{row['module']}, {row['place']}"
        yield ""
        yield f"  survives: {row['id']} ({row['operator']}, {where}; {ran})"
        yield from (f"    {line}" for line in row["patch"].splitlines())
    if len(alive) > SHOWN_SURVIVORS:
        yield f"  and {len(alive) - SHOWN_SURVIVORS} more survivors, all in the JSON"


def _words(found: Mapping[str, Any], name: str) -> str:
    if found[name] is None:
        return "no rate"
    low, high = found[f"{name}_ci95"]
    return f"{100 * found[name]:.1f} % ({100 * low:.1f}–{100 * high:.1f} %)"
