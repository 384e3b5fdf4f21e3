"""Prompts, as jinja2 templates beside this file; the hash of each one is kept with the call that it was made for."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import jinja2

KINDS = ("generate", "repair", "optimise")
_environment = jinja2.Environment(
    loader=jinja2.FileSystemLoader(Path(__file__).parent),
    undefined=jinja2.StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    keep_trailing_newline=True,
)


def render(kind: str, **values: Any) -> str:
    """The prompt of one of `KINDS`."""
    return _environment.get_template(f"{kind}.md.jinja2").render(**values)


def digest(text: str) -> str:
    """Sixteen digits of a prompt's SHA-256."""
    return hashlib.sha256(text.encode()).hexdigest()[:16]
