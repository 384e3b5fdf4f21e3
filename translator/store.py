"""Record of a run in sqlite: transitions, calls of the agent, and verdicts that need not be made again."""

from __future__ import annotations

import contextlib
import json
import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec

from translator.errors import InfrastructureError
from translator.states import Position
from translator.verifier import Outcome

_SCHEMA = """
CREATE TABLE IF NOT EXISTS facts (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS transitions (
    id INTEGER PRIMARY KEY AUTOINCREMENT, at TEXT NOT NULL, state TEXT NOT NULL, next TEXT NOT NULL,
    module TEXT NOT NULL, attempt INTEGER NOT NULL, seconds REAL NOT NULL, commit_hash TEXT NOT NULL,
    note TEXT NOT NULL, position TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS attempts (
    number INTEGER PRIMARY KEY, phase TEXT NOT NULL, module TEXT NOT NULL, prompt_hash TEXT NOT NULL,
    signature TEXT NOT NULL, status TEXT NOT NULL, cost_usd TEXT NOT NULL, metered INTEGER NOT NULL,
    tokens TEXT NOT NULL, seconds REAL NOT NULL, changed TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS verdicts (name TEXT PRIMARY KEY, outcome TEXT NOT NULL);
"""


class Store:
    """One run's `run.sqlite`. Every write is on the disk when it returns. `InfrastructureError` where that fails."""

    def __init__(self, path: Path) -> None:
        self.path = path
        with self._errors():
            self._connection = sqlite3.connect(path, isolation_level=None)
            self._connection.execute("PRAGMA journal_mode = WAL")
            self._connection.execute("PRAGMA synchronous = FULL")
            self._connection.executescript(_SCHEMA)

    def close(self) -> None:
        """End the use of the file."""
        self._connection.close()

    def fact(self, name: str) -> str:
        """A fact of the run; "" where it was not stated."""
        found = self._rows("SELECT value FROM facts WHERE name = ?", name)
        return found[0][0] if found else ""

    def state(self, name: str, value: str) -> None:
        """State a fact."""
        self._write("INSERT OR REPLACE INTO facts VALUES (?, ?)", name, value)

    def record(self, before: Position, after: Position, module: str, seconds: float, commit: str, note: str) -> None:
        """Append a transition, with the position that a resumed run goes on from."""
        text = msgspec.json.encode(after).decode()
        self._write(
            "INSERT INTO transitions (at, state, next, module, attempt, seconds, commit_hash, note, position) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            *(_now(), before.state, after.state, module, after.attempt, round(seconds, 3), commit, note, text),
        )

    def last(self) -> tuple[Position, str] | None:
        """Position and commit of the last transition; None before the first."""
        found = self._rows("SELECT position, commit_hash FROM transitions ORDER BY id DESC LIMIT 1")
        return (msgspec.json.decode(found[0][0], type=Position), found[0][1]) if found else None

    def transitions(self) -> list[dict[str, Any]]:
        """All transitions in order, without their positions."""
        names = ("id", "at", "state", "next", "module", "attempt", "seconds", "commit_hash", "note")
        return [dict(zip(names, row, strict=True)) for row in self._rows(
            f"SELECT {', '.join(names)} FROM transitions ORDER BY id")]  # fmt: skip

    def attempt(self, **values: Any) -> None:
        """Record a call of the agent; one of the same number, from before a kill, is replaced."""
        values["tokens"], values["changed"] = json.dumps(values["tokens"]), json.dumps(values["changed"])
        marks = ", ".join("?" * len(values))
        self._write(f"INSERT OR REPLACE INTO attempts ({', '.join(values)}) VALUES ({marks})", *values.values())

    def attempts(self) -> list[dict[str, Any]]:
        """All calls of the agent in order."""
        names = ("number", "phase", "module", "prompt_hash", "signature", "status", "cost_usd", "metered", "tokens")
        names = (*names, "seconds", "changed")
        rows = self._rows(f"SELECT {', '.join(names)} FROM attempts ORDER BY number")
        found = [dict(zip(names, row, strict=True)) for row in rows]
        return [{**row, "tokens": json.loads(row["tokens"]), "changed": json.loads(row["changed"])} for row in found]

    def verdict(self, name: str) -> Outcome | None:
        """A verdict that was made before under this name; None for none."""
        found = self._rows("SELECT outcome FROM verdicts WHERE name = ?", name)
        return msgspec.json.decode(found[0][0], type=Outcome) if found else None

    def keep(self, name: str, outcome: Outcome) -> None:
        """Keep a verdict."""
        self._write("INSERT OR REPLACE INTO verdicts VALUES (?, ?)", name, msgspec.json.encode(outcome).decode())

    def _rows(self, statement: str, *values: Any) -> list[Any]:
        with self._errors():
            return self._connection.execute(statement, values).fetchall()

    def _write(self, statement: str, *values: Any) -> None:
        with self._errors():
            self._connection.execute(statement, values)

    @contextlib.contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise InfrastructureError(f"{self.path}: {error}; make room and make it writable, then resume") from error


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")
