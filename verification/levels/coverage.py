"""Coverage: behaviours that the compared steps exercised, and those that they never did."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Mapping, Sequence
from typing import Any

import numpy as np

from verification.levels.context import Context
from verification.statistics.rates import unseen_mass

NOT_COUNTED = {"declared": 0, "exercised": 0, "never": [], "counts": {}, "unseen_mass": None}
"""The report's coverage of a run in which nothing was counted."""


class Coverage:
    """Counts of behaviours over all steps that were compared with the reference."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()

    def add(self, shown: Mapping[str, Any]) -> None:
        """Count a batch of steps: name → bool [N]."""
        for name, present in shown.items():
            count = int(np.sum(present))
            if count:
                self.counts[name] += count


def coverage_of(context: Context) -> Coverage:
    """The run's coverage, made when first asked for."""
    return context.__dict__.setdefault("_coverage", Coverage())


def was_counted(context: Context) -> bool:
    """True if any check has counted."""
    return "_coverage" in context.__dict__


def counts_so_far(context: Context) -> Counter[str]:
    """A copy of the counts."""
    return coverage_of(context).counts.copy() if was_counted(context) else Counter()


def coverage_json(context: Context) -> dict[str, Any]:
    """The report's coverage: declared and exercised behaviours, the never exercised, Good–Turing's unseen mass."""
    return to_json(context.plugin.behaviours.declared, coverage_of(context).counts)


def to_json(known: Sequence[str], counts: Mapping[str, int]) -> dict[str, Any]:
    """The same of counts by name, `known` being the declared behaviours."""
    counts = Counter(counts)
    declared = list(dict.fromkeys([*known, *sorted(counts)]))
    observed: Counter[Hashable] = Counter()
    observed.update(counts)
    unseen = unseen_mass(observed) if counts else None
    return {
        "declared": len(declared),
        "exercised": sum(counts[name] > 0 for name in declared),
        "never": [name for name in declared if not counts[name]],
        "counts": dict(sorted(counts.items())),
        "unseen_mass": unseen.mass if unseen else None,
        "unseen_mass_se": unseen.standard_error if unseen else None,
    }
