"""Merging of a run's shards: the report that one process would have written, of the reports of all shards."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from jaxenv import shards
from jaxenv.shards import Shard, ShardError
from verification.levels import coverage
from verification.levels.coverage import NOT_COUNTED
from verification.results import CheckResult, Parts, level_json, worst

_SAME_RUN = "shards of one run have it in common: run that shard again as the others, or leave it out"
_MADE_WITH = ("commit", "uncommitted_changes", "verifier_hash", "python", "jax", "numpy")
_SIDES = ("reference", "candidate")


def merge(files: Sequence[tuple[str, dict[str, Any]]], command: str = "") -> dict[str, Any]:
    """The report of a whole run from (name of the file, report) of each of its shards, in any order.

    It is that of one process but for times and for how it was made: `command`, and `shards` in its provenance.
    `ShardError` for a shard that is missing, given twice or not finished, and for shards of different runs.
    """
    found = [(name, shards.from_json(report.get("shard"), name)) for name, report in files]
    _require_one_run(files)
    order = shards.complete(found)
    names = [files[place][0] for place in order]
    reports = [files[place][1] for place in order]
    numbers = [found[place][1] for place in order]
    for name, report, number in zip(names, reports, numbers, strict=True):
        _require_finished(name, report, number)
    _require_same_sides(names, reports)
    listed = shards.same(names, [report["shard"]["checks"] for report in reports], "its list of checks", _SAME_RUN)
    results = [_check(entry["id"], names, reports) for entry in listed]
    levels: dict[str, list[CheckResult]] = {}
    for result in results:
        levels.setdefault(result.level, []).append(result)
    first = reports[0]
    merged = {name: value for name, value in first.items() if name != "shard"}
    return {
        **merged,
        "verdict": worst(result.verdict for result in results),
        "complete": True,
        "interrupted": False,
        "reason": "",
        "levels": [level_json(level, levels.get(level, [])) for level in first["plan"]["levels"]],
        "coverage": _coverage([report["coverage"] for report in reports]),
        "tost": [row for result in results for row in result.stats.get("tost", [])],
        "provenance": _provenance(reports, numbers),
        "command": command,
    }


def _require_one_run(files: Sequence[tuple[str, Mapping[str, Any]]]) -> None:
    """Environment, plan, commit and versions are the same in all; folders of counterexamples need not be."""
    names = [name for name, _ in files]
    reports = [report for _, report in files]
    shards.same(names, [report["env"] for report in reports], "the environment", _SAME_RUN)
    for key in sorted({key for report in reports for key in report["plan"]} - {"failures"}):
        shards.same(names, [report["plan"].get(key) for report in reports], f"plan.{key}", _SAME_RUN)
    for key in _MADE_WITH:
        values = [report["provenance"].get(key) for report in reports]
        shards.same(names, values, f"provenance.{key}", _SAME_RUN)


def _require_same_sides(names: Sequence[str], reports: Sequence[Mapping[str, Any]]) -> None:
    for key in _SIDES:
        shards.same(names, [report[key] for report in reports], f"the {key}", _SAME_RUN)


def _require_finished(name: str, report: Mapping[str, Any], shard: Shard) -> None:
    if not report["shard"].get("finished") or report["interrupted"]:
        why = f": {report['reason']}" if report["reason"] else ""
        raise ShardError(
            f"{name}: shard {shard} is not finished{why}; repeat its command with --resume, then merge again"
        )


def _check(id: str, names: Sequence[str], reports: Sequence[Mapping[str, Any]]) -> CheckResult:
    """The check of the whole run from the shards that did parts of it."""
    there = [
        (name, check)
        for name, report in zip(names, reports, strict=True)
        for level in report["levels"]
        for check in level["checks"]
        if check["id"] == id
    ]
    if not there:
        raise ShardError(f"{', '.join(names)}: no shard has check {id}; run the shards again")
    if not there[0][1].get("parts"):
        if len(there) > 1:
            raise ShardError(f"{there[1][0]}: check {id} is in {there[0][0]} too; run the shards again")
        return CheckResult.from_json(there[0][1])
    there.sort(key=lambda pair: pair[1]["parts"]["first"])
    _require_all_parts(id, there)
    results = [CheckResult.from_json(check) for _, check in there]
    return _as_one(results, there[0][1]["parts"]["of"], int(reports[0]["plan"]["shrink"]))


def _require_all_parts(id: str, there: Sequence[tuple[str, Mapping[str, Any]]]) -> None:
    """The shards' stretches follow each other without a gap, from the first part to the last."""
    reached = 0
    for name, check in there:
        if check["parts"]["first"] != reached:
            raise ShardError(
                f"{name}: check {id} begins with part {check['parts']['first']}, where part {reached} is the next; "
                "run that shard again"
            )
        reached = check["parts"]["last"]
    name, check = there[-1]
    if reached != check["parts"]["of"]:
        raise ShardError(f"{name}: check {id} ends with part {reached} of {check['parts']['of']}; run that shard again")


def _as_one(results: Sequence[CheckResult], parts: int, shrunk: int) -> CheckResult:
    """The result as one process has it, which shrinks only the first `shrunk` findings of a check."""
    whole = results[0]
    planned = [result.planned for result in results if result.planned is not None]
    verdict = worst(result.verdict for result in results)
    for result in results[1:]:
        whole.take(result)
    # A check that lacks something was not begun in any shard.
    whole.planned, whole.parts = (sum(planned), Parts(0, parts, parts, parts)) if planned else (None, None)
    if planned and verdict not in ("error", "inconclusive"):
        whole.reason = ""
        whole.conclude()
    else:
        whole.verdict = verdict
    whole.findings = [
        finding.unshrunk if finding.unshrunk and place >= shrunk else replace(finding, unshrunk=None)
        for place, finding in enumerate(whole.findings)
    ]
    return whole


def _coverage(parts: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Coverage of all shards' steps. A shard in which nothing was counted says nothing of what is declared."""
    counted = [part for part in parts if "unseen_mass_se" in part]
    if not counted:
        return dict(NOT_COUNTED)
    counts: Counter[str] = Counter()
    for part in counted:
        counts.update(part["counts"])
    never = [name for name in counted[0]["never"] if not counts[name]]
    return coverage.to_json(never, counts)


def _provenance(reports: Sequence[Mapping[str, Any]], numbers: Sequence[Shard]) -> dict[str, Any]:
    """The first shard's facts, the seconds of all, and how each was made."""
    made = [report["provenance"] for report in reports]
    own = ("platform", "cpus", "started", "seconds")
    listed = [
        {"shard": str(number), **{name: one.get(name) for name in own}, "command": report["command"]}
        for number, one, report in zip(numbers, made, reports, strict=True)
    ]
    return {
        **made[0],
        "started": min(one["started"] for one in made),
        "seconds": round(sum(one["seconds"] for one in made), 2),
        "shards": listed,
    }
