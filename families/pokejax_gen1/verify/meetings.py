"""The conditions of Gen 1's rules, and of what its players are shown, which level 2 makes meet."""

from __future__ import annotations

from pathlib import Path

from families.pokejax_gen1.verify.steps import traced
from families.pokejax_gen1.verify.watched import environment
from verification.plugin import Conditions


def conditions(env: str) -> Conditions:
    """Those of the environment of this id, by injection alone: a record's fields depend on one another."""
    return Conditions(
        traced=lambda: traced(environment(env)),
        within=("pokejax.env", "pokejax.gen1"),
        crossed=False,
        impossible=Path(__file__).with_name("meetings.toml"),
    )
