"""A pool of long-lived Node workers over stdio: frames of a little-endian uint32 length and that many bytes.

A worker that dies or hangs costs one job, not the sweep: the job is tried once more on a fresh worker, and every such
fault is handed to the caller with the job that was in flight.
"""

from __future__ import annotations

import contextlib
import json
import math
import os
import queue
import struct
import subprocess
import tempfile
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from references.protocol import ReferenceFailedError
from references.showdown.install import cache_folder, install, node_command

_WORKER_JS = Path(__file__).parent / "worker.js"

STATUS_OK = 0
STATUS_REJECTED = 1
STATUS_ENDED_EARLY = 2
STATUS_REFERENCE_ERROR = 3
STATUS_BAD_REQUEST = 4
_STATUSES = range(5)

OP_HELLO, OP_REPLAY, OP_PLAY, OP_TEAMS, OP_MEASURE, OP_INPUT_LOG, OP_STEP, OP_OPEN, OP_ADVANCE = range(9)
OP_NAMES, OP_REPLAY_WATCHED, OP_PLAY_WATCHED, OP_STEP_WATCHED, OP_CHOICES = range(9, 14)

Job = TypeVar("Job")
Result = TypeVar("Result")


MOST_BYTES = 1 << 30
"""Of an answer: more is what no operation gives."""


class WorkerFailedError(ReferenceFailedError):
    """A worker died, did not answer in time, or answered nonsense; the message holds the end of its error output."""


class BadRequestError(RuntimeError):
    """A worker could not understand a request, or its data (a team, a policy name) are wrong."""


@dataclass(frozen=True)
class Answer:
    """A worker's answer: status, a text (empty when fine) and the operation's bytes."""

    status: int
    text: str
    data: memoryview

    def array(self, dtype: str, shape: Sequence[int], offset: int = 0, more: bool = False) -> NDArray[Any]:
        """The numbers of `data` from a byte on, to its end unless `more` follows; one length of `shape` may be -1.

        `WorkerFailedError` where there are fewer, or more.
        """
        try:
            count = -1 if -1 in shape else math.prod(shape)
            found = np.frombuffer(self.data, dtype, count, offset).reshape(shape)
        except ValueError as error:
            raise failure(f"answered {len(self.data)} bytes, which are no {dtype}{list(shape)}") from error
        if not more and offset + found.nbytes != len(self.data):
            raise failure(f"answered {len(self.data)} bytes, expected {offset + found.nbytes}")
        return found

    def watched(self) -> tuple[Answer, Any]:
        """The answer without the players' views at its end, and the views. `WorkerFailedError` where there are none."""
        size = len(self.data) - 4
        length = int.from_bytes(self.data[size:], "little") if size >= 0 else 1
        if length > size:
            raise failure(f"answered {len(self.data)} bytes, which end in no views")
        try:
            views = json.loads(bytes(self.data[size - length : size]))
        except ValueError as error:
            raise failure("answered views that are not JSON") from error
        return Answer(self.status, self.text, self.data[: size - length]), views

    def json(self) -> Any:
        """The text as JSON. `WorkerFailedError` where it is none."""
        try:
            return json.loads(self.text)
        except ValueError as error:
            raise failure(f"answered {self.text[:80]!r}, which is not JSON") from error


@dataclass(frozen=True)
class Fault(Generic[Job]):
    """One failed attempt: which job was in flight, why, and whether another attempt follows."""

    index: int
    job: Job
    reason: str
    will_retry: bool


@dataclass(frozen=True)
class Done(Generic[Job, Result]):
    """One finished job, with its place in the input."""

    index: int
    job: Job
    result: Result


def failure(what: str, worker: str = "a worker") -> WorkerFailedError:
    """The error for a worker that did `what`."""
    return WorkerFailedError(
        f"Pokémon Showdown: {worker} {what}. Remedy: run the command again, with fewer workers if memory was short; if "
        f"it fails again, delete {cache_folder()}, and Showdown is installed anew."
    )


def text_field(text: str) -> bytes:
    """A text as the workers read it."""
    encoded = text.encode()
    return struct.pack("<I", len(encoded)) + encoded


def node_environment() -> dict[str, str]:
    """Environment in which Node finds the reference."""
    return {**os.environ, "NODE_PATH": str(install() / "node_modules")}


