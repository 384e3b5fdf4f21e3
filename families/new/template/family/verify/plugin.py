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
from verification.plugin import Plugin
from verification.statistics.margin import Margin


def plugin() -> Plugin:
    """Our environment beside its reference."""
    return Plugin(
        env=ID,
        env_id=ID,
        reference=reference,
        candidate=candidate,
        noise="none",  # a step draws nothing
        horizon=60,
        modules=MODULES,
        fields=FIELDS,
        sources=WRITTEN_BY,
        policies=POLICIES,
        inject=inject,
        interactions=interactions,
        valid=valid,
        properties=PROPERTIES,
        relations=RELATIONS,
        behaviours=behaviours,
        declared=BEHAVIOURS,
        behaviour_sources=SOURCES,
        draws=draws,
        margins={"return": Margin(0.5, reason="half a piece of ore: less than one trip is worth", anchor="declared")},
        mutants=lambda: MUTANTS,
        mutated=mutated,
        blind_spots=("other settings than the reference's own time limit are not compared",),
    )
