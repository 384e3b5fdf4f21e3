"""The examples of search run, at small sizes."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest
from compiled_quickly import compiled_quickly  # noqa: F401 (a fixture)

EXAMPLES = Path(__file__).parents[2] / "examples"


def load(name: str) -> ModuleType:
    found = importlib.util.spec_from_file_location(name, EXAMPLES / f"{name}.py")
    assert found and found.loader
    module = importlib.util.module_from_spec(found)
    found.loader.exec_module(module)
    return module


@pytest.mark.sweep  # compiles for a minute
def test_expectimax_plays_and_says_what_a_decision_costs() -> None:
    share, cost = load("expectimax").main(battles=2, worlds=2, opponent="uniform_legal", longest=4)
    assert 0 <= share <= 1 and cost > 0
    assert len((EXAMPLES / "expectimax.py").read_text("utf-8").splitlines()) <= 80
