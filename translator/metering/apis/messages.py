"""Anthropic's messages."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, ClassVar

from translator.metering.apis.base import Api, Call, Refused, Stream, event_bytes, objects, whole
from translator.metering.usage import Usage, counted, part

_LOCAL = ("bash_", "text_editor_", "computer_", "memory_", "tool_search_tool_")
"""Beginnings of the types of tools that run at the agent's, or that only look among the tools of a request."""
_NAMES = {400: "invalid_request_error", 401: "authentication_error", 402: "billing_error", 404: "not_found_error"}


class Messages(Api):
    """`POST /v1/messages`."""

    name = "anthropic-messages"
    provider = "anthropic"
    ends = re.compile(r"(?P<path>/v1/messages)$")
    free_ends = re.compile(r"(?P<path>/v1/messages/count_tokens)$")
    shown = "/v1/messages"
    image_parts = ("image",)
    text_parts = (
        *("text", "thinking", "redacted_thinking", "tool_use", "tool_result", "tool_reference"),
        *("server_tool_use", "tool_search_tool_result", "mid_conv_system"),
    )
    dropped: ClassVar[dict[str, str]] = {
        "mcp_servers": "they run at the provider",
        "container": "it runs at the provider",
        "service_tier": "the standard tier is the one whose price is known",
        "speed": "other speeds have other prices",
        "inference_geo": "other places have other prices",
        "fallbacks": "the price of a fallback is not known",
    }

    def parts(self, body: dict[str, Any]) -> Iterator[dict[str, Any]]:
        yield from objects(body.get("system"))
        for message in objects(body.get("messages")):
            for each in objects(message.get("content")):
                yield each
                if each.get("type") == "tool_result":
                    yield from objects(each.get("content"))

    def strip_tools(self, call: Call) -> None:
        tools = list(objects(call.body.get("tools")))
        kept = [tool for tool in tools if _is_local(tool)]
        gone = sorted({str(tool.get("type")) for tool in tools if not _is_local(tool)})
        if gone:
            call.changes.append(f"tools removed, which run at the provider: {', '.join(gone)}")
            call.body["tools"] = kept
            names = [tool.get("name") for tool in kept]
            if not kept:
                del call.body["tools"]
            if not kept or part(call.body, "tool_choice").get("name", names[0]) not in names:
                call.body.pop("tool_choice", None)
        management = part(call.body, "context_management")
        edits = list(objects(management.get("edits")))
        if any(str(edit.get("type")).startswith("compact") for edit in edits):
            management["edits"] = [edit for edit in edits if not str(edit.get("type")).startswith("compact")]
            call.changes.append("context_management: compaction removed: what it generates is billed apart")

    def limit(self, call: Call, output_tokens: int) -> int:
        given = whole(call.body.get("max_tokens"), "max_tokens")
        if given is None:
            call.body["max_tokens"] = output_tokens
            call.changes.append(f"max_tokens {output_tokens} put in")
        return given or output_tokens

    def usage(self, answer: Any) -> Usage | None:
        return _usage(part(answer, "usage"))

    def stream(self) -> Stream:
        return _Stream()

    def error(self, refused: Refused) -> dict[str, Any]:
        kind = _NAMES.get(refused.status, "api_error")
        return {
            "type": "error",
            "error": {"type": kind, "message": str(refused), "code": refused.code, **refused.details},
        }

    def error_event(self, refused: Refused) -> bytes:
        return event_bytes(self.error(refused), "error")

    def headers(self, key: str) -> dict[str, str]:
        return {"x-api-key": key}


class _Stream(Stream):
    def __init__(self) -> None:
        super().__init__()
        self._found: dict[str, Any] = {}

    def text(self, event: dict[str, Any]) -> str:
        delta = part(event, "delta")
        return "".join(str(delta.get(name, "")) for name in ("text", "thinking", "partial_json"))

    def look(self, event: dict[str, Any]) -> None:
        if event.get("type") == "message_start":
            self._found.update(part(part(event, "message"), "usage"))
        if event.get("type") == "message_delta":
            self._found.update({name: each for name, each in part(event, "usage").items() if each is not None})
            self.reported = max(self.reported, counted(part(event, "usage"), "output_tokens") or 0)
            self.report(_usage(self._found))
            self.ended = self.ended or bool(part(event, "delta").get("stop_reason") and event.get("usage"))
        if event.get("type") == "message_stop":
            self.done = True


def _is_local(tool: dict[str, Any]) -> bool:
    kind = tool.get("type")
    return kind in (None, "custom") or str(kind).startswith(_LOCAL)


def _usage(found: dict[str, Any]) -> Usage | None:
    fresh, generated = counted(found, "input_tokens"), counted(found, "output_tokens")
    if fresh is None or generated is None:
        return None
    cached = counted(found, "cache_read_input_tokens") or 0
    hour = counted(part(found, "cache_creation"), "ephemeral_1h_input_tokens") or 0
    written = max(counted(found, "cache_creation_input_tokens") or 0, hour)
    return Usage(
        input_tokens=fresh + cached + written,
        output_tokens=generated,
        cache_read_tokens=cached,
        cache_write_tokens=written,
        cache_write_1h_tokens=hour,
    )
