"""One row of Gen 1's catalogue."""

from __future__ import annotations

from verification.mutants.mutant import Mutant


def slip(
    id: str, place: str, old: str, new: str, changes: str, expected: str, owner: str, why: str = "", **which: int
) -> Mutant:
    """A `Mutant` of the engine: `place` is "module:function", `owner` record modules separated by spaces.

    Modules are those of `pokejax.gen1`, but for the generator's, which all generations share, and for those of another
    package, which stand with their whole name.
    """
    module, _, function = place.partition(":")
    package = "pokejax.common" if module == "rng" else "pokejax.gen1"
    whole = module.startswith(("pokejax.", "jaxenv."))
    return Mutant(
        id=id,
        module=module if whole else f"{package}.{module}",
        function=function,
        old=old,
        new=new,
        changes=changes,
        expected=expected,
        owner=tuple(owner.split()),
        why=why,
        **which,
    )
