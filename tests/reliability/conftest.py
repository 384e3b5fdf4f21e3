"""Paths of the toys, and the process that forks."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

_TESTS = Path(__file__).parents[1]
sys.path.extend(str(_TESTS / folder) for folder in ("reliability", "verification", "jaxenv", "leaderboard", "."))

import faults  # noqa: E402 (found by the path above)
from forks import PROGRAMS, Forks, forks  # noqa: E402


@pytest.fixture(scope="session")
def forker() -> Iterator[Forks]:
    """All commands, imported."""
    with forks([*PROGRAMS]) as made:
        yield made


@pytest.fixture(scope="session")
def unprivileged() -> Iterator[Forks]:
    """The same, for whom permissions hold."""
    with forks([*PROGRAMS], faults.unprivileged()) as made:
        yield made
