"""Failures, as the loop tells them to an agent, from the results of `verification`."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from translator.verifier import Failure, Row
from verification.results import CheckResult, Finding

_ROWS = 12
_LEVELS = ("L0", "L1", "L2", "L3", "L3d", "L4")


def of(results: Iterable[CheckResult], reason: str, owner: Callable[[str], str], cases: Path) -> list[Failure]:
    """One failure for each check that failed or broke, the cheapest level first; `reason`: of a run that broke off."""
    found = [failure for result in results if (failure := _failure(result, owner, cases))]
    if reason:
        found.append(Failure("L0", "L0/declaration", reason[:3000], count=1, cases=1))
    return sorted(found, key=lambda failure: _LEVELS.index(failure.level))


def violations(results: Iterable[CheckResult], ignore: str = "") -> list[str]:
    """Findings of guard, sandbox and repetition, in words, without those that begin with `ignore`."""
    found = []
    for result in results:
        for finding in result.findings:
            told = finding.message or finding.first_field
            if result.id == "L0/sandbox" and finding.first_field == "violation: no answer":
                continue  # a crash, which the levels tell
            if not ignore or not told.startswith(ignore):
                found.append(f"{result.id}: {told}"[:500])
    return list(dict.fromkeys(found))


def _failure(result: CheckResult, owner: Callable[[str], str], cases: Path) -> Failure | None:
    if result.verdict == "error":
        told = "\n".join([result.reason, *result.notes[-1:]])
        return Failure(result.level, result.id, told[-3000:], count=1, cases=max(1, result.cases))
    if result.verdict != "fail" or not result.findings:
        return None
    finding = next((one for one in result.findings if one.file), result.findings[0])
    before, actions, file = _case(finding, cases)
    return Failure(
        level=result.level,
        check=result.id,
        message=finding.message[:1000],
        rows=tuple(_row(difference, owner) for difference in finding.differences[:_ROWS]),
        before=before,
        actions=actions,
        draws=finding.draws,
        step=finding.step,
        count=result.divergences,
        cases=result.cases,
        first_fields=dict(sorted(result.first_fields.items(), key=lambda item: -item[1])[:6]),
        case=file,
    )


def _row(difference: Any, owner: Callable[[str], str]) -> Row:
    try:
        owned = owner(difference.name)
    except Exception:
        owned = difference.module  # no path of a snapshot: a figure, a law, a contract
    return Row(difference.name[:120], _short(difference.reference), _short(difference.candidate), owned)


def _case(finding: Finding, cases: Path) -> tuple[dict[str, Any], list[Any], str]:
    """State before, actions and name of a counterexample's file."""
    if not finding.file:
        return {}, [], ""
    path = cases / Path(finding.file).name
    try:
        data = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError):
        return {}, [], ""
    before = {name: _plain(value) for name, value in (data.get("snapshot") or {}).items()}
    actions = [{agent: _plain(value) for agent, value in step.items()} for step in data["actions"][:5]]
    return {k: v for k, v in before.items() if not k.startswith("out.")}, actions, f"cases/{path.name}"


def _plain(value: Any) -> Any:
    if isinstance(value, dict) and "values" in value:
        return value["values"][0] if not value["shape"] else _short(value["values"])
    return _short(value)


def _short(value: Any) -> Any:
    text = repr(value)
    return value if len(text) <= 160 and isinstance(value, int | float | bool | str | list) else text[:160]
