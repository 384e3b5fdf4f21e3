"""Transcript of a proxy: JSON lines, each written to the disk before the next thing happens. It never holds a key."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any

from jaxenv.commands import files


class TranscriptError(Exception):
    """A transcript that cannot be written or read."""


class Transcript:
    """A file to which lines are added. A last line that a killed process has left half written is removed.

    `TranscriptError` where it cannot be written.
    """

    def __init__(self, path: Path | str) -> None:
        self._lock = threading.Lock()
        self._path = files.path(path)
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._file: IO[bytes] = open(self._path, "ab+")  # noqa: SIM115 (closed by close)
            self._file.seek(0)
            self._file.truncate(self._file.read().rfind(b"\n") + 1)
        except OSError as error:
            raise TranscriptError(str(files.unwritable(self._path, error, "choose another transcript"))) from error

    def add(self, kind: str, **values: Any) -> None:
        """Add a line: its `kind`, the time, and `values`."""
        line = {"kind": kind, "at": datetime.now(UTC).isoformat(timespec="milliseconds"), **values}
        with self._lock:
            if not self._file.closed:
                try:
                    self._file.write(json.dumps(line).encode() + b"\n")
                    self._file.flush()
                    os.fsync(self._file.fileno())
                except OSError as error:
                    raise TranscriptError(str(files.unwritable(self._path, error, "leave room on the disk"))) from error

    def close(self) -> None:
        """End the file; later lines are dropped."""
        with self._lock:
            self._file.close()


def read(path: Path | str) -> Iterator[dict[str, Any]]:
    """The lines of a transcript. A last line that is cut short, as a killed process leaves it, is passed over."""
    place = files.path(path)
    try:
        lines = place.read_bytes().split(b"\n")
    except OSError as error:
        raise TranscriptError(f"{place}: cannot be read: {error.strerror}; name a recorded transcript") from error
    for number, line in enumerate(lines, 1):
        try:
            found = json.loads(line) if line else None
        except ValueError as error:
            if number == len(lines):
                return
            raise TranscriptError(f"{place}, line {number}: no JSON ({error}); name a recorded transcript") from error
        if isinstance(found, dict):
            yield found


def chunk_text(chunk: bytes) -> str | dict[str, str]:
    """A piece of an answer as JSON: its text, or base64 where it is no text."""
    try:
        return chunk.decode()
    except UnicodeDecodeError:
        return {"base64": base64.b64encode(chunk).decode()}


def chunk_bytes(chunk: str | dict[str, str]) -> bytes:
    """The piece that `chunk_text` gave."""
    return chunk.encode() if isinstance(chunk, str) else base64.b64decode(chunk["base64"])


def fingerprint(api: str, path: str, body: Any) -> str:
    """Name of a request by what it asks, whatever the order of its fields."""
    text = json.dumps([api, path, body], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:24]
