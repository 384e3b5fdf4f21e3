"""Compiled programs kept between runs of the command line."""

from __future__ import annotations

from pathlib import Path


def user_cache_folder() -> Path:
    """See `jaxenv.cache.user_cache_folder`."""
    from jaxenv import cache

    return cache.user_cache_folder()


def keep_compiled_programs() -> Path | None:
    """See `jaxenv.enable_compilation_cache`."""
    from jaxenv import cache

    return cache.enable_compilation_cache()
