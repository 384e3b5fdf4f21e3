"""Numbers that stand for Showdown's names, from its own dex."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any


def to_id(name: str) -> str:
    """Showdown's id of a name: its letters and digits, in lower case."""
    return "".join(letter for letter in name.lower() if letter.isalnum() and letter.isascii())


@dataclass(frozen=True)
class Names:
    """Tables that the worker gives (`numbers` in dex.js).

    `moves`: id → number; `pp`: id → PP of a fresh move. `species`: name → number; `types_of`: name → one or two numbers
    of types. `types`, `statuses`: name → number.
    """

    moves: Mapping[str, int]
    pp: Mapping[str, int]
    species: Mapping[str, int]
    types_of: Mapping[str, tuple[int, ...]]
    types: Mapping[str, int]
    statuses: Mapping[str, int]

    @cached_property
    def move_of(self) -> dict[int, str]:
        """Id of each number of a move."""
        return {number: id_ for id_, number in self.moves.items()}

    @classmethod
    def of(cls, told: Mapping[str, Any]) -> Names:
        """The tables as the worker tells them."""
        return cls(
            moves={id_: row[0] for id_, row in told["moves"].items()},
            pp={id_: row[2] for id_, row in told["moves"].items()},
            species={name: row[0] for name, row in told["species"].items()},
            types_of={name: tuple(row[1]) for name, row in told["species"].items()},
            types=told["types"],
            # A fainted Pokémon has no status.
            statuses={**told["statuses"], "fnt": 0},
        )
