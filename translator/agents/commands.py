"""Coding agents that are programs: a template of their command line, and what their output says, read tolerantly."""

from __future__ import annotations

import json
import math
import os
import shlex
import shutil
import signal
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

from translator.agents import Answer, Task
from translator.errors import AgentError

KNOWN = {
    "claude": (
        "claude -p --output-format json --permission-mode acceptEdits --max-budget-usd {budget_usd} --model {model}"
    ),
    "codex": "codex exec --json -s workspace-write --skip-git-repo-check -C {workdir} -m {model} -",
    "gemini": "gemini --yolo --skip-trust -o stream-json -m {model}",
    "opencode": "opencode run --format json --auto --pure -m {model} --dir {workdir}",
}
"""Command lines of known programs; their flags drift, so any other template can be given. The prompt goes to stdin."""
PROXIED = {
    "codex": (
        "-c model_provider=metered -c model_providers.metered.name=metered "
        "-c model_providers.metered.wire_api=responses -c model_providers.metered.env_key=OPENAI_API_KEY "
        "-c model_providers.metered.base_url={base_url}"
    ),
}
"""Options that send a program to the proxy, for those that take no address from the environment."""
PROVIDERS = {"claude": "anthropic", "codex": "openai", "gemini": "google"}
"""The provider that a known program calls, where it has but one."""
STATE_COST = ("claude", "opencode")
"""Programs that say in their output what a call has cost."""
PLACES = ("{prompt_file}", "{workdir}", "{budget_usd}", "{model}", "{base_url}")
_COSTS = ("total_cost_usd", "cost_usd", "costUSD", "cost")
_TOKENS = {
    "input": ("input_tokens", "prompt_tokens", "promptTokenCount", "input"),
    "output": ("output_tokens", "completion_tokens", "candidatesTokenCount", "output"),
    "cached": ("cached_input_tokens", "cache_read_input_tokens", "cached"),
    "reasoning": ("reasoning_output_tokens", "reasoning_tokens", "reasoning"),
}
_SESSIONS = ("session_id", "sessionID", "thread_id")
_KEPT = 200_000


class CommandAgent:
    """A program that changes files in its working folder and ends.

    `template`: one of `KNOWN`, or a command line with `PLACES` in it. `metered`: it is known to state its cost.
    `proxied`: it is sent to the run's proxy. `provider`: the one that it calls; "" where that is not known.
    """

    def __init__(self, template: str, model: str = "", proxied: bool = False) -> None:
        self.name, self.metered, self.proxied = f"cli:{template}", template in STATE_COST, proxied
        self.provider, self.model = PROVIDERS.get(template, ""), model
        self._words = shlex.split(KNOWN.get(template, template))
        if proxied and template in PROXIED:
            self._words[2:2] = shlex.split(PROXIED[template])
        if not self._words:
            raise AgentError(f"cli:{template}: names no program; known are {', '.join(KNOWN)}, or give a command line")
        if not model:
            self._words = _without_model(self._words)

    @property
    def program(self) -> str:
        """Name of the program."""
        return self._words[0]

    def check(self) -> None:
        """Refuse a program that is missing."""
        if shutil.which(self.program) is None:
            raise AgentError(
                f"agent program {self.program!r} is not installed or not on PATH: install it, or choose another --agent"
            )

    def run(self, task: Task) -> Answer:
        """Run the program in the tree, in a process group of its own that is ended at the time limit."""
        prompt_file = task.tree.parent / "prompts" / f"{task.number:03}.md"
        values = {
            "{prompt_file}": str(prompt_file),
            "{workdir}": str(task.tree),
            "{budget_usd}": f"{task.budget_usd:f}",
            "{model}": self.model,
            "{base_url}": (task.environment or {}).get("OPENAI_BASE_URL", ""),
        }
        command = [_filled(word, values) for word in self._words]
        try:
            process = subprocess.Popen(
                command,
                cwd=task.tree,
                env=_environment(task),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                start_new_session=True,
            )
        except OSError as error:
            return Answer("crashed", Decimal(0), text=f"{self.program}: {error.strerror}")
        try:
            out, err = process.communicate(task.prompt.encode(), task.timeout)
            late = False
        except subprocess.TimeoutExpired:
            _end(process)
            out, err = process.communicate()
            late = True
        except BaseException:
            _end(process)
            raise
        finally:
            _end(process)
        return _answer(process.returncode, out.decode(errors="replace"), err.decode(errors="replace"), late)


