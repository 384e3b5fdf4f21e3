"""One pool of reference workers for all tests here: starting Node costs half a second each."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from verification.references.showdown.workers import WorkerPool


@pytest.fixture(scope="session")
def pool() -> Iterator[WorkerPool]:
    with WorkerPool(2) as workers:
        yield workers
