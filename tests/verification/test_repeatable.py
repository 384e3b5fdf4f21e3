"""Hypothesis draws the same examples whatever modules are loaded."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import Phase, given, seed, settings
from hypothesis import strategies as st
from hypothesis.internal.conjecture import providers

from verification.repeatable import no_constants_of_modules


def examples() -> list[int]:
    """200 numbers drawn by one seed."""
    found: list[int] = []

    @seed(1)
    @settings(max_examples=200, database=None, phases=(Phase.generate,))
    @given(st.integers(0, 10**6))
    def draw(value: int) -> None:
        found.append(value)

    draw()
    return found


@pytest.mark.skipif(not hasattr(providers, "_get_local_constants"), reason="this Hypothesis looks for no constants")
def test_examples_do_not_depend_on_constants_of_modules(monkeypatch: pytest.MonkeyPatch) -> None:
    inside: Any = providers
    constants = type(inside._get_local_constants())
    with_any, without = [], []
    for numbers in ({123_457}, set(range(200_000, 200_400))):
        monkeypatch.setattr(inside, "_get_local_constants", lambda numbers=numbers: constants(integers=set(numbers)))
        inside.CONSTANTS_CACHE.cache.clear()
        with_any.append(examples())
        with no_constants_of_modules():
            without.append(examples())
        assert inside._get_local_constants().integers == numbers, "as it was"
    inside.CONSTANTS_CACHE.cache.clear()
    assert with_any[0] != with_any[1] and without[0] == without[1]