def parse(text: str) -> dict[str, Any]:
    """Cost, tokens, session and last words in a program's output: one JSON value, JSON lines, or JSON among words.

    {"found": False} where no JSON is in it. Unknown shapes are passed over: formats drift.
    """
    events = list(_values(text))
    found: dict[str, Any] = {"found": bool(events), "cost": None, "tokens": {}, "session": "", "text": ""}
    total, summed = None, Decimal(0)
    any_cost = False
    for event in events:
        for place in _objects(event):
            for name in _COSTS:
                value = _number(place.get(name))
                if value is None:
                    continue
                any_cost = True
                if name == "total_cost_usd":
                    total = value
                else:
                    summed += value
                break
            for kind, names in _TOKENS.items():
                value = next((_number(place[name]) for name in names if name in place), None)
                if value is not None:
                    found["tokens"][kind] = max(found["tokens"].get(kind, 0), int(value))
            found["session"] = next((str(place[name]) for name in _SESSIONS if place.get(name)), found["session"])
            for name in ("result", "text", "response", "message"):
                if isinstance(place.get(name), str):
                    found["text"] = place[name]
    if any_cost:
        found["cost"] = total if total is not None else summed
    return found


def _answer(status: int, out: str, err: str, late: bool) -> Answer:
    found = parse(out)
    transcript = (out + ("\n--- stderr\n" + err if err else ""))[-_KEPT:]
    kind = "timeout" if late else "crashed" if status else "done" if found["found"] else "unparsable"
    words = found["text"] or err.strip()[-500:] or out.strip()[-500:]
    return Answer(kind, found["cost"], found["tokens"], words, transcript, found["session"])


def _values(text: str) -> Iterator[Any]:
    """JSON objects and lists in a text, the outermost ones."""
    decoder, at = json.JSONDecoder(), 0
    while at < len(text):
        starts = [place for mark in "{[" if (place := text.find(mark, at)) >= 0]
        if not starts:
            return
        begin = min(starts)
        try:
            value, at = decoder.raw_decode(text, begin)
        except (ValueError, RecursionError):
            at = begin + 1
            continue
        if isinstance(value, dict) or (isinstance(value, list) and any(isinstance(one, dict) for one in value)):
            yield value


def _objects(value: Any, depth: int = 0) -> Iterator[Mapping[str, Any]]:
    if depth > 6:
        return
    if isinstance(value, dict):
        yield value
        for inner in value.values():
            yield from _objects(inner, depth + 1)
    elif isinstance(value, list):
        for inner in value:
            yield from _objects(inner, depth + 1)


def _number(value: Any) -> Decimal | None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value) or value < 0:
        return None
    return Decimal(str(value))


def _environment(task: Task) -> dict[str, str] | None:
    """The program's variables. OpenCode reads the proxy's addresses from a text of settings."""
    if task.environment is None:
        return None
    given = task.environment
    options = {
        "openai": (given["OPENAI_BASE_URL"], given["OPENAI_API_KEY"]),
        "anthropic": (f"{given['ANTHROPIC_BASE_URL']}/v1", given["ANTHROPIC_API_KEY"]),
        "google": (f"{given['GOOGLE_GEMINI_BASE_URL']}/v1beta", given["GEMINI_API_KEY"]),
    }
    settings = {
        "provider": {name: {"options": {"baseURL": url, "apiKey": key}} for name, (url, key) in options.items()},
        "autoupdate": False,
        "share": "disabled",
    }
    return {**given, "OPENCODE_CONFIG_CONTENT": json.dumps(settings)}


def _filled(word: str, values: Mapping[str, str]) -> str:
    for place, value in values.items():
        word = word.replace(place, value)
    return word


def _without_model(words: Sequence[str]) -> list[str]:
    """The words without the option of a model that nobody named."""
    kept: list[str] = []
    for word in words:
        if word == "{model}":
            kept.pop()
        else:
            kept.append(word)
    return kept


def _end(process: subprocess.Popen[bytes]) -> None:
    """End the program's whole process group, whatever it has started."""
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        return


def versions() -> dict[str, str]:
    """Known programs that are installed, with their paths."""
    return {name: path for name, line in KNOWN.items() if (path := shutil.which(line.split()[0]))}
