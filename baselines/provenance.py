"""Provenance of a result: commit, versions and machine, which every file of results names."""

from __future__ import annotations

from typing import Any

from leaderboard import machine
from verification import provenance


def made_with() -> dict[str, Any]:
    """Commit, whether tracked files differ from it, versions, machine and its load. Plain values."""
    found = provenance.commit()
    return {
        "commit": found["commit"],
        "dirty": found["uncommitted_changes"],
        "versions": machine.versions(),
        "machine": machine.fingerprint(),
    }
