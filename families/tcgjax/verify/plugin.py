"""The plugin of TCG Pocket: `tcgjax/pocket-a1` beside the reference in Python."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from families.tcgjax.verify.behaviours import BEHAVIOURS, SOURCES, behaviours
from families.tcgjax.verify.cases import inject, valid
from families.tcgjax.verify.fields import FIELDS, MODULES
from families.tcgjax.verify.fields import SOURCES as WRITTEN_BY
from families.tcgjax.verify.laws import PROPERTIES, RELATIONS, draws
from families.tcgjax.verify.mutants import MUTANTS, SURVIVORS
from families.tcgjax.verify.policies import POLICIES
from families.tcgjax.verify.sides import MutatedPocket, PocketCandidate, PocketSide
from verification.backends import BACKENDS, left_to_xla, vmap_of
from verification.plugin import (
    Behaviours,
    Checks,
    Draws,
    Injection,
    Laws,
    Mutants,
    Play,
    Plugin,
    Running,
    Sides,
    State,
)
from verification.statistics.margin import Margin

ID = "tcgjax/pocket-a1"
OPTIONS = ({}, {"first_player_draws": False}, {"turn_limit": 12}, {"limit": 40})
_MARGIN = Margin(0.05, reason="one game in twenty: less than a better deck is worth", anchor="declared")
BLIND_SPOTS = (
    "the reference is our own reading of the rules: docs/tcg-pocket.md names what public sources disagree on",
    "openings are the reference's own: the law of ours is tested by level 3d",
    "decks are those of the pool; injected hands and Pokémon are any of A1, A1a and P-A, not of later sets",
    "auto-reset is left to check_env: steps are those of step_env",
)


def plugin() -> Plugin:
    """Ours beside the reference."""
    return make()


def self_check() -> Plugin:
    """The reference as its own candidate: any difference is a false alarm."""
    return make(alone=True)


def make(alone: bool = False, backend: str = "xla") -> Plugin:
    """The plugin; `alone`: the reference beside itself. `backend` compiles the candidate's steps."""
    return Plugin(
        env="self-check/pocket-a1" if alone else ID,
        sides=Sides(
            reference=PocketSide,
            candidate=PocketSide if alone else partial(PocketCandidate, vmap=vmap_of(backend)),
            env_id=None if alone else ID,
        ),
        state=State(modules=MODULES, fields=FIELDS, sources=WRITTEN_BY, valid=valid),
        draws=Draws(noise="same_prng", sample=None if alone else draws),
        play=Play(options=OPTIONS, horizon=4000, policies=POLICIES),
        injection=Injection(inject=inject, interactions=inject),
        laws=Laws() if alone else Laws(properties=PROPERTIES, relations=RELATIONS),
        behaviours=Behaviours(shown=behaviours, declared=BEHAVIOURS, sources=SOURCES),
        mutants=Mutants(
            seeded=None if alone else lambda: MUTANTS,
            mutated=None if alone else MutatedPocket,
            self_check=self_check,
            survivors=SURVIVORS,
        ),
        checks=Checks(
            margins={"win_rate": _MARGIN},
            blind_spots=(*BLIND_SPOTS, *left_to_xla(backend, "restored states, masks and single resets")),
        ),
        running=Running(
            configure=partial(_configure, alone), backends=("xla",) if alone else BACKENDS, backend=backend
        ),
    )


def _configure(alone: bool, choices: Mapping[str, str]) -> Plugin:
    return make(alone, choices["backend"])
