"""Policies that reach every part of the game; uniform play is always there beside them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from references.protocol import Actions, Snapshot
from references.tcg_pocket.actions import ABILITY, ATTACH, ATTACK, DISCARD_FOSSIL, END, EVOLVE, OWN, PLAY, RETREAT
from references.tcg_pocket.env import AGENTS

_CLUMSY = 0.1
_KINDS = {
    "play": (PLAY, EVOLVE),
    "evolve": (EVOLVE, ATTACH),
    "attach": (ATTACH, RETREAT),
    "active": (ATTACH, ATTACH + 1),
    "retreat": (RETREAT, ABILITY),
    "ability": (ABILITY, ATTACK),
    "attack": (ATTACK, DISCARD_FOSSIL),
    "choice": (OWN, 143),
}


def _first_of(order: tuple[str, ...], rng: np.random.Generator, legal: Mapping[str, Any]) -> Actions:
    """For each player one of the first kind of actions that is legal, or any at all."""
    chosen = {}
    for agent in AGENTS:
        allowed = np.flatnonzero(legal[agent])
        pick = allowed
        if rng.random() > _CLUMSY:
            found = (allowed[(allowed >= low) & (allowed < high)] for low, high in (_KINDS[kind] for kind in order))
            pick = next((some for some in found if len(some)), allowed)
        chosen[agent] = int(rng.choice(pick))
    return chosen


def builder(rng: np.random.Generator, snapshot: Snapshot, legal: Mapping[str, Any]) -> Actions:
    """Does all that it can before it attacks: long turns, evolved Pokémon, full Benches."""
    del snapshot
    return _first_of(("choice", "evolve", "play", "attach", "ability", "attack"), rng, legal)


def attacker(rng: np.random.Generator, snapshot: Snapshot, legal: Mapping[str, Any]) -> Actions:
    """Evolves, gives its Active Pokémon Energy and attacks: many knock-outs, short games."""
    del snapshot
    return _first_of(("choice", "evolve", "active", "attack", "play"), rng, legal)


def runner(rng: np.random.Generator, snapshot: Snapshot, legal: Mapping[str, Any]) -> Actions:
    """Gives Energy to anybody, retreats and never attacks: games that end by the turn limit."""
    del snapshot
    waits = {agent: mask.copy() for agent, mask in legal.items()}
    for mask in waits.values():
        if mask[END]:
            mask[ATTACK:DISCARD_FOSSIL] = False
    return _first_of(("choice", "attach", "retreat", "ability", "play"), rng, waits)


POLICIES = {"builder": builder, "attacker": attacker, "runner": runner}
