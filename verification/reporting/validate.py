"""Validation of a report's JSON: its schema, its keys and types, and that it does not contradict itself."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from leaderboard.invocation import program
from verification.results import LEVELS, SEVERITY, worst

FAMILY, VERSION = "verification.report", 1
SCHEMA = f"{FAMILY}/{VERSION}"
_SHOWN = 5


class ReportError(ValueError):
    """A file that is not a report, or not a whole or an honest one; the message says what to do."""


@dataclass(frozen=True)
class _OrNone:
    shape: Any


@dataclass(frozen=True)
class _MapOf:
    shape: Any


@dataclass(frozen=True)
class _Pair:
    shape: Any


class _Anything:
    pass


_VERDICT = frozenset(SEVERITY)
_NUMBER = _OrNone(float)
_IMPLEMENTATION = {"name": str, "version": str}
_FINDING = {
    "step": int,
    "differences": [{"name": str, "module": str, "candidate": _Anything, "reference": _Anything}],
    "event": str,
    "draws": str,
    "suspects": [_Pair(_Anything)],
    "case": dict,
    "file": str,
    "repro": str,
    "shrunk_steps": _OrNone(int),
    "message": str,
}
_CHECK = {
    "id": str,
    "level": str,
    "title": str,
    "verdict": _VERDICT,
    "cases": int,
    "unit": str,
    "planned": _OrNone(int),
    "steps": int,
    "seconds": float,
    "divergences": int,
    "findings": [_FINDING],
    "first_fields": _MapOf(int),
    "first_steps": _MapOf(int),
    "stats": dict,
    "notes": [str],
    "reason": str,
    "rate_bound_95": _NUMBER,
}
_LEVEL = {
    "level": frozenset(LEVELS),
    "title": str,
    "verdict": _VERDICT,
    "episodes": int,
    "steps": int,
    "divergences": int,
    "seconds": float,
    "checks": [_CHECK],
}
_MUTANT = {
    "id": str,
    "module": str,
    "changes": str,
    "expected": str,
    "killed_by": _MapOf(bool),
    "first_kill": _MapOf({"cases": int, "seconds": float, "field": str}),
    "suspects": list,
    "rank": _OrNone(int),
    "shrunk_steps": _OrNone(int),
    "explanation": str,
}
_MUTANTS = {
    "mutants": int,
    "killed": int,
    "rate": _NUMBER,
    "rate_ci95": _OrNone(_Pair(float)),
    "by_level": _MapOf({"killed": int, "of": int, "rate": _NUMBER, "ci95": _OrNone(_Pair(float)), "unique": [str]}),
    "false_alarms": int,
    "false_alarm_episodes": int,
    "localisation": _OrNone(_MapOf(_NUMBER)),
    "median_shrunk_steps": _NUMBER,
    "rows": [_MUTANT],
    "seconds": float,
    "compile_seconds": float,
}
_TOST = {
    "metric": str,
    "method": str,
    "n": _Pair(int),
    "k": _OrNone(int),
    "difference": float,
    "ci90": _Pair(float),
    "ci95": _Pair(float),
    "p_low": float,
    "p_high": float,
    "margin": float,
    "margin_reason": str,
    "verdict": str,
    "power_at_zero": float,
    "n_needed": _OrNone(int),
    "unit": str,
    "notes": [str],
}
_REPORT = {
    "schema": str,
    "env": str,
    "verdict": _VERDICT,
    "complete": bool,
    "interrupted": bool,
    "reason": str,
    "reference": _IMPLEMENTATION,
    "candidate": _IMPLEMENTATION,
    "capabilities": {
        "reference": _MapOf(bool),
        "candidate": _MapOf(bool),
        "missing": [{"side": str, "capability": str, "means": str}],
    },
    "levels": [_LEVEL],
    "coverage": {
        "declared": int,
        "exercised": int,
        "never": [str],
        "counts": _MapOf(int),
        "unseen_mass": _NUMBER,
    },
    "mutants": _OrNone(_MUTANTS),
    "tost": [_TOST],
    "ignored_fields": [{"path": str, "why": str}],
    "tolerances": [{"path": str, "atol": float, "rtol": float, "ulp": int, "why": str}],
    "blind_spots": [str],
    "plan": dict,
    "provenance": dict,
    "command": str,
}
_WORDS = {
    str: "text",
    int: "a whole number",
    float: "a number",
    bool: "true or false",
    dict: "an object",
    list: "a list",
}


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
    problems = list(_mismatches(report, _REPORT, ""))
    if problems:
        raise ReportError(f"{source}: not a whole report: {_listed(problems)}; run the verification again")
    problems = list(_contradictions(report))
    if problems:
        raise ReportError(
            f"{source}: the report contradicts itself: {_listed(problems)}; it was changed after the run, run it again"
        )


def _listed(problems: list[str]) -> str:
    hidden = len(problems) - _SHOWN
    return "; ".join(problems[:_SHOWN]) + (f"; and {hidden} more" if hidden > 0 else "")


def _check_schema(report: Any, source: str) -> None:
    remedy = f"expected a file written by `{program('verification', 'run')} ENV --json FILE`"
    if not isinstance(report, Mapping):
        raise ReportError(f"{source}: holds {_named(report)}, not a report; {remedy}")
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


def _named(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."


def _mismatches(value: Any, shape: Any, path: str) -> Iterator[str]:
    """Parts of `value` that do not have `shape`, each with its path."""
    if shape is _Anything:
        return
    if isinstance(shape, _OrNone):
        if value is not None:
            yield from _mismatches(value, shape.shape, path)
    elif isinstance(shape, frozenset):
        if not isinstance(value, str) or value not in shape:
            yield f"{path} is {_named(value)}, known are {', '.join(sorted(shape))}"
    elif isinstance(shape, dict | _MapOf):
        yield from _object_mismatches(value, shape, path)
    elif isinstance(shape, list | _Pair):
        yield from _list_mismatches(value, shape, path)
    elif not _is(value, shape):
        yield f"{path} is {_named(value)}, not {_WORDS[shape]}"


def _object_mismatches(value: Any, shape: dict[str, Any] | _MapOf, path: str) -> Iterator[str]:
    if not isinstance(value, Mapping):
        yield f"{path or 'the top'} is {_named(value)}, not an object"
        return
    prefix = f"{path}." if path else ""
    shapes = shape if isinstance(shape, dict) else dict.fromkeys(value, shape.shape)
    for key, inner in shapes.items():
        if key in value:
            yield from _mismatches(value[key], inner, f"{prefix}{key}")
        else:
            yield f"{prefix}{key} is missing"


def _list_mismatches(value: Any, shape: list[Any] | _Pair, path: str) -> Iterator[str]:
    if not isinstance(value, list | tuple):
        yield f"{path} is {_named(value)}, not a list"
        return
    if isinstance(shape, _Pair) and len(value) != 2:
        yield f"{path} has {len(value)} entries, not 2"
    inner = shape.shape if isinstance(shape, _Pair) else shape[0]
    for place, entry in enumerate(value):
        yield from _mismatches(entry, inner, f"{path}[{place}]")


def _is(value: Any, shape: type) -> bool:
    if shape is list:
        return isinstance(value, list | tuple)
    if shape is float:
        return isinstance(value, int | float) and not isinstance(value, bool)
    return isinstance(value, shape) and not (shape is int and isinstance(value, bool))


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
