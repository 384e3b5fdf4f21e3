"""Commands as a user types them, for messages: by ``uv run python -m`` in a checkout, by ``pokejax`` with the wheel."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path

INSTALLED = Path(__file__).absolute().parents[1].name == "_tools"
"""True where a wheel carries these tools, False in a checkout."""
_COMMANDS = {
    ("verification",): "verify",
    ("leaderboard", "bench"): "bench",
    ("baselines", "train"): "train",
    ("baselines", "transfer"): "transfer",
    ("translator",): "translate",
}


def spelled(module: str, *arguments: object) -> str:
    """The command that runs a module of the tools with these arguments, quoted for a shell."""
    words = (module, *map(str, arguments))
    if not INSTALLED:
        return f"uv run python -m {shlex.join(words)}"
    for start, name in _COMMANDS.items():
        if words[: len(start)] == start:
            return shlex.join(["pokejax", name, *words[len(start) :]])
    return shlex.join(["pokejax", "tool", *words])


def program(module: str, *arguments: str) -> str:
    """`spelled`, for the usage of a parser: without ``uv run``."""
    return spelled(module, *arguments).removeprefix("uv run ")


def typed() -> str:
    """The command that started this process, for its results; without folders of this machine."""
    started = Path(sys.argv[0])
    words = ("python", "-m", started.parent.name) if started.name == "__main__.py" else (started.name,)
    return shlex.join([*words, *sys.argv[1:]])
