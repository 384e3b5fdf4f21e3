"""OpenAI's chat completions."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, ClassVar

from translator.metering.apis.base import Call, Refused, Stream, event_bytes, objects, strings, whole
from translator.metering.apis.openai import OpenAi
from translator.metering.usage import Usage, counted, part


class Chat(OpenAi):
    """`POST /v1/chat/completions`."""

    name = "openai-chat"
    ends = re.compile(r"(?P<path>/chat/completions)$")
    shown = "/v1/chat/completions"
    kept_tools = ("function", "custom")
    image_parts = ("image_url",)
    text_parts = ("text", "refusal", "thinking", "reasoning")
    forbidden: ClassVar[dict[str, str]] = {
        "audio": "audio has a price of its own",
        "models": "the price of a fallback is not known",
    }
    dropped: ClassVar[dict[str, str]] = {
        "web_search_options": "it searches the web",
        "search_parameters": "they search the web",
        "plugins": "they run at the provider",
        "prediction": "predicted tokens that are not used are billed",
    }

    def parts(self, body: dict[str, Any]) -> Iterator[dict[str, Any]]:
        for message in objects(body.get("messages")):
            yield from objects(message.get("content"))
            if message.get("audio"):
                yield {"type": "audio"}

    def limit(self, call: Call, output_tokens: int) -> int:
        body = call.body
        self.standard_tier(call)
        if "audio" in (body.get("modalities") or ()):
            raise Refused(400, "unbounded_cost", "modalities has 'audio', which has a price of its own; ask for text")
        if call.streams:
            options = part(body, "stream_options")
            if options.get("include_usage") is not True:
                body["stream_options"] = {**options, "include_usage": True}
                call.hides_usage = True
                call.changes.append("stream_options.include_usage put in")
        limits = [whole(body.get(name), name) for name in ("max_completion_tokens", "max_tokens")]
        given = [limit for limit in limits if limit is not None]
        if not given:
            name = "max_completion_tokens"
            body[name] = output_tokens
            call.changes.append(f"{name} {output_tokens} put in")
        return max(given or [output_tokens]) * (whole(body.get("n"), "n") or 1)

    def usage(self, answer: Any) -> Usage | None:
        return _usage(part(answer, "usage"))

    def stream(self) -> Stream:
        return _Stream()

    def error_event(self, refused: Refused) -> bytes:
        return event_bytes(self.error(refused))


class _Stream(Stream):
    def text(self, event: dict[str, Any]) -> str:
        deltas = [part(choice, "delta") for choice in objects(event.get("choices"))]
        return "".join(strings({name: each for name, each in delta.items() if name != "role"}) for delta in deltas)

    def look(self, event: dict[str, Any]) -> None:
        self.report(_usage(part(event, "usage")))  # some servers report with every event, the counts so far
        if any(choice.get("finish_reason") for choice in objects(event.get("choices"))):
            self.ended = True


def _usage(found: dict[str, Any]) -> Usage | None:
    read, generated = counted(found, "prompt_tokens"), counted(found, "completion_tokens")
    if read is None or generated is None:
        return None
    details = part(found, "prompt_tokens_details")
    cached, written = counted(details, "cached_tokens") or 0, counted(details, "cache_write_tokens") or 0
    total = counted(found, "total_tokens") or 0
    return Usage(
        input_tokens=max(read, cached + written),
        output_tokens=max(generated, total - read),  # some servers leave reasoning out of completion_tokens
        cache_read_tokens=cached,
        cache_write_tokens=written,
        reasoning_tokens=counted(part(found, "completion_tokens_details"), "reasoning_tokens") or 0,
    )
