"""Comparisons of no cases at all, as when every episode of a run was cut off."""

from __future__ import annotations

import numpy as np
import pytest

from references.protocol import per_case
from verification.fields import FieldSpec, FieldTable
from verification.levels.one_step import Errors
from verification.levels.pairs import _unequal


@pytest.mark.parametrize("shape", [(0,), (0, 3), (0, 2, 5), (4,), (4, 3, 2)])
def test_per_case_keeps_the_cases_and_the_number_of_their_values(shape: tuple[int, ...]) -> None:
    assert per_case(np.zeros(shape)).shape == (shape[0], int(np.prod(shape[1:])))


def test_no_cases_do_not_differ() -> None:
    none = np.zeros((0, 3), np.float32)
    table = FieldTable([FieldSpec("out.obs", "rules", "float", atol=1e-3, why="rounding")], ["rules"])
    assert table.differs("out.obs", none, none).shape == _unequal(none, none).shape == (0,)
    errors = Errors(table, ["out.obs"])
    errors.add({"out.obs": none}, {"out.obs": none}, [])
    assert errors.to_json() == {}
