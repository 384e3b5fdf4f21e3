"""A model behind an OpenAI-compatible API as an agent: it reads and writes files of the tree, and runs nothing."""

from __future__ import annotations

import fnmatch
import importlib.util
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from translator.agents import Answer, Task
from translator.errors import AgentError

_INSTALL = "pip install 'pokejax[translator]'"
_SHOWN = 40_000
_KEPT = 200_000
_ABOUT = (
    "You translate a reference environment into a fast one. You work by the tools on files of one folder; you cannot "
    "run anything. When the task is done, answer in a few words and call no tool."
)


class ModelAgent:
    """A loop of answers and calls of tools, until the model answers without a tool, or `turns` are over.

    Its tools list, read, write and edit files below the tree. What is not writable is refused to it.
    """

    metered, proxied, provider = True, True, "openai"

    def __init__(self, model: str, turns: int) -> None:
        self.name, self.model, self._turns = f"api:{model}", model, turns

    def check(self) -> None:
        """Refuse to begin without a model or the client."""
        if not self.model:
            raise AgentError("api: names no model; write --agent api:MODEL, or name it with --model")
        if importlib.util.find_spec("openai") is None:
            raise AgentError(f"{self.name}: agents that are models need the package openai; {_INSTALL}")

    def run(self, task: Task) -> Answer:
        """Work in the tree by the model's calls of tools. Its cost is what the run's proxy counts."""
        import openai

        if task.environment is None:
            raise AgentError(f"{self.name}: is called through the metering proxy only; take `--metering off` away")
        begin, said = time.monotonic(), [f"user: {task.prompt}"]
        messages: list[Any] = [{"role": "system", "content": _ABOUT}, {"role": "user", "content": task.prompt}]
        client = openai.OpenAI(
            base_url=task.environment["OPENAI_BASE_URL"],
            api_key=task.environment["OPENAI_API_KEY"],
            timeout=task.timeout,
            http_client=openai.DefaultHttpxClient(trust_env=False),
        )
        status, text = "unparsable", f"it still called tools after {self._turns} answers"
        with client:
            for _ in range(self._turns):
                if time.monotonic() - begin > task.timeout:
                    status, text = "timeout", f"{task.timeout:.0f} s are over"
                    break
                try:
                    answer = client.chat.completions.create(model=self.model, messages=messages, tools=_TOOLS)
                except openai.OpenAIError as error:
                    status, text = "crashed", str(error)[:500]
                    break
                if not answer.choices:
                    status, text = "unparsable", "an answer without a choice"
                    break
                message = answer.choices[0].message
                calls = message.tool_calls or []
                text = message.content or ""
                said.append(f"assistant: {text}")
                if not calls:
                    status = "done"
                    break
                messages.append(message.model_dump(exclude_none=True))
                for call in calls:
                    result = _used(call, task)
                    said.append(f"tool: {call.model_dump_json()}\n{result[:2000]}")
                    messages.append({"role": "tool", "tool_call_id": call.id, "content": result})
        return Answer(status, None, {}, text, "\n\n".join([*said, text])[-_KEPT:])  # type: ignore[arg-type]


def _used(call: Any, task: Task) -> str:
    """The result of a call of a tool; what is wrong with it is told to the model."""
    try:
        function = call.function
        use = _USES[function.name]
        return use(task, **json.loads(function.arguments or "{}"))
    except KeyError as error:
        return f"error: there is no tool {error}; there are {', '.join(_USES)}"
    except (_NotAllowedError, AttributeError, TypeError, ValueError, OSError) as error:
        return f"error: {error}"


class _NotAllowedError(Exception):
    """A use of a tool that is refused."""


def _place(task: Task, name: str) -> Path:
    """A file of the tree by its name. `_NotAllowedError` for one outside it, whatever links lead there."""
    root = task.tree.resolve()
    path = (root / name).resolve()
    if not path.is_relative_to(root):
        raise _NotAllowedError(f"{name} is outside the folder; name a file of it")
    return path


def _list(task: Task) -> str:
    names = sorted(path.relative_to(task.tree).as_posix() for path in task.tree.rglob("*") if path.is_file())
    return "\n".join(names)[:_SHOWN] or "no files"


def _read(task: Task, name: str, first_line: int = 1) -> str:
    text = _place(task, name).read_text("utf-8", errors="replace")
    rest = "".join(text.splitlines(keepends=True)[max(0, int(first_line) - 1) :])
    return rest if len(rest) <= _SHOWN else f"{rest[:_SHOWN]}\n(cut; read on from a later line)"


def _write(task: Task, name: str, text: str) -> str:
    path = _place(task, name)
    inside = path.relative_to(task.tree.resolve()).as_posix()
    if not any(fnmatch.fnmatchcase(inside, glob) for glob in task.writable):
        raise _NotAllowedError(f"{inside} may not be changed; writable are {', '.join(task.writable)}")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(str(text), "utf-8")
    return f"wrote {inside}"


def _edit(task: Task, name: str, old: str, new: str) -> str:
    text = _place(task, name).read_text("utf-8")
    if text.count(old) != 1 or not old:
        raise _NotAllowedError(f"the old text is {text.count(old)} times in {name}; give one that is there once")
    return _write(task, name, text.replace(old, new))


def _tool(called: str, about: str, needed: tuple[str, ...] = (), /, **fields: str) -> Any:
    properties = {field: {"type": "integer" if field == "first_line" else "string", "description": told}
                  for field, told in fields.items()}  # fmt: skip
    parameters = {"type": "object", "properties": properties, "required": list(needed)}
    return {"type": "function", "function": {"name": called, "description": about, "parameters": parameters}}


_USES: dict[str, Callable[..., str]] = {
    "list_files": _list,
    "read_file": _read,
    "write_file": _write,
    "edit_file": _edit,
}
_NAME = "name relative to the folder"
_TOOLS: list[Any] = [
    _tool("list_files", "Names of all files."),
    _tool("read_file", "Text of a file.", ("name",), name=_NAME, first_line="number of the line to begin with"),
    _tool("write_file", "Write a whole file.", ("name", "text"), name=_NAME, text="its new content"),
    _tool(
        "edit_file", "Replace a text that is in a file once.", ("name", "old", "new"),
        name=_NAME, old="the text as it stands", new="the text to put there",
    ),
]  # fmt: skip
