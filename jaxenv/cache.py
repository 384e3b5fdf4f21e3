"""Folders of the user's cache: XLA's compiled programs, kept between processes."""

from __future__ import annotations

import os
import sys
import tempfile
import warnings
from pathlib import Path

import jax
from jax.experimental.compilation_cache import compilation_cache


class CacheWarning(UserWarning):
    """Compiled programs are not kept; the message names the folder and the remedy."""


def user_cache_folder() -> Path:
    """The platform's folder for what this package can make again; ``POKEJAX_CACHE_DIR`` moves it."""
    chosen = os.environ.get("POKEJAX_CACHE_DIR")
    if chosen:
        return Path(chosen).expanduser()
    home = Path.home()
    if sys.platform == "darwin":
        return home / "Library" / "Caches" / "pokejax"
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or home / "AppData" / "Local") / "pokejax" / "pokejax" / "Cache"
    return Path(os.environ.get("XDG_CACHE_HOME") or home / ".cache") / "pokejax"


def enable_compilation_cache(folder: str | Path | None = None) -> Path | None:
    """Keep what XLA compiles on disk, so that the next process does not compile it again. Returns the folder.

    Call it once, before the first program runs; Gen 1's takes XLA half a minute. It is JAX's own persistent cache,
    whose other settings (``jax_persistent_cache_min_compile_time_secs``, …) stay as they are.

    * `folder`: by default the one that JAX is already set to (``JAX_COMPILATION_CACHE_DIR``), else ``compiled`` in
      `user_cache_folder`.

    None, with a `CacheWarning`, where nothing can be written there.
    """
    chosen = folder or jax.config.jax_compilation_cache_dir  # type: ignore[attr-defined]
    try:
        path = Path(chosen).expanduser() if chosen else user_cache_folder() / "compiled"
        path.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=path):
            pass
    except (OSError, RuntimeError) as error:  # RuntimeError: there is no home
        warnings.warn(
            f"compiled programs are not kept: {chosen or 'the user cache'} cannot be written ({error}); "
            "name a folder in JAX_COMPILATION_CACHE_DIR or POKEJAX_CACHE_DIR",
            CacheWarning,
            stacklevel=2,
        )
        return None
    if str(path) != jax.config.jax_compilation_cache_dir:  # type: ignore[attr-defined]
        jax.config.update("jax_compilation_cache_dir", str(path))
        compilation_cache.reset_cache()  # JAX remembers its first look at the setting
    return path
