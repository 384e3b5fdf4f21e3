"""Outlining: the sizes at which parts of a program become functions of their own in the source.

A C++ compiler's time grows faster than a function's length; parts of some hundred operations keep it in proportion.
"""

from __future__ import annotations

from typing import Any

from jaxlanes.ir import blocks_of

PART_OPERATIONS = 1500
"""Operations of one part of straight code, in a program of more than `WHOLE_OPERATIONS`."""
WHOLE_OPERATIONS = 8000
"""Operations that are left in one function: values that cross from part to part go through memory."""
BRANCH_OPERATIONS = 150
"""Operations of a branch that becomes a function, in any program: few values cross its boundary."""


def size(item: Any) -> int:
    """Operations of one item, its blocks included."""
    return 1 if isinstance(item, int) else 1 + sum(size(inner) for block in blocks_of(item) for inner in block.items)


def split(items: list[Any], limit: int) -> list[list[Any]]:
    """The items in parts of about `limit` operations, in order."""
    parts: list[list[Any]] = [[]]
    filled = 0
    for item in items:
        cost = 1 if isinstance(item, int) else 20  # a big branch is a call of a function of its own
        if filled + cost > limit and parts[-1]:
            parts.append([])
            filled = 0
        parts[-1].append(item)
        filled += cost
    return parts
