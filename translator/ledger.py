"""Budget of a translation: what model calls have cost, what open calls may still cost, and a cap on the sum.

A call is first reserved at the most that it can cost, and settled at what it did cost. The rows are only ever
appended to, in a sqlite file, so that a process that is killed loses none of them.
"""

from __future__ import annotations

import contextlib
import json
import os
import sqlite3
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import ROUND_CEILING, Decimal
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol

from jaxenv.commands import files

_NANO = Decimal(10) ** 9
_MOST_USD = Decimal(10) ** 9
_BUSY_SECONDS = 60.0

_SCHEMA = (
    """CREATE TABLE IF NOT EXISTS entries (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        at TEXT NOT NULL,
        kind TEXT NOT NULL CHECK (kind IN ('open', 'cap', 'reserve', 'settle')),
        session INTEGER,
        ticket INTEGER,
        nano_usd INTEGER NOT NULL CHECK (nano_usd >= 0),
        note TEXT NOT NULL,
        usage TEXT NOT NULL
    )""",
    "CREATE UNIQUE INDEX IF NOT EXISTS settled_once ON entries (ticket) WHERE kind = 'settle'",
    """CREATE TRIGGER IF NOT EXISTS never_changed BEFORE UPDATE ON entries
    BEGIN SELECT RAISE(ABORT, 'rows of a ledger are only appended'); END""",
    """CREATE TRIGGER IF NOT EXISTS never_removed BEFORE DELETE ON entries
    BEGIN SELECT RAISE(ABORT, 'rows of a ledger are only appended'); END""",
)

_UNSETTLED = """
    SELECT session, nano_usd FROM entries AS reservation WHERE kind = 'reserve'
    AND NOT EXISTS (SELECT 1 FROM entries WHERE kind = 'settle' AND ticket = reservation.id)
"""


class LedgerError(Exception):
    """A ledger that cannot be read or written, or that is asked for what makes no sense."""


class BudgetExhausted(Exception):  # noqa: N818 (named as the state that a run ends in)
    """A reservation that does not fit under the cap.

    Attributes, in dollars: `cap_usd`, `spent_usd`, `reserved_usd` (open reservations), `asked_usd`.
    """

    def __init__(self, cap_usd: Decimal, spent_usd: Decimal, reserved_usd: Decimal, asked_usd: Decimal) -> None:
        super().__init__(
            f"budget exhausted: of {text_of(cap_usd)} USD, {text_of(spent_usd)} are spent and {text_of(reserved_usd)} "
            f"reserved by open calls; this call may cost {text_of(asked_usd)} USD; raise the budget, or ask for fewer "
            "tokens of output"
        )
        self.cap_usd = cap_usd
        self.spent_usd = spent_usd
        self.reserved_usd = reserved_usd
        self.asked_usd = asked_usd


@dataclass(frozen=True)
class Row:
    """One row of a ledger.

    `kind`: "open" (a `Ledger` was made), "cap" (the cap from here on), "reserve" or "settle". `session`: the row of the
    opening that wrote this one; None for that row itself. `ticket`: the reservation that a "settle" settles. `usd`: the
    cap, the worst case or the actual cost. `usage`: what was counted of a settled call.
    """

    id: int
    at: str
    kind: str
    session: int | None
    ticket: int | None
    usd: Decimal
    note: str
    usage: dict[str, Any]


def nano_of(usd: Decimal, name: str) -> int:
    """Nano-dollars of an amount, rounded up. `LedgerError` for what is no amount; `name` says which one it is."""
    if isinstance(usd, bool) or not isinstance(usd, Decimal | int):
        raise LedgerError(f"{name} is {usd!r}, a {type(usd).__name__}; give a Decimal, as Decimal('1.50')")
    amount = Decimal(usd)
    if not amount.is_finite() or not 0 <= amount < _MOST_USD:
        raise LedgerError(f"{name} is {usd}; give dollars from 0 to under {_MOST_USD:,}")
    return int((amount * _NANO).to_integral_value(rounding=ROUND_CEILING))


def usd_of(nano_usd: int) -> Decimal:
    """Dollars of a whole number of nano-dollars, exactly."""
    return Decimal(nano_usd).scaleb(-9)


def text_of(usd: Decimal) -> str:
    """Dollars with at least two decimals and no more than are needed: "1.50", "0.000125"."""
    whole, _, decimals = f"{usd:f}".partition(".")
    return f"{whole}.{decimals.rstrip('0').ljust(2, '0')}"


