"""One side of a battle as a player has been told of it: its Pokémon, and the one on the field."""

from __future__ import annotations

import dataclasses

BOOSTS = ("atk", "def", "spa", "spd", "spe", "accuracy", "evasion")


def to_id(name: str) -> str:
    """Showdown's toID."""
    return "".join(letter for letter in name.lower() if letter.isalnum() and letter.isascii())


@dataclasses.dataclass
class Mon:
    """One Pokémon as messages tell of it."""

    name: str
    species: str
    level: int
    gender: str
    order: int
    moves: dict[str, int] = dataclasses.field(default_factory=dict)
    """PP left, by move."""
    item: str | None = None
    """None: not known; "": known to have none."""
    ability: str = ""
    hp: int = 100
    status: str = ""
    slept: int = 0
    sketched: str = ""
    """The move that has taken Sketch's place."""

    def condition(self, text: str) -> None:
        """Take in "57/100 slp" or "0 fnt"."""
        share, _, status = text.partition(" ")
        self.hp = int(share.split("/")[0])
        self.status = "" if status == "fnt" else status


class Side:
    """A side: its Pokémon by nickname, the active one, and what stands on its ground."""

    def __init__(self) -> None:
        self.mons: dict[str, Mon] = {}
        self.active: Mon | None = None
        self.size = 0
        self.screens: dict[str, int] = {}
        """The turn in which each stands."""
        self.hazards: dict[str, int] = {}
        self.leave()

    def leave(self) -> None:
        """The active one leaves or faints."""
        self.boosts: dict[str, int] = dict.fromkeys(BOOSTS, 0)
        self.volatiles: set[str] = set()
        self.types: list[str] = []
        self.species = ""
        self.last_move = self.charging = self.disabled = ""
        self.toxic = self.perish = self.stockpile = 0
        self.borrowed: str | None = None
        """The ability of another that it has now, "" if not known which; None: its own."""
        self.copies: dict[str, int] | None = None
        """Moves and PP of one that is transformed; those of the foe that it has become, as far as they are told."""
        self.mimicked: dict[str, int] = {}
        """The move in Mimic's place, and its PP."""

    def ability(self) -> str:
        """The ability that the active Pokémon has now, "" if it is not known."""
        assert self.active is not None
        return self.active.ability if self.borrowed is None else self.borrowed

    def shows(self, mon: Mon, ability: str) -> None:
        """A message names the ability that ``mon`` has now."""
        if mon is self.active and self.borrowed is not None:
            self.borrowed = ability
        else:
            mon.ability = ability

    def pp(self, move: str) -> dict[str, int] | None:
        """The count that holds the active Pokémon's PP of ``move``."""
        assert self.active is not None
        if self.copies is not None:
            return self.copies
        return self.mimicked if move in self.mimicked else self.active.moves
