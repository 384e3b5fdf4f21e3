"""What all tests share."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from verification.references.showdown.workers import WorkerPool


@pytest.fixture(scope="session")
def pool() -> Iterator[WorkerPool]:
    """Reference workers for every test that only needs some: starting Node costs half a second each."""
    with WorkerPool(2) as workers:
        yield workers


@pytest.fixture(scope="session")
def commit_seed() -> int:
    """A seed that changes with every commit, so that each one's tests play battles nobody has seen before."""
    git = subprocess.run(
        ["git", "rev-parse", "HEAD"], cwd=Path(__file__).parent, capture_output=True, text=True, check=False
    )
    if git.returncode:  # not a git checkout: an sdist has no commit
        return 0
    return int(git.stdout[:8], 16)
