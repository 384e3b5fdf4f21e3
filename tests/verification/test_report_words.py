"""Figures and values in words."""

from __future__ import annotations

from typing import Any

import pytest

from verification.reporting import words


@pytest.mark.parametrize(
    ("value", "shown"),
    [(0, "0 %"), (1, "100 %"), (0.015, "1.5 %"), (0.9999999, "99.99999 %"), (1e-9, "0.0000001 %"), (2 / 3, "66.7 %")],
)
def test_shares_are_never_rounded_to_nothing_or_everything(value: float, shown: str) -> None:
    assert words.percent(value) == shown


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (1234567, "1,234,567"),
        (-12345.6, "-12,350"),
        (0.5, "0.5"),
        (1e-7, "1.000e-07"),
        (None, "–"),
        (float("nan"), "nan"),
    ],
)
def test_numbers(value: Any, shown: str) -> None:
    assert words.number(value) == shown


def test_long_arrays_show_only_what_differs() -> None:
    reference, candidate = [[0] * 6, [1] * 6], [[0] * 6, [1, 1, 1, 7, 1, 1]]
    assert words.contrast(reference, candidate) == ("[1][3] 1", "[1][3] 7")
    assert words.contrast([1, 2], [1, 3]) == ("[1, 2]", "[1, 3]")
    assert words.contrast([0] * 9, [0] * 10)[1] == "[0, 0, 0, 0, 0, 0, 0, 0, 0, 0]"
    many = words.contrast([0] * 20, [1] * 20)[1]
    assert many.startswith("[0] 1, [1] 1")
    assert many.endswith("14 more")
    assert words.contrast([float("nan")] * 9, [float("nan")] * 8 + [1.0]) == ("[8] nan", "[8] 1.0")
