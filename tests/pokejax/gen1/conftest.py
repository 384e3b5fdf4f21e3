"""One compiled engine and one reference worker for all scenario and property tests."""

from __future__ import annotations

import pytest
from scenario import Stage

from references.showdown.workers import WorkerPool


@pytest.fixture(scope="session")
def stage(pool: WorkerPool, tmp_path_factory: pytest.TempPathFactory) -> Stage:
    return Stage(pool, tmp_path_factory.mktemp("divergences"))
