"""Agents: what a call is given and what it answers, whatever does the work."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any, Literal, Protocol

import msgspec

Status = Literal["done", "crashed", "unparsable", "timeout", "aborted"]


class Task(msgspec.Struct, frozen=True):
    """One call. `tree`: the folder to work in. `modules`: those to be right after it, the current one last.

    `failures`: as plain data, what `prompt` says in words. `session`: of the call before, "" for none.
    `environment`: variables for the agent's program, which point at the metering proxy; None for those of this process.
    `writable`: globs of files that the agent may change.
    """

    number: int
    phase: Literal["generate", "repair", "optimise"]
    modules: tuple[str, ...]
    prompt: str
    tree: Path
    budget_usd: Decimal
    timeout: float
    failures: tuple[Any, ...] = ()
    session: str = ""
    environment: dict[str, str] | None = None
    writable: tuple[str, ...] = ()


class Answer(msgspec.Struct, frozen=True):
    """Answer of a call. `cost_usd`: None where nobody knows. `transcript`: all that was said, as text."""

    status: Status
    cost_usd: Decimal | None = None
    tokens: dict[str, int] = {}
    text: str = ""
    transcript: str = ""
    session: str = ""


class Agent(Protocol):
    """Whoever changes the tree. `metered`: its answers state their cost. `proxied`: its calls of models are metered
    by the run's proxy, where that is on.
    """

    name: str
    metered: bool
    proxied: bool

    def check(self) -> None:
        """Refuse, before any money is spent, an agent that could not work. Raises `AgentError`."""
        ...

    def run(self, task: Task) -> Answer:
        """Work in `task.tree` and answer."""
        ...
