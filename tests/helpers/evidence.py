"""Results of the long sweeps, each with what made it, in docs/evidence/."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from jaxenv.commands import files
from leaderboard import machine

FOLDER = Path(__file__).parents[2] / "docs" / "evidence"


def record(name: str, key: str, value: dict[str, Any], command: str) -> None:
    """Put one result into the file `name`, with its command, commit, versions and machine."""
    path = FOLDER / name
    known = json.loads(path.read_text("utf-8")) if path.exists() else {}
    commit, dirty = machine.commit()
    made_with = {"commit": commit, "dirty": dirty, "versions": machine.versions(), "machine": machine.fingerprint()}
    known[key] = {**value, "command": command, "made_with": made_with}
    files.write(path, json.dumps(known, indent=1, ensure_ascii=False) + "\n", "docs/evidence must be writable")
