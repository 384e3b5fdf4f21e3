"""One row of Gen 1's catalogue."""

from __future__ import annotations

from verification.mutants.mutant import Mutant


def slip(
    id: str, place: str, old: str, new: str, changes: str, expected: str, owner: str, why: str = "", **which: int
) -> Mutant:
    """A `Mutant` of pokejax.gen1: `place` is "module:function", `owner` record modules separated by spaces."""
    module, _, function = place.partition(":")
    return Mutant(
        id=id,
        module=f"pokejax.gen1.{module}",
        function=function,
        old=old,
        new=new,
        changes=changes,
        expected=expected,
        owner=tuple(owner.split()),
        why=why,
        **which,
    )
