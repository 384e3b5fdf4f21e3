"""The plugin: our environment beside its reference."""

from __future__ import annotations

from families.new.template.family.verify.behaviours import BEHAVIOURS, SOURCES, behaviours
from families.new.template.family.verify.cases import inject, interactions, valid
from families.new.template.family.verify.fields import FIELDS, MODULES, WRITTEN_BY
from families.new.template.family.verify.laws import PROPERTIES, RELATIONS, draws
from families.new.template.family.verify.mutants import MUTANTS
from families.new.template.family.verify.policies import POLICIES
from families.new.template.family.verify.sides import candidate, mutated, reference
from families.new.template.package.env import ID
from verification.plugin import Behaviours, Checks, Draws, Injection, Laws, Mutants, Play, Plugin, Sides, State
from verification.statistics.margin import Margin


def plugin() -> Plugin:
    """Our environment beside its reference."""
    return Plugin(
        env=ID,
        sides=Sides(reference=reference, candidate=candidate, env_id=ID),
        state=State(modules=MODULES, fields=FIELDS, sources=WRITTEN_BY, valid=valid),
        draws=Draws(noise="none", sample=draws),  # a step draws nothing; resets do
        play=Play(horizon=60, policies=POLICIES),
        injection=Injection(inject=inject, interactions=interactions),
        laws=Laws(properties=PROPERTIES, relations=RELATIONS),
        behaviours=Behaviours(shown=behaviours, declared=BEHAVIOURS, sources=SOURCES),
        mutants=Mutants(seeded=lambda: MUTANTS, mutated=mutated),
        checks=Checks(
            margins={"return": Margin(0.5, reason="half a piece of ore, less than a trip is worth", anchor="declared")},
            blind_spots=("other settings than the reference's own time limit are not compared",),
        ),
    )
