"""Guards against tampering: hashes of protected files, and seeds that are drawn late.

The protected tree (verifier, tests, reference, plans) is hashed before and after a candidate runs. Held-out seeds are
an HMAC of the candidate's own files under a secret drawn for the run: they exist only once the candidate is fixed.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

_CACHES = ("__pycache__", ".pytest_cache", ".ruff_cache", ".git", ".hypothesis")


@dataclass(frozen=True)
class Violation:
    """A rule that a candidate broke. `where`: file and line, or what was reached for. `severe`: fails the candidate."""

    rule: str
    where: str
    message: str = ""
    severe: bool = True

    def __str__(self) -> str:
        return f"{self.rule}: {self.where}" + (f" ({self.message})" if self.message else "")


def tree_files(root: Path) -> Iterator[tuple[str, Path]]:
    """(relative name, file) of a folder in order of name, or of one file; links and caches are left out."""
    if root.is_file():
        yield root.name, root
        return
    for path in sorted(root.rglob("*")):
        relative = path.relative_to(root)
        if path.is_symlink() or not path.is_file() or any(part in _CACHES for part in relative.parts):
            continue
        if any(parent.is_symlink() for parent in path.parents if root in parent.parents):
            continue
        yield relative.as_posix(), path


def tree_hash(root: Path) -> str:
    """SHA-256 over names and contents of a candidate's files."""
    found = hashlib.sha256()
    for name, path in tree_files(root):
        data = path.read_bytes()
        found.update(f"{name}\0{len(data)}\0".encode())
        found.update(data)
    return found.hexdigest()


def protected_hash(paths: Sequence[Path]) -> dict[str, str]:
    """SHA-256 of every file below `paths`. `FileNotFoundError` for a path that is not there to be protected."""
    found = {}
    for root in paths:
        if not root.exists():
            raise FileNotFoundError(f"{root}: a protected path must exist")
        for _, path in tree_files(root):
            found[str(path)] = hashlib.sha256(path.read_bytes()).hexdigest()
    return found


def changes(before: Mapping[str, str], after: Mapping[str, str]) -> list[Violation]:
    """One violation per protected file that was edited, added or removed."""
    found = []
    for path in sorted(before.keys() | after.keys()):
        if before.get(path) != after.get(path):
            rule = "added" if path not in before else "removed" if path not in after else "edited"
            found.append(Violation(f"{rule} a protected file", path))
    return found


def held_out_seeds(secret: bytes, tree: str, count: int) -> list[int]:
    """`count` seeds below 2³¹ that depend on every byte of the candidate and on the secret."""
    digests = (hmac.new(secret, f"{tree}/{number}".encode(), hashlib.sha256).digest() for number in range(count))
    return [int.from_bytes(digest[:4], "little") >> 1 for digest in digests]
