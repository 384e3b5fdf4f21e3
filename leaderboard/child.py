"""A task on fewer cores: another process, whose cores are set before it starts, so that every thread of ours and of the
reference, and every process the reference starts, has only those.

The child reads the task as JSON from its standard input and answers with one JSON object per line: `{"progress": …}`,
`{"rows": […]}`, `{"failed": "…"}`.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any

import families
import jaxenv
from leaderboard.bench import Progress, Publish, Report
from leaderboard.peer import PeerError
from leaderboard.reference import ReferenceError
from leaderboard.section import count
from leaderboard.task import Task

CANNOT = (jaxenv.UnknownEnvironmentError, ReferenceError, PeerError, ImportError, ValueError)
"""Errors of a task that cannot be measured as asked."""
_GRACE = 5  # seconds to end by itself after an interrupt
_INTERRUPTS = 4  # one may be lost: Python drops what is raised in a callback of native code or in a finalizer


class ChildError(RuntimeError):
    """The child could not measure; the message says why."""


def can_restrict() -> bool:
    """True if this system lets a process choose the cores that it and its children run on."""
    return hasattr(os, "sched_setaffinity")


def run(task: Task, cores: int, publish: Publish, report: Report, say: Callable[[str], None]) -> None:
    """Do what `task.run` does, in a child on `cores` cores; `say` gets what it and its reference print, by lines.

    Raises ChildError. An interrupt of this process ends the child too.
    """
    process = _start(cores)
    listener = threading.Thread(target=_forward, args=(process, say), daemon=True)
    listener.start()
    failure = None
    assert process.stdin is not None and process.stdout is not None
    try:
        with suppress(BrokenPipeError), process.stdin:  # it died at once: its exit status says so below
            process.stdin.write(json.dumps({"task": task.to_json(), "cores": cores}))
        for line in process.stdout:
            message = json.loads(line)
            if "rows" in message:
                publish(message["rows"])
            elif "progress" in message:
                report(Progress(**message["progress"]))
            else:
                failure = message["failed"]
        if process.wait():
            died = f"the process on {count(cores, 'core')} ended with status {process.returncode}, see above"
            raise ChildError(failure or died)
    finally:
        _end(process)
        process.stdout.close()
        listener.join(1)  # or never, where something that the child started lives on


def command() -> list[str]:
    """Command line that starts a child."""
    return [sys.executable, "-m", "leaderboard.child"]


def variables(*first: Path) -> dict[str, str]:
    """Environment variables of a process that finds packages and families as this one does, `first` before them."""
    path = os.pathsep.join([*map(str, first), *filter(None, sys.path)])
    return {**os.environ, **families.handed_on(), "PYTHONPATH": path}


def answering() -> Callable[[dict[str, Any]], None]:
    """Writer of lines of JSON to the standard output. Anything else that prints writes to the standard error then."""
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)

    def answer(message: dict[str, Any]) -> None:
        answers.write(json.dumps(message) + "\n")
        answers.flush()

    return answer


def _start(cores: int) -> subprocess.Popen[str]:
    with _only(cores):  # inherited; a function run after the fork would not be safe beside our threads
        return subprocess.Popen(
            command(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            encoding="utf-8",
            errors="replace",
            env={**variables(), "PYTHONIOENCODING": "utf-8"},
            start_new_session=True,  # an interrupt from the terminal reaches it once, from us
        )


@contextmanager
def _only(cores: int) -> Iterator[None]:
    """This thread, and processes that it starts, on the first of the cores."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, sorted(before)[:cores])
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def _forward(process: subprocess.Popen[str], say: Callable[[str], None]) -> None:
    assert process.stderr is not None
    with process.stderr:
        for line in process.stderr:
            say(line.rstrip("\n"))


def _end(process: subprocess.Popen[str]) -> None:
    for _ in range(_INTERRUPTS):
        if process.poll() is not None:
            return
        process.send_signal(signal.SIGINT)
        with suppress(subprocess.TimeoutExpired):
            process.wait(_GRACE)
    if process.poll() is None:
        process.kill()
        process.wait()


def main() -> int:
    """The child: exit status 0 measured, 2 could not, 130 interrupted."""
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell hands its background jobs an ignored one
    answer = answering()
    families.adopt()
    try:
        request = json.load(sys.stdin)
        has = len(os.sched_getaffinity(0))
        if has != request["cores"]:
            raise ValueError(f"this process was to run on {request['cores']} cores and may use {has}")
        task = Task.from_json(request["task"])
        task.run(lambda rows: answer({"rows": rows}), lambda progress: answer({"progress": asdict(progress)}))
    except CANNOT as error:
        answer({"failed": str(error)})
        return 2
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
