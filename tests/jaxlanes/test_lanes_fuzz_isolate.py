"""The fuzzer in processes of a few rounds each."""

from __future__ import annotations

import os
import signal
from collections.abc import Sequence
from multiprocessing.connection import Connection
from pathlib import Path

import pytest

from jaxlanes.tools.fuzz import campaign, isolate
from jaxlanes.tools.fuzz.campaign import Settings, Tally


def test_parts_add_up_to_the_whole(tmp_path: Path) -> None:
    settings = Settings(60, seed=4, start=3, classes=("not", "clz"), folder=tmp_path, rounds=3)
    said: list[str] = []
    heard: list[int] = []
    together = campaign.run(settings, said.append)
    parts = isolate.run(settings, said.append, lambda tally: heard.append(tally.next_round), rounds=2)
    wanted, found = together.report(settings), parts.report(settings)
    assert {**found, "seconds": 0} == {**wanted, "seconds": 0}
    assert heard == [4, 5, 6] and parts.clean and not said


def _dies_in_round_one(outbox: Connection, settings: Settings) -> None:
    """Two rounds a part, but that round 1 takes the process with it."""
    tally = Tally(next_round=settings.start)
    while not campaign.done(settings, tally, 0):
        if tally.next_round == 1:
            outbox.close()
            os.kill(os.getpid(), signal.SIGKILL)
        tally.programs += 1
        tally.next_round += 1
        outbox.send(("tally", tally))


def _compiles(settings: Settings, number: int, programs: Sequence[int]) -> None:
    pass


def test_a_round_that_ends_its_process_is_a_failure_and_the_next_one_follows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(isolate, "_xla_alone", _compiles)
    said: list[str] = []
    settings = Settings(60, seed=9, classes=("programs",), rounds=4)
    tally = isolate.run(settings, said.append, rounds=2, work=_dies_in_round_one)
    (failure,) = tally.failures
    assert (failure["round"], failure["class"]) == (1, "programs") and "signal SIGKILL" in failure["message"]
    assert (tally.next_round, tally.programs) == (4, 3) and not tally.clean
    assert said == [f"round 1 (programs): {failure['message']}"]


_CRASH_XLA = (1, 3)


def _crashes(settings: Settings, number: int, programs: Sequence[int]) -> None:
    if set(_CRASH_XLA) & set(programs):
        os.kill(os.getpid(), signal.SIGKILL)


def _dies_of_two_programs(outbox: Connection, settings: Settings) -> None:
    if settings.left_out == ((1, 1), (1, 3)):
        kept = campaign.round_of(settings, 1).programs
        assert len(kept) == campaign.PROGRAMS_AT_ONCE - 2 and not set(kept) & set(_CRASH_XLA)
        outbox.send(("tally", Tally(programs=len(kept), next_round=2)))
        return
    outbox.close()
    os.kill(os.getpid(), signal.SIGKILL)


def test_programs_on_which_xla_crashes_are_named_and_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(isolate, "_xla_alone", _crashes)
    monkeypatch.setattr(campaign, "PROGRAMS_AT_ONCE", 4)  # here: halves of halves take a process each
    said: list[str] = []
    settings = Settings(60, seed=9, start=1, classes=("programs",), rounds=1)
    tally = isolate.run(settings, said.append, work=_dies_of_two_programs)
    assert tally.clean and (tally.next_round, tally.programs) == (2, 22)
    assert said == [
        f"round 1 (programs): XLA by itself crashes with signal SIGKILL on program {i}; not run" for i in _CRASH_XLA
    ]
    programs = campaign.round_of(settings, 1).programs
    for note, culprit in zip(tally.rejected, _CRASH_XLA, strict=True):
        assert f"on program {culprit}:\n{programs[culprit].source()}" in note


def test_xla_alone_ends_well_on_what_it_can_compile() -> None:
    assert isolate._crash_xla(Settings(1, seed=4, classes=("not",)), 3, (0, 1)) == ()


def _never_ends(outbox: Connection, settings: Settings) -> None:
    outbox.send(("tally", Tally(programs=7, next_round=settings.start + 1)))
    signal.pause()


def test_an_interrupt_keeps_whole_rounds() -> None:
    def interrupt(_: Tally) -> None:
        raise KeyboardInterrupt

    said: list[str] = []
    tally = isolate.run(Settings(60, start=5, classes=("programs",)), said.append, interrupt, work=_never_ends)
    assert (tally.programs, tally.next_round) == (7, 6)
    assert said == ["interrupted in round 6"]


@pytest.mark.parametrize(("limit", "rounds"), [(None, 40), (45, 5)])
def test_what_is_left_for_a_part(limit: int | None, rounds: int) -> None:
    tally = Tally(programs=30, next_round=40)
    part = isolate._part(Settings(2, programs=100, rounds=limit), tally, 30, 40)
    assert (part.minutes, part.programs, part.start, part.rounds) == (1.5, 70, 40, rounds)
