"""Numbers that follow from others in the same file, derived again."""

from __future__ import annotations

import math
import re
import statistics
from collections.abc import Iterator
from typing import Any

import numpy as np

from leaderboard import PROTOCOL
from leaderboard.checking.finding import Finding, refused, section_of
from leaderboard.program import scan_length

CHECK = "arithmetic"
RELATIVE = 1e-9


def speed(rows: list[dict[str, Any]], players: int) -> Iterator[Finding]:
    """Rows of the kind `sps` that do not follow from their samples. `players` of the environment."""
    sections: dict[Any, list[int]] = {}
    for place, row in enumerate(rows):
        sections.setdefault(section_of(row), []).append(place)
        yield from _row(row, f"rows[{place}]", players)
    for places in sections.values():
        yield from _section(rows, places)


def _differs(place: str, name: str, said: Any, derived: Any, from_: str) -> Iterator[Finding]:
    if said is None and derived is None:
        return
    if isinstance(said, bool) or said is None or derived is None:
        same = said == derived
    else:
        same = math.isclose(said, derived, rel_tol=RELATIVE)
    if not same:
        yield refused(CHECK, f"{place}.{name}", f"is {_number(said)}, {from_} give {_number(derived)}")


def _number(value: Any) -> str:
    return f"{value:,.6g}" if isinstance(value, float) else str(value)


def _row(row: dict[str, Any], place: str, players: int) -> Iterator[Finding]:
    samples, median = row["samples"], row["median_sps"]
    yield from _samples(samples, f"{place}.samples")
    if not samples:
        return
    for name, derived in zip(("q25", "median_sps", "q75"), np.percentile(samples, (25, 50, 75)).tolist(), strict=True):
        yield from _differs(place, name, row[name], derived, f"its {len(samples)} samples")
    yield from _differs(place, "agent_sps", row["agent_sps"], median * players, f"its median and {players} players")
    yield from _differs(place, "noisy", row["noisy"], row["q75"] - row["q25"] > 0.1 * median, "its quartiles")
    if len(samples) < 10 and not row["short"]:
        yield refused(CHECK, f"{place}.short", f"is false, yet there are {len(samples)} samples of at least 10")
    frames = (row.get("config") or {}).get("frame_skip")
    if "physics_sps" in row:
        yield from _differs(
            place, "physics_sps", row["physics_sps"], median * frames if frames else None, "its median and frame_skip"
        )
    yield from _ratios(row, place)
    yield from _sizes(row, place)


def _samples(samples: list[float], place: str) -> Iterator[Finding]:
    if not samples:
        yield refused(CHECK, place, "is empty")
    if bad := [value for value in samples if not (math.isfinite(value) and value > 0)]:
        yield refused(CHECK, place, f"holds {bad[0]}, which is no speed")
    if len(samples) > 2 and len(set(samples)) == 1:
        yield refused(CHECK, place, f"are all {samples[0]}: clocks do not repeat like that")


def _ratios(row: dict[str, Any], place: str) -> Iterator[Finding]:
    median, reference = row["median_sps"], row["reference"]
    if reference is None:
        for name in ("ratio", "ratio_per_reference_core"):
            yield from _differs(place, name, row[name], None, "no reference's samples")
    elif reference["samples"]:
        theirs = statistics.median(reference["samples"])
        yield from _differs(f"{place}.reference", "median_sps", reference["median_sps"], theirs, "its samples")
        yield from _differs(place, "ratio", row["ratio"], median / theirs, "both medians")
        each = median / (theirs / reference["cores"]) if reference["cores"] else None
        yield from _differs(place, "ratio_per_reference_core", row["ratio_per_reference_core"], each, "both medians")
    else:
        yield refused(CHECK, f"{place}.reference.samples", "is empty")
    others = [("xla", row.get("xla"))]
    others += [(f"peers[{number}]", peer) for number, peer in enumerate(row.get("peers") or ())]
    for name, other in others:
        if other is not None and other["samples"]:
            theirs = statistics.median(other["samples"])
            yield from _differs(f"{place}.{name}", "median_sps", other["median_sps"], theirs, "its samples")
            yield from _differs(f"{place}.{name}", "ratio", other["ratio"], median / theirs, "both medians")


