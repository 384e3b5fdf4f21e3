"""Needs of a translation that this machine meets, and how to get what is missing.

Of a key only its presence is told, never the key itself.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
from dataclasses import dataclass
from importlib import metadata

from translator.agents.commands import KNOWN
from verification.remote.sandbox import bwrap_works

_GET = {
    "claude": "npm install -g @anthropic-ai/claude-code",
    "codex": "npm install -g @openai/codex",
    "gemini": "npm install -g @google/gemini-cli",
    "opencode": "npm install -g opencode-ai",
}
_PACKAGES = {
    "httpx": "the metering proxy",
    "genai-prices": "prices of models",
    "openai": "--agent api:MODEL",
}
_KEYS = {
    "ANTHROPIC_API_KEY": "claude and Anthropic's models",
    "OPENAI_API_KEY": "codex, api:MODEL and OpenAI's models",
    "GEMINI_API_KEY": "gemini and Google's models",
}


@dataclass(frozen=True)
class Finding:
    """One thing: whether it is there, and its version or the way to get it. `needed`: nothing works without it."""

    what: str
    there: bool
    told: str
    needed: bool = False


def findings() -> list[Finding]:
    """Git, the sandbox, agent programs, the packages of the metering proxy and of models, and keys."""
    found = [_program("git", "install git: each transition of a run is a commit", needed=True)]
    works = bwrap_works()
    told = "works" if works else "install bubblewrap (apt install bubblewrap) and allow user namespaces, or run with"
    found.append(Finding("bubblewrap", works, told if works else f"{told} --sandbox 'process only', a weaker one"))
    for name in KNOWN:
        found.append(_program(name, f"{_GET[name]}; or another agent, as --agent cli:'COMMAND LINE'"))
    found += [_package(name, use) for name, use in _PACKAGES.items()]
    found += [_key(name, use) for name, use in _KEYS.items()]
    return found


def _package(name: str, use: str) -> Finding:
    there = importlib.util.find_spec(name.replace("-", "_")) is not None
    told = metadata.version(name) if there else f"not installed; pip install 'pokejax[translator]', for {use}"
    return Finding(name, there, told)


def _key(name: str, use: str) -> Finding:
    there = bool(os.environ.get(name, "").strip())
    return Finding(name, there, "is set" if there else f"not set; export {name}=…, for {use}")


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
