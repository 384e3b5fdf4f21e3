"""CONTRIBUTING.md names files that there are."""

from __future__ import annotations

import re
from pathlib import Path

from families.new.layout import files, in_checkout

ROOT = Path(__file__).resolve().parents[1]
TEXT = (ROOT / "CONTRIBUTING.md").read_text("utf-8")


def test_every_path_in_it_exists() -> None:
    paths = re.findall(r"`([\w.-]+(?:/[\w.-]+)*/?)`|\]\(([\w./-]+)\)", TEXT)
    named = [path for pair in paths for path in pair if "/" in path and not path.startswith("out/")]
    assert len(named) >= 10
    assert [path for path in named if not (ROOT / path).exists() and "NAME" not in path] == []


def test_it_names_every_file_of_a_new_family() -> None:
    """Paths with NAME in them are those that `python -m families new NAME` writes, all of them."""
    named = set(re.findall(r"`([\w./{},]*NAME[\w./{},]*)`", TEXT))
    expanded = {path for each in named for path in _expanded(each)}
    written = {path.replace("rover_x", "NAME") for path in files("rover_x", in_checkout("rover_x"))}
    trivial = {path for path in written if path.endswith(("__init__.py", "py.typed"))}
    assert expanded - trivial == written - trivial


def _expanded(path: str) -> list[str]:
    """ "a/{b,c}.py" → "a/b.py", "a/c.py"."""
    found = re.search(r"\{([^}]*)\}", path)
    if found is None:
        return [path]
    return [each for part in found[1].split(",") for each in _expanded(path.replace(found[0], part))]
