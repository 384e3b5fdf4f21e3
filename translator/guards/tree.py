"""Files of the tree before and after a call: only writable ones may change, and nothing may hide among them."""

from __future__ import annotations

import fnmatch
import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path

from verification.remote.guard import Violation

LINK, NESTED = "link", "repository"
_CACHES = ("__pycache__", ".pytest_cache", ".ruff_cache")


def files(tree: Path) -> dict[str, str]:
    """Relative name → SHA-256 of its content, or `LINK` or `NESTED`; Python's caches are left out."""
    found = {}
    for path in sorted(tree.rglob("*")):
        name = path.relative_to(tree)
        if any(part in _CACHES for part in name.parts):
            continue
        if path.is_symlink():
            found[name.as_posix()] = LINK
        elif ".git" in name.parts:
            found[Path(*name.parts[: name.parts.index(".git") + 1]).as_posix()] = NESTED
        elif path.is_file():
            found[name.as_posix()] = hashlib.sha256(path.read_bytes()).hexdigest()
        elif not path.is_dir():
            found[name.as_posix()] = LINK
    return found


def changed(before: Mapping[str, str], after: Mapping[str, str]) -> list[str]:
    """Names that were added, edited or removed."""
    return [name for name in sorted({*before, *after}) if before.get(name) != after.get(name)]


def check(before: Mapping[str, str], after: Mapping[str, str], writable: Sequence[str]) -> list[Violation]:
    """Rules that a call broke by what it changed."""
    found = []
    for name in changed(before, after):
        kind = after.get(name)
        if kind == LINK:
            found.append(Violation("links", name, "only plain files: a link leads out of the tree"))
        elif kind == NESTED:
            found.append(Violation("nested repository", name, "its hooks would run; leave commits to the loop"))
        elif not any(fnmatch.fnmatchcase(name, glob) for glob in writable):
            how = "added" if name not in before else "removed" if kind is None else "edited"
            found.append(Violation("changes what it may not", name, f"{how}; writable are {', '.join(writable)}"))
    return found
