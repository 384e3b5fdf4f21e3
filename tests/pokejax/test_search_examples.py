"""The examples of search run, at small sizes."""

from __future__ import annotations

import pytest
from compiled_quickly import compiled_quickly  # noqa: F401 (a fixture)
from example_files import load


@pytest.mark.sweep  # compiles for a minute
def test_expectimax_plays_and_says_what_a_decision_costs() -> None:
    share, cost = load("expectimax").main(battles=2, worlds=2, opponent="uniform_legal", longest=4)
    assert 0 <= share <= 1 and cost > 0
