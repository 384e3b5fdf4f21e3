"""One check of a level, as levels and plugins declare it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from verification.results import CheckResult


@dataclass(frozen=True)
class Check:
    """One check: `run(context, result)`, with a `verification.levels.context.Context`, fills the result in place.

    So an interruption keeps what there is. `missing`: what it needs ("Restorable", "draws"), or a reason not to run.
    `parts(plan)`: the number of parts that `verification.levels.parts` divides it into; without it the check is one.
    """

    id: str
    level: str
    title: str
    run: Callable[[Any, CheckResult], None]
    missing: Sequence[str] = ()
    parts: Callable[[Any], int] | None = None

    def start(self) -> CheckResult:
        """An empty result."""
        return CheckResult(self.id, self.level, self.title)
