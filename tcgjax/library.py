"""The cards that can be played: rows of `data/cards.json`, and look-ups by id."""

from __future__ import annotations

import functools
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

PATH = Path(__file__).parent / "data" / "cards.json"
POOL_PATH = Path(__file__).parent / "data" / "pocket-a1.json"
ENERGY_TYPES = ("grass", "fire", "water", "lightning", "psychic", "fighting", "darkness", "metal")

Row = Mapping[str, Any]


@functools.cache
def table() -> Row:
    """The whole table: `kinds`, `prints`, `refused`, `groups`, `operations`, `notice`."""
    return json.loads(PATH.read_text("utf-8"))


def kinds() -> list[Row]:
    """Rows of the cards that differ in what they do; a card's kind is its place here."""
    return table()["kinds"]


def kind_of(id: str) -> int | None:
    """The kind of a card id, as "A1-001"; None for one that is not there or that is refused."""
    return table()["prints"].get(id)


def name_of(id: str) -> str | None:
    """The name of a card, refused ones too; None where there is no such card."""
    kind = kind_of(id)
    return table()["refused"].get(id) if kind is None else kinds()[kind]["name"]


def is_basic(row: Row) -> bool:
    """A Basic Pokémon; a fossil is an Item until it is played."""
    return row["category"] == "pokemon" and row["stage"] == 0


def set_of(id: str) -> str:
    return id.rpartition("-")[0]


def sets() -> list[str]:
    """Names of all sets, in the table's order."""
    return list(dict.fromkeys(set_of(id) for id in (*table()["prints"], *table()["refused"])))


@functools.cache
def pool() -> list[Row]:
    """The decks of `tcgjax/pocket-a1`: `name`, `energy`, and `cards`, card id → number."""
    return json.loads(POOL_PATH.read_text("utf-8"))["decks"]
