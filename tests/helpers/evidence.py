"""Results of the long sweeps, each with what made it, in docs/evidence/."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from baselines.provenance import made_with
from jaxenv.commands import files

FOLDER = Path(__file__).parents[2] / "docs" / "evidence"


def record(name: str, key: str, value: dict[str, Any], command: str) -> None:
    """Put one result into the file `name`, with its command, commit, versions and machine."""
    path = FOLDER / name
    known = json.loads(path.read_text("utf-8")) if path.exists() else {}
    known[key] = {**value, "made_with": {**made_with(), "command": command}}
    files.write(path, json.dumps(known, indent=1, ensure_ascii=False) + "\n", "docs/evidence must be writable")
