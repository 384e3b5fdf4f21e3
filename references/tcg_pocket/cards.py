"""Cards, read from `tcgjax/data/cards.json`: numbers, and effects as named operations with parameters."""

from __future__ import annotations

import functools
import importlib.util
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

Operation = Mapping[str, Any]
ENERGY_TYPES = ("grass", "fire", "water", "lightning", "psychic", "fighting", "darkness", "metal")


class CardError(LookupError):
    """There is no such card, or it has an effect that is not implemented."""


@dataclass(frozen=True)
class Attack:
    """One attack. `cost` names an energy type or "colorless" for each Energy."""

    name: str
    cost: tuple[str, ...]
    damage: int
    operations: tuple[Operation, ...] = ()


@dataclass(frozen=True)
class Ability:
    """An ability. `use`: "passive", "once" (a turn), "once_active" (once, from the Active Spot), "always"."""

    name: str
    use: str
    operations: tuple[Operation, ...]


@dataclass(frozen=True)
class Card:
    """One card. A fossil is an Item that has the numbers of the Pokémon that it is played as."""

    kind: int  # index in the table
    id: str
    name: str
    category: str  # "pokemon", "item", "supporter"
    hp: int = 0
    type: str = "colorless"
    stage: int = 0
    evolves_from: str = ""
    ex: bool = False
    weakness: str = ""
    retreat: int = 0
    attacks: tuple[Attack, ...] = ()
    ability: Ability | None = None
    operations: tuple[Operation, ...] = field(default=())

    @property
    def is_pokemon(self) -> bool:
        return self.category == "pokemon"

    @property
    def is_basic(self) -> bool:
        """A Basic Pokémon; a fossil is one only in play."""
        return self.is_pokemon and self.stage == 0

    @property
    def is_fossil(self) -> bool:
        return any(row["op"] == "fossil" for row in self.operations)

    @property
    def passive(self) -> Operation | None:
        """Operation of a passive ability."""
        return self.ability.operations[0] if self.ability and self.ability.use == "passive" else None


@functools.cache
def _table() -> dict[str, Any]:
    # The file is data. Its package is found, and not imported: the reference runs none of the engine's code.
    found = importlib.util.find_spec("tcgjax")
    if found is None or found.origin is None:
        raise FileNotFoundError("tcgjax, whose data/cards.json holds the cards, is not installed: pip install pokejax")
    return json.loads((Path(found.origin).parent / "data" / "cards.json").read_text("utf-8"))


@functools.cache
def groups() -> tuple[tuple[str, ...], ...]:
    """Lists of names that operations speak of, in the table's order."""
    return tuple(tuple(names) for names in _table()["groups"])


@functools.cache
def operations() -> tuple[Operation, ...]:
    """Each different operation once, in the table's order."""
    return tuple(_table()["operations"])


@functools.cache
def cards() -> tuple[Card, ...]:
    """All cards that can be played."""
    return tuple(_card(kind, row) for kind, row in enumerate(_table()["kinds"]))


def _card(kind: int, row: Mapping[str, Any]) -> Card:
    attacks = tuple(
        Attack(a["name"], tuple(a["cost"]), a["damage"], tuple(a.get("operations", ()))) for a in row.get("attacks", ())
    )
    ability = row.get("ability")
    fossil = next((r for r in row.get("operations", ()) if r["op"] == "fossil"), None)
    return Card(
        kind=kind,
        id=row["id"],
        name=row["name"],
        category=row["category"],
        hp=fossil["hp"] if fossil else row.get("hp", 0),
        type=row.get("type", "colorless"),
        stage=row.get("stage", 0),
        evolves_from=row.get("evolves_from", ""),
        ex=row.get("ex", False),
        weakness=row.get("weakness", ""),
        retreat=row.get("retreat", 0),
        attacks=attacks,
        ability=Ability(ability["name"], ability["use"], tuple(ability["operations"])) if ability else None,
        operations=tuple(row.get("operations", ())),
    )


def find(id: str) -> Card:
    """The card with this id, as "A1-001". `CardError` for one that does not exist or cannot be played."""
    table = _table()
    if id in table["prints"]:
        return cards()[table["prints"][id]]
    if id in table["refused"]:
        raise CardError(f"{id} {table['refused'][id]}: it has an effect that is not implemented")
    raise CardError(f"{id}: no such card")


def deck(*counted: tuple[int, str] | str) -> list[Card]:
    """Cards by their ids, alone or as (number, id)."""
    found: list[Card] = []
    for entry in counted:
        count, id = (1, entry) if isinstance(entry, str) else entry
        found += [find(id)] * count
    return found
