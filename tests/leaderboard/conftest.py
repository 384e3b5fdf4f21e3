"""The toys, for tests of the bench."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from families import lookup
from jaxenv import registry
from leaderboard import child


@pytest.fixture
def toys(monkeypatch):
    """Only the toys are registered, here and in the processes that a bench starts; undone afterwards."""
    import toy_bench

    monkeypatch.setattr(registry, "_registered", {})
    monkeypatch.setattr(lookup, "_registered", {})
    monkeypatch.setattr(child, "command", lambda: [sys.executable, toy_bench.__file__])
    toy_bench.register()
    return toy_bench
