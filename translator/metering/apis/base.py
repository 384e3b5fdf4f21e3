"""Interface of one API: where a request says what costs money, and where an answer says what did."""

from __future__ import annotations

import json
import re
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from translator.metering.usage import Usage

IMAGE_TOKENS = 60_000
"""The most that one image may count. The dearest known: GPT-4o mini, 2,833 tokens and 5,667 for each of 8 tiles."""


class Refused(Exception):  # noqa: N818 (an answer to the agent rather than a fault of the proxy)
    """A request that the proxy answers itself. `code` is for programs, the message for people."""

    def __init__(self, status: int, code: str, message: str, details: Mapping[str, Any] | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.details = dict(details or {})


@dataclass
class Call:
    """One request of an agent.

    `path`: what follows the API's base, as "/chat/completions". `body`: its JSON, which `Api.prepare` changes in place;
    `changes` says how. `model`, `streams`: what it asks for. `free`: a call that no provider bills, as counting tokens.
    """

    path: str
    query: dict[str, str]
    body: dict[str, Any]
    model: str = ""
    streams: bool = False
    free: bool = False
    changes: list[str] = field(default_factory=list)
    images: int = 0
    hides_usage: bool = False


class Api(ABC):
    """One API of one provider."""

    name: ClassVar[str]
    provider: ClassVar[str]
    ends: ClassVar[re.Pattern[str]]
    """The end of the paths that it answers, as a group `path`."""
    shown: ClassVar[str]
    """The path as people write it."""
    free_ends: ClassVar[re.Pattern[str] | None] = None
    forbidden: ClassVar[dict[str, str]] = {}
    """Fields of a request whose cost nobody can bound, and why."""
    dropped: ClassVar[dict[str, str]] = {}
    """Fields that are taken out of a request, and why."""

    def find(self, path: str, query: dict[str, str], body: dict[str, Any]) -> Call | None:
        """The call that a request is; None where it is one of another API."""
        free = False
        found = self.ends.search(path)
        if found is None and self.free_ends is not None:
            found, free = self.free_ends.search(path), True
        if found is None:
            return None
        call = Call(found["path"], query, body, free=free)
        call.model = self.model(call)
        call.streams = not free and self.streams(call)
        return call

    def model(self, call: Call) -> str:
        """The model that is asked. `Refused` where none is."""
        model = call.body.get("model")
        if not isinstance(model, str) or not model:
            raise Refused(400, "invalid_request", f"model is {model!r}; name the model to call")
        return model

    def streams(self, call: Call) -> bool:
        """Is the answer to come as a stream of events?"""
        return call.body.get("stream") is True

    def prepare(self, call: Call, output_tokens: int) -> int:
        """Change a request so that its cost has a bound; the most tokens that can be generated.

        `output_tokens`: the limit where the request has none. `Refused` where no bound can be had.
        """
        for name, reason in self.forbidden.items():
            if call.body.get(name):
                raise Refused(400, "unbounded_cost", f"{name} cannot be used through the metering proxy: {reason}")
        for name, reason in self.dropped.items():
            if name in call.body:
                del call.body[name]
                call.changes.append(f"{name} removed: {reason}")
        self.strip_tools(call)
        call.images = self._images(call)
        return self.limit(call, output_tokens)

    @abstractmethod
    def strip_tools(self, call: Call) -> None:
        """Take out the tools that run at the provider: they reach the web, and cost what tokens do not tell."""

    @abstractmethod
    def limit(self, call: Call, output_tokens: int) -> int:
        """Put in a limit of output where there is none; the most tokens that can be generated."""

    @abstractmethod
    def usage(self, answer: Any) -> Usage | None:
        """Tokens of a whole answer; None where it does not say."""

    @abstractmethod
    def stream(self) -> Stream:
        """The counter of one stream."""

    @abstractmethod
    def error(self, refused: Refused) -> dict[str, Any]:
        """The body of an error, in the provider's shape."""

    @abstractmethod
    def error_event(self, refused: Refused) -> bytes:
        """The last event of a stream that is cut, in the provider's shape."""

    @abstractmethod
    def headers(self, key: str) -> dict[str, str]:
        """The headers that carry a key to the provider."""

    @abstractmethod
    def parts(self, body: dict[str, Any]) -> Iterator[dict[str, Any]]:
        """Every part of the input: texts, images, results of tools."""

    image_parts: ClassVar[tuple[str, ...]] = ()
    text_parts: ClassVar[tuple[str, ...]] = ()

    def kind(self, part: dict[str, Any]) -> str:
        """The kind of a part of the input."""
        return str(part.get("type", "text"))

    def _images(self, call: Call) -> int:
        """Number of images in the input. `Refused` for parts whose tokens nobody can bound by their size."""
        images = 0
        for part in self.parts(call.body):
            kind = self.kind(part)
            if kind in self.image_parts:
                images += 1
            elif kind not in self.text_parts:
                raise Refused(
                    400,
                    "unbounded_cost",
                    f"a part of the input is of type {kind!r}, whose tokens cannot be bounded before the call; "
                    "send texts, images, and results of tools",
                )
        return images


class Stream(ABC):
    """Counter of one stream of events.

    `generated`: tokens so far, of which a report of the provider may be the greater. An event counts one token, or one
    for each five bytes of text: providers put one or more tokens into each. `ended`: nothing more will be generated.
    `done`: no event will follow.
    """

    def __init__(self) -> None:
        self.generated = 0
        self.reported = 0
        self.ended = False
        self.done = False
        self._usage: Usage | None = None

    def feed(self, event: dict[str, Any]) -> None:
        """Count one event."""
        size = len(self.text(event).encode(errors="replace"))
        if size:
            self.generated += max(1, size // 5)
        self.look(event)

    @property
    def tokens(self) -> int:
        """Tokens that have been generated so far, as far as can be known."""
        return max(self.generated, self.reported)

    @abstractmethod
    def text(self, event: dict[str, Any]) -> str:
        """The generated part of an event."""

    @abstractmethod
    def look(self, event: dict[str, Any]) -> None:
        """Keep what an event says about tokens and about the end."""

    def report(self, usage: Usage | None) -> None:
        """Keep what the provider has counted so far, in place of what it reported before; None changes nothing."""
        if usage is not None:
            self._usage = usage
            self.reported = max(self.reported, usage.output_tokens)

    def usage(self) -> Usage | None:
        """Tokens of the whole stream; None where it ended before it said."""
        return self._usage if self.ended else None


def strings(value: Any) -> str:
    """All strings in a value, one after another."""
    if isinstance(value, str):
        return value
    if isinstance(value, dict):
        return "".join(strings(each) for each in value.values())
    if isinstance(value, list):
        return "".join(strings(each) for each in value)
    return ""


def objects(value: Any) -> Iterator[dict[str, Any]]:
    """The objects of a list; nothing where there is no list."""
    if isinstance(value, list):
        yield from (each for each in value if isinstance(each, dict))


def whole(value: Any, name: str) -> int | None:
    """A limit that a request names, None where it names none. `Refused` for what is not a positive integer."""
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise Refused(400, "invalid_request", f"{name} is {value!r}; give a positive integer")
    return value


def event_bytes(data: dict[str, Any], name: str | None = None) -> bytes:
    """One server-sent event."""
    head = f"event: {name}\n" if name else ""
    return f"{head}data: {json.dumps(data)}\n\n".encode()
