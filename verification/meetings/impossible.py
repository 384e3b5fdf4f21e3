"""The record of a family's impossible meetings, each with its reason: a TOML file.

[[impossible]]
meeting = "file function: `condition` and `condition`"
reason = "…"
"""

from __future__ import annotations

import tomllib
from pathlib import Path

from verification.fields import PluginError


def declared(path: Path | None) -> dict[str, str]:
    """Name of a meeting → reason. A `PluginError` names a file or an entry that is wrong."""
    if path is None:
        return {}
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise PluginError(
            f"{path}: cannot be read as TOML ({error}); see verification/meetings/impossible.py"
        ) from None
    found: dict[str, str] = {}
    for number, entry in enumerate(data.get("impossible", []), 1):
        name, reason = str(entry.get("meeting", "")).strip(), str(entry.get("reason", "")).strip()
        if not name or not reason:
            raise PluginError(f"{path}: entry {number} needs both `meeting` and `reason`, it has {sorted(entry)}")
        if name in found:
            raise PluginError(f"{path}: entry {number}: {name!r} is declared twice; keep one")
        found[name] = reason
    return found
