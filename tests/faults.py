"""Real faults for tests: disks that are full, read-only or without leave to execute, and a process without privileges.

Nothing is patched: file systems are mounted, permissions taken away. Root ignores permissions, so that what they
forbid is tried in a child that has given up that right (`unprivileged`). Mounting takes root: without it such tests
are skipped, and say so.
"""

from __future__ import annotations

import contextlib
import functools
import os
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

_IGNORES_PERMISSIONS = ("dac_override", "dac_read_search", "fowner")
"""Capabilities by which root reads and writes what permissions forbid."""


@functools.cache
def can_mount() -> bool:
    """This process may mount file systems."""
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run(["mount", "-t", "tmpfs", "tmpfs", folder], capture_output=True, check=False)
        if done.returncode == 0:
            subprocess.run(["umount", folder], check=True)
    return done.returncode == 0


@contextlib.contextmanager
def disk(folder: Path, size: str = "1m", options: str = "") -> Iterator[Path]:
    """A disk of its own, of `size`, at `folder`; `options` of `mount` beside it, as "noexec"."""
    _need_mounts()
    folder.mkdir(parents=True, exist_ok=True)
    with _mounted(folder, "-t", "tmpfs", "-o", ",".join(filter(None, (f"size={size}", options))), "tmpfs"):
        yield folder


@contextlib.contextmanager
def full_disk(folder: Path, size: str = "1m") -> Iterator[Path]:
    """A disk at `folder` without a free byte; `fill` and `empty` change that."""
    with disk(folder, size):
        fill(folder)
        yield folder


def fill(folder: Path) -> None:
    """Fill the disk at `folder` up to the last byte."""
    with open(folder / ".filling", "ab", buffering=0) as file:
        for size in (1 << 16, 1 << 10, 1):
            with contextlib.suppress(OSError):
                while True:
                    file.write(bytes(size))


def empty(folder: Path) -> None:
    """Make room again on the disk at `folder`."""
    (folder / ".filling").unlink()


@contextlib.contextmanager
def read_only(folder: Path) -> Iterator[Path]:
    """`folder`, with all that is in it, on a read-only mount."""
    with _again(folder, "ro"):
        yield folder


@contextlib.contextmanager
def no_exec(folder: Path) -> Iterator[Path]:
    """`folder` on a mount from which nothing may be executed, and no library loaded."""
    with _again(folder, "noexec"):
        yield folder


def unprivileged() -> list[str]:
    """Words to put before a command, so that permissions hold for it."""
    if os.geteuid() != 0:
        return []
    without = ",".join(f"-{name}" for name in _IGNORES_PERMISSIONS)
    return ["setpriv", f"--bounding-set={without}", f"--inh-caps={without}", "--no-new-privs", "--"]


@contextlib.contextmanager
def forbidden(path: Path, mode: int = 0o555) -> Iterator[Path]:
    """`path`, a file or a folder, with the permissions `mode`: by default nothing can be written there."""
    before = path.stat().st_mode
    path.chmod(mode)
    try:
        yield path
    finally:
        path.chmod(before)


@contextlib.contextmanager
def _again(folder: Path, option: str) -> Iterator[None]:
    """The folder mounted over itself, with an option that a mount can have."""
    _need_mounts()
    with _mounted(folder, "--bind", str(folder)):
        subprocess.run(["mount", "-o", f"remount,bind,{option}", str(folder)], check=True, capture_output=True)
        yield


@contextlib.contextmanager
def _mounted(folder: Path, *arguments: str) -> Iterator[None]:
    subprocess.run(["mount", *arguments, str(folder)], check=True, capture_output=True)
    try:
        yield
    finally:
        # Lazily: a library that a test has loaded from there may keep it busy.
        subprocess.run(["umount", "--lazy", str(folder)], check=True, capture_output=True)


def _need_mounts() -> None:
    if not can_mount():
        pytest.skip("mounting a file system takes root: run the tests as root, or in a container that allows it")