class Account(Protocol):
    """Something that calls are reserved and settled in: a `Ledger`, or a part of one."""

    def reserve(self, worst_case_usd: Decimal, note: str) -> int:
        """The ticket of a new reservation. `BudgetExhausted` where it does not fit."""
        ...

    def settle(self, ticket: int, actual_usd: Decimal, usage: dict[str, Any]) -> None:
        """Put what a call did cost in place of its reservation."""
        ...


class Ledger:
    """Budget in a sqlite file, shared by the threads of a process and by several processes.

    `path`: the file, made where there is none. `cap_usd`: the most that may be spent; where the file has another cap,
    this one holds for everybody from now on, and a row says so.

    Unsettled reservations count as `reserved` while the `Ledger` that made them is open. Once it is closed, or its
    process has died, they count as `spent` in full: nobody knows what was billed. Amounts are whole nano-dollars
    inside, rounded up, so that sums are exact. `LedgerError` where the file cannot be used.
    """

    def __init__(self, path: Path | str, cap_usd: Decimal) -> None:
        cap = nano_of(cap_usd, "cap_usd")
        try:
            self._path = files.path(path)
        except files.StorageError as error:
            raise LedgerError(str(error)) from error
        self._lock = threading.RLock()
        self._process = os.getpid()
        self._alive = contextlib.ExitStack()
        self._closed = False
        with self._errors():
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._connection = sqlite3.connect(
                self._path, timeout=_BUSY_SECONDS, isolation_level=None, check_same_thread=False
            )
        try:
            with self._errors():
                self._log_ahead()
                self._connection.execute("PRAGMA synchronous = FULL")  # on the disk before any money is spent
            self._open(cap)
        except BaseException:
            self._alive.close()
            self._connection.close()
            raise

    @property
    def path(self) -> Path:
        """The sqlite file."""
        return self._path

    @property
    def cap(self) -> Decimal:
        """The most that may be spent, in dollars."""
        with self._reading():
            return usd_of(self._cap())

    @property
    def spent(self) -> Decimal:
        """Dollars of settled calls, and of calls in full whose process ended before it settled them."""
        with self._reading():
            return usd_of(self._sums()[0])

    @property
    def reserved(self) -> Decimal:
        """Dollars that the open calls of open ledgers may still cost."""
        with self._reading():
            return usd_of(self._sums()[1])

    @property
    def remaining(self) -> Decimal:
        """Dollars that can still be reserved, at least 0."""
        with self._reading():
            return usd_of(max(0, self._cap() - sum(self._sums())))

    def reserve(self, worst_case_usd: Decimal, note: str) -> int:
        """The ticket of a new reservation, for `settle`. `BudgetExhausted` where it does not fit under the cap."""
        asked = nano_of(worst_case_usd, "worst_case_usd")
        with self._writing():
            cap, (spent, reserved) = self._cap(), self._sums()
            if spent + reserved + asked > cap:
                raise BudgetExhausted(usd_of(cap), usd_of(spent), usd_of(reserved), usd_of(asked))
            return self._append("reserve", asked, session=self._session, note=note)

    def settle(self, ticket: int, actual_usd: Decimal, usage: dict[str, Any]) -> None:
        """Put what a call did cost in place of its reservation, also where that is more: a bill is a bill.

        `usage`: what was counted, as tokens; it must be JSON. The reservation may be one of a process that has died.
        `LedgerError` for a ticket that there is not, or that is settled.
        """
        actual = nano_of(actual_usd, "actual_usd")
        try:
            counted = json.dumps(usage, sort_keys=True)
        except (TypeError, ValueError) as error:
            raise LedgerError(f"usage of ticket {ticket}: {error}; give what JSON can hold") from error
        with self._writing():
            found = self._connection.execute(
                "SELECT note FROM entries WHERE kind = 'reserve' AND id = ?", (ticket,)
            ).fetchone()
            if found is None:
                raise LedgerError(f"{self._path}: there is no ticket {ticket!r}; settle what `reserve` gave")
            if self._connection.execute(
                "SELECT 1 FROM entries WHERE kind = 'settle' AND ticket = ?", (ticket,)
            ).fetchone():
                raise LedgerError(f"{self._path}: ticket {ticket} is settled already; settle each ticket once")
            self._append("settle", actual, session=self._session, ticket=ticket, note=found[0], usage=counted)

    def rows(self) -> list[Row]:
        """All rows, oldest first."""
        with self._reading():
            found = self._connection.execute(
                "SELECT id, at, kind, session, ticket, nano_usd, note, usage FROM entries ORDER BY id"
            ).fetchall()
        return [
            Row(number, at, kind, session, ticket, usd_of(nano), note, json.loads(usage))
            for number, at, kind, session, ticket, nano, note, usage in found
        ]

    def close(self) -> None:
        """End the use of the file. Unsettled reservations count as spent from now on."""
        with self._lock:
            if not self._closed:
                self._closed = True
                self._alive.close()
                self._connection.close()

    def __enter__(self) -> Ledger:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _log_ahead(self) -> None:
        """Have sqlite write a log ahead of its file, six times faster than its journal is.

        sqlite does not wait by itself for another process that does so at this moment.
        """
        end = time.monotonic() + _BUSY_SECONDS
        while True:
            try:
                self._connection.execute("PRAGMA journal_mode = WAL")
                return
            except sqlite3.OperationalError as error:
                if "locked" not in str(error) or time.monotonic() > end:
                    raise
                time.sleep(0.02)

    def _open(self, cap: int) -> None:
        with self._writing():
            for statement in _SCHEMA:
                self._connection.execute(statement)
            self._session = self._append("open", 0, note=f"process {self._process}")
            try:
                self._alive.enter_context(files.alone(self._sign_of_life(self._session), "choose another folder"))
            except files.StorageError as error:
                raise LedgerError(str(error)) from error
            if self._connection.execute("SELECT 1 FROM entries WHERE kind = 'cap'").fetchone() is None or (
                self._cap() != cap
            ):
                self._append("cap", cap, session=self._session)

    def _append(
        self,
        kind: str,
        nano: int,
        *,
        session: int | None = None,
        ticket: int | None = None,
        note: str = "",
        usage: str = "{}",
    ) -> int:
        cursor = self._connection.execute(
            "INSERT INTO entries (at, kind, session, ticket, nano_usd, note, usage) VALUES (?, ?, ?, ?, ?, ?, ?)",
            (datetime.now(UTC).isoformat(), kind, session, ticket, nano, note, usage),
        )
        assert cursor.lastrowid is not None
        return cursor.lastrowid

    def _cap(self) -> int:
        return self._connection.execute(
            "SELECT nano_usd FROM entries WHERE kind = 'cap' ORDER BY id DESC LIMIT 1"
        ).fetchone()[0]

    def _sums(self) -> tuple[int, int]:
        """Nano-dollars spent and reserved."""
        spent = self._connection.execute(
            "SELECT COALESCE(SUM(nano_usd), 0) FROM entries WHERE kind = 'settle'"
        ).fetchone()[0]
        unsettled: dict[int, int] = {}
        for session, nano in self._connection.execute(_UNSETTLED):
            unsettled[session] = unsettled.get(session, 0) + nano
        reserved = sum(nano for session, nano in unsettled.items() if self._is_open(session))
        return spent + sum(unsettled.values()) - reserved, reserved

    def _is_open(self, session: int) -> bool:
        """True if a session's `Ledger` is open; where no file can be locked, only this one is known to be."""
        if session == self._session:
            return True
        try:
            with files.alone(self._sign_of_life(session), ""):
                return False
        except files.StorageError:
            return True

    def _sign_of_life(self, session: int) -> Path:
        """A name whose lock is held while the `Ledger` of a session is open."""
        return self._path.with_name(f"{self._path.name}.{session}")

    @contextlib.contextmanager
    def _reading(self) -> Iterator[None]:
        with self._transaction("BEGIN"):
            yield

    @contextlib.contextmanager
    def _writing(self) -> Iterator[None]:
        with self._transaction("BEGIN IMMEDIATE"):
            yield

    @contextlib.contextmanager
    def _transaction(self, begin: str) -> Iterator[None]:
        with self._lock, self._errors():
            if self._closed:
                raise LedgerError(f"{self._path}: this ledger is closed; make a new Ledger")
            if os.getpid() != self._process:
                raise LedgerError(f"{self._path}: made in process {self._process}; make a Ledger in each process")
            self._connection.execute(begin)
            try:
                yield
                self._connection.execute("COMMIT")
            except BaseException:
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                raise

    @contextlib.contextmanager
    def _errors(self) -> Iterator[None]:
        """Turn what sqlite and the system say into `LedgerError`."""
        try:
            yield
        except sqlite3.DatabaseError as error:
            if "not a database" in str(error) or "malformed" in str(error):
                raise LedgerError(f"{self._path}: not a ledger ({error}); name another file, or restore it") from error
            raise LedgerError(str(files.unwritable(self._path, error, "choose another file for the ledger"))) from error
        except OSError as error:
            raise LedgerError(str(files.unwritable(self._path, error, "choose another file for the ledger"))) from error
