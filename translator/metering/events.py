"""Server-sent events, cut out of the pieces in which a stream arrives."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

_BLANK_LINE = re.compile(rb"\r\n\r\n|\n\n|\r\r")
_LINE = re.compile(rb"\r\n|\n|\r")
_MOST_BYTES = 64 * 2**20


class TooLong(Exception):  # noqa: N818
    """An event without an end."""


@dataclass(frozen=True)
class Event:
    """One event: its bytes as they came, and its data where that is a JSON object."""

    raw: bytes
    data: dict[str, Any] | None


def events(chunks: Iterable[bytes]) -> Iterator[Event]:
    """The events of a stream, each as soon as it is whole; the bytes after the last one as an event too."""
    waiting = b""
    for chunk in chunks:
        waiting += chunk
        while found := _BLANK_LINE.search(waiting):
            if found.end() == len(waiting) and found.group() == b"\r\r":
                break  # a line feed may follow
            yield _event(waiting[: found.end()])
            waiting = waiting[found.end() :]
        if len(waiting) > _MOST_BYTES:
            raise TooLong(f"an event of more than {_MOST_BYTES // 2**20} MiB")
    if waiting:
        yield _event(waiting)


def _event(raw: bytes) -> Event:
    lines = [line for line in _LINE.split(raw) if line.startswith(b"data:")]
    try:
        data = json.loads(b"\n".join(line[5:].removeprefix(b" ") for line in lines))
    except ValueError:  # as "[DONE]", or a comment that keeps the connection
        data = None
    return Event(raw, data if isinstance(data, dict) else None)
