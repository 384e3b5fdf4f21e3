"""All checks of a file, and its verdict in words."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import jaxenv
from leaderboard.checking import arithmetic, consistency, outliers, rerun, status
from leaderboard.checking.finding import Finding, flagged, noted, refused
from leaderboard.checking.history import History
from leaderboard.records import submission


@dataclasses.dataclass
class Verdict:
    """Judgement of one file. `rows`: a line for each, with its standing."""

    path: str
    findings: list[Finding]
    rows: list[str]

    @property
    def accepted(self) -> bool:
        """True where nothing refuses it."""
        return not any(finding.weight == "refused" for finding in self.findings)

    def text(self) -> str:
        """The verdict for a terminal."""
        lines = [f"{self.path}: {'accepted' if self.accepted else 'refused'}"]
        lines += [f"  {line}" for line in self.rows]
        lines += [f"  {finding.line()}" for finding in self.findings]
        return "\n".join(lines)

    def markdown(self) -> str:
        """The verdict as a comment of a pull request."""
        lines = [f"### `{self.path}`: {'accepted' if self.accepted else '**refused**'}", ""]
        lines += [f"* {line}" for line in self.rows]
        lines += [f"* **{finding.weight}** {finding.line().partition(': ')[2]}" for finding in self.findings]
        return "\n".join(lines) + "\n"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Checker:
    """Checks of files of a checkout. `with_rerun` False leaves out what takes minutes."""

    history: History
    with_rerun: bool = True
    most_steps: int = rerun.MOST_STEPS
    say: Callable[[str], None] = print

    def check(self, file: Path) -> Verdict:
        """The verdict on one file; it raises nothing for what a file may hold."""
        path = self._relative(file)
        try:
            data, _ = submission.read(file)
        except submission.RecordError as error:
            return Verdict(path, [refused("schema", "", str(error))], [])
        found = list(self._findings(data, path))
        confirmed: set[int] = set()
        if data["kind"] == "sps" and not any(one.weight == "refused" and one.check == "environment" for one in found):
            if self.with_rerun:
                found += rerun.rerun(data["rows"], confirmed, self.most_steps, self.say)
            else:
                found.append(noted("re-run", "", "left out, as asked: the play is the submitter's word"))
        found += self._hints(data, path)
        return Verdict(path, found, list(self._rows(data, path, confirmed)))

    def _relative(self, file: Path) -> str:
        absolute = file.resolve()
        root = self.history.root.resolve()
        return absolute.relative_to(root).as_posix() if absolute.is_relative_to(root) else file.as_posix()

    def _findings(self, data: dict[str, Any], path: str) -> Iterator[Finding]:
        board, rows = self.history.board, data["rows"]
        new = path not in board
        yield from consistency.place(path, data)
        yield from consistency.duplicate(data, path, board)
        if new and "source" in data:
            yield refused("schema", "source", "is for the board's own older files; measure with this checkout")
        if data["kind"] == "gap":
            yield from arithmetic.gap(rows)
        elif data["kind"] == "verification":
            yield from arithmetic.verification(rows)
        for number, row in enumerate(rows):
            if row.get("commit") is not None or data["kind"] == "sps":
                yield from self.history.commit(row, f"rows[{number}]")
        if data["kind"] == "sps":
            yield from self._speed(rows, new, board)

    def _speed(self, rows: list[dict[str, Any]], new: bool, board: dict[str, dict[str, Any]]) -> Iterator[Finding]:
        made = []
        for number, row in enumerate(rows):
            try:
                made.append(rerun.environment(row))
            except (ValueError, jaxenv.UnknownEnvironmentError) as error:
                yield refused("environment", f"rows[{number}].env", f"cannot be made by this checkout: {error}")
                return
        yield from arithmetic.speed(rows, made[0].num_players)
        for number, row in enumerate(rows):
            where = f"rows[{number}]"
            yield from consistency.fingerprint(row, where)
            yield from consistency.environment(row, where, made[number], board)
            if new:
                yield from consistency.whole(row, where)
            if row["short"]:
                yield flagged("protocol", where, "is short: for looking, not for ranking")
        if new:
            yield from consistency.command(rows)

    def _hints(self, data: dict[str, Any], path: str) -> Iterator[Finding]:
        if data["kind"] == "sps":
            others = [
                row
                for name, found in self.history.board.items()
                if found["kind"] == "sps" and name != path
                for row in found["rows"]
            ]
            yield from outliers.outliers(data["rows"], others)
            if not status.equivalent(data["rows"][0]["env"], self.history.board):
                yield noted("equivalence", "", "none is on the board for this environment, so its speed is not ranked")

    def _rows(self, data: dict[str, Any], path: str, confirmed: set[int]) -> Iterator[str]:
        board, lines = self.history.board, status.voided(self.history.root / "ERRATA.md")
        for number, row in enumerate(data["rows"]):
            if data["kind"] != "sps":
                yield f"{data['kind']}: {row['env']}, {row.get('verdict', row.get('status', ''))}".rstrip(", ")
                continue
            played = number in confirmed
            rank = status.standing(row, path, data["submitter"], board, lines, confirmed=played)
            ratio = f", {row['ratio']:,.3g} × {row['reference']['name']}" if row["reference"] else ""
            yield (
                f"{row['env']} {row['env_version']}, {row['mode']}, {row['backend']}, batch {row['batch']:,}: "
                f"{row['median_sps']:,.0f} steps/s{ratio}; {rank}{', play re-run' if played else ''}"
            )
