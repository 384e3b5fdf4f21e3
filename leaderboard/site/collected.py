"""Everything that the pages are made from: rows of the board, files of evidence, voided rows."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import families
from jaxenv.builtin import BUILT_IN, HOST
from leaderboard.checking import status
from leaderboard.invocation import program
from leaderboard.paper.board import Board, Row
from leaderboard.records import submission

ROOT = Path(__file__).parents[2]
RESULTS = "results"
EVIDENCE = "evidence"
"""Folders of a page's data: the board's files, and the files of evidence."""


class SiteError(ValueError):
    """Pages cannot be made; the message names the file and the remedy."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Collected:
    """Contents of the board.

    * `files`: path under the pages' `data` folder → JSON, of the board and of the evidence.
    * `rows`: (path, kind, row) of every row that is not voided; `void`: of those that are.
    * `environments`: ids of this repository and of the rows, in order.
    """

    files: dict[str, dict[str, Any]]
    rows: tuple[tuple[str, str, dict[str, Any]], ...]
    void: tuple[tuple[str, str, dict[str, Any]], ...]
    environments: tuple[str, ...]

    def of(self, kind: str, env: str) -> list[tuple[str, dict[str, Any]]]:
        """(path, row) of an environment's rows of one kind."""
        return [(path, row) for path, its_kind, row in self.rows if its_kind == kind and row["env"] == env]

    def evidence(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """(path, JSON) of every file of evidence."""
        return ((path, data) for path, data in self.files.items() if path.startswith(f"{EVIDENCE}/"))

    def evidence_of(self, env: str) -> list[tuple[str, dict[str, Any]]]:
        """Those of one environment."""
        return [(path, data) for path, data in self.evidence() if env_of(data) == env]

    def named(self, stated: str) -> str | None:
        """Path of the evidence that a row names, as "docs/evidence/x.json"; None where it is not there."""
        path = f"{EVIDENCE}/{Path(stated).name}"
        return path if path in self.files else None

    def paper(self) -> Board:
        """The same rows for the comparison with the paper."""
        return Board(tuple(Row(kind, row, file=path) for path, kind, row in self.rows))

    def standing(self, path: str, row: dict[str, Any]) -> str:
        """Standing of a row of speed."""
        return status.standing(row, path, self.files[path]["submitter"], self._results, [], confirmed=False)

    @functools.cached_property
    def _results(self) -> dict[str, dict[str, Any]]:
        """The board's own files."""
        return {name: data for name, data in self.files.items() if name.startswith(f"{RESULTS}/")}


def env_of(data: dict[str, Any]) -> str | None:
    """The environment that a file of evidence is about; None where it is about several or none."""
    plan = data.get("plan")
    found = data.get("env") or (plan.get("env") if isinstance(plan, dict) else None)
    return found if isinstance(found, str) else None


def collect(
    results: Path | None = None,
    evidence: Path | None = None,
    errata: Path | None = None,
    environments: Sequence[str] | None = None,
) -> Collected:
    """Read the board. None: that of this repository.

    Raises `SiteError` where there are no rows, `RecordError` for a file that is not whole, and `ErrataError` for a
    line of the voided rows that cannot be read.
    """
    results = results or ROOT / "leaderboard" / "results"
    evidence = evidence or ROOT / "docs" / "evidence"
    found = sorted(results.glob("*/*.json"))
    if not found:
        remedy = (
            f"name a folder of results with --results, or measure: `{program('leaderboard', 'bench')} ENV --json F`"
        )
        raise SiteError(f"{results}: there are no rows of the board (*/*.json); {remedy}")
    lines = status.voided(errata or ROOT / "ERRATA.md")
    files: dict[str, dict[str, Any]] = {}
    rows: list[tuple[str, str, dict[str, Any]]] = []
    void: list[tuple[str, str, dict[str, Any]]] = []
    for file in found:
        path = f"{RESULTS}/{file.parent.name}/{file.name}"
        files[path], _ = submission.read(file)
        for row in files[path]["rows"]:
            stated = f"{submission.RESULTS}/{file.parent.name}/{file.name}"
            (void if status.is_void(row, stated, lines) else rows).append((path, files[path]["kind"], row))
    for file in sorted(evidence.glob("*.json")):
        data = submission.load(file)
        if not isinstance(data, dict):
            raise SiteError(f"{file}: holds {type(data).__name__}, not an object; write it again by its command")
        files[f"{EVIDENCE}/{file.name}"] = data
    ids = set(BUILT_IN) | set(HOST) if environments is None else set(environments)
    ids |= {row["env"] for _, _, row in (*rows, *void)}
    return Collected(files=files, rows=tuple(rows), void=tuple(void), environments=tuple(sorted(ids)))


def reference_of(env: str) -> str:
    """The reference of an environment in words; "" where no family has it."""
    family = families.find(env)
    return family.reference if family else ""
