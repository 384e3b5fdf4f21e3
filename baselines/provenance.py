"""Provenance of a result: commit, versions and machine, which every file of results names."""

from __future__ import annotations

from typing import Any

from leaderboard import machine


def made_with() -> dict[str, Any]:
    """Commit, whether tracked files differ from it, versions, machine and its load. Plain values."""
    commit, dirty = machine.commit()
    return {"commit": commit, "dirty": dirty, "versions": machine.versions(), "machine": machine.fingerprint()}
