"""The budget: never above its cap, exact sums, and nothing lost by threads, two processes or a kill."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from translator.ledger import BudgetExhausted, Ledger, LedgerError, text_of

ROOT = Path(__file__).resolve().parents[2]
CENT = Decimal("0.01")
AMOUNTS = st.decimals(0, 5, places=9, allow_nan=False)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "run" / "ledger.sqlite"


def child(script: str, path: Path) -> subprocess.Popen[str]:
    """A process that runs `script` with `path` as its argument; it prints one line when it is ready."""
    head = "import sys; from decimal import Decimal; from translator.ledger import *\n"
    return subprocess.Popen(
        [sys.executable, "-c", head + script, str(path)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stdin=subprocess.PIPE,
        text=True,
    )


def test_reserved_then_settled(path: Path) -> None:
    with Ledger(path, Decimal(1)) as ledger:
        ticket = ledger.reserve(Decimal("0.4"), "call 1")
        assert (ledger.spent, ledger.reserved, ledger.remaining) == (0, Decimal("0.4"), Decimal("0.6"))
        ledger.settle(ticket, Decimal("0.1"), {"input_tokens": 7})
        assert (ledger.spent, ledger.reserved, ledger.remaining) == (Decimal("0.1"), 0, Decimal("0.9"))
        opening, cap, reserved, settled = ledger.rows()
        assert (opening.kind, cap.kind, cap.usd) == ("open", "cap", 1)
        assert (reserved.kind, reserved.id, reserved.usd, reserved.note) == (
            "reserve",
            ticket,
            Decimal("0.4"),
            "call 1",
        )
        assert (settled.kind, settled.ticket, settled.usd) == ("settle", ticket, Decimal("0.1"))
        assert settled.usage == {"input_tokens": 7} and settled.note == "call 1"


def test_what_does_not_fit_is_refused_and_leaves_no_row(path: Path) -> None:
    with Ledger(path, Decimal(1)) as ledger:
        ledger.settle(ledger.reserve(Decimal("0.3"), "a"), Decimal("0.3"), {})
        ledger.reserve(Decimal("0.5"), "b")
        before = ledger.rows()
        with pytest.raises(
            BudgetExhausted, match=r"0\.30 are spent and 0\.50 reserved .* may cost 0\.21 USD"
        ) as caught:
            ledger.reserve(Decimal("0.21"), "c")
        assert ledger.rows() == before
        assert (caught.value.cap_usd, caught.value.asked_usd) == (1, Decimal("0.21"))
        ledger.reserve(Decimal("0.2"), "exactly the rest")
        assert ledger.remaining == 0


def test_a_bill_above_its_reservation_is_recorded_as_it_is(path: Path) -> None:
    with Ledger(path, Decimal(1)) as ledger:
        ledger.settle(ledger.reserve(CENT, "a"), Decimal("1.5"), {})
        assert (ledger.spent, ledger.remaining) == (Decimal("1.5"), 0)
        with pytest.raises(BudgetExhausted):
            ledger.reserve(Decimal(0) + CENT, "b")


def test_fractions_of_a_nano_dollar_are_rounded_up(path: Path) -> None:
    with Ledger(path, Decimal(1)) as ledger:
        for _ in range(3):
            ledger.settle(ledger.reserve(CENT, "a"), Decimal("0.0000000001"), {})
        assert ledger.spent == Decimal("0.000000003")


def test_thousand_cents_add_up_to_ten_dollars(path: Path) -> None:
    with Ledger(path, Decimal(10)) as ledger:
        tickets = [ledger.reserve(CENT * 2, "a") for _ in range(50)]
        for ticket in tickets:
            ledger.settle(ticket, CENT, {})
        assert ledger.spent == Decimal("0.50")
        assert sum(row.usd for row in ledger.rows() if row.kind == "settle") == ledger.spent


def test_rows_cannot_be_changed_or_removed(path: Path) -> None:
    with Ledger(path, Decimal(1)) as ledger:
        ledger.reserve(CENT, "a")
    for statement in ("UPDATE entries SET nano_usd = 0", "DELETE FROM entries"):
        connection = sqlite3.connect(path)
        with pytest.raises(sqlite3.IntegrityError, match="only appended"):
            connection.execute(statement)
        connection.close()


def test_open_reservations_of_a_closed_ledger_count_in_full(path: Path) -> None:
    with Ledger(path, Decimal(1)) as ledger:
        ticket = ledger.reserve(Decimal("0.4"), "a")
    with Ledger(path, Decimal(1)) as again:
        assert (again.spent, again.reserved) == (Decimal("0.4"), 0)
        again.settle(ticket, Decimal("0.3"), {"from": "the log of the proxy"})
        assert again.spent == Decimal("0.3")


def test_open_reservations_of_a_killed_process_count_in_full(path: Path) -> None:
    process = child(
        "l = Ledger(sys.argv[1], Decimal(1)); l.reserve(Decimal('0.4'), 'a'); print('ready', flush=True); input()", path
    )
    assert process.stdout is not None and process.stdin is not None
    assert process.stdout.readline() == "ready\n"
    with Ledger(path, Decimal(1)) as ledger:
        assert (ledger.spent, ledger.reserved) == (0, Decimal("0.4"))
        process.send_signal(signal.SIGKILL)
        process.wait()
        assert (ledger.spent, ledger.reserved, ledger.remaining) == (Decimal("0.4"), 0, Decimal("0.6"))
    process.stdin.close()
    process.stdout.close()


def test_two_processes_stay_under_one_cap(path: Path) -> None:
    script = """
