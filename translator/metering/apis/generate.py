"""Google's generateContent."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, ClassVar

from translator.metering.apis.base import Api, Call, Refused, Stream, event_bytes, objects, strings, whole
from translator.metering.usage import Usage, counted, part

_LOCAL = ("functionDeclarations", "function_declarations")
_STATUS = {400: "INVALID_ARGUMENT", 401: "UNAUTHENTICATED", 402: "FAILED_PRECONDITION", 404: "NOT_FOUND"}
_DATA = ("inlineData", "inline_data")


class Generate(Api):
    """`POST /v1beta/models/MODEL:generateContent` and `:streamGenerateContent`."""

    name = "google-generate"
    provider = "google"
    ends = re.compile(r"(?P<path>/v1(?:beta|alpha)?/models/[^/:]+:(?:generateContent|streamGenerateContent))$")
    free_ends = re.compile(r"(?P<path>/v1(?:beta|alpha)?/models/[^/:]+:countTokens)$")
    shown = "/v1beta/models/MODEL:generateContent"
    image_parts = ("image",)
    text_parts = (
        "text",
        "functionCall",
        "functionResponse",
        "thoughtSignature",
        "executableCode",
        "codeExecutionResult",
    )
    forbidden: ClassVar[dict[str, str]] = dict.fromkeys(
        ("cachedContent", "cached_content"), "it brings in what lies at the provider; send the input itself"
    )
    dropped: ClassVar[dict[str, str]] = dict.fromkeys(
        ("serviceTier", "service_tier"), "the standard tier is the one whose price is known"
    )

    def model(self, call: Call) -> str:
        return call.path.rpartition("/models/")[2].partition(":")[0]

    def streams(self, call: Call) -> bool:
        return "streamGenerateContent" in call.path and call.query.get("alt") == "sse"

    def parts(self, body: dict[str, Any]) -> Iterator[dict[str, Any]]:
        instruction = body.get("systemInstruction", body.get("system_instruction"))
        contents = body.get("contents")
        for content in [instruction, *(contents if isinstance(contents, list) else [contents])]:
            found = content.get("parts") if isinstance(content, dict) else None
            for each in objects([found] if isinstance(found, dict) else found):
                yield each
                response = part(each, "functionResponse") or part(each, "function_response")
                yield from objects(response.get("parts"))

    def kind(self, part: dict[str, Any]) -> str:
        for name in _DATA:
            if isinstance(part.get(name), dict):
                data = part[name]
                media = str(data.get("mimeType", data.get("mime_type", "")))
                return "image" if media.startswith("image/") else media or name
        if "fileData" in part or "file_data" in part:
            return "fileData"
        return "text"

    def strip_tools(self, call: Call) -> None:
        gone: set[str] = set()
        kept: list[dict[str, Any]] = []
        for tool in objects(call.body.get("tools")):
            gone |= {name for name in tool if name not in _LOCAL}
            local = {name: each for name, each in tool.items() if name in _LOCAL}
            if local:
                kept.append(local)
        if not gone:
            return
        call.changes.append(f"tools removed, which run at the provider: {', '.join(sorted(gone))}")
        call.body["tools"] = kept
        if not kept:
            del call.body["tools"]
            for name in ("toolConfig", "tool_config"):
                call.body.pop(name, None)

    def limit(self, call: Call, output_tokens: int) -> int:
        name = "generation_config" if "generation_config" in call.body else "generationConfig"
        config = call.body.setdefault(name, {})
        if not isinstance(config, dict):
            raise Refused(400, "invalid_request", f"{name} is {config!r}; give an object")
        modalities = config.get("responseModalities", config.get("response_modalities")) or ["TEXT"]
        if any(str(each).upper() != "TEXT" for each in modalities):
            raise Refused(400, "unbounded_cost", f"responseModalities is {modalities!r}; ask for ['TEXT']")
        given = whole(config.get("maxOutputTokens", config.get("max_output_tokens")), "maxOutputTokens")
        if given is None:
            config["maxOutputTokens"] = output_tokens
            call.changes.append(f"maxOutputTokens {output_tokens} put in")
        thinking = part(config, "thinkingConfig") or part(config, "thinking_config")
        thoughts = counted(thinking, "thinkingBudget", "thinking_budget") or 0
        candidates = whole(config.get("candidateCount", config.get("candidate_count")), "candidateCount") or 1
        return ((given or output_tokens) + thoughts) * candidates

    def usage(self, answer: Any) -> Usage | None:
        """A stream without `alt=sse` is one list of answers; the last one has the counts."""
        for each in reversed(answer if isinstance(answer, list) else [answer]):
            found = _usage(part(each, "usageMetadata"))
            if found is not None:
                return found
        return None

    def stream(self) -> Stream:
        return _Stream()

    def error(self, refused: Refused) -> dict[str, Any]:
        status = _STATUS.get(refused.status, "INTERNAL")
        details = [{"reason": refused.code.upper(), **refused.details}]
        return {"error": {"code": refused.status, "message": str(refused), "status": status, "details": details}}

    def error_event(self, refused: Refused) -> bytes:
        return event_bytes(self.error(refused))

    def headers(self, key: str) -> dict[str, str]:
        return {"x-goog-api-key": key}


class _Stream(Stream):
    def text(self, event: dict[str, Any]) -> str:
        return "".join(strings(part(each, "content").get("parts")) for each in objects(event.get("candidates")))

    def look(self, event: dict[str, Any]) -> None:
        self.report(_usage(part(event, "usageMetadata")))
        if any(each.get("finishReason") for each in objects(event.get("candidates"))) or event.get("promptFeedback"):
            self.ended = True


def _usage(found: dict[str, Any]) -> Usage | None:
    prompt = counted(found, "promptTokenCount")
    if prompt is None:
        return None
    read = prompt + (counted(found, "toolUsePromptTokenCount") or 0)
    thoughts = counted(found, "thoughtsTokenCount") or 0
    generated = (counted(found, "candidatesTokenCount") or 0) + thoughts
    cached = counted(found, "cachedContentTokenCount") or 0
    return Usage(
        input_tokens=max(read, cached),
        output_tokens=max(generated, (counted(found, "totalTokenCount") or 0) - read),
        cache_read_tokens=cached,
        reasoning_tokens=thoughts,
    )
