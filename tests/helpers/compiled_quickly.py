"""A fixture for tests that compile many small programs which run for a moment.

XLA does not optimise them for long, and they are kept on disk, also for the processes that tests start.
"""

from __future__ import annotations

import os
from collections.abc import Iterator

import jax
import pytest
from platformdirs import user_cache_dir

_QUICKLY = "jax_disable_most_optimizations"
_CACHE = "jax_compilation_cache_dir"
_KEPT_FROM = "jax_persistent_cache_min_compile_time_secs"


@pytest.fixture(scope="module", autouse=True)
def compiled_quickly() -> Iterator[None]:
    """Restored after each module: a process of pytest-xdist goes on with other folders' tests."""
    before = {
        _CACHE: jax.config.jax_compilation_cache_dir,
        _KEPT_FROM: jax.config.jax_persistent_cache_min_compile_time_secs,
        _QUICKLY: os.environ.get(_QUICKLY.upper(), "0") != "0",
    }
    folder = os.environ.get(_CACHE.upper()) or user_cache_dir("pokejax-baselines")
    settings = {_CACHE: folder, _KEPT_FROM: 0.1, _QUICKLY: True}
    with pytest.MonkeyPatch.context() as patch:
        for name, value in settings.items():
            patch.setenv(name.upper(), str(value))
            jax.config.update(name, value)
        yield
    for name, value in before.items():
        jax.config.update(name, value)