l = Ledger(sys.argv[1], Decimal("0.5")); print("ready", flush=True); input(); got = 0
for _ in range(40):
    try:
        l.settle(l.reserve(Decimal("0.01"), "a"), Decimal("0.01"), {}); got += 1
    except BudgetExhausted:
        pass
print(got)
"""
    processes = [child(script, path) for _ in range(2)]
    for process in processes:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    got = [int(process.communicate()[0]) for process in processes]
    assert sum(got) == 50
    with Ledger(path, Decimal("0.5")) as ledger:
        assert ledger.spent == Decimal("0.5")


def test_threads_stay_under_one_cap(path: Path) -> None:
    with Ledger(path, Decimal("0.2")) as ledger:
        got = []

        def call() -> None:
            for _ in range(5):
                try:
                    got.append(ledger.reserve(CENT, "a"))
                except BudgetExhausted:
                    return

        threads = [threading.Thread(target=call) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(set(got)) == 20
        assert ledger.reserved == Decimal("0.2")


def test_another_cap_holds_from_now_on_and_is_on_record(path: Path) -> None:
    with Ledger(path, Decimal(1)) as ledger, Ledger(path, Decimal(2)) as raised:
        assert ledger.cap == raised.cap == 2
        assert [row.usd for row in raised.rows() if row.kind == "cap"] == [1, 2]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda ledger: ledger.reserve(0.5, "a"), r"worst_case_usd is 0\.5, a float; give a Decimal"),
        (lambda ledger: ledger.reserve(Decimal(-1), "a"), r"worst_case_usd is -1; give dollars from 0"),
        (lambda ledger: ledger.reserve(Decimal("NaN"), "a"), r"worst_case_usd is NaN; give dollars"),
        (lambda ledger: ledger.reserve(Decimal("1e12"), "a"), r"give dollars from 0 to under 1,000,000,000"),
        (lambda ledger: ledger.settle(99, CENT, {}), "there is no ticket 99; settle what `reserve` gave"),
        (lambda ledger: ledger.settle(1, CENT, {}), "there is no ticket 1"),
        (lambda ledger: ledger.settle(3, CENT, {"a": object()}), "usage of ticket 3: .* give what JSON can hold"),
    ],
)
def test_bad_input_names_value_and_remedy(path: Path, call: Callable[[Ledger], object], message: str) -> None:
    with Ledger(path, Decimal(1)) as ledger:
        ledger.reserve(CENT, "ticket 3")
        before = ledger.rows()
        with pytest.raises(LedgerError, match=message):
            call(ledger)
        assert ledger.rows() == before


def test_a_ticket_is_settled_once(path: Path) -> None:
    with Ledger(path, Decimal(1)) as ledger:
        ticket = ledger.reserve(CENT, "a")
        ledger.settle(ticket, CENT, {})
        with pytest.raises(LedgerError, match="is settled already"):
            ledger.settle(ticket, Decimal(0), {})
        assert ledger.spent == CENT


def test_files_that_are_no_ledger_are_refused(tmp_path: Path) -> None:
    text = tmp_path / "notes.txt"
    text.write_text("not a database at all, but long enough to be looked at as one\n" * 20)
    with pytest.raises(LedgerError, match=r"not a ledger .*; name another file"):
        Ledger(text, Decimal(1))
    with pytest.raises(LedgerError, match="cannot be written"):
        Ledger(tmp_path, Decimal(1))
    with pytest.raises(LedgerError, match="cannot be written: File exists"):
        Ledger(text / "ledger.sqlite", Decimal(1))
    with pytest.raises(LedgerError, match=r"cap_usd is 1\.0, a float"):
        Ledger(tmp_path / "a.sqlite", 1.0)


def test_a_closed_ledger_says_so(path: Path) -> None:
    ledger = Ledger(path, Decimal(1))
    ledger.close()
    ledger.close()
    with pytest.raises(LedgerError, match="this ledger is closed"):
        ledger.reserve(CENT, "a")


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_ledger_is_not_used_across_a_fork(path: Path) -> None:
    script = """
