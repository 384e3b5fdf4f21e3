"""A seeded bug: one slip in the source of one function, and the level that should find it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

LEVELS = ("L0", "L1", "L2", "L3", "L3d", "L4")
"""The verifier's levels, cheapest first."""


class MutantError(ValueError):
    """A mutant that cannot be made; the message names it, the place and the remedy."""


@dataclass(frozen=True)
class Mutant:
    """One source-level slip.

    `id`: short and unique in its catalogue.
    `module`, `function`: the place; `function` is qualified inside the module ("View.draw", "count_thrash.thrash").
    `old`: an expression of that function, or a whole statement, in any layout (both sides are compared as
    `ast.unparse` writes them). It must stand there exactly once, or `occurrence` (from 1, in source order) picks one.
    `new`: what replaces it; "pass" drops a statement.
    `changes`: what is wrong with the mutant, in the field's words.
    `expected`: the cheapest of `LEVELS` that should find it.
    `owner`: modules of the *record* in which it should show first; `module` is where the bug itself is.
    `why`: why somebody would write it, or what makes it hard to find.
    """

    id: str
    module: str
    function: str
    old: str
    new: str
    changes: str
    expected: str
    owner: tuple[str, ...] = ()
    why: str = ""
    occurrence: int | None = None

    @property
    def place(self) -> str:
        """Module and function, for messages."""
        return f"{self.module}.{self.function}"


def check_mutants(mutants: Sequence[Mutant]) -> None:
    """Raise a `MutantError` for a repeated id, an unknown level, or a mutant that changes nothing."""
    seen: dict[str, Mutant] = {}
    for mutant in mutants:
        if mutant.id in seen:
            places = f"{seen[mutant.id].place} and {mutant.place}"
            raise MutantError(f"two mutants are called {mutant.id!r} ({places}); rename one")
        seen[mutant.id] = mutant
        if mutant.expected not in LEVELS:
            raise MutantError(f"mutant {mutant.id}: unknown level {mutant.expected!r}; one of {', '.join(LEVELS)}")
        if mutant.old.split() == mutant.new.split():
            raise MutantError(f"mutant {mutant.id} ({mutant.place}): old and new are the same: {mutant.old!r}")
        if mutant.occurrence is not None and mutant.occurrence < 1:
            raise MutantError(f"mutant {mutant.id}: occurrence counts from 1, got {mutant.occurrence}")
