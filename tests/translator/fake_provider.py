"""A provider on loopback that speaks the four APIs and keeps its own bill, apart from what the proxy counts."""

from __future__ import annotations

import http.server
import json
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from translator.metering.prices import Price, Rate

KEY = "sk-real-0123456789"
MODEL = "model-1"
PER_MILLION = {"input": 100, "output": 500, "cache_read": 10, "cache_write": 125}
PRICE = Price(
    *(Rate(Decimal(PER_MILLION[name])) for name in ("input", "output", "cache_read", "cache_write")),
    cache_write_1h=Rate(Decimal(200)),
)


@dataclass(frozen=True)
class Plan:
    """The answer to one request. `output`: tokens that the model generates if it may, `reasoning` of them hidden.

    `reports`: the answer tells its tokens. `cut_after`: the connection is closed after so many events. `endless`: the
    limit of output is not heeded, and a stream ends with its connection. `gate`: waited for before the second event.
    """

    input: int = 40
    cached: int = 0
    written: int = 0
    output: int = 30
    reasoning: int = 0
    status: int = 200
    reports: bool = True
    cut_after: int | None = None
    endless: bool = False
    gate: threading.Event | None = None

    def limited(self, limit: int) -> Plan:
        return self if self.endless else replace(self, output=min(self.output, limit))

    @property
    def usd(self) -> Decimal:
        counts = {
            "input": self.input - self.cached - self.written,
            "output": self.output,
            "cache_read": self.cached,
            "cache_write": self.written,
        }
        return sum((Decimal(count * PER_MILLION[name]) for name, count in counts.items()), Decimal(0)) / 1_000_000


