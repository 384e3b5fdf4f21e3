"""The arbiter of E1: steps that leave the limits because MuJoCo's own answer, or float32, is no more exact."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from families.cheetahjax.verify import sides
from families.cheetahjax.verify.limits import PRECISIONS, compared, strict
from families.cheetahjax.verify.policies import AGENT
from families.cheetahjax.verify.poses import model_of
from families.cheetahjax.verify.tasks import Task
from families.cheetahjax.verify.teacher import Precision
from references.protocol import Batch
from verification.batches import size
from verification.fields import FieldTable

STOPPED, FAR = "MuJoCo's solver stopped early", "MuJoCo's solver stopped early, so that float32 sees it"
APART = "float32 cannot tell the states apart"
AT_LIMIT = "float32, a joint within a millionth of its limit"
_NEIGHBOURS = 128


class Arbiter:
    """Settles whether MuJoCo, asked more exactly, or from a state that float32 cannot tell apart, answers as we do."""

    def __init__(self, task: Task) -> None:
        self.task = task
        self.reference = sides.plain_reference(task, frame_skip=1)
        self.tables: dict[Precision, FieldTable] = {precision: strict(task, precision) for precision in PRECISIONS}
        self.stopped = 0
        """float64 steps that MuJoCo gives as we do when its solver goes on, and as run within float32's limits."""
        self.settled = dict.fromkeys((FAR, APART), 0)
        self.at_limits = 0
        """float32 steps beyond the error limits that start within `RESOLUTION` of a joint's limit."""
        self._rng = np.random.default_rng(0)

    def at_limit(self, states: Batch) -> NDArray[np.bool_]:
        """bool [N]: states with a joint within `RESOLUTION` of where its limit begins, on either side."""
        known = model_of(self.task.name)
        joints = np.asarray(states["state.qpos"], np.float64)[:, known.limited]
        near = np.minimum(np.abs(joints - known.low), np.abs(joints - known.high))
        return np.asarray((near <= sides.RESOLUTION).any(axis=1))

    def to_json(self) -> dict[str, int]:
        """Every class's count."""
        return {STOPPED: self.stopped, **self.settled, AT_LIMIT: self.at_limits}

    def settles(self, precision: Precision, states: Batch, actions: Batch, ours: Batch) -> NDArray[np.bool_]:
        """bool [N]: physics steps that leave the limits and are fine."""
        table, paths = self.tables[precision], compared(self.task, precision)
        option = self.reference.unwrapped.model.opt
        tolerance = option.tolerance
        option.tolerance = 0.0
        try:
            exact = self.reference.step_many(states, actions)
        finally:
            option.tolerance = tolerance
        fine = ~wrong_cases(table, paths, exact, ours)
        # A step in float32 is only asked about if it left these limits.
        near = fine & (precision == "float64") & ~self._visible(states, actions, ours)
        self.stopped += int(near.sum())
        self.settled[FAR] += int((fine & ~near).sum())
        if precision == "float32":
            at_limit = ~fine & self.at_limit(states)
            self.at_limits += int(at_limit.sum())
            fine |= at_limit
            for case in np.flatnonzero(~fine).tolist():
                fine[case] = self._cannot_be_told(states, actions, ours, case)
        return fine

    def _visible(self, states: Batch, actions: Batch, ours: Batch) -> NDArray[np.bool_]:
        """bool [N]: steps that differ from MuJoCo's, its solver as Gymnasium runs it, beyond float32's limits."""
        as_run = self.reference.step_many(states, actions)
        return wrong_cases(self.tables["float32"], compared(self.task, "float64"), as_run, ours)

    def _cannot_be_told(self, states: Batch, actions: Batch, ours: Batch, case: int) -> bool:
        one = slice(case, case + 1)
        many = {path: np.repeat(np.asarray(values)[one], _NEIGHBOURS, 0) for path, values in states.items()}
        many["state.qpos"] = many["state.qpos"] + sides.nudges(self.task, self._rng, many["state.qpos"].shape)
        near = self.reference.step_many(many, {AGENT: np.repeat(actions[AGENT][one], _NEIGHBOURS, 0)})
        paths = compared(self.task, "float32")
        mine = {path: np.repeat(np.asarray(ours[path])[one], _NEIGHBOURS, 0) for path in paths}
        same = not wrong_cases(self.tables["float32"], paths, near, mine).all()
        self.settled[APART] += int(same)
        return same


def wrong_cases(table: FieldTable, paths: Sequence[str], theirs: Batch, ours: Batch) -> NDArray[np.bool_]:
    """bool [N]: cases that differ in any of the paths."""
    found = table.compare(paths, theirs, ours)
    return np.logical_or.reduce([*found.values(), np.zeros(size(theirs), bool)])
