"""Shared parts of the checks of a continuous environment: settings, recorded episodes, rounding."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from references.protocol import OUTCOME, Batch, Restorable
from verification.batches import restore_many
from verification.levels.context import Context, Plan
from verification.levels.pairs import compared_paths
from verification.levels.trajectories import Perturb, Trajectories, float_paths, record, rounding
from verification.results import CheckResult


@dataclass(frozen=True)
class Settings:
    """Settings that a continuous environment is judged with.

    * `episodes` are recorded (None: as many as the plan has), of at most `most_steps` steps each; `most_windows` of
      each width in `windows` are run. Each side plays as many again for the laws of lengths and returns.
    * `factor`: how many times the floor's error the candidate's may be. Storage is all that the floor rounds, a
      candidate's arithmetic rounds too: a few times is honest work, a hundred times is a bug.
    * `share`: of a field's spread, the error at which two runs are no longer the same run; this sets T*.
    * `crossing_ratio`: the candidate's median time to reach an error, at least this share of the time in which the
      floor reaches a `factor`-th of it.
    * `alpha`: of each Kolmogorov–Smirnov test of lengths and returns.
    """

    episodes: int | None = None
    most_steps: int = 1000
    windows: tuple[int, ...] = (1, 5, 20)
    most_windows: int = 512
    factor: float = 4.0
    share: float = 0.1
    crossing_ratio: float = 0.7
    alpha: float = 1e-4

    def __post_init__(self) -> None:
        """Refuse settings with which nothing could be judged."""
        if (
            (self.episodes is not None and self.episodes < 1)
            or self.most_steps < 1
            or self.factor < 1
            or not 0 < self.share < 1
        ):
            raise ValueError(f"{self}: amounts and the factor must be at least 1, the share between 0 and 1")
        if not self.windows or min(self.windows) < 1:
            raise ValueError(f"{self}: windows are one or more widths of at least one step")


@dataclass
class Study:
    """The recorded episodes of one run, made when first asked for, and the candidate's precision."""

    settings: Settings
    _context: Context | None = None
    _plan: Plan | None = None
    _recorded: Trajectories | None = None
    _precision: Batch = field(default_factory=dict)

    def recorded(self, context: Context) -> Trajectories:
        """The reference's episodes."""
        if self._recorded is None or self._context is not context or self._plan is not context.plan:
            found = record(context, context.rng("continuous"), self.episodes(context), self.settings.most_steps)
            self._precision = restore_many(context.candidate, found.at(np.zeros(1, int), np.zeros(1, int))[0])
            self._recorded, self._context, self._plan = found, context, context.plan
        return self._recorded

    def episodes(self, context: Context) -> int:
        """The number of episodes that are recorded."""
        return self.settings.episodes or context.plan.episodes

    def rounding(self, context: Context, name: str) -> Perturb:
        """Does to the reference's state what the candidate's precision does."""
        recorded = self.recorded(context)
        return rounding(context.table, compared_paths(context), recorded, self._precision, context.rng(name))

    def precision(self, path: str) -> np.dtype:
        """The candidate's dtype of a path; outcomes are as coarse as the coarsest state."""
        if not path.startswith(OUTCOME):
            return np.asarray(self._precision[path]).dtype
        kinds = [np.asarray(v).dtype for p, v in self._precision.items() if not p.startswith(OUTCOME)]
        floats = [kind for kind in kinds if kind.kind == "f"]
        own = np.asarray(self._precision[path]).dtype if path in self._precision else np.dtype(np.float64)
        return min([*floats, own], key=lambda kind: kind.itemsize)

    def float_paths(self, context: Context) -> list[str]:
        """The compared float paths in module order."""
        return float_paths(context.table, compared_paths(context))


def cannot_restore(context: Context, result: CheckResult) -> bool:
    """True if one side cannot be put into a state; then the result says so."""
    sides = {"reference": context.reference, "candidate": context.candidate}
    lacking = [side for side, env in sides.items() if not isinstance(env, Restorable)]
    if lacking:
        result.verdict, result.reason = "not_run", f"the {' and the '.join(lacking)} cannot be restored"
    return bool(lacking)
