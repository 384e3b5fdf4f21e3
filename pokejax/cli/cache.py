"""Compiled programs kept between runs of the command line."""

from __future__ import annotations

import os
import sys
from pathlib import Path


def user_cache_folder() -> Path:
    """Where this package may keep what it can make again; ``POKEJAX_CACHE_DIR`` moves it.

    The platform's own place, the same as the reference's installation has.
    """
    chosen = os.environ.get("POKEJAX_CACHE_DIR")
    if chosen:
        return Path(chosen)
    home = Path.home()
    if sys.platform == "darwin":
        return home / "Library" / "Caches" / "pokejax"
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or home / "AppData" / "Local") / "pokejax" / "pokejax" / "Cache"
    return Path(os.environ.get("XDG_CACHE_HOME") or home / ".cache") / "pokejax"


def keep_compiled_programs() -> Path | None:
    """Turn on JAX's persistent compilation cache and return its folder; None where it cannot be written.

    A folder the user has chosen (``JAX_COMPILATION_CACHE_DIR``) stays.
    """
    import jax

    folder = jax.config.jax_compilation_cache_dir  # type: ignore[attr-defined]
    if folder is None:
        folder = user_cache_folder() / "compiled"
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError:
            return None
        jax.config.update("jax_compilation_cache_dir", str(folder))
    return Path(folder)
