"""The proxy itself: an HTTP server on this machine alone."""

from __future__ import annotations

import hmac
import http.server
import json
import os
import secrets
import threading
import time
import urllib.parse
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any

from translator.ledger import Account
from translator.metering.apis import APIS, Api, Call, Refused
from translator.metering.meter import ClientLeft, Meter
from translator.metering.prices import Prices
from translator.metering.sources import Live, Replay, Source, SourceError, Upstream
from translator.metering.transcript import Transcript

MODES = ("live", "record", "replay", "script")
_URLS = {
    "openai": "https://api.openai.com/v1",
    "anthropic": "https://api.anthropic.com",
    "google": "https://generativelanguage.googleapis.com",
}
_KEYS = {
    "openai": ("OPENAI_API_KEY",),
    "anthropic": ("ANTHROPIC_API_KEY",),
    "google": ("GEMINI_API_KEY", "GOOGLE_API_KEY"),
}
_MORE_SECRETS = (
    "ANTHROPIC_AUTH_TOKEN",
    "CLAUDE_CODE_OAUTH_TOKEN",
    "OPENROUTER_API_KEY",
    "GOOGLE_APPLICATION_CREDENTIALS",
)
_MOST_BYTES = 64 * 2**20
_IDLE_SECONDS = 900
_STOP_SECONDS = 10.0


class ProxyError(Exception):
    """A proxy that cannot be started."""


def upstreams(
    environment: Mapping[str, str] | None = None,
    urls: Mapping[str, str] | None = None,
    prices: Mapping[str, str] | None = None,
) -> dict[str, Upstream]:
    """The providers, with the keys that an environment holds (this process's own where none is given).

    `urls`: other addresses by provider, as of another server that speaks OpenAI's API. `prices`: whose prices count
    there, as `genai-prices` names it.
    """
    environment = os.environ if environment is None else environment
    found = {}
    for name, url in _URLS.items():
        key = next((environment[each] for each in _KEYS[name] if environment.get(each)), "")
        found[name] = Upstream((urls or {}).get(name, url), key, " or ".join(_KEYS[name]), (prices or {}).get(name, ""))
    return found


