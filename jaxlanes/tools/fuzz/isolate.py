"""Isolation: a run of the fuzzer in processes of a few rounds each, one after the other.

A kernel or XLA that crashes takes one process with it and not the run. XLA:CPU does crash, on one random program in
some two thousand, while it compiles. So a round that ends its process is looked into: programs on which XLA ends a
process by itself, without any kernel, are named, and the round is run without them; if there are none, it is a failure.
"""

from __future__ import annotations

import dataclasses
import faulthandler
import multiprocessing
import signal
import time
from collections.abc import Callable, Sequence
from multiprocessing.connection import Connection
from typing import Any

from jaxlanes.tools.fuzz import campaign
from jaxlanes.tools.fuzz.campaign import Settings, Tally
from jaxlanes.tools.fuzz.compare import compile_by_xla

ROUNDS = 40
"""Of each process: a minute or more, of which its start is a few seconds."""
_PATIENCE = 20.0  # seconds for an interrupted process to clean up after itself

Work = Callable[[Connection, Settings], None]


def run(
    settings: Settings,
    say: Callable[[str], None],
    progress: Callable[[Tally], None] = lambda _: None,
    *,
    rounds: int = ROUNDS,
    work: Work | None = None,
) -> Tally:
    """As `campaign.run`, and a round that ends its process is a failure too, unless XLA ends it by itself.

    `work`: what a process does.
    """
    tally, start = Tally(next_round=settings.start), time.monotonic()
    while not campaign.done(settings, tally, time.monotonic() - start):
        part = _part(settings, tally, time.monotonic() - start, rounds)
        process = _Process(work or _work, part)
        try:
            for what, value in process.messages():
                if what == "said":
                    say(value)
                    continue
                process.tally = value
                so_far = tally.plus(value)
                so_far.seconds = time.monotonic() - start
                progress(so_far)
            tally = tally.plus(process.tally)
            if process.status:
                settings = _crashed(settings, tally, process.status, say)
        except KeyboardInterrupt:
            process.stop()
            if process.status == 0:
                tally = tally.plus(process.tally)
            say(f"interrupted in round {tally.next_round}")
            break
    tally.seconds = time.monotonic() - start
    return tally


def _part(settings: Settings, tally: Tally, seconds: float, rounds: int) -> Settings:
    """The rest of the settings' work, at most so many rounds of it."""
    done = tally.next_round - settings.start
    return dataclasses.replace(
        settings,
        minutes=settings.minutes - seconds / 60,
        programs=None if settings.programs is None else settings.programs - tally.programs,
        start=tally.next_round,
        rounds=rounds if settings.rounds is None else min(rounds, settings.rounds - done),
    )


def _crashed(settings: Settings, tally: Tally, status: int, say: Callable[[str], None]) -> Settings:
    """The round under way ended its process. Either it is run again without the programs on which XLA crashes, which
    the returned settings leave out, or it is a failure, and the next one follows."""
    number = tally.next_round
    this = campaign.round_of(settings, number)
    culprits = _crash_xla(settings, number, tuple(this.programs)) if status < 0 else ()
    for culprit in culprits:
        note = f"round {number} ({this.kind}): XLA by itself crashes with {_how(status)} on program {culprit}"
        tally.rejected.append(f"{note}:\n{this.programs[culprit].source()}")
        say(f"{note}; not run")
    if culprits:
        left_out = tuple((number, culprit) for culprit in culprits)
        return dataclasses.replace(settings, left_out=settings.left_out + left_out)
    again = f"`--seed {settings.seed} --start {number}` begins with that round"
    message = f"the process ended with {_how(status)}; {again}"
    say(f"round {number} ({this.kind}): {message}")
    tally.failures.append({"round": number, "class": this.kind, "message": message})
    tally.next_round = number + 1
    return settings


def _how(status: int) -> str:
    return f"signal {signal.Signals(-status).name}" if status < 0 else f"exit status {status}"


def _crash_xla(settings: Settings, number: int, programs: Sequence[int]) -> tuple[int, ...]:
    """Those of a round's programs on which XLA ends a process by a signal: halves of halves."""
    process = multiprocessing.get_context("spawn").Process(target=_xla_alone, args=(settings, number, programs))
    process.start()
    try:
        process.join()
    except KeyboardInterrupt:
        process.kill()
        raise
    if (process.exitcode or 0) >= 0:
        return ()
    if len(programs) == 1:
        return tuple(programs)
    half = len(programs) // 2
    return (*_crash_xla(settings, number, programs[:half]), *_crash_xla(settings, number, programs[half:]))


def _xla_alone(settings: Settings, number: int, programs: Sequence[int]) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    this = campaign.round_of(settings, number)
    compile_by_xla([this.programs[i] for i in programs], this.lanes, strict=this.strict)


class _Process:
    """One part. `tally`: what it has told of so far; `status`: its exit status once the messages are over."""

    def __init__(self, work: Work, settings: Settings) -> None:
        context = multiprocessing.get_context("spawn")  # XLA's threads do not survive a fork
        self.tally, self.status = Tally(next_round=settings.start), 0
        self._inbox, theirs = context.Pipe(duplex=False)
        self._process: Any = context.Process(target=work, args=(theirs, settings), daemon=True)
        self._process.start()
        theirs.close()

    def messages(self) -> Any:
        """("said", text) and ("tally", what was run in this part so far), until the process ends."""
        while True:
            try:
                yield self._inbox.recv()
            except EOFError:
                break
        self._process.join()
        self.status = self._process.exitcode
        self._inbox.close()

    def stop(self) -> None:
        """End it; its folder of kernels goes with it."""
        self._process.terminate()
        self._process.join(_PATIENCE)
        self._process.kill()
        self._process.join()
        self._inbox.close()


def _work(outbox: Connection, settings: Settings) -> None:
    faulthandler.enable()
    signal.signal(
        signal.SIGINT, signal.SIG_IGN
    )  # a Ctrl-C reaches all processes of the terminal: the first one decides
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    campaign.run(settings, lambda text: outbox.send(("said", text)), lambda tally: outbox.send(("tally", tally)))
