"""Level 3d: the law and the independence of the candidate's own random draws, which matched noise cannot show."""

from __future__ import annotations

import time

from verification.levels.context import Check, Context
from verification.levels.pairs import timed
from verification.results import CheckResult, FieldDifference, Finding

DRAWS = "L3d/draws"
LANES = 16384


def _run_draws(context: Context, result: CheckResult) -> None:
    from verification.statistics.laws import check_draws

    begin = time.monotonic()
    assert context.plugin.draws is not None
    sample = context.plugin.draws(context.plan.seed, LANES)
    tests = check_draws(sample.laws, sample.values)
    result.unit, result.planned = "draws", 0
    result.stats["tests"] = [test.to_json() for test in tests]
    result.stats["labels"] = sorted(sample.values)
    for test in tests:
        if not test.passed:
            difference = FieldDifference(f"draws.{test.name}", "draws", test.meaning, f"p = {test.corrected_p:.3g}")
            result.add(Finding(0, (difference,), case={"test": test.name}))
    result.cases = sum(values.size for values in sample.values.values())
    result.planned = result.cases
    timed(result, begin)
    result.conclude()


def checks(context: Context) -> list[Check]:
    """Level 3d; without `draws` the level is reported as not run."""
    del context
    return [Check(DRAWS, "L3d", "law and independence of the candidate's own draws", _run_draws, ("draws",))]