def _sizes(row: dict[str, Any], place: str) -> Iterator[Finding]:
    batch, devices, chunk = row["batch"], row["devices"], row["chunk"]
    if row["protocol"] != PROTOCOL:
        yield refused(CHECK, f"{place}.protocol", f"is {row['protocol']}, this board's is {PROTOCOL}")
    if batch < 1 or devices < 1 or batch % (devices * (chunk or 1)):
        yield refused(CHECK, f"{place}.batch", f"of {batch} cannot be split over {devices} devices, chunk {chunk}")
        return
    backend = row["backend"].partition(":")[0]
    steps = scan_length(batch, backend if row["mode"] == "env_random_legal" else "xla")
    if row["scan"] != steps:
        yield refused(CHECK, f"{place}.scan", f"is {row['scan']}, a batch of {batch} is run {steps} steps at a time")
    if not re.fullmatch(r"[0-9a-f]{8}", row["checksum"]):
        yield refused(CHECK, f"{place}.checksum", f"is {row['checksum']!r}, not eight hexadecimal digits")
    if not 0 <= row["reset_fraction"] <= 1:
        yield refused(CHECK, f"{place}.reset_fraction", f"is {row['reset_fraction']}, not a share")
    for name in ("trace_seconds", "compile_seconds", "first_run_seconds"):
        if row[name] < 0:
            yield refused(CHECK, f"{place}.{name}", f"is {row[name]}, less than nothing")


def _section(rows: list[dict[str, Any]], places: list[int]) -> Iterator[Finding]:
    """Facts that all rows of a section share, and its best row."""
    fastest = max(rows[place]["median_sps"] for place in places)
    for place in places:
        yield from _differs(
            f"rows[{place}]", "best", rows[place]["best"], rows[place]["median_sps"] == fastest, "the section's medians"
        )
    first = rows[places[0]]["reference"]
    for place in places[1:]:
        if rows[place]["reference"] != first:
            yield refused(CHECK, f"rows[{place}].reference", f"is not that of rows[{places[0]}], of the same section")
    if batches := {rows[place]["batch"] for place in places if places.count(place) > 1}:
        yield refused(CHECK, "rows", f"hold batch {min(batches)} twice in a section")
    if first is not None:
        wanted = sum(len(rows[place]["samples"]) for place in places)
        if len(first["samples"]) != wanted:
            yield refused(
                CHECK,
                f"rows[{places[0]}].reference.samples",
                f"are {len(first['samples'])}, one for each of our {wanted} in the section is the protocol",
            )


def gap(rows: list[dict[str, Any]]) -> Iterator[Finding]:
    """Rows of the kind `gap` whose verdict does not follow from their numbers."""
    for number, row in enumerate(rows):
        place = f"rows[{number}]"
        if not row["margin"] > 0:
            yield refused(CHECK, f"{place}.margin", f"is {row['margin']}, which nothing can stay within")
        policies = row["policies"]
        if not policies:
            yield refused(CHECK, f"{place}.policies", "is empty")
            continue
        derived = statistics.fmean(ours - theirs for ours, theirs in (policy["means"] for policy in policies))
        if not math.isclose(row["difference"], derived, rel_tol=1e-6, abs_tol=1e-9):
            yield refused(
                CHECK, f"{place}.difference", f"is {row['difference']:.6g}, the policies' means give {derived:.6g}"
            )
        low, high = row["ci90"]
        if not low <= row["difference"] <= high:
            yield refused(CHECK, f"{place}.ci90", f"[{low:.6g}, {high:.6g}] does not hold the difference")
        within = -row["margin"] < low and high < row["margin"]
        significant = max(row["p_low"], row["p_high"]) < 0.05
        claims = row["verdict"].startswith("equivalent")
        if claims and not (within and significant):
            yield refused(CHECK, f"{place}.verdict", f"is {row['verdict']!r}, its interval or p say otherwise")


def verification(rows: list[dict[str, Any]]) -> Iterator[Finding]:
    """Rows of the kind `verification` whose verdict does not follow from their levels and mutants."""
    for number, row in enumerate(rows):
        place = f"rows[{number}]"
        if row["verdict"] == "pass" and not row["complete"]:
            yield refused(CHECK, f"{place}.verdict", "is pass, yet the run was not complete")
        for level in row["levels"]:
            if row["verdict"] == "pass" and (level["verdict"] != "pass" or level["divergences"]):
                yield refused(CHECK, f"{place}.verdict", f"is pass, yet {level['level']} is not, or it diverged")
        mutants = row["mutants"]
        if mutants and (mutants["rate"] is not None or mutants["mutants"]):
            derived = mutants["killed"] / mutants["mutants"] if mutants["mutants"] else None
            yield from _differs(f"{place}.mutants", "rate", mutants["rate"], derived, "killed and mutants")
        if not row["levels"] and not mutants:
            yield refused(CHECK, place, "holds neither levels nor mutants")
