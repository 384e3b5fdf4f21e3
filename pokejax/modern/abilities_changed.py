"""Moves that change abilities.

Source: ``setAbility`` in sim/pokemon.js, ``skillSwap`` in sim/battle.js; Skill Swap, Role Play, Worry Seed in
data/moves.js.
"""

from __future__ import annotations

import jax
import jax.numpy as jnp

from pokejax.common.arrays import lookup
from pokejax.modern.data import ability_id, item_id, move_id, tables
from pokejax.modern.state import SLP
from pokejax.modern.view import View
from pokejax.modern.vitals import cure

ABILITY_MOVES = ("skillswap", "roleplay", "worryseed")


def _given(view: View, ability: jax.Array, when: jax.Array) -> View:
    """The user's ability replaced, its state as of one that has just come."""
    return view.on_user(when, ability=ability, ability_counter=0, ability_ending=0, ability_seek=0, ability_gluttony=0)


def change_abilities(view: View, move: jax.Array, when: jax.Array) -> tuple[View, jax.Array]:
    """The view, and bool whether the move did something."""
    mine, theirs = view.user.ability, view.foe.ability

    def flag(ability: jax.Array, name: str) -> jax.Array:
        return lookup(tables().abilities.flag(name), ability)

    def one(name: str) -> jax.Array:
        return when & (move == move_id(name))

    firm = flag(mine, "cantsuppress") | flag(theirs, "cantsuppress")
    swaps = one("skillswap") & (mine != theirs) & (view.foe.hp > 0) & (view.user.hp > 0)
    swaps = swaps & ~flag(mine, "failskillswap") & ~flag(theirs, "failskillswap") & ~_held(view)
    plays = one("roleplay") & (mine != theirs) & ~flag(theirs, "failroleplay") & ~firm & ~_held(view)
    seeds = one("worryseed") & ~flag(theirs, "cantsuppress") & ~_held(view.swapped())
    knows_mine, knows_theirs = view.knows_ability(True), view.knows_ability(False)
    # Role Play and Worry Seed name the abilities before and after, Skill Swap none.
    view = view.show_ability(True, plays).show_ability(False, plays | seeds)
    view = _given(view, theirs, swaps | plays)
    view = view.got_ability(True, plays | knows_theirs, swaps | plays)
    back = _given(view.swapped(), jnp.where(seeds, ability_id("insomnia"), mine), swaps | seeds)
    back = back.got_ability(True, seeds | knows_mine, swaps | seeds)
    # The foe's begins first (`own_effect`).
    view = back.swapped().replace(begins=jnp.where(swaps, 3, jnp.where(plays, 2, view.begins)))
    view = view.replace(foe=cure(view.foe, seeds & (view.foe.status == SLP)))
    return view, swaps | plays | seeds


def _held(view: View) -> jax.Array:
    """bool: the user's item holds its ability ('SetAbility')."""
    return view.user.item == item_id("griseousorb")
