"""Compiled programs are kept on disk: the same small runs are compiled again and again, in this process and others."""

from __future__ import annotations

from collections.abc import Iterator

import jax
import pytest
from platformdirs import user_cache_dir


@pytest.fixture(scope="session", autouse=True)
def _compiled_programs_on_disk() -> Iterator[None]:
    before = jax.config.jax_compilation_cache_dir
    jax.config.update("jax_compilation_cache_dir", user_cache_dir("pokejax-baselines"))
    yield
    jax.config.update("jax_compilation_cache_dir", before)
