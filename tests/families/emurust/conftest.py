"""The compiled part of emurust."""

from __future__ import annotations

from types import ModuleType

import emurust_native
import pytest


@pytest.fixture(scope="session")
def native() -> ModuleType:
    """`emurust._native`, so that `GameBoy` and `GameBoyVectorEnv` can be imported."""
    return emurust_native.load()
