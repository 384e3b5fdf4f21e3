"""Choices that are fixed while a battle is traced: the generation, the Pokémon of a side on the field, the clauses."""

from __future__ import annotations

import dataclasses

CLAUSES = ("sleep",)


@dataclasses.dataclass(frozen=True)
class Rules:
    """Python values, hashed; every combination is a program of its own."""

    gen: int = 4
    actives: int = 1
    clauses: tuple[str, ...] = ("sleep",)
    """"sleep": Sleep Clause Mod."""

    def __post_init__(self) -> None:
        if self.gen != 4:
            raise ValueError(f"generation {self.gen}: the modern engine has Generation 4 so far")
        unknown = [clause for clause in self.clauses if clause not in CLAUSES]
        if unknown:
            raise ValueError(f"clause {unknown[0]!r}: the modern engine has {', '.join(CLAUSES)}")