class Proxy:
    """A metering proxy, which serves from `start` (or the beginning of a `with` block) to `close`.

    `source`: where answers come from: a `Live`, `Replay` or `Script`; by default what `mode` says of `providers` or of
    the recording `replay`. `mode`: one of `MODES`; "record" keeps requests and answers in the transcript in full.
    `output_tokens`: the limit for requests that have none. `port`: 0 for any free one. `agent_key`: what agents must
    send in place of a real key; a random one by default. `ProxyError` or `SourceError` where it cannot be made.
    """

    def __init__(
        self,
        ledger: Account,
        prices: Prices,
        transcript: Path | str,
        *,
        mode: str = "live",
        source: Source | None = None,
        providers: Mapping[str, Upstream] | None = None,
        replay: Path | str | None = None,
        output_tokens: int = 16_384,
        host: str = "127.0.0.1",
        port: int = 0,
        agent_key: str | None = None,
    ) -> None:
        if mode not in MODES:
            raise ProxyError(f"there is no mode {mode!r}; choose one of {', '.join(MODES)}")
        if output_tokens < 1:
            raise ProxyError(f"output_tokens is {output_tokens}; give at least 1")
        self.agent_key = agent_key or f"metered-{secrets.token_urlsafe(18)}"
        providers = upstreams() if providers is None else providers
        source = source or _source(mode, providers, replay)
        try:
            self._server = _Server((host, port), _Handler)
        except (OSError, OverflowError) as error:
            source.close()
            reason = error.strerror if isinstance(error, OSError) else error
            raise ProxyError(
                f"port {port} on {host} cannot be used: {reason}; choose another one, or 0 for any that is free"
            ) from error
        try:
            lines = Transcript(transcript)
        except BaseException:
            self._server.server_close()
            source.close()
            raise
        self.meter = Meter(ledger, prices, lines, source, providers, mode=mode, output_tokens=output_tokens)
        self._server.meter, self._server.agent_key = self.meter, self.agent_key
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)

    @property
    def port(self) -> int:
        """The port that it serves."""
        return self._server.server_address[1]

    @property
    def url(self) -> str:
        """Its address, without a path."""
        return f"http://{self._server.server_address[0]}:{self.port}"

    def environment(self, base: Mapping[str, str] | None = None) -> dict[str, str]:
        """An environment for an agent: `base` (this process's own by default) without real keys, with the proxy's."""
        base = os.environ if base is None else base
        secret = {*_MORE_SECRETS, *(name for names in _KEYS.values() for name in names)}
        return {name: value for name, value in base.items() if name not in secret} | self.variables()

    def variables(self) -> dict[str, str]:
        """The variables that point agent programs at the proxy."""
        return {
            "OPENAI_BASE_URL": f"{self.url}/v1",
            "OPENAI_API_KEY": self.agent_key,
            "ANTHROPIC_BASE_URL": self.url,
            "ANTHROPIC_API_KEY": self.agent_key,
            "GOOGLE_GEMINI_BASE_URL": self.url,
            "GEMINI_API_KEY": self.agent_key,
            "NO_PROXY": "127.0.0.1,localhost",
        }

    def start(self) -> Proxy:
        """Serve, in a thread of its own."""
        self._thread.start()
        return self

    def close(self) -> None:
        """Cut the streams that run, settle them, and stop. The ledger stays open."""
        self.meter.stopping.set()
        if self._thread.is_alive():
            self._server.shutdown()
        self._server.server_close()
        end = time.monotonic() + _STOP_SECONDS
        while self._server.busy and time.monotonic() < end:
            time.sleep(0.02)
        self.meter.source.close()
        self.meter.transcript.close()

    def __enter__(self) -> Proxy:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _source(mode: str, providers: Mapping[str, Upstream], replay: Path | str | None) -> Source:
    if mode in ("live", "record"):
        return Live(providers)
    if mode == "replay" and replay is not None:
        return Replay(replay)
    raise SourceError(f"mode {mode!r} needs its file; name a {'recording' if mode == 'replay' else 'script'}")


