"""Level 3d: the law and the independence of the candidate's own random draws, which matched noise cannot show."""

from __future__ import annotations

import time

from verification.check import Check
from verification.levels.context import Context
from verification.levels.pairs import timed
from verification.results import CheckResult, FieldDifference, Finding

DRAWS = "L3d/draws"
LANES = 16384


def _run_draws(context: Context, result: CheckResult) -> None:
    from verification.statistics.laws import check_draws

    begin = time.monotonic()
    assert context.plugin.draws.sample is not None
    sample = context.plugin.draws.sample(context.plan.seed, LANES)
    report = check_draws(sample.laws, sample.values)
    result.unit = "draws"
    result.stats |= {"tests": len(report.tests), "false_alarm_rate": report.false_alarm_rate}
    result.stats["labels"] = sorted(sample.values)
    result.notes += [f"not tested: {reason}" for reason in report.not_tested]
    for test in report.alarms:
        shown = f"{test.meaning}; {test.effect_name} {test.effect:.3g}"
        difference = FieldDifference(f"draws: {test.name}", "draws", shown, f"p = {test.p_holm:.2g}")
        result.add(Finding(0, (difference,), case={"labels": list(test.labels)}))
    result.cases = sum(values.size for values in sample.values.values())
    result.planned = result.cases
    timed(result, begin)
    result.conclude()


def checks(context: Context) -> list[Check]:
    """Level 3d; without `draws` the level is reported as not run."""
    del context
    return [Check(DRAWS, "L3d", "law and independence of the candidate's own draws", _run_draws, ("draws",))]
