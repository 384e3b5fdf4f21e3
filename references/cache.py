"""Folder of the user's cache where references are installed, by one process at a time."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

from platformdirs import user_cache_dir

from references.protocol import ReferenceUnavailableError

VARIABLE = "POKEJAX_CACHE_DIR"
"""Environment variable that moves the cache."""


def cache_root() -> Path:
    """The user's cache folder, or the one that `VARIABLE` names."""
    chosen = os.environ.get(VARIABLE)
    return Path(chosen).expanduser() if chosen else Path(user_cache_dir("pokejax"))


@contextlib.contextmanager
def installing(name: str, target: Path) -> Iterator[None]:
    """Hold the lock beside `target`, so that several processes install once. The system frees it if the holder dies.

    Raises `ReferenceUnavailableError`, naming the folder and the remedy, where it, or what the block writes, cannot be
    written.
    """
    with writing(name, target), contextlib.ExitStack() as held:
        target.parent.mkdir(parents=True, exist_ok=True)
        handle = held.enter_context((target.parent / f"{target.name}.lock").open("w"))
        if os.name != "nt":
            import fcntl

            fcntl.flock(handle, fcntl.LOCK_EX)
        # On Windows two processes may both do the work; a rename then lets exactly one of them win.
        yield


@contextlib.contextmanager
def writing(name: str, target: Path) -> Iterator[None]:
    """An `OSError` of the block becomes a `ReferenceUnavailableError` that names the folder and the remedy."""
    try:
        yield
    except OSError as error:
        raise ReferenceUnavailableError(
            f"{name} cannot be installed in {target.parent}: {error.strerror or error}. Remedy: make that folder "
            f"writable and leave room on the disk, or set {VARIABLE} to another folder."
        ) from error
