"""Both sides of the comparison."""

from __future__ import annotations

from collections.abc import Sequence

from families.new.template.package.env import Rover
from families.new.template.reference.driver import Driver
from verification.adapters.jaxenv import JaxenvCandidate, MutatedJaxenvCandidate
from verification.mutants.mutant import Mutant

PACKAGE = "families.new.template.package"
INFO = ("illegal",)
"""Entries of the step's info that are compared too."""


def reference() -> Driver:
    """The reference."""
    return Driver()


def candidate() -> JaxenvCandidate:
    """Ours."""
    return JaxenvCandidate(Rover(), info=INFO)


def mutated(mutants: Sequence[Mutant]) -> MutatedJaxenvCandidate:
    """Ours with all seeded bugs, one of which is at work."""
    return MutatedJaxenvCandidate(mutants, PACKAGE, f"{PACKAGE}.env:Rover", info=INFO)
