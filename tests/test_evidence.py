"""Files of results name what made them: command, commit, versions and machine."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[1]
FILES = sorted([*(ROOT / "docs" / "evidence").glob("*.json"), *(ROOT / "leaderboard" / "results").rglob("*.json")])
SHAPES = (("command",), ("commit",), ("python", "jax", "versions"), ("machine", "platform"))
"""Facts, each by any of its names."""
WITHOUT_VERSIONS = "baselines-"
"""Start of the names of files that hold rows of before versions were kept."""


def names(value: Any) -> Iterator[str]:
    for item in value if isinstance(value, list) else value.values() if isinstance(value, dict) else ():
        yield from names(item)
    if isinstance(value, dict):
        yield from (name for name, item in value.items() if item not in (None, ""))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_what_made_it_is_named(path: Path) -> None:
    data = json.loads(path.read_text("utf-8"))
    found = set(names(data))
    missing = [shape for shape in SHAPES if found.isdisjoint(shape)]
    source = Path(data.get("source", {}).get("file", "")).name
    assert not missing or (missing == [SHAPES[2]] and source.startswith(WITHOUT_VERSIONS))


def test_every_file_is_linked() -> None:
    pages = " ".join(path.read_text("utf-8") for path in (ROOT / "docs").rglob("*.md"))
    assert not [path.name for path in FILES if path.parent.name == "evidence" and path.name not in pages]
