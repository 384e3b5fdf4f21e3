"""Sources of answers: the provider, a recording, or a script."""

from __future__ import annotations

import contextlib
import threading
from collections import defaultdict, deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from translator.metering import transcript
from translator.metering.apis import Api, Call, Refused

_SECONDS = 600.0
_KEPT_HEADERS = ("content-type", "retry-after", "request-id", "x-request-id")
_FORWARDED = ("anthropic-version", "anthropic-beta", "openai-beta")
_QUERY = ("alt", "beta")
_INSTALL = "pip install 'pokejax[translator]'"


class SourceError(Exception):
    """A source of answers that cannot be used."""


class Lost(Exception):  # noqa: N818 (what has happened to a connection)
    """A provider that went away. `billed`: it may have seen the request."""

    def __init__(self, message: str, *, billed: bool) -> None:
        super().__init__(message)
        self.billed = billed


@dataclass
class Answer:
    """An answer as it comes in. `chunks` may raise `Lost`."""

    status: int
    headers: dict[str, str]
    chunks: Iterator[bytes]


@dataclass(frozen=True)
class Upstream:
    """A provider. `url`: the base of its API. `key`: empty where there is none. `key_names`: where it was looked for.

    `prices`: whose prices count, as `genai-prices` names it; empty for the provider that the address belongs to.
    """

    url: str
    key: str = field(default="", repr=False)
    key_names: str = ""
    prices: str = ""


class Source(Protocol):
    """Something that answers calls."""

    def ask(self, api: Api, call: Call, sent: bytes, name: str, headers: Mapping[str, str]) -> Any:
        """A context with the `Answer`. `name`: `transcript.fingerprint` of what the agent asked. May raise `Lost`."""

    def check(self, api: Api) -> None:
        """`Refused` where no call of this API can be answered."""

    def close(self) -> None:
        """Give back what it holds."""


class Live:
    """The providers themselves. Needs the package httpx."""

    def __init__(self, upstreams: Mapping[str, Upstream]) -> None:
        try:
            import httpx
        except ImportError as error:
            raise SourceError(f"calls to providers need the package httpx ({error}); {_INSTALL}") from error
        if not any(upstream.key for upstream in upstreams.values()):
            names = ", ".join(upstream.key_names for upstream in upstreams.values())
            raise SourceError(f"the proxy has no key of any provider; set one of {names} in its environment")
        self._httpx = httpx
        self._upstreams = dict(upstreams)
        limits = httpx.Limits(max_connections=None)
        timeout = httpx.Timeout(_SECONDS, connect=30.0)
        self._client = httpx.Client(timeout=timeout, limits=limits, transport=None)

    def check(self, api: Api) -> None:
        upstream = self._upstreams[api.provider]
        if not upstream.key:
            raise Refused(
                400, "no_key", f"the proxy has no key for {api.provider}; set {upstream.key_names} in its environment"
            )

    @contextlib.contextmanager
    def ask(self, api: Api, call: Call, sent: bytes, name: str, headers: Mapping[str, str]) -> Iterator[Answer]:
        upstream = self._upstreams[api.provider]
        request = self._client.build_request(
            "POST",
            upstream.url.rstrip("/") + call.path,
            params={each: value for each, value in call.query.items() if each in _QUERY},
            content=sent,
            headers={
                **{each: value for each, value in headers.items() if each in _FORWARDED},
                **api.headers(upstream.key),
                "content-type": "application/json",
                "accept-encoding": "identity",
            },
        )
        try:
            response = self._client.send(request, stream=True)
        except (self._httpx.ConnectError, self._httpx.ConnectTimeout, self._httpx.UnsupportedProtocol) as error:
            raise Lost(f"{upstream.url} cannot be reached: {error}", billed=False) from error
        except self._httpx.HTTPError as error:
            raise Lost(f"{upstream.url} was lost: {error or type(error).__name__}", billed=True) from error
        try:
            kept = {each: response.headers[each] for each in _KEPT_HEADERS if each in response.headers}
            yield Answer(response.status_code, kept, self._chunks(response, upstream.url))
        finally:
            response.close()

    def _chunks(self, response: Any, url: str) -> Iterator[bytes]:
        try:
            yield from response.iter_bytes()
        except self._httpx.HTTPError as error:
            raise Lost(f"{url} was lost: {error or type(error).__name__}", billed=True) from error

    def close(self) -> None:
        self._client.close()


@dataclass(frozen=True)
class _Recorded:
    status: int
    headers: dict[str, str]
    chunks: tuple[bytes, ...]
    lost: str


class Replay:
    """A recording: the same request gets the same answer, the n-th time the n-th one.

    `in_order`: a request that was never recorded gets the next answer of its API that nobody has had, for agents that
    put times and random names into their requests.
    """

    def __init__(self, path: Path | str, *, in_order: bool = False) -> None:
        self._path = path
        self._in_order = in_order
        self._lock = threading.Lock()
        self._answers: defaultdict[str, deque[_Recorded]] = defaultdict(deque)
        self._names: defaultdict[str, deque[str]] = defaultdict(deque)
        asked: dict[str, dict[str, Any]] = {}
        for line in transcript.read(path):
            try:
                if line["kind"] == "request":
                    asked[line["call"]] = line
                elif line["kind"] == "answer" and "chunks" in line:
                    request = asked[line["call"]]
                    chunks = tuple(transcript.chunk_bytes(chunk) for chunk in line["chunks"])
                    answer = _Recorded(line["status"], line["headers"], chunks, line.get("lost", ""))
                    self._answers[request["name"]].append(answer)
                    self._names[request["api"]].append(request["name"])
            except (KeyError, TypeError, ValueError) as error:
                raise SourceError(f"{path}: no transcript of this proxy ({error!r}); record one") from error
        if not self._answers:
            raise SourceError(f"{path}: holds no recorded answer; make a transcript with the mode record")

    def check(self, api: Api) -> None:
        """Nothing is needed."""

    @contextlib.contextmanager
    def ask(self, api: Api, call: Call, sent: bytes, name: str, headers: Mapping[str, str]) -> Iterator[Answer]:
        recorded = self._next(api, name)
        yield Answer(recorded.status, dict(recorded.headers), self._chunks(recorded))

    def _next(self, api: Api, name: str) -> _Recorded:
        with self._lock:
            waiting = self._names[api.name]
            if not self._answers.get(name) and self._in_order and waiting:
                name = waiting[0]
            if not self._answers.get(name):
                raise Refused(
                    409,
                    "not_recorded",
                    f"{self._path} has no further answer to this request ({name}), only to others; record again, or "
                    "replay in order",
                )
            waiting.remove(name)
            return self._answers[name].popleft()

    def _chunks(self, recorded: _Recorded) -> Iterator[bytes]:
        yield from recorded.chunks
        if recorded.lost:
            raise Lost(recorded.lost, billed=True)

    def close(self) -> None:
        """Nothing is held."""
