"""Gen 1's seeded bugs: slips that somebody porting Pokémon Showdown to this engine could make.

Ids P1–P20 and X3–X15 are those of the project's catalogue of Pokémon and JAX porting bugs, as they apply here. Three of
the former speak of later generations and are replaced by slips of the same kind: P15 (Leftovers before poison) by Leech
Seed after a fatal poison, P17 (a Choice lock that survives) by Rage that does not lock, P18 (abilities before hazards)
by poison that bites a replacement. The other ids are words. No mutant is known to be equivalent to the original.
"""

from __future__ import annotations

from families.pokejax_gen1.verify.mutants.attacks import ATTACKS
from families.pokejax_gen1.verify.mutants.conditions import CONDITIONS
from families.pokejax_gen1.verify.mutants.flow import FLOW
from families.pokejax_gen1.verify.mutants.given_out import GIVEN_OUT
from verification.mutants.mutant import Mutant

MUTANTS: tuple[Mutant, ...] = (*ATTACKS, *CONDITIONS, *FLOW, *GIVEN_OUT)
"""Number k of the mutation switch is entry k − 1."""

PACKAGES = ("jaxenv", "pokejax.common", "pokejax.env", "pokejax.gen1", "families.pokejax_gen1.verify")
"""Packages to copy, so that a mutated engine drives its own verification plugin."""
