"""Answers from a script, so that real agent programs can be tested without a model."""

from __future__ import annotations

import contextlib
import json
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from jaxenv.commands import files
from translator.metering.apis import Api, Call
from translator.metering.apis.base import event_bytes, objects
from translator.metering.sources import Answer, SourceError
from translator.metering.usage import Usage

_SHELLS = ("exec_command", "shell_command", "shell", "local_shell", "bash", "Bash", "run_shell_command")
"""Names that agent programs give to their tool that runs a command."""
_KEYS = {"text", "shell", "tool", "arguments", "usage"}
_PIECES = 3
_USAGE = Usage(input_tokens=1000, output_tokens=50, cache_read_tokens=200)


@dataclass(frozen=True)
class Step:
    """One answer: a `text`, or a call of the tool `tool` with `arguments`; `shell` is a command for whatever shell tool
    the agent has. `usage`: what the answer reports.
    """

    text: str = ""
    shell: str = ""
    tool: str = ""
    arguments: dict[str, Any] = field(default_factory=dict)
    usage: Usage = _USAGE

    @classmethod
    def from_json(cls, value: Any, place: str) -> Step:
        """A step of a script. `SourceError`, naming `place`, for what is none."""
        try:
            if not value.keys() <= _KEYS or sum(name in value for name in ("text", "shell", "tool")) != 1:
                raise ValueError(f"its fields are {', '.join(value) or 'none'}")
            usage = Usage(**value["usage"]) if "usage" in value else _USAGE
            return cls(**{**value, "usage": usage})
        except (AttributeError, TypeError, ValueError) as error:
            raise SourceError(
                f"{place}: {error}; a step has one of text, shell, and tool with arguments, and may have usage"
            ) from error


class Script:
    """Steps in turn, the last one for ever. Requests without tools, as for a title, get a text and take no step."""

    def __init__(self, steps: Sequence[Step]) -> None:
        if not steps:
            raise SourceError('a script has at least one step; write [{"text": "done"}]')
        self._steps = tuple(steps)
        self._next = 0
        self._lock = threading.Lock()

    @classmethod
    def read(cls, path: Path | str) -> Script:
        """The script in a JSON file, a list of steps. `SourceError` where there is none."""
        place = files.path(path)
        try:
            steps = json.loads(place.read_text("utf-8"))
        except (OSError, ValueError) as error:
            raise SourceError(f"{place}: no script ({error}); write a JSON list of steps") from error
        if not isinstance(steps, list):
            raise SourceError(f"{place}: no list; write a JSON list of steps")
        return cls([Step.from_json(step, f"{place}, step {number}") for number, step in enumerate(steps, 1)])

    def check(self, api: Api) -> None:
        """Nothing is needed."""

    @contextlib.contextmanager
    def ask(self, api: Api, call: Call, sent: bytes, name: str, headers: Mapping[str, str]) -> Iterator[Answer]:
        if call.free:
            yield Answer(
                200, {"content-type": "application/json"}, iter([b'{"input_tokens": 1000, "totalTokens": 1000}'])
            )
            return
        step, number = self._take(call)
        text, tool = step.text, _tool(step, call)
        render = _RENDERED[api.name]
        if call.streams:
            yield Answer(200, {"content-type": "text/event-stream"}, render(call, text, tool, step.usage, number, True))
        else:
            yield Answer(200, {"content-type": "application/json"}, render(call, text, tool, step.usage, number, False))

    def _take(self, call: Call) -> tuple[Step, int]:
        if not call.body.get("tools"):
            return (self._steps[0] if self._steps[0].text else Step(text="title")), 0
        with self._lock:
            step = self._steps[min(self._next, len(self._steps) - 1)]
            self._next += 1
            return step, self._next

    def close(self) -> None:
        """Nothing is held."""


