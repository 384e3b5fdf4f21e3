"""Cases that differ from Showdown and are not mended yet: a test fails as soon as they agree."""

from __future__ import annotations

from pathlib import Path

import pytest
from saved_cases import first_difference

from verification import cases
from verification.levels.context import Context, Plan
from verification.registry import load_plugin

OPEN = sorted((Path(__file__).parent / "open_cases").glob("*.json"))


@pytest.mark.xfail(strict=True, raises=AssertionError, reason="mended: move the file to tests/regression/")
@pytest.mark.parametrize("path", OPEN, ids=lambda path: path.stem)
def test_open_differences(path: Path) -> None:
    """The tracker of the log and the observation differ in `last_move`; the states of the battle are equal."""
    case = cases.load(path)
    context = Context(load_plugin(case.env), Plan())
    try:
        found = first_difference(context, case)
    finally:
        context.close()
    assert found is None