class FakeProvider:
    """A server; `plan` says how the n-th request is answered. `billed` is what it would put on the bill, in dollars."""

    def __init__(self, plan: Callable[[int], Plan] | Plan | None = None) -> None:
        given = plan or Plan()
        self.plan = given if callable(given) else lambda _: given
        self.requests: list[tuple[str, dict[str, str], Any]] = []
        self.sent: list[bytes] = []
        self.billed = Decimal(0)
        self.lock = threading.Lock()
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
        self.server.daemon_threads = True
        self.server.provider = self  # pyright: ignore[reportAttributeAccessIssue]
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()

    def __enter__(self) -> FakeProvider:
        return self

    def __exit__(self, *_: object) -> None:
        self.server.shutdown()
        self.server.server_close()

    def bill(self, usd: Decimal) -> None:
        with self.lock:
            self.billed += usd


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, format: str, *args: Any) -> None:
        pass

    def do_POST(self) -> None:
        provider: FakeProvider = self.server.provider  # pyright: ignore[reportAttributeAccessIssue]
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        with provider.lock:
            number = len(provider.requests)
            provider.requests.append((self.path, dict(self.headers), body))
        kind, limit, streams = _understood(self.path, body)
        plan = provider.plan(number).limited(limit)
        if plan.status != 200:
            self._whole(plan.status, json.dumps({"error": {"message": f"no, {KEY}"}}).encode())
            return
        events = list(_EVENTS[kind](plan)) if streams else []
        if not streams:
            provider.bill(plan.usd)
            if plan.cut_after is not None:
                self.close_connection = True
                return
            text = json.dumps(_WHOLE[kind](plan)).encode()
            provider.sent.append(text)
            self._whole(200, text)
            return
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.send_header("connection", "close")
        self.end_headers()
        self.close_connection = True
        if plan.endless:
            self._for_ever(provider, plan, events)
            return
        provider.bill(plan.usd)
        sent = b""
        for position, event in enumerate(events):
            if position == plan.cut_after:
                break
            if position == 1 and plan.gate is not None:
                plan.gate.wait(20)
            try:
                self.wfile.write(event)
            except OSError:
                break
            sent += event
        provider.sent.append(sent)

    def _for_ever(self, provider: FakeProvider, plan: Plan, events: list[bytes]) -> None:
        """One token per event, each billed, until nobody listens."""
        provider.bill(replace(plan, output=0).usd)
        piece = events[1]
        try:
            self.wfile.write(events[0])
            for _ in range(100_000):
                self.wfile.write(piece)
                time.sleep(0.001)
                provider.bill(replace(plan, input=0, cached=0, written=0, output=1).usd)
        except OSError:
            return

    def _whole(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def _understood(path: str, body: dict[str, Any]) -> tuple[str, int, bool]:
    """The API, the limit of output and whether to stream. A request without a limit is an error of the proxy."""
    if path.endswith("/chat/completions"):
        return "openai-chat", body.get("max_completion_tokens") or body["max_tokens"], body.get("stream", False)
    if path.endswith("/responses"):
        return "openai-responses", body["max_output_tokens"], body.get("stream", False)
    if path.endswith("/v1/messages"):
        return "anthropic-messages", body["max_tokens"], body.get("stream", False)
    return "google-generate", body["generationConfig"]["maxOutputTokens"], "alt=sse" in path


def _event(data: dict[str, Any], named: bool = False) -> bytes:
    head = f"event: {data['type']}\n" if named else ""
    return f"{head}data: {json.dumps(data)}\n\n".encode()


def _chat_usage(plan: Plan) -> dict[str, Any]:
    counts = {"prompt_tokens": plan.input, "completion_tokens": plan.output, "total_tokens": plan.input + plan.output}
    cached = {"cached_tokens": plan.cached, "cache_write_tokens": plan.written}
    reasoning = {"completion_tokens_details": {"reasoning_tokens": plan.reasoning}}
    return {"usage": {**counts, "prompt_tokens_details": cached, **reasoning}} if plan.reports else {}


def _chat(plan: Plan) -> dict[str, Any]:
    message = {"role": "assistant", "content": "Grüße"}
    choices = [{"index": 0, "message": message, "finish_reason": "stop"}]
    return {"id": "c", "object": "chat.completion", "model": MODEL, "choices": choices, **_chat_usage(plan)}


def _chat_events(plan: Plan) -> Iterator[bytes]:
    for text in ("", "Gr", "üße"):
        yield _event({"id": "c", "choices": [{"index": 0, "delta": {"content": text}, "finish_reason": None}]})
    yield _event({"id": "c", "choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]})
    if plan.reports:
        yield _event({"id": "c", "choices": [], **_chat_usage(plan)})
    yield b"data: [DONE]\n\n"


def _responses(plan: Plan) -> dict[str, Any]:
    counts = {"input_tokens": plan.input, "output_tokens": plan.output, "total_tokens": plan.input + plan.output}
    counts["input_tokens_details"] = {"cached_tokens": plan.cached, "cache_write_tokens": plan.written}
    counts["output_tokens_details"] = {"reasoning_tokens": plan.reasoning}
    usage = {"usage": counts} if plan.reports else {}
    return {"id": "r", "object": "response", "status": "completed", "model": MODEL, "output": [], **usage}


def _responses_events(plan: Plan) -> Iterator[bytes]:
    yield _event({"type": "response.created", "response": {"id": "r"}}, True)
    for text in ("Gr", "üße"):
        yield _event({"type": "response.output_text.delta", "delta": text}, True)
    yield _event({"type": "response.completed", "response": _responses(plan)}, True)


def _messages_usage(plan: Plan) -> dict[str, Any]:
    return {
        "input_tokens": plan.input - plan.cached - plan.written,
        "cache_read_input_tokens": plan.cached,
        "cache_creation_input_tokens": plan.written,
    }


def _messages(plan: Plan) -> dict[str, Any]:
    usage = {"usage": {**_messages_usage(plan), "output_tokens": plan.output}} if plan.reports else {}
    return {
        "id": "m",
        "type": "message",
        "content": [{"type": "text", "text": "Grüße"}],
        "stop_reason": "end_turn",
        **usage,
    }


def _messages_events(plan: Plan) -> Iterator[bytes]:
    usage = {**_messages_usage(plan), "output_tokens": 1}
    yield _event({"type": "message_start", "message": {"id": "m", "usage": usage}}, True)
    for text in ("Gr", "üße"):
        yield _event({"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": text}}, True)
    last = {"usage": {"output_tokens": plan.output}} if plan.reports else {}
    yield _event({"type": "message_delta", "delta": {"stop_reason": "end_turn"}, **last}, True)
    yield _event({"type": "message_stop"}, True)


def _generate(plan: Plan, text: str = "Grüße", *, last: bool = True) -> dict[str, Any]:
    candidate: dict[str, Any] = {"content": {"role": "model", "parts": [{"text": text}]}, "index": 0}
    counts = {
        "promptTokenCount": plan.input,
        "cachedContentTokenCount": plan.cached,
        "candidatesTokenCount": plan.output - plan.reasoning,
        "thoughtsTokenCount": plan.reasoning,
    }
    if last:
        candidate["finishReason"] = "STOP"
    return {"candidates": [candidate], **({"usageMetadata": counts} if plan.reports and last else {})}


def _generate_events(plan: Plan) -> Iterator[bytes]:
    for text in ("Gr", "ü"):
        yield _event(_generate(plan, text, last=False)).replace(b"\n\n", b"\r\n\r\n")
    yield _event(_generate(plan, "ße")).replace(b"\n\n", b"\r\n\r\n")


_EVENTS: dict[str, Callable[[Plan], Iterator[bytes]]] = {
    "openai-chat": _chat_events,
    "openai-responses": _responses_events,
    "anthropic-messages": _messages_events,
    "google-generate": _generate_events,
}
_WHOLE: dict[str, Callable[[Plan], dict[str, Any]]] = {
    "openai-chat": _chat,
    "openai-responses": _responses,
    "anthropic-messages": _messages,
    "google-generate": _generate,
}
