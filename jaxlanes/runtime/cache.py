"""The disk cache of compiled kernels: a private folder, by the hash of all that they are made from.

A library is code that this process runs, so nobody else may be able to put one there: the folder must belong to the
user and be writable by nobody else. Beside each library lies its hash; one that does not match is built again.
"""

from __future__ import annotations

import ctypes
import errno
import hashlib
import os
import stat
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from jaxlanes.errors import CacheError


def cache_folder() -> Path:
    """JAXLANES_CACHE, else the platform's folder for what can be made again. It is created, private to the user.

    Raises CacheError if somebody else could write there.
    """
    asked = os.environ.get("JAXLANES_CACHE", "")
    try:
        folder = Path(asked).expanduser() if asked else _user_cache() / "jaxlanes"
    except RuntimeError as error:  # of Path: nobody knows the home of this user
        raise CacheError(f"there is no folder for kernels ({error}); name one in JAXLANES_CACHE") from error
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        check_private(folder)
    except OSError as error:
        raise CacheError(
            f"the folder of kernels {folder} cannot be made ({error}); name another in JAXLANES_CACHE"
        ) from error
    return folder


def check_private(folder: Path) -> None:
    """Raise CacheError unless the folder is the user's own and nobody else can write into it."""
    if not hasattr(os, "getuid"):  # Windows: the profile's folders are private already
        return
    found = folder.stat()
    if found.st_uid != os.getuid():
        raise CacheError(
            f"the folder of kernels {folder} belongs to user {found.st_uid}; name your own in JAXLANES_CACHE"
        )
    if found.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        raise CacheError(
            f"others can write into the folder of kernels {folder} (mode {stat.S_IMODE(found.st_mode):o}); "
            f"run: chmod 700 {folder}"
        )


def _user_cache() -> Path:
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches"
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local")
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")


def content_hash(*parts: str) -> str:
    digest = hashlib.sha256()
    for part in parts:
        digest.update(f"{len(part)}:".encode())
        digest.update(part.encode())
    return digest.hexdigest()


def library(key: str, build: Callable[[Path], None]) -> Path:
    """The library of this key, built by `build(path)` if it is not there or not what was written.

    Processes that want the same one at the same time build it once. Raises CacheError, and what `build` raises.
    """
    folder = cache_folder()
    path = folder / f"{key}.so"
    if _intact(path):
        return path
    try:
        with _locked(folder / f"{key}.lock"):
            if not _intact(path):
                _build(path, build)
    except OSError as error:
        raise unwritable(folder, error) from error
    return path


def load(path: Path) -> ctypes.CDLL:
    """The code of a library of the cache. Raises CacheError."""
    try:
        return ctypes.CDLL(str(path))
    except OSError as error:
        said = str(error).removeprefix(f"{path}: ")
        raise CacheError(
            f"a kernel in {path.parent} cannot be loaded ({said}); if that file system is mounted noexec, name a "
            "folder on another one in JAXLANES_CACHE"
        ) from error


def unwritable(folder: Path, error: OSError) -> CacheError:
    """The error to raise where a kernel could not be written to the cache."""
    room = "make room there or " if error.errno in (errno.ENOSPC, errno.EDQUOT) else ""
    return CacheError(
        f"kernels cannot be written to {folder} ({error.strerror or error}); "
        f"{room}name another folder in JAXLANES_CACHE"
    )


def write_fault(folder: Path) -> OSError | None:
    """The error of writing a file of 1 MiB there, which is removed again; None if it can be done."""
    try:
        with tempfile.TemporaryFile(dir=folder) as file:
            file.write(bytes(1 << 20))
            file.flush()
    except OSError as error:
        return error
    return None


def find_library(key: str) -> Path | None:
    """The library of this key, if it is there and what was written. Raises CacheError."""
    path = cache_folder() / f"{key}.so"
    return path if _intact(path) else None


def write(name: str, content: bytes) -> None:
    """A file of the folder, whole or not at all. Raises OSError, CacheError."""
    folder = cache_folder()
    handle, fresh = tempfile.mkstemp(dir=folder, prefix=".write-")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        os.replace(fresh, folder / name)
    except BaseException:
        Path(fresh).unlink(missing_ok=True)
        raise


def _intact(path: Path) -> bool:
    try:
        return _digest(path) == path.with_suffix(".sha256").read_text()
    except OSError:
        return False


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _build(path: Path, build: Callable[[Path], None]) -> None:
    with tempfile.TemporaryDirectory(dir=path.parent, prefix=".build-") as folder:
        fresh, digest = Path(folder) / "kernel.so", Path(folder) / "kernel.sha256"
        build(fresh)
        digest.write_text(_digest(fresh))
        # A reader between the two sees a hash that does not match, and waits for the lock.
        os.replace(fresh, path)
        os.replace(digest, path.with_suffix(".sha256"))


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    try:
        import fcntl
    except ImportError:  # Windows: two builds are wasteful, and harmless
        yield
        return
    with open(path, "w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
