"""Needs of a translation that this machine meets, and how to get what is missing."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import dataclass

from translator.agents.commands import KNOWN
from verification.remote.sandbox import bwrap_works

_GET = {
    "claude": "npm install -g @anthropic-ai/claude-code",
    "codex": "npm install -g @openai/codex",
    "gemini": "npm install -g @google/gemini-cli",
    "opencode": "npm install -g opencode-ai",
}


@dataclass(frozen=True)
class Finding:
    """One thing: whether it is there, and its version or the way to get it. `needed`: nothing works without it."""

    what: str
    there: bool
    told: str
    needed: bool = False


def findings() -> list[Finding]:
    """Git, the sandbox, and agent programs."""
    found = [_program("git", "install git: each transition of a run is a commit", needed=True)]
    works = bwrap_works()
    told = "works" if works else "install bubblewrap (apt install bubblewrap) and allow user namespaces, or run with"
    found.append(Finding("bubblewrap", works, told if works else f"{told} --sandbox 'process only', a weaker one"))
    for name in KNOWN:
        found.append(_program(name, f"{_GET[name]}; or another agent, as --agent cli:'COMMAND LINE'"))
    return found


def _program(name: str, remedy: str, needed: bool = False) -> Finding:
    path = shutil.which(name)
    if path is None:
        return Finding(name, False, f"not found; {remedy}", needed)
    try:
        done = subprocess.run(
            [path, "--version"], capture_output=True, text=True, timeout=20, check=False, stdin=subprocess.DEVNULL
        )
        version = (done.stdout or done.stderr).strip().splitlines()
        told = version[0] if version else "its version is not told"
    except (OSError, subprocess.TimeoutExpired) as error:
        told = f"does not tell its version: {error}"
    return Finding(name, True, told, needed)