class Worker:
    """One Node process that answers one request at a time. Not thread-safe."""

    def __init__(self) -> None:
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115 - lives as long as the process
        self._process = subprocess.Popen(
            [node_command(), str(_WORKER_JS)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            env=node_environment(),
            # Ctrl-C is for the sweep, which then closes its workers in order.
            start_new_session=True,
        )
        self._closing = threading.Lock()
        """The pool's owner ends a worker while a thread waits for its answer, and that thread then ends it as well."""
        self._last_words = ""

    @property
    def pid(self) -> int:
        """Process id."""
        return self._process.pid

    def call(self, operation: int, body: bytes, timeout: float) -> Answer:
        """Send one request and wait at most `timeout` seconds for its answer.

        Raises `WorkerFailedError` when the process dies, is late or answers nonsense (it is then killed, and the worker
        is unusable), `BadRequestError` when it says that the request is wrong (it stays usable).
        """
        late = threading.Event()

        def stop() -> None:
            late.set()
            self._process.kill()

        timer = threading.Timer(timeout, stop)
        timer.daemon = True
        timer.start()
        try:
            assert self._process.stdin and self._process.stdout
            self._process.stdin.write(struct.pack("<IB", 1 + len(body), operation) + body)
            self._process.stdin.flush()
            head = self._read(4)
            (length,) = struct.unpack("<I", head)
            answer = _answer(self._read(length)) if length <= MOST_BYTES else None
        except (OSError, EOFError, ValueError) as error:
            raise self._obituary(timeout if late.is_set() else None) from error
        finally:
            timer.cancel()
        if answer is None:
            self.close()
            raise failure(f"answered nonsense (it begins with {head!r}) and was ended", self._name)
        if answer.status == STATUS_BAD_REQUEST:
            raise BadRequestError(answer.text)
        return answer

    def _read(self, length: int) -> bytes:
        assert self._process.stdout
        data = self._process.stdout.read(length)
        if len(data) < length:
            raise EOFError
        return data

    @property
    def _name(self) -> str:
        return f"worker {self.pid}"

    def _obituary(self, timeout: float | None) -> WorkerFailedError:
        self.close()
        if timeout is not None:
            return failure(f"gave no answer within {timeout:g} s and was killed", self._name)
        return failure(f"died (status {self._process.returncode}){self._last_words}", self._name)

    def close(self) -> None:
        """End the process. Safe to call again, and from any thread."""
        self._process.kill()  # before the lock: nobody waits for an answer any longer
        with self._closing:
            if self._errors.closed:
                return
            self._process.wait()
            for pipe in (self._process.stdin, self._process.stdout):
                with contextlib.suppress(OSError):
                    if pipe:
                        pipe.close()
            self._errors.seek(0)
            tail = self._errors.read()[-2000:].decode(errors="replace").strip()
            self._last_words = f", saying: {tail}" if tail else ""
            self._errors.close()


def _answer(payload: bytes) -> Answer | None:
    """The answer in a frame; None for nonsense."""
    if len(payload) < 5:
        return None
    status, length = struct.unpack_from("<BI", payload)
    if status not in _STATUSES or 5 + length > len(payload):
        return None
    try:
        return Answer(status, payload[5 : 5 + length].decode(), memoryview(payload)[5 + length :])
    except UnicodeDecodeError:
        return None


class WorkerPool:
    """`size` workers, started when first needed, replaced when they fail. Use it in a `with` block."""

    def __init__(self, size: int | None = None, timeout: float = 60.0) -> None:
        self.size = size or os.cpu_count() or 1
        self.timeout = timeout
        self._idle: queue.SimpleQueue[Worker | None] = queue.SimpleQueue()
        for _ in range(self.size):
            self._idle.put(None)
        self._all: list[Worker] = []
        self._threads = ThreadPoolExecutor(self.size, thread_name_prefix="showdown")
        self._closed = False

    def __enter__(self) -> WorkerPool:
        install()  # a missing Node or network is reported here, in the caller's thread
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def pids(self) -> list[int]:
        """Process ids of the workers started so far, dead ones included."""
        return [worker.pid for worker in self._all]

    def call(self, operation: int, body: bytes, timeout: float | None = None) -> Answer:
        """One request on any idle worker; see `Worker.call`. Thread-safe."""
        worker = self._idle.get()
        try:
            if worker is None:
                worker = Worker()
                self._all.append(worker)
            return worker.call(operation, body, timeout or self.timeout)
        except WorkerFailedError:
            worker = None
            raise
        finally:
            self._idle.put(worker)

    def submit(self, operation: int, body: bytes, timeout: float | None = None) -> Future[Answer]:
        """Like `call`, in a thread of the pool."""
        return self._threads.submit(self.call, operation, body, timeout)

    def run(
        self, jobs: Iterable[Job], attempt: Callable[[WorkerPool, Job], Result], retries: int = 1
    ) -> Iterator[Done[Job, Result] | Fault[Job]]:
        """Run `attempt(pool, job)` over all jobs on all workers; yields in order of completion.

        At most four jobs a worker are taken from `jobs` ahead of time. A job whose worker fails is reported as a
        `Fault` and tried `retries` times more. Any other exception of `attempt` goes to the caller.
        """
        source = enumerate(jobs)
        pending: dict[Future[Result], tuple[int, Job, int]] = {}

        def fill() -> None:
            while len(pending) < 4 * self.size:
                entry = next(source, None)
                if entry is None:
                    return
                pending[self._threads.submit(attempt, self, entry[1])] = (*entry, retries)

        try:
            fill()
            while pending:
                finished, _ = wait(pending, return_when=FIRST_COMPLETED)
                for future in finished:
                    index, job, left = pending.pop(future)
                    try:
                        result = future.result()
                    except WorkerFailedError as error:
                        if left:
                            pending[self._threads.submit(attempt, self, job)] = (index, job, left - 1)
                        yield Fault(index, job, str(error), will_retry=left > 0)
                    else:
                        yield Done(index, job, result)
                fill()
        finally:
            for future in pending:
                future.cancel()

    def close(self) -> None:
        """End all workers and threads. Safe to call again."""
        if self._closed:
            return
        self._closed = True
        self._threads.shutdown(wait=False, cancel_futures=True)
        for worker in self._all:
            worker.close()
        self._threads.shutdown(wait=True)
