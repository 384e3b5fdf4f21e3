"""Names of the numbers in a Gen 1 record, read from `fields.json`, which the Node side follows too."""

from __future__ import annotations

import json
from functools import cache, lru_cache
from pathlib import Path
from typing import NamedTuple

#: Order in which a divergence is reported: the draws first, then state, then what follows from it.
MODULE_ORDER = (
    "prng",
    "battle",
    "selection",
    "party",
    "status",
    "pp",
    "moves",
    "stats",
    "types",
    "volatiles",
    "legal",
    "request",
    "result",
)


class Field(NamedTuple):
    """One number of a record."""

    name: str
    module: str
    meaning: str


@lru_cache(maxsize=1)
def gen1_fields() -> tuple[Field, ...]:
    """The fields of a record, in the order of its columns."""
    rows = json.loads((Path(__file__).parent / "fields.json").read_text(encoding="utf-8"))
    return tuple(Field(**row) for row in rows)


@lru_cache(maxsize=1)
def field_names() -> tuple[str, ...]:
    """Column names of a record."""
    return tuple(field.name for field in gen1_fields())


@cache
def column(name: str) -> int:
    """Column of a field; a `ValueError` names an unknown one."""
    return field_names().index(name)
