"""Provenance of a result: commit, versions, machine, and the hash of the verifier itself."""

from __future__ import annotations

import functools
import hashlib
import os
import platform
from pathlib import Path
from typing import Any

_ROOT = Path(__file__).resolve().parents[1]
_VERIFIER = ("references", "families", "verification")


@functools.cache
def verifier_hash() -> str:
    """SHA-256 over the sources of verifier, families and drivers, 16 digits: a report of a changed one shows it."""
    found = hashlib.sha256()
    for path in sorted(path for folder in _VERIFIER for path in (_ROOT / folder).rglob("*")):
        if path.suffix in (".py", ".js", ".json", ".html", ".css", ".c", ".h") and "__pycache__" not in path.parts:
            found.update(str(path.relative_to(_ROOT)).encode())
            found.update(path.read_bytes())
    return found.hexdigest()[:16]


def provenance(seed: int, started: str, seconds: float) -> dict[str, Any]:
    """Facts that a reader needs to make the result again."""
    from leaderboard import machine  # with JAX, which takes two seconds to import

    head, dirty = machine.commit()
    versions = machine.versions()
    return {
        "commit": head,
        "uncommitted_changes": dirty,
        "verifier_hash": verifier_hash(),
        "seeds_hash": hashlib.sha256(str(seed).encode()).hexdigest()[:16],
        "platform": platform.platform(),
        "cpus": os.cpu_count(),
        "python": versions["python"],
        "jax": versions["jax"],
        "numpy": versions["numpy"],
        "started": started,
        "seconds": round(seconds, 2),
    }