import os
l = Ledger(sys.argv[1], Decimal(1))
if os.fork() == 0:
    try:
        l.reserve(Decimal(0), "a")
    except LedgerError as error:
        print("make a Ledger in each process" in str(error), flush=True)
    os._exit(0)
os.wait()
"""
    assert child(script, path).communicate()[0] == "True\n"


@given(AMOUNTS)
def test_text_of_dollars_is_exact(usd: Decimal) -> None:
    text = text_of(usd)
    assert Decimal(text) == usd
    assert len(text.partition(".")[2]) >= 2


class Budget(RuleBasedStateMachine):
    """A ledger beside plain sums of Decimals, through reservations, settlements and closings."""

    folder: Path

    def __init__(self) -> None:
        super().__init__()
        Budget.number += 1
        self.path = self.folder / f"{Budget.number}.sqlite"
        self.cap = Decimal(10)
        self.ledger = Ledger(self.path, self.cap)
        self.open: dict[int, Decimal] = {}
        self.lost: dict[int, Decimal] = {}
        self.spent = Decimal(0)

    number = 0

    @rule(usd=AMOUNTS)
    def reserve(self, usd: Decimal) -> None:
        fits = self.spent + sum(self.open.values()) + sum(self.lost.values()) + usd <= self.cap
        try:
            ticket = self.ledger.reserve(usd, "a")
        except BudgetExhausted:
            assert not fits
        else:
            assert fits
            self.open[ticket] = usd

    @precondition(lambda self: self.open)
    @rule(part=st.decimals(0, 1, places=3), data=st.data())
    def settle(self, part: Decimal, data: st.DataObject) -> None:
        ticket = data.draw(st.sampled_from(sorted(self.open)))
        actual = (self.open.pop(ticket) * part).quantize(Decimal("1e-9"), rounding="ROUND_CEILING")
        self.ledger.settle(ticket, actual, {})
        self.spent += actual

    @rule()
    def restart(self) -> None:
        self.ledger.close()
        self.ledger = Ledger(self.path, self.cap)
        self.lost |= self.open
        self.open = {}

    @invariant()
    def adds_up(self) -> None:
        spent, reserved = self.spent + sum(self.lost.values()), sum(self.open.values())
        assert (self.ledger.spent, self.ledger.reserved) == (spent, reserved)
        assert self.ledger.remaining == self.cap - spent - reserved >= 0

    def teardown(self) -> None:
        self.ledger.close()


def test_any_order_of_calls_stays_under_the_cap(tmp_path: Path) -> None:
    Budget.folder = tmp_path
    Budget.TestCase.settings = settings(
        max_examples=15,
        stateful_step_count=15,
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow],
    )
    Budget.TestCase("runTest").runTest()
