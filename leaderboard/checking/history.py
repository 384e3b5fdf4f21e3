"""The board's history in git: what is on it already may not change, and a row's commit must be known."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any

from leaderboard.checking.finding import Finding, noted, refused
from leaderboard.records.submission import RESULTS

BASES = ("origin/main", "main", "HEAD")


class HistoryError(RuntimeError):
    """The history cannot be read; the message says what to do."""


class History:
    """A checkout beside `base`, the commit that it is compared with: None means the first of `BASES` that there is.

    Raises `HistoryError` where there is no such commit.
    """

    def __init__(self, root: Path, base: str | None = None) -> None:
        self.root = root
        for name in BASES if base is None else (base,):
            if (found := self._git("rev-parse", "--verify", "--quiet", f"{name}^{{commit}}")) is not None:
                self.base, self.name = found.strip(), name
                break
        else:
            raise HistoryError(
                f"{root}: git knows no commit {base or ' or '.join(BASES)}; check in a clone with its history "
                "(`git fetch --unshallow`), or name another commit with --base"
            )
        listed = self._git("ls-tree", "-r", "-z", "--name-only", self.base, f"{RESULTS}/") or ""
        depth = RESULTS.count("/") + 2  # files of a family's folder; older ones lay above
        self.paths = frozenset(
            path for path in listed.split("\0") if path.endswith(".json") and path.count("/") == depth
        )

    @cached_property
    def contents(self) -> dict[str, bytes]:
        """The board's files at the base, by path."""
        show = lambda path: subprocess.run(  # noqa: E731
            ["git", "show", f"{self.base}:{path}"], cwd=self.root, capture_output=True, check=True
        )
        return {path: show(path).stdout for path in sorted(self.paths)}

    @cached_property
    def board(self) -> dict[str, dict[str, Any]]:
        """Submissions at the base, by path."""
        return {path: json.loads(contents) for path, contents in self.contents.items()}

    def changed(self) -> Iterator[Finding]:
        """Files of the base that are gone or not the same here."""
        for path, contents in self.contents.items():
            file = self.root / path
            if not file.is_file():
                yield refused("append-only", path, f"is gone; restore it (`git checkout {self.name} -- {path}`)")
            elif file.read_bytes() != contents:
                yield refused(
                    "append-only", path, "was changed; restore it, and void what is wrong in ERRATA.md instead"
                )

    def changed_paths(self) -> list[str]:
        """Paths that differ between the base, as it was when this branch left it, and this checkout."""
        fork = (self._git("merge-base", self.base, "HEAD") or self.base).strip()
        listed = self._git("diff", "--name-only", "-z", fork) or ""
        fresh = self._git("ls-files", "--others", "--exclude-standard", "-z") or ""
        return sorted({path for path in f"{listed}\0{fresh}".split("\0") if path})

    def new_files(self) -> list[Path]:
        """Files of the board that the base has not."""
        found = (self.root / RESULTS).glob("*/*.json")
        return sorted(path for path in found if path.relative_to(self.root).as_posix() not in self.paths)

    def commit(self, row: dict[str, Any], place: str) -> Iterator[Finding]:
        """Complaints about the commit that a row was measured at."""
        commit = row["commit"]
        if not commit or not re.fullmatch(r"[0-9a-f]{7,40}", commit):
            yield refused("commit", f"{place}.commit", f"is {commit!r}; measure in a clone, at a commit of its history")
            return
        if self._git("cat-file", "-e", f"{commit}^{{commit}}") is None:
            yield refused("commit", f"{place}.commit", f"{commit} is not known here; push it, or fetch its history")
            return
        if self._git("merge-base", "--is-ancestor", commit, self.base) is None:
            if self._git("merge-base", "--is-ancestor", commit, "HEAD") is None:
                yield refused(
                    "commit", f"{place}.commit", f"{commit[:7]} is in neither {self.name} nor this branch; measure "
                    "at a commit that others can check out",
                )  # fmt: skip
            else:
                yield noted("commit", f"{place}.commit", f"{commit[:7]} is of this branch, not yet in {self.name}")
        if row.get("dirty"):
            yield refused(
                "commit", f"{place}.dirty", "is true: the commit does not say what was measured; commit first"
            )
        made = self._git("show", "-s", "--format=%ct", commit)
        if made is not None and (date := _date(row.get("date"))) is not None:
            if date < datetime.fromtimestamp(int(made), UTC):
                yield refused("commit", f"{place}.date", f"{row['date']} is before the commit {commit[:7]} was made")
            elif date > datetime.now(UTC):
                yield refused("commit", f"{place}.date", f"{row['date']} is in the future")

    def _git(self, *arguments: str) -> str | None:
        """The output; None where git says no."""
        try:
            done = subprocess.run(["git", *arguments], cwd=self.root, capture_output=True, text=True, check=False)
        except OSError as error:
            raise HistoryError(f"git cannot be run: {error}; install it") from error
        return done.stdout if done.returncode == 0 else None


def _date(text: Any) -> datetime | None:
    try:
        found = datetime.fromisoformat(text)
    except (TypeError, ValueError):
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)
