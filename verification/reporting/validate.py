"""Validation of a report's JSON: its schema, its keys and types, and that it does not contradict itself."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from jaxenv.commands import structs
from leaderboard.invocation import program
from verification.reporting.schema import Report
from verification.results import worst

FAMILY, VERSION = "verification.report", 1
SCHEMA = f"{FAMILY}/{VERSION}"


class ReportError(ValueError):
    """A file that is not a report, or not a whole or an honest one; the message says what to do."""


def load(path: Path) -> dict[str, Any]:
    """The report in a file. Raises `ReportError` for one that is missing, cut short, foreign, newer or inconsistent."""
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        remedy = f"`{program('verification', 'run')} ENV --json FILE` writes one"
        raise ReportError(f"{path}: there is no such report; {remedy}") from None
    except (OSError, UnicodeDecodeError) as error:
        raise ReportError(f"{path}: cannot be read as text: {error}") from error
    try:
        found = json.loads(text)
    except json.JSONDecodeError as error:
        cut = error.pos >= len(text.rstrip()) or "Unterminated" in error.msg
        why = "the file ends in the middle: it was cut short" if cut else "it is not JSON"
        raise ReportError(
            f"{path}: {why} (line {error.lineno}, column {error.colno}: {error.msg}); run the verification again"
        ) from error
    validate(found, str(path))
    return found


def validate(report: Any, source: str = "report") -> None:
    """Raises `ReportError`, naming `source` and the place in it, unless `report` is a whole report of this schema."""
    _check_schema(report, source)
    problems = structs.problems(report, Report)
    if problems:
        raise ReportError(f"{source}: not a whole report: {structs.listed(problems)}; run the verification again")
    problems = list(_contradictions(report))
    if problems:
        raise ReportError(
            f"{source}: the report contradicts itself: {structs.listed(problems)}; "
            "it was changed after the run, run it again"
        )


def _check_schema(report: Any, source: str) -> None:
    remedy = f"expected a file written by `{program('verification', 'run')} ENV --json FILE`"
    if not isinstance(report, Mapping):
        raise ReportError(f"{source}: holds {structs.named(report)}, not a report; {remedy}")
    schema = report.get("schema")
    if schema == SCHEMA:
        return
    if not isinstance(schema, str) or not schema.startswith(f"{FAMILY}/"):
        said = "has no 'schema'" if schema is None else f"has schema {schema!r}"
        raise ReportError(f"{source}: {said}, so it is not a report; {remedy}")
    number = schema.removeprefix(f"{FAMILY}/")
    if number.isdecimal() and int(number) > VERSION:
        raise ReportError(
            f"{source}: schema {schema!r} is newer than this checkout reads ({SCHEMA}); update the checkout, "
            "or use the commit in the file's provenance"
        )
    raise ReportError(f"{source}: schema {schema!r} is not {SCHEMA!r}; run the verification again with this checkout")


def _contradictions(report: Mapping[str, Any]) -> Iterator[str]:
    """Totals and verdicts that do not follow from what stands below them: a green light that nothing earned."""
    if report["verdict"] == "pass" and not report["complete"]:
        yield "the verdict is pass, yet the run was not complete"
    if report["complete"] and report["interrupted"]:
        yield "it is complete, yet it was interrupted"
    for level in report["levels"]:
        name, checks = level["level"], level["checks"]
        if report["verdict"] == "pass" and level["verdict"] != "pass":
            yield f"the verdict is pass, yet {name} is {level['verdict']}"
        if level["verdict"] == "pass" and worst(check["verdict"] for check in checks) != "pass":
            yield f"{name} is pass, yet not every check of it is"
        if level["divergences"] != sum(check["divergences"] for check in checks):
            yield f"{name} counts {level['divergences']} divergences, its checks together do not"
        for check in checks:
            yield from _check_contradictions(check)
    for test in report["tost"]:
        if not test["margin"] > 0:
            yield f"the margin of {test['metric']} is {test['margin']}, which nothing can stay within"
    mutants = report["mutants"]
    if mutants:
        killed = sum(any(row["killed_by"].values()) for row in mutants["rows"])
        if (killed, len(mutants["rows"])) != (mutants["killed"], mutants["mutants"]):
            yield (
                f"{mutants['killed']} of {mutants['mutants']} mutants are said to be killed, "
                f"the rows show {killed} of {len(mutants['rows'])}"
            )


def _check_contradictions(check: Mapping[str, Any]) -> Iterator[str]:
    if check["verdict"] != "pass":
        return
    name, planned = check["id"], check["planned"]
    if check["divergences"] or check["findings"]:
        yield f"check {name} is pass, yet it found divergences"
    if not check["cases"] or (planned is not None and check["cases"] < planned):
        yield f"check {name} is pass, yet {check['cases']} of {planned} {check['unit']} were run"
