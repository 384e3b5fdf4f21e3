"""The fixture `bench`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from fake_provider import FakeProvider
from metering_bench import Bench, Make


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Make]:
    """Makes a `Bench` on a plan of the provider, with a budget in dollars."""
    with ExitStack() as stack:

        def make(plan: Any = None, usd: str = "10", folder: Path = tmp_path, **settings: Any) -> Bench:
            provider = stack.enter_context(FakeProvider(plan))
            made = Bench(folder, provider, usd, **settings)
            stack.callback(made.close)
            return made

        yield make
