"""Tokens of one call, as the providers report them, in one form."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class Usage:
    """Tokens of one call.

    `input_tokens` are all of the input, those read from a cache and written to one too. `output_tokens` are all that
    was generated, `reasoning_tokens` too. `cache_write_tokens` include `cache_write_1h_tokens`.
    """

    input_tokens: int = 0
    output_tokens: int = 0
    cache_read_tokens: int = 0
    cache_write_tokens: int = 0
    cache_write_1h_tokens: int = 0
    reasoning_tokens: int = 0

    def as_dict(self) -> dict[str, int]:
        """The counts by name."""
        return asdict(self)


def counted(values: Mapping[str, Any] | None, *names: str) -> int | None:
    """The first of `names` that is reported as a count; None where none is."""
    for name in names:
        value = (values or {}).get(name)
        if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
            return value
    return None


def part(values: Any, name: str) -> dict[str, Any]:
    """The object under a name, empty where there is none."""
    found = values.get(name) if isinstance(values, dict) else None
    return found if isinstance(found, dict) else {}
