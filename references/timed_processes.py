"""A reference in Python, timed in as many processes as cores: `session` starts them, and each of them runs `serve`.

A process reads one line of JSON, its request, and answers `{"ready": true}`. Then it reads a number of seconds on a
line for every round, and answers each with `{"steps": …, "seconds": …}`.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from typing import Any

from references.protocol import ReferenceFailedError

_WARM_UP, _GRACE, _PATIENCE = 0.2, 5.0, 120.0  # seconds


@contextmanager
def session(name: str, module: str, request: Mapping[str, Any], cores: int) -> Iterator[Callable[[float], float]]:
    """A timer of warm processes: `timer(seconds)` gives steps a second of all together.

    Each runs `python -m MODULE`, which calls `serve`, and gets the request with a `seed` of its own. The name stands in
    the `ReferenceFailedError` for a process that ends or answers anything else.
    """
    with ExitStack() as stack:
        workers = [stack.enter_context(_worker(module, {**request, "seed": seed})) for seed in range(cores)]
        for worker in workers:
            _read(worker, 0, name)

        def timer(seconds: float) -> float:
            for worker in workers:
                assert worker.stdin is not None
                with suppress(BrokenPipeError):  # it died: what it answers says so
                    worker.stdin.write(f"{seconds}\n")
                    worker.stdin.flush()
            answers = [_read(worker, seconds, name) for worker in workers]
            return sum(answer["steps"] / answer["seconds"] for answer in answers)

        timer(_WARM_UP)
        yield timer


def serve(prepare: Callable[[dict[str, Any]], Callable[[], int]]) -> None:
    """The process of one core: `prepare(request)` gives a function that plays a little and returns the steps of it."""
    play = prepare(json.loads(sys.stdin.readline()))
    _answer({"ready": True})
    for line in sys.stdin:
        limit, begun, steps = float(line), time.perf_counter(), 0
        while time.perf_counter() - begun < limit or not steps:
            steps += play()
        _answer({"steps": steps, "seconds": time.perf_counter() - begun})


def _answer(message: dict[str, object]) -> None:
    sys.stdout.write(json.dumps(message) + "\n")
    sys.stdout.flush()


@contextmanager
def _worker(module: str, request: Mapping[str, Any]) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        [sys.executable, "-m", module],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        start_new_session=True,  # an interrupt from the terminal is ours to pass on
    )
    try:
        assert process.stdin is not None
        process.stdin.write(json.dumps(request) + "\n")
        process.stdin.flush()
        yield process
    finally:
        _end(process)


def _read(process: subprocess.Popen[str], seconds: float, name: str) -> dict[str, Any]:
    """Its answer, for which it has `_PATIENCE` seconds beside those that it plays."""
    assert process.stdout is not None
    timer = threading.Timer(seconds + _PATIENCE, process.kill)
    timer.start()
    try:
        line = process.stdout.readline()
    finally:
        timer.cancel()
    if not line:
        raise ReferenceFailedError(
            f"{name}: process {process.pid} ended with status {process.wait()}, see above. Remedy: run it again"
        )
    try:
        return json.loads(line)
    except ValueError as error:
        raise ReferenceFailedError(
            f"{name}: process {process.pid} answered {line[:80]!r}. Remedy: run it again"
        ) from error


def _end(process: subprocess.Popen[str]) -> None:
    assert process.stdin is not None and process.stdout is not None
    try:
        process.stdin.close()  # the end of its loop
        process.wait(_GRACE)
    except (OSError, subprocess.TimeoutExpired):
        process.kill()
        process.wait()
    process.stdout.close()
