"""Moves that keep the foe on the field, or in sight.

Source: Mean Look, Block, Spider Web, Lock-On, Mind Reader in data/moves.js; ``addVolatile`` with a linked condition in
sim/pokemon.js.
"""

from __future__ import annotations

import jax

from pokejax.modern.data import among, move_id
from pokejax.modern.state import has
from pokejax.modern.view import View, number_of

HOLDING = ("meanlook", "block", "spiderweb", "lockon", "mindreader")


def hold(view: View, move: jax.Array, when: jax.Array) -> tuple[View, jax.Array]:
    """The view, and bool whether the move did something."""
    aims = when & among(move, [move_id("lockon"), move_id("mindreader")])
    view = view.put_user("lockon", aims & ~has(view.user, "lockon"), duration=2, source=number_of(view, False))
    traps = when & ~aims & (view.foe.hp > 0) & (view.user.hp > 0) & ~has(view.foe, "trapped")
    mine, theirs = number_of(view, True), number_of(view, False)
    view = view.put_foe("trapped", traps, source=mine, linkedPokemon=mine)
    view = view.put_user("trapper", traps & ~has(view.user, "trapper"), linkedPokemon=theirs)
    return view, aims | traps


def let_go(view: View, when: jax.Array) -> View:
    """The user leaves or falls: who is linked to it is free ('removeLinkedVolatiles')."""
    view = view.drop_foe("trapped", when & has(view.user, "trapper"))
    return view.drop_foe("trapper", when & has(view.user, "trapped"))
