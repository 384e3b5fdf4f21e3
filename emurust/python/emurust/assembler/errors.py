"""The one error of the assembler."""

from __future__ import annotations


class AssemblyError(ValueError):
    """A line that cannot be assembled. The message names the line's number, its text and the remedy."""