def _tool(step: Step, call: Call) -> tuple[str, dict[str, Any]] | None:
    """Name and arguments of the tool that a step calls."""
    if step.tool:
        return step.tool, step.arguments
    if not step.shell:
        return None
    names = list(_tool_names(call.body.get("tools")))
    name = next((each for each in _SHELLS if each in names), "shell")
    if name == "exec_command":
        return name, {"cmd": step.shell}
    if name in ("shell", "local_shell"):
        return name, {"command": ["bash", "-lc", step.shell]}
    return name, {"command": step.shell, "description": "a step of the script"}


def _tool_names(tools: Any) -> Iterator[str]:
    for tool in objects(tools):
        yield from _tool_names(tool.get("functionDeclarations"))
        yield from _tool_names(tool.get("tools"))
        function = tool.get("function")
        yield str((function if isinstance(function, dict) else tool).get("name"))


def _pieces(text: str) -> list[str]:
    size = max(1, -(-len(text) // _PIECES))
    return [text[start : start + size] for start in range(0, len(text), size)]


def _chat(call: Call, text: str, tool: Any, usage: Usage, number: int, streams: bool) -> Iterator[bytes]:
    base = {"id": f"chatcmpl-{number}", "created": 0, "model": call.model}
    counts = {
        "prompt_tokens": usage.input_tokens,
        "completion_tokens": usage.output_tokens,
        "total_tokens": usage.input_tokens + usage.output_tokens,
        "prompt_tokens_details": {"cached_tokens": usage.cache_read_tokens},
        "completion_tokens_details": {"reasoning_tokens": usage.reasoning_tokens},
    }
    called = [
        {"id": f"call_{number}", "type": "function", "function": {"name": name, "arguments": json.dumps(arguments)}}
        for name, arguments in ([tool] if tool else [])
    ]
    reason = "tool_calls" if called else "stop"
    if not streams:
        message = {
            "role": "assistant",
            "content": None if called else text,
            **({"tool_calls": called} if called else {}),
        }
        choice = {"index": 0, "message": message, "finish_reason": reason}
        yield json.dumps({**base, "object": "chat.completion", "choices": [choice], "usage": counts}).encode()
        return
    deltas: list[dict[str, Any]] = [{"role": "assistant", "content": ""}]
    deltas += [{"tool_calls": [{"index": 0, **each}]} for each in called] or [
        {"content": each} for each in _pieces(text)
    ]
    for delta in deltas:
        choice = {"index": 0, "delta": delta, "finish_reason": None}
        yield event_bytes({**base, "object": "chat.completion.chunk", "choices": [choice]})
    choice = {"index": 0, "delta": {}, "finish_reason": reason}
    yield event_bytes({**base, "object": "chat.completion.chunk", "choices": [choice]})
    yield event_bytes({**base, "object": "chat.completion.chunk", "choices": [], "usage": counts})
    yield b"data: [DONE]\n\n"


def _responses(call: Call, text: str, tool: Any, usage: Usage, number: int, streams: bool) -> Iterator[bytes]:
    if tool:
        item: dict[str, Any] = {"type": "function_call", "id": f"fc_{number}", "call_id": f"call_{number}"}
        item |= {"name": tool[0], "arguments": json.dumps(tool[1]), "status": "completed"}
    else:
        content = [{"type": "output_text", "text": text, "annotations": []}]
        item = {
            "type": "message",
            "id": f"msg_{number}",
            "role": "assistant",
            "status": "completed",
            "content": content,
        }
    counts = {
        "input_tokens": usage.input_tokens,
        "input_tokens_details": {"cached_tokens": usage.cache_read_tokens},
        "output_tokens": usage.output_tokens,
        "output_tokens_details": {"reasoning_tokens": usage.reasoning_tokens},
        "total_tokens": usage.input_tokens + usage.output_tokens,
    }
    response = {"id": f"resp_{number}", "object": "response", "created_at": 0, "model": call.model}
    done = {**response, "status": "completed", "output": [item], "usage": counts}
    if not streams:
        yield json.dumps(done).encode()
        return
    events: list[dict[str, Any]] = [
        {"type": "response.created", "response": {**response, "status": "in_progress", "output": []}},
        {"type": "response.output_item.added", "output_index": 0, "item": {**item, "status": "in_progress"}},
    ]
    if not tool:
        delta = {"type": "response.output_text.delta", "item_id": item["id"], "output_index": 0, "content_index": 0}
        events += [{**delta, "delta": each} for each in _pieces(text)]
    events += [
        {"type": "response.output_item.done", "output_index": 0, "item": item},
        {"type": "response.completed", "response": done},
    ]
    for sequence, event in enumerate(events):
        yield event_bytes({**event, "sequence_number": sequence}, event["type"])


def _messages(call: Call, text: str, tool: Any, usage: Usage, number: int, streams: bool) -> Iterator[bytes]:
    fresh = {
        "input_tokens": usage.input_tokens - usage.cache_read_tokens - usage.cache_write_tokens,
        "cache_read_input_tokens": usage.cache_read_tokens,
        "cache_creation_input_tokens": usage.cache_write_tokens,
    }
    counts = {"output_tokens": usage.output_tokens}
    block: dict[str, Any] = {"type": "text", "text": text}
    if tool:
        block = {"type": "tool_use", "id": f"toolu_{number}", "name": tool[0], "input": tool[1]}
    reason = "tool_use" if tool else "end_turn"
    message = {
        "id": f"msg_{number}",
        "type": "message",
        "role": "assistant",
        "model": call.model,
        "stop_sequence": None,
    }
    if not streams:
        yield json.dumps({**message, "content": [block], "stop_reason": reason, "usage": fresh | counts}).encode()
        return
    start = {**message, "content": [], "stop_reason": None, "usage": {**fresh, "output_tokens": 1}}
    empty = {**block, "input": {}} if tool else {**block, "text": ""}
    if tool:
        deltas = [{"type": "input_json_delta", "partial_json": each} for each in _pieces(json.dumps(tool[1]))]
    else:
        deltas = [{"type": "text_delta", "text": each} for each in _pieces(text)]
    for event in (
        {"type": "message_start", "message": start},
        {"type": "content_block_start", "index": 0, "content_block": empty},
        *({"type": "content_block_delta", "index": 0, "delta": delta} for delta in deltas),
        {"type": "content_block_stop", "index": 0},
        {"type": "message_delta", "delta": {"stop_reason": reason, "stop_sequence": None}, "usage": counts},
        {"type": "message_stop"},
    ):
        yield event_bytes(event, event["type"])


def _generate(call: Call, text: str, tool: Any, usage: Usage, number: int, streams: bool) -> Iterator[bytes]:
    counts = {
        "promptTokenCount": usage.input_tokens,
        "cachedContentTokenCount": usage.cache_read_tokens,
        "candidatesTokenCount": usage.output_tokens - usage.reasoning_tokens,
        "thoughtsTokenCount": usage.reasoning_tokens,
        "totalTokenCount": usage.input_tokens + usage.output_tokens,
    }
    if tool:
        parts: list[dict[str, Any]] = [{"functionCall": {"name": tool[0], "args": tool[1]}}]
    else:
        parts = [{"text": each} for each in (_pieces(text) if streams else [text])]
    answers: list[dict[str, Any]] = [
        {"candidates": [{"index": 0, "content": {"role": "model", "parts": [each]}}], "modelVersion": call.model}
        for each in parts
    ]
    answers[-1]["candidates"][0]["finishReason"] = "STOP"
    answers[-1]["usageMetadata"] = counts
    if not streams:
        whole = answers if "streamGenerateContent" in call.path else answers[0]
        yield json.dumps(whole).encode()
        return
    for each in answers:
        yield event_bytes(each)


_RENDERED = {
    "openai-chat": _chat,
    "openai-responses": _responses,
    "anthropic-messages": _messages,
    "google-generate": _generate,
}
