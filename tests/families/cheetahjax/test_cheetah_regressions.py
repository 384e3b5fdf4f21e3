"""Single steps that once left E1's limits, physics step by physics step, within them."""

from pathlib import Path

import numpy as np
import pytest

from families.cheetahjax.verify import sides
from families.cheetahjax.verify.cases import stored
from families.cheetahjax.verify.limits import PRECISIONS, compared, strict
from families.cheetahjax.verify.tasks import TASKS
from families.cheetahjax.verify.teacher import Teacher
from verification import cases
from verification.batches import stack

SAVED = [cases.load(path) for path in sorted((Path(__file__).parents[2] / "regression").glob("*.json"))]
SAVED = [case for case in SAVED if case.env.startswith("cheetahjax/")]


@pytest.mark.parametrize("precision", PRECISIONS)
@pytest.mark.parametrize("env", sorted({case.env for case in SAVED}))
def test_saved_steps_keep_the_limits(env, precision):
    task = TASKS[env.removeprefix("cheetahjax/")]
    mine = [case for case in SAVED if case.env == env]
    here = stored(stack([case.snapshot for case in mine if case.snapshot is not None]))
    actions = stack([case.actions[0] for case in mine])
    reference, ours = sides.plain_reference(task, frame_skip=1), Teacher(task, 1, precision)
    table, paths = strict(task, precision), compared(task, precision)
    for step in range(int(sides.plain_reference(task).unwrapped.frame_skip)):
        expected = reference.step_many(here, actions)
        found = table.compare(paths, expected, ours.step_many(here, actions))
        wrong = {path: np.flatnonzero(differ).tolist() for path, differ in found.items() if differ.any()}
        assert not wrong, (step, wrong)
        here = stored(expected)
