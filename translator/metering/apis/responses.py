"""OpenAI's responses."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, ClassVar

from translator.metering.apis.base import Call, Refused, Stream, event_bytes, objects, whole
from translator.metering.apis.openai import OpenAi
from translator.metering.usage import Usage, counted, part

_ENDS = ("response.completed", "response.incomplete", "response.failed")
_ON_RECORD = "it brings in what lies at the provider, of a size that the request does not tell; send the input itself"


class Responses(OpenAi):
    """`POST /v1/responses`."""

    name = "openai-responses"
    ends = re.compile(r"(?P<path>/responses)$")
    shown = "/v1/responses"
    kept_tools = ("function", "custom", "local_shell", "apply_patch", "namespace", "tool_search")
    image_parts = ("input_image", "image_url", "computer_screenshot")
    text_parts = ("text", "input_text", "output_text", "summary_text", "reasoning_text", "refusal")
    forbidden: ClassVar[dict[str, str]] = {
        "previous_response_id": _ON_RECORD,
        "conversation": _ON_RECORD,
        "prompt": _ON_RECORD,
        "background": "its tokens are told after the answer; wait for it",
        "models": "the price of a fallback is not known",
    }
    dropped: ClassVar[dict[str, str]] = {
        "plugins": "they run at the provider",
        "context_management": "what it generates is billed apart",
    }
    _inputs = (
        *("message", "reasoning", "compaction", "function_call", "function_call_output", "custom_tool_call"),
        *("custom_tool_call_output", "local_shell_call", "local_shell_call_output", "shell_call", "shell_call_output"),
        *("apply_patch_call", "apply_patch_call_output", "tool_search_call", "tool_search_output", "web_search_call"),
    )

    def parts(self, body: dict[str, Any]) -> Iterator[dict[str, Any]]:
        for item in objects(body.get("input")):
            kind = item.get("type", "message")
            if kind not in self._inputs:
                yield item
                continue
            for name in ("content", "output"):
                for each in objects(item.get(name)):
                    if "type" in each:  # the output of a shell has none
                        yield each

    def limit(self, call: Call, output_tokens: int) -> int:
        self.standard_tier(call)
        given = whole(call.body.get("max_output_tokens"), "max_output_tokens")
        if given is None:
            call.body["max_output_tokens"] = output_tokens
            call.changes.append(f"max_output_tokens {output_tokens} put in")
        return given or output_tokens

    def usage(self, answer: Any) -> Usage | None:
        return _usage(part(answer, "usage"))

    def stream(self) -> Stream:
        return _Stream()

    def error_event(self, refused: Refused) -> bytes:
        error = {"code": self.error(refused)["error"]["code"], "message": str(refused)}
        name = "response.failed"
        return event_bytes({"type": name, "response": {"object": "response", "status": "failed", "error": error}}, name)


class _Stream(Stream):
    def text(self, event: dict[str, Any]) -> str:
        delta = event.get("delta")
        return delta if isinstance(delta, str) else ""

    def look(self, event: dict[str, Any]) -> None:
        found = _usage(part(part(event, "response"), "usage"))
        self.report(found)
        if event.get("type") in _ENDS:
            self.ended = self.done = True
            self._usage = found  # an end without counts is none, whatever was told on the way


def _usage(found: dict[str, Any]) -> Usage | None:
    read, generated = counted(found, "input_tokens"), counted(found, "output_tokens")
    if read is None or generated is None:
        return None
    details = part(found, "input_tokens_details")
    cached, written = counted(details, "cached_tokens") or 0, counted(details, "cache_write_tokens") or 0
    return Usage(
        input_tokens=max(read, cached + written),
        output_tokens=max(generated, (counted(found, "total_tokens") or 0) - read),
        cache_read_tokens=cached,
        cache_write_tokens=written,
        reasoning_tokens=counted(part(found, "output_tokens_details"), "reasoning_tokens") or 0,
    )
