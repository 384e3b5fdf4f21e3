"""A child process and its three pipes, with a deadline on every exchange."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import select
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from verification.remote import frames
from verification.remote.frames import LIMITS, Limits, Message, RemoteError

#: A line of stderr that starts so is a report of the sandbox's own code, see `confine`.
REPORT = b"\x1eviolation "
_TAIL = 4000
_CHUNK = 1 << 16
_T = TypeVar("_T")


class Link:
    """Speaks frames with a child. Every request carries a fresh random id, which the answer must repeat: a frame that
    was written before its question, or is left over from another one, is never taken for an answer.

    `timeout`: seconds that one exchange may take. `reports`: (rule, what) from the sandbox's own code on stderr.
    """

    def __init__(
        self,
        command: Sequence[str],
        *,
        timeout: float,
        limits: Limits = LIMITS,
        env: Mapping[str, str] | None = None,
        cwd: str | os.PathLike[str] | None = None,
    ) -> None:
        self.command, self.timeout, self.limits = list(command), timeout, limits
        self.reports: list[tuple[str, str]] = []
        self._tail, self._line = bytearray(), bytearray()
        try:
            self._process = subprocess.Popen(
                self.command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                env=None if env is None else dict(env),
                cwd=cwd,
                bufsize=0,
                start_new_session=True,
            )
        except OSError as error:
            raise RemoteError(f"{self.command[0]!r} cannot be started: {error.strerror or error}") from error
        assert self._process.stdin and self._process.stdout and self._process.stderr
        self._pipes = (self._process.stdin, self._process.stdout, self._process.stderr)
        self._in, self._out, self._err = (pipe.fileno() for pipe in self._pipes)
        for descriptor in (self._in, self._out, self._err):
            os.set_blocking(descriptor, False)
        self._open = True

    def receive(self, timeout: float | None = None) -> Message:
        """The next frame. Raises `RemoteError`, after which the child has been ended."""
        deadline = time.monotonic() + (self.timeout if timeout is None else timeout)
        return self._guarded(lambda: self._frame(deadline))

    def ask(self, kind: str, groups: Mapping[str, Mapping[str, Any]] | None = None, /, **header: Any) -> Message:
        """Send a request and give its answer, of kind "ok" or "error". Raises `RemoteError` as `receive` does."""
        token = secrets.token_hex(8)
        data = frames.encode({"kind": kind, "id": token, **header}, groups)
        if not self._open:
            raise RemoteError(f"the process of {self.command[0]!r} has been ended; make a new one")
        deadline = time.monotonic() + self.timeout

        def exchange() -> Message:
            self._write(data, deadline)
            answer = self._frame(deadline)
            if answer.header.get("id") != token or answer.header.get("kind") not in ("ok", "error"):
                raise RemoteError(f"a frame that answers no question: {str(answer.header)[:200]}")
            return answer

        answer = self._guarded(exchange)
        self.drain()
        return answer

    def drain(self, seconds: float = 0.0) -> None:
        """Take what the child has written to stderr; with `seconds`, wait so long for its end."""
        until = time.monotonic() + seconds
        while self._open:
            ready, _, _ = select.select([self._err], [], [], max(0.0, until - time.monotonic()))
            if not ready or not self._take_stderr():
                return

    @property
    def is_open(self) -> bool:
        """True if the child can still be asked."""
        return self._open

    @property
    def stderr(self) -> str:
        """The last of what the child has written to stderr."""
        return (self._tail + self._line).decode(errors="replace").strip()

    def close(self, patience: float = 0.5) -> None:
        """Let the child end by itself for `patience` seconds, then end it and its process group. May be repeated."""
        if not self._open:
            return
        self._pipes[0].close()
        if patience:
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(patience)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        self.drain(0.2)
        self._open = False
        for pipe in self._pipes:
            pipe.close()

    def _guarded(self, exchange: Callable[[], _T]) -> _T:
        try:
            return exchange()
        except RemoteError as error:
            self.close(patience=0.0)
            told = f"; its stderr ended with:\n{self.stderr}" if self.stderr else "; it wrote nothing to stderr"
            raise RemoteError(f"{_shortened(self.command)}: {error}{told}") from error
        except BaseException:
            # An interrupted exchange leaves half a frame in a pipe, so the child is of no more use.
            self.close(patience=0.0)
            raise

    def _frame(self, deadline: float) -> Message:
        return frames.read(lambda size: self._read(size, deadline), self.limits)

    def _read(self, size: int, deadline: float) -> bytearray:
        data = bytearray()
        while len(data) < size:
            self._wait([self._out], [], deadline, f"answered nothing (or {len(data)} of {size} bytes)")
            try:
                chunk = os.read(self._out, min(_CHUNK, size - len(data)))
            except BlockingIOError:
                continue
            if not chunk:
                raise RemoteError(self._death())
            data += chunk
        return data

    def _write(self, data: bytes, deadline: float) -> None:
        view = memoryview(data)
        while view:
            self._wait([], [self._in], deadline, "did not read its input")
            try:
                view = view[os.write(self._in, view[:_CHUNK]) :]
            except BlockingIOError:
                continue
            except BrokenPipeError:
                raise RemoteError(self._death()) from None

    def _wait(self, readable: list[int], writable: list[int], deadline: float, complaint: str) -> None:
        """Until the stream is ready, reading stderr meanwhile: a child blocked on a full stderr would never answer."""
        stderr = [self._err]
        while True:
            left = deadline - time.monotonic()
            if left <= 0:
                raise RemoteError(f"{complaint} within {self.timeout:g} s")
            ready, able, _ = select.select(readable + stderr, writable, [], left)
            if self._err in ready and not self._take_stderr():
                stderr = []
            if able or any(descriptor in ready for descriptor in readable):
                return

    def _take_stderr(self) -> bool:
        try:
            data = os.read(self._err, _CHUNK)
        except BlockingIOError:
            return True
        *lines, rest = bytes(self._line + data).split(b"\n")
        for line in lines:
            if line.startswith(REPORT):
                self._report(line[len(REPORT) :])
            else:
                self._tail = (self._tail + line + b"\n")[-_TAIL:]
        self._line = bytearray(rest[-_TAIL:])
        return bool(data)

    def _report(self, line: bytes) -> None:
        try:
            rule, what = (str(part)[:300] for part in json.loads(line))
        except (ValueError, TypeError, RecursionError):
            rule, what = "garbled report", line.decode(errors="replace")[:300]
        if (rule, what) not in self.reports and len(self.reports) < 100:
            self.reports.append((rule, what))

    def _death(self) -> str:
        try:
            status = self._process.wait(1.0)
        except subprocess.TimeoutExpired:
            return "closed its output but still runs"
        if status < 0:
            return f"was ended by signal {signal.Signals(-status).name}"
        # bubblewrap, as shells do, tells of a signal by a status of 128 and more.
        known = {128 + number: f" (signal {number.name})" for number in signal.Signals}
        return f"exited with status {status}{known.get(status, '')} instead of answering"


def _shortened(command: Sequence[str]) -> str:
    text = " ".join(command)
    return f"'{text}'" if len(text) <= 120 else f"'{text[:60]} … {text[-50:]}'"
