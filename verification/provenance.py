"""Where a result was made: commit, versions, machine, and the hash of the verifier itself."""

from __future__ import annotations

import functools
import hashlib
import os
import platform
import subprocess
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

_ROOT = Path(__file__).resolve().parents[1]
_VERIFIER = ("references", "families", "verification")


def _git(*arguments: str) -> str | None:
    try:
        done = subprocess.run(["git", *arguments], cwd=_ROOT, capture_output=True, text=True, timeout=20, check=True)
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip()


def commit() -> dict[str, Any]:
    """The commit, and whether tracked files differ from it."""
    status = _git("status", "--porcelain", "--untracked-files=no")
    return {"commit": _git("rev-parse", "HEAD"), "uncommitted_changes": None if status is None else bool(status)}


@functools.cache
def verifier_hash() -> str:
    """SHA-256 over the sources of verifier, families and drivers, 16 digits: a report of a changed one shows it."""
    found = hashlib.sha256()
    for path in sorted(path for folder in _VERIFIER for path in (_ROOT / folder).rglob("*")):
        if path.suffix in (".py", ".js", ".json", ".html", ".css", ".c", ".h") and "__pycache__" not in path.parts:
            found.update(str(path.relative_to(_ROOT)).encode())
            found.update(path.read_bytes())
    return found.hexdigest()[:16]


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def provenance(seed: int, started: str, seconds: float) -> dict[str, Any]:
    """What a reader needs to make the result again."""
    return {
        **commit(),
        "verifier_hash": verifier_hash(),
        "seeds_hash": hashlib.sha256(str(seed).encode()).hexdigest()[:16],
        "platform": platform.platform(),
        "cpus": os.cpu_count(),
        "python": platform.python_version(),
        "jax": _version("jax"),
        "numpy": _version("numpy"),
        "started": started,
        "seconds": round(seconds, 2),
    }
