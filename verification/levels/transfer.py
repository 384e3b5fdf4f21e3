"""Level 4: policy transfer. The statistics are here; who has trained policies hands in the returns of both sides.

Level 4 is nearly blind to wrong rules (matched noise is what finds them): it looks for wrong distributions of random
numbers, observations and harnesses, and is reported beside the other levels, never instead of them.
"""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

from verification.check import Check
from verification.levels.context import Context
from verification.levels.pairs import timed
from verification.results import CheckResult, FieldDifference, Finding, Verdict

TRANSFER = "L4/transfer"
_VERDICTS: dict[str, Verdict] = {
    "equivalent": "pass",
    "equivalent but biased": "inconclusive",
    "inconclusive": "inconclusive",
    "different": "fail",
}


class ReturnsFileError(ValueError):
    """A file of returns that cannot be used; the message names the file and what is missing."""


def read_returns(path: Path) -> dict[str, dict[str, list[list[float]]]]:
    """A JSON object: metric → {"candidate": [policy][episode], "reference": [policy][episode]}."""
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, json.JSONDecodeError) as error:
        raise ReturnsFileError(f"{path}: cannot be read as JSON ({error})") from error
    if not isinstance(data, dict) or not data:
        raise ReturnsFileError(f"{path}: expected an object of metrics, each with 'candidate' and 'reference'")
    for metric, arms in data.items():
        for arm in ("candidate", "reference"):
            if not isinstance(arms, dict) or not isinstance(arms.get(arm), list):
                raise ReturnsFileError(f"{path}: metric {metric!r} needs a list {arm!r} of policies' returns")
    return data


def _run_transfer(context: Context, result: CheckResult) -> None:
    from verification.statistics.tost import policy_equivalence

    begin = time.monotonic()
    assert context.plan.returns is not None
    returns = read_returns(context.plan.returns)
    unknown = sorted(set(returns) - set(context.plugin.checks.margins))
    if unknown:
        raise ReturnsFileError(
            f"metrics {unknown} have no margin; {context.plugin.env} declares {sorted(context.plugin.checks.margins)}: "
            "declare a Margin with its reason in the plugin before the run"
        )
    result.unit, result.planned = "episodes", 0
    found: list[dict[str, Any]] = []
    verdicts: list[Verdict] = []
    for metric, arms in returns.items():
        margin = context.plugin.checks.margins[metric]
        combined = policy_equivalence(arms["candidate"], arms["reference"], margin, seed=context.plan.seed)
        primary = combined.primary
        verdicts.append(_VERDICTS[combined.verdict])
        found.append(
            {"metric": metric, **primary.to_json(), "verdict": combined.verdict, "notes": list(combined.notes)}
        )
        episodes = sum(len(policy) for arm in arms.values() for policy in arm)
        result.cases += episodes
        result.planned += episodes
        if combined.verdict == "different":
            difference = FieldDifference(metric, "transfer", primary.difference, f"within ±{margin.value}")
            result.add(Finding(0, (difference,), case={"metric": metric}))
    result.stats["tost"] = found
    timed(result, begin)
    result.conclude()
    if result.verdict == "pass" and "inconclusive" in verdicts:
        result.verdict, result.reason = "inconclusive", "at least one metric is not shown to be equivalent"


def checks(context: Context) -> list[Check]:
    """Level 4, which needs a file of returns of trained policies."""
    missing = () if context.plan.returns else ("returns of trained policies (--returns FILE)",)
    return [Check(TRANSFER, "L4", "policy transfer (TOST over policies)", _run_transfer, missing)]
