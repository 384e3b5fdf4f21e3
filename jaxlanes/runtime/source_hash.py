"""Hash of the source files of packages, to detect that code on disk is not the code that this process runs."""

from __future__ import annotations

import functools
import hashlib
import os
import sys
import time
from collections.abc import Iterable
from pathlib import Path

_IMPORTED = time.time()


class UnknownSourcesError(RuntimeError):
    """The files that a package's code in memory was made from cannot be known."""


def hash_of(packages: Iterable[str], since: float | None = None) -> str:
    """Of all files below the folders of top-level packages, data too; of a module that is one file, of that file.

    Code in memory is that of the files only if they have not been touched since it was imported: since the process
    started where the system says when (Linux), and not after `since` (seconds of the epoch) or this module's import,
    for a process may be another's fork.

    Raises UnknownSourcesError where files were touched, or there are none.
    """
    moments = (_process_start(), since, _IMPORTED)
    started = min(moment for moment in moments if moment is not None)
    digest = hashlib.sha256()
    for package in sorted(set(packages)):
        for name, path in _files(package):
            status = os.stat(path)
            # The second of these is changed by whatever puts other contents under a name, with whatever date.
            if max(status.st_mtime, status.st_ctime) >= started:
                raise UnknownSourcesError(f"{path} was touched after this process started")
            content = _content(path, status.st_mtime_ns, status.st_ctime_ns, status.st_size)
            digest.update(f"{package}/{name}:{content}\n".encode())
    return digest.hexdigest()


def _files(package: str) -> list[tuple[str, str]]:
    """Names and paths in order."""
    module = sys.modules.get(package)
    places = list(getattr(module, "__path__", []))
    origin = getattr(module, "__file__", None)
    if not places and origin is not None and os.path.isfile(origin):
        return [(os.path.basename(origin), origin)]
    if len(places) != 1 or origin is None or not os.path.isdir(places[0]):
        raise UnknownSourcesError(f"the package {package} is not imported from one folder")
    found = []
    for folder, folders, names in os.walk(places[0]):  # strings: this is part of every start
        folders[:] = [name for name in folders if name != "__pycache__"]
        found += [f"{folder}{os.sep}{name}" for name in names]
    return sorted((path[len(places[0]) :], path) for path in found)


@functools.lru_cache(maxsize=4096)
def _content(path: str, *_status: int) -> str:
    """Hash of a file's content, read again when its status (times and size) is another one."""
    return hashlib.sha256(Path(path).read_bytes()).hexdigest()


def _process_start() -> float | None:
    """Seconds of the epoch, or None where the system does not say."""
    try:
        # The name of the program, in brackets, may hold anything; the 20th word after it is the start.
        ticks = int(Path("/proc/self/stat").read_text().rpartition(")")[2].split()[19])
        up = time.clock_gettime(time.CLOCK_BOOTTIME)  # type: ignore[attr-defined]
    except (OSError, ValueError, IndexError, AttributeError):
        return None
    return time.time() - up + ticks / os.sysconf("SC_CLK_TCK")
