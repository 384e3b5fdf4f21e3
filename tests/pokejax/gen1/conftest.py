"""One compiled engine and one reference worker for all scenario and property tests."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from scenario import Stage

from verification.references.showdown.workers import WorkerPool


@pytest.fixture(scope="session")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with WorkerPool(1) as workers:
        yield Stage(workers, tmp_path_factory.mktemp("divergences"))
