"""Conversion of `{"rows": […]}`, the files of before there was a schema, and of reports, into submissions."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from leaderboard.records.submission import SCHEMA, RecordError, typed

_SHARED = ("env", "commit", "env_version")
"""Facts that all rows of a submission share. Rows of the bench share the command too: they are of one run of it."""


def convert(data: Any, name: str, submitter: str, evidence: bytes = b"") -> list[dict[str, Any]]:
    """Submissions that hold all that a file holds; `name` is the file's, `evidence` its contents.

    Raises `RecordError` for a file of no known form.
    """
    if not isinstance(data, dict):
        raise RecordError(f"{name}: holds {type(data).__name__}, not rows and not a report")
    schema = str(data.get("schema", ""))
    if schema.startswith(("verification.report/", "verification.mutants/")):
        found = [_submission("verification", [_verification(data, name, evidence)], submitter)]
    elif "judgement" in data and "plan" in data:
        found = [_submission("gap", [_gap(data, name, evidence)], submitter)]
    elif isinstance(data.get("rows"), list) and set(data) == {"rows"}:
        found = list(_rows(data["rows"], name, submitter))
    else:
        raise RecordError(
            f"{name}: neither rows of the bench or of the baselines, nor a report of verification or of a transfer"
        )
    for number, submission in enumerate(found):
        typed(submission, f"{name}, converted ({number + 1} of {len(found)})")
    return found


def restore(submissions: Iterable[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """Older files, by name, from the submissions that hold their rows: the inverse of `convert`."""
    found: dict[str, dict[int, Any]] = {}
    for submission in submissions:
        if source := submission.get("source"):
            rows = found.setdefault(source["file"], {})
            rows.update(zip(source["rows"], submission["rows"], strict=True))
    return {name: {"rows": [rows[place] for place in sorted(rows)]} for name, rows in found.items()}


def _submission(kind: str, rows: list[dict[str, Any]], submitter: str) -> dict[str, Any]:
    return {"schema": SCHEMA, "kind": kind, "submitter": submitter, "rows": rows}


def _rows(rows: list[Any], name: str, submitter: str) -> Iterable[dict[str, Any]]:
    groups: dict[str, list[int]] = {}
    for place, row in enumerate(rows):
        if not isinstance(row, dict):
            raise RecordError(f"{name}: rows[{place}] is {row!r}, not an object")
        kind = _kind(row, name, place)
        shared = {key: row.get(key) for key in (*_SHARED, *(["command"] if kind == "sps" else []))}
        shared["made_with"] = (row.get("made_with") or {}).get("commit")
        groups.setdefault(json.dumps([kind, shared]), []).append(place)
    for key, places in groups.items():
        submission = _submission(json.loads(key)[0], [rows[place] for place in places], submitter)
        yield {**submission, "source": {"file": name, "rows": places}}


def _kind(row: dict[str, Any], name: str, place: int) -> str:
    for field, kind in (("samples", "sps"), ("algorithm", "training"), ("env_share", "training speed")):
        if field in row:
            return kind
    raise RecordError(f"{name}: rows[{place}] is a row of no known kind: it has neither samples nor an algorithm")


def _evidence(name: str, contents: bytes) -> dict[str, str]:
    return {"evidence": name, "evidence_sha256": hashlib.sha256(contents).hexdigest()}


def _verification(report: dict[str, Any], name: str, contents: bytes) -> dict[str, Any]:
    totals = ("level", "verdict", "episodes", "steps", "divergences", "seconds")
    words = lambda side: " ".join((report.get(side) or {}).values())  # noqa: E731
    alone = report["schema"].startswith("verification.mutants/")
    mutants = report if alone else report["mutants"]
    return {
        "env": report["env"],
        "verdict": report["verdict"],
        "complete": bool(report.get("complete", True)),
        "reference": words("reference"),
        "candidate": words("candidate"),
        "levels": [{key: level[key] for key in totals} for level in report.get("levels", [])],
        "coverage": None if alone else _part(report["coverage"], ("declared", "exercised", "unseen_mass")),
        "mutants": mutants and _mutants(mutants),
        **_evidence(name, contents),
        "provenance": report["provenance"],
        "command": report["command"],
    }


def _mutants(found: dict[str, Any]) -> dict[str, Any]:
    kept = ("mutants", "killed", "rate", "false_alarms", "false_alarm_episodes")
    by_level = {level: _part(kills, ("killed", "of")) for level, kills in found["by_level"].items()}
    return {**_part(found, kept), "by_level": by_level}


def _gap(report: dict[str, Any], name: str, contents: bytes) -> dict[str, Any]:
    plan, judgement = report["plan"], report["judgement"]
    combined = judgement["combined"]  # null where there was one policy alone
    test = combined["primary"] if combined else judgement["policies"][0]["test"]
    kept = ("method", "difference", "ci90", "ci95", "p_low", "p_high", "margin", "margin_reason")
    policies = [
        {"name": policy["name"], "n": policy["test"]["n"], "means": policy["means"]} for policy in judgement["policies"]
    ]
    return {
        "env": plan["env"],
        "env_version": plan["version"],
        "reference": plan["reference"],
        "metric": judgement["metric"],
        "policies": policies,
        **_part(test, kept),
        "verdict": judgement["verdict"],
        **_evidence(name, contents),
        "made_with": report["made_with"],
        "command": report["command"],
    }


def _part(whole: dict[str, Any], names: tuple[str, ...]) -> dict[str, Any]:
    return {name: whole[name] for name in names}


def of_file(path: Path, submitter: str, name: str | None = None) -> list[dict[str, Any]]:
    """`convert` of a file. Raises `RecordError` and `OSError`."""
    contents = path.read_bytes()
    try:
        data = json.loads(contents)
    except ValueError as error:
        raise RecordError(f"{path}: not JSON: {error}") from error
    return convert(data, name or path.name, submitter, contents)
