"""Ctrl-C and closed pipes, the same in every command.

A command that is interrupted ends with status 130. Whoever reads its output and leaves (`… | head -1`) interrupts it
too: it stops as at Ctrl-C, keeps what it has, and says nothing more.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import sys
from collections.abc import Callable, Iterator
from typing import Any

INTERRUPTED = 130
"""Exit status of a command that was stopped by Ctrl-C, or by a closed pipe."""
FAILED = 1


class Interrupt:
    """State of a `listening` block: `heard` says that Ctrl-C was pressed, or that the output's reader has gone."""

    def __init__(self) -> None:
        self.heard = False

    def check(self) -> None:
        """`KeyboardInterrupt` once it was heard: one that was raised while JAX called back into Python is lost."""
        if self.heard:
            raise KeyboardInterrupt


@contextlib.contextmanager
def listening(*, at_once: bool) -> Iterator[Interrupt]:
    """Hear Ctrl-C. `at_once`: raise KeyboardInterrupt too, as Python does; otherwise from the second Ctrl-C on.

    In another thread than the main one, where no signal arrives, nothing is ever heard.
    """
    interrupt = Interrupt()

    def hear(number: int, frame: Any) -> None:
        again, interrupt.heard = interrupt.heard, True
        if at_once or again:
            raise KeyboardInterrupt

    try:
        before = signal.signal(signal.SIGINT, hear)
    except ValueError:  # not the main thread
        yield interrupt
        return
    try:
        yield interrupt
    finally:
        signal.signal(signal.SIGINT, before)


def run_command(name: str, command: Callable[[], int]) -> int:
    """The exit status of `command()`, or `INTERRUPTED`, or `FAILED` where its output could not be written.

    A parser of arguments that ends the process (`SystemExit` with a number) only ends the command.
    """
    try:
        try:
            status = command()
        except SystemExit as ended:
            if not isinstance(ended.code, int | None):
                raise
            status = ended.code or 0
            if leave_closed_pipes():  # which argparse passes over
                return INTERRUPTED
        for stream in (sys.stdout, sys.stderr):
            if stream is not None:
                stream.flush()
        return status
    except KeyboardInterrupt:
        complain(f"{name}: interrupted")
        return INTERRUPTED
    except BrokenPipeError:
        if not leave_closed_pipes():
            raise  # the pipe of somebody else, as a worker that died
        return INTERRUPTED
    except OSError as error:
        if error.filename is not None or not _leave_full_streams():
            raise
        complain(f"{name}: its output cannot be written: {error.strerror}; send it elsewhere")
        return FAILED
    finally:
        leave_closed_pipes()


def complain(text: str) -> None:
    """Print a line on the standard error, or nothing where that cannot be written."""
    try:
        print(text, file=sys.stderr, flush=True)
    except OSError:
        leave_closed_pipes()


def leave_closed_pipes() -> bool:
    """Send the standard streams whose reader has gone to the null device; whether there were any.

    What is printed later, and what Python flushes when it ends, then does no harm.
    """
    left = False
    for number in _standard_streams():
        if _reader_has_gone(number):
            _to_null(number)
            left = True
    return left


def _leave_full_streams() -> bool:
    """Send the standard streams that take nothing more to the null device; whether there were any."""
    left = False
    for number in _standard_streams():
        try:
            os.write(number, b"\n")
        except OSError:
            _to_null(number)
            left = True
    return left


def _standard_streams() -> Iterator[int]:
    for stream in (sys.stdout, sys.stderr):
        # No stream at all, or one in memory, as under a test.
        with contextlib.suppress(AttributeError, OSError, ValueError):
            yield stream.fileno()


def _reader_has_gone(number: int) -> bool:
    if not hasattr(select, "poll"):
        return False
    poll = select.poll()
    poll.register(number, 0)  # errors and hang-ups are always told
    return any(events & (select.POLLERR | select.POLLHUP) for _, events in poll.poll(0))


def _to_null(number: int) -> None:
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, number)
    os.close(null)
