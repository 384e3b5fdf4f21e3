"""Files that commands write: whole or not at all, each by one process at a time, with errors that name the remedy."""

from __future__ import annotations

import contextlib
import errno
import json
import os
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import IO, Any

try:
    import fcntl
except ImportError:  # Windows: nobody is locked out there
    fcntl = None


class StorageError(Exception):
    """A place cannot be written: no space, no permission, another process that writes there."""


_PROBE = 4096
"""Bytes that are tried: an empty file fits on a full disk."""

_NO_LOCKS = (errno.ENOLCK, errno.ENOSYS, errno.ENOTSUP)
"""A file system without locks, as some networks' are: nobody is locked out there."""


def path(text: str | Path) -> Path:
    """A path as the user wrote it, with `~` for the home folder. `StorageError` for the home of an unknown user."""
    try:
        return Path(text).expanduser()
    except RuntimeError as error:
        raise StorageError(f"{text}: {error}; write the folder out in full") from error


def write(target: Path, content: str | bytes, remedy: str) -> None:
    """Put a file in its place, with the folders that it lies in; what was there stays until the new one is whole.

    `remedy`: what the user can do instead, as "choose another file with --json". `StorageError` where it cannot be
    written.
    """
    write_all({target: content}, remedy)


def write_all(contents: Mapping[Path, str | bytes], remedy: str) -> None:
    """`write` of several files: where one of them finds no room, none of them is put in its place."""
    parts: dict[Path, Path] = {}
    target = Path()
    try:
        for target, content in contents.items():
            data = content.encode() if isinstance(content, str) else content
            if _is_device(target):
                target.write_bytes(data)
                continue
            place = _place(target)
            parts[place] = place.with_name(f".{place.name}.{os.getpid()}-{threading.get_native_id()}.part")
            parts[place].write_bytes(data)
        for place, part in parts.items():
            os.replace(part, place)
    except OSError as error:
        raise unwritable(target, error, remedy) from error
    finally:
        for part in parts.values():
            _remove(part)


def write_json(target: Path, data: Any, remedy: str = "choose another file with --json") -> None:
    """`write` of data as JSON."""
    write(target, json.dumps(data, indent=2) + "\n", remedy)


def check_writable(target: Path | None, remedy: str) -> None:
    """`StorageError` where `write` would fail: known before hours of work, not after. None: there is nothing to write.

    Leaves the folder of the file behind, and nothing else.
    """
    if target is None:
        return
    try:
        if _is_device(target):
            return
        place = _place(target)
        probe = place.with_name(f".{place.name}.{os.getpid()}.probe")
        try:
            probe.write_bytes(bytes(_PROBE))
        finally:
            _remove(probe)
    except OSError as error:
        raise unwritable(target, error, remedy) from error


def check_folder(folder: Path, remedy: str) -> None:
    """`StorageError` where no file could be put into a folder, or the folder not be made. Makes nothing itself."""
    try:
        place = folder
        while not place.exists():
            place = place.parent
        if not place.is_dir():
            raise NotADirectoryError(errno.ENOTDIR, f"{place} is not a folder")
        probe = place / f".{os.getpid()}.probe"
        try:
            probe.write_bytes(bytes(_PROBE))
        finally:
            _remove(probe)
    except OSError as error:
        raise unwritable(folder, error, remedy) from error


def unwritable(target: Path, error: Exception, remedy: str) -> StorageError:
    """The error for a file or folder that cannot be written."""
    reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return StorageError(
        f"{target}: cannot be written: {reason}; make it writable and leave room on the disk, or {remedy}"
    )


@contextlib.contextmanager
def alone(target: Path | None, remedy: str, *, folder: bool = False) -> Iterator[None]:
    """Keep other processes from writing a file, or a `folder`. None: there is nothing to write.

    `StorageError` where another process does so already, or where the lock cannot be made. A process that was killed
    leaves a lock that keeps nobody out.
    """
    if target is None or fcntl is None:
        yield
        return
    try:
        name = _lock_of(target, folder)
        lock = None if name is None else _lock(name)
    except BlockingIOError as error:
        raise StorageError(f"{target}: {error} is writing there; wait until it ends, or {remedy}") from error
    except OSError as error:
        raise unwritable(target, error, remedy) from error
    try:
        if not folder and name is not None:
            _remove_parts(target)
        yield
    finally:
        if name is not None and lock is not None:
            _remove(name)  # while it is still ours
            lock.close()


def _remove_parts(target: Path) -> None:
    """Remove what a process that was killed has left of its `write`."""
    place = _place(target)
    for part in place.parent.iterdir():
        if part.name.startswith(f".{place.name}.") and part.suffix in (".part", ".probe"):
            _remove(part)


def _lock_of(target: Path, folder: bool) -> Path | None:
    """The file that is locked in place of `target`; None for a device, which anybody may write."""
    if folder:
        target.mkdir(parents=True, exist_ok=True)
        return target / ".lock"
    if _is_device(target):
        return None
    place = _place(target)
    return place.with_name(f".{place.name}.lock")


def _lock(name: Path) -> IO[bytes]:
    """The lock's file, locked. `BlockingIOError`, naming the process, where another one holds it."""
    assert fcntl is not None
    while True:
        file = open(name, "ab+", buffering=0)  # noqa: SIM115 (closed with the lock)
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if _same(file, name):
                break
            file.close()  # whoever held it before has removed it since: another file counts now
        except BlockingIOError:
            file.seek(0)
            holder = file.read().decode(errors="replace").strip()
            file.close()
            raise BlockingIOError(f"process {holder}" if holder else "another process") from None
        except OSError as error:
            if error.errno in _NO_LOCKS:
                break
            file.close()
            raise
    with contextlib.suppress(OSError):  # on a full disk the lock holds without the number
        file.truncate(0)
        file.write(f"{os.getpid()}\n".encode())
    return file


def _same(file: IO[bytes], name: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(file.fileno()), os.stat(name))
    except FileNotFoundError:
        return False


def _place(target: Path) -> Path:
    """The file's real place, links followed, in a folder that exists."""
    if target.is_dir():
        raise IsADirectoryError(f"{target} is a folder")
    target.parent.mkdir(parents=True, exist_ok=True)
    return Path(os.path.realpath(target))


def _is_device(target: Path) -> bool:
    """A pipe or a device, as /dev/stdout: nothing can be put in its place."""
    return target.exists() and not target.is_file() and not target.is_dir()


def _remove(name: Path) -> None:
    with contextlib.suppress(OSError):
        name.unlink(missing_ok=True)
