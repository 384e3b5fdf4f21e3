"""Provenance of a result: command, commit, versions and machine, which every file of results names."""

from __future__ import annotations

from typing import Any

from leaderboard import invocation, machine


def made_with() -> dict[str, Any]:
    """Command, commit, whether tracked files differ from it, versions, machine and its load. Plain values."""
    commit, dirty = machine.commit()
    return {
        "command": invocation.typed(),
        "commit": commit,
        "dirty": dirty,
        "versions": machine.versions(),
        "machine": machine.fingerprint(),
    }