class _Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128
    meter: Meter
    agent_key: str

    def __init__(self, *arguments: Any) -> None:
        self.busy = 0
        self.lock = threading.Lock()
        super().__init__(*arguments)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A connection that breaks between two requests is no news; anything else is told as always."""
        import sys

        if not isinstance(sys.exception() if hasattr(sys, "exception") else sys.exc_info()[1], OSError):
            super().handle_error(request, client_address)


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = _IDLE_SECONDS
    server: _Server  # pyright: ignore[reportIncompatibleVariableOverride]

    def log_message(self, format: str, *args: Any) -> None:
        """Calls go into the transcript."""

    def do_GET(self) -> None:
        """Models are not listed: agents are told which one to use."""
        if urllib.parse.urlsplit(self.path).path.endswith("/models"):
            body = {"object": "list", "data": [], "models": [], "has_more": False}
            self.whole(200, {"content-type": "application/json"}, json.dumps(body).encode())
        else:
            self._send(APIS[0], self._unknown_path())

    def do_POST(self) -> None:
        with self.server.lock:
            self.server.busy += 1
        api = _likely(self.path)
        try:
            api, call = self._read(api)
            self.server.meter.answer(api, call, {name.lower(): value for name, value in self.headers.items()}, self)
        except Refused as refused:
            self.close_connection = True  # what is left of the request is not read
            self.server.meter.refuse(api, refused, self)
        except ClientLeft:
            self.close_connection = True
        finally:
            with self.server.lock:
                self.server.busy -= 1

    def whole(self, status: int, headers: Mapping[str, str], body: bytes) -> None:
        self._write(self._head(status, {**headers, "content-length": str(len(body))}) + body)

    def begin(self, status: int, headers: Mapping[str, str]) -> None:
        self.close_connection = True  # which ends the stream
        self._write(self._head(status, {**headers, "cache-control": "no-cache", "connection": "close"}))

    def piece(self, data: bytes) -> None:
        self._write(data)

    def _head(self, status: int, headers: Mapping[str, str]) -> bytes:
        reason = http.server.BaseHTTPRequestHandler.responses.get(status, ("", ""))[0]
        if self.close_connection:
            headers = {**headers, "connection": "close"}
        lines = [f"HTTP/1.1 {status} {reason}", *(f"{name}: {value}" for name, value in headers.items())]
        return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1", errors="replace")

    def _write(self, data: bytes) -> None:
        try:
            self.wfile.write(data)
        except OSError as error:
            self.close_connection = True
            raise ClientLeft(str(error)) from error

    def _send(self, api: Api, refused: Refused) -> None:
        self.close_connection = True
        self.server.meter.refuse(api, refused, self)

    def _read(self, likely: Api) -> tuple[Api, Call]:
        """The call that a request is. `Refused` where it is none."""
        parts = urllib.parse.urlsplit(self.path)
        query = dict(urllib.parse.parse_qsl(parts.query))
        if not any(api.ends.search(parts.path) or (api.free_ends or api.ends).search(parts.path) for api in APIS):
            raise self._unknown_path()
        self._check_key(query)
        raw = self._body()
        try:
            body = json.loads(raw)
        except ValueError as error:
            raise Refused(400, "malformed_json", f"the body is no JSON: {error}; send a JSON object") from error
        if not isinstance(body, dict):
            raise Refused(400, "malformed_json", f"the body is a {type(body).__name__}; send a JSON object")
        call = likely.find(parts.path, query, body)
        assert call is not None
        return likely, call

    def _unknown_path(self) -> Refused:
        path = urllib.parse.urlsplit(self.path).path
        shown = ", ".join(api.shown for api in APIS)
        return Refused(404, "unknown_path", f"{self.command} {path} is no API that is metered; there are {shown}")

    def _check_key(self, query: Mapping[str, str]) -> None:
        given = (
            self.headers.get("authorization", "").removeprefix("Bearer ").strip()
            or self.headers.get("x-api-key", "")
            or self.headers.get("x-goog-api-key", "")
            or query.get("key", "")
        )
        if not hmac.compare_digest(given.encode(), self.server.agent_key.encode()):
            what = "the key of the request is not the proxy's" if given else "the request has no key"
            raise Refused(401, "wrong_key", f"{what}; send the one that the proxy gives to its agents")

    def _body(self) -> bytes:
        encoding = self.headers.get("content-encoding", "identity")
        if encoding != "identity":
            raise Refused(415, "encoded", f"content-encoding {encoding!r} is not understood; send plain JSON")
        try:
            if "chunked" in self.headers.get("transfer-encoding", ""):
                return self._chunked()
            size = int(self.headers.get("content-length", ""))
            if size < 0:
                raise ValueError("negative")
        except ValueError as error:
            raise Refused(411, "no_length", "the request has no valid content-length; send one") from error
        if size > _MOST_BYTES:
            raise Refused(413, "too_large", f"the body has {size} bytes; send at most {_MOST_BYTES}")
        body = self._rest(size)
        return body

    def _chunked(self) -> bytes:
        body = b""
        while size := int(self.rfile.readline(64).split(b";")[0], 16):
            if size < 0 or len(body) + size > _MOST_BYTES:
                raise Refused(413, "too_large", f"the body is too large; send at most {_MOST_BYTES} bytes")
            body += self._rest(size)
            self.rfile.readline(8)
        while self.rfile.readline(8192).strip():
            pass  # trailers
        return body

    def _rest(self, size: int) -> bytes:
        try:
            body = self.rfile.read(size)
        except OSError as error:
            raise ClientLeft(str(error)) from error
        if len(body) < size:
            raise ClientLeft("the request was cut")
        return body


def _likely(path: str) -> Api:
    """The API in whose shape errors are told."""
    plain = urllib.parse.urlsplit(path).path
    for api in APIS:
        if api.ends.search(plain) or (api.free_ends is not None and api.free_ends.search(plain)):
            return api
    return next((api for api in APIS if plain.startswith(api.shown.rpartition("/")[0])), APIS[0])
