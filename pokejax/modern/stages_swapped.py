"""Moves that exchange stages.

Source: Power Swap, Guard Swap, Heart Swap in data/moves.js; Acupressure in data/mods/gen4/moves.js.
"""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np

from pokejax.modern.data import move_id
from pokejax.modern.state import has
from pokejax.modern.view import View

SWAPPING = ("powerswap", "guardswap", "heartswap", "acupressure")
_STAGES = {"powerswap": (0, 2), "guardswap": (1, 3), "heartswap": (0, 1, 2, 3, 4, 5, 6)}


def swap_stages(view: View, move: jax.Array, when: jax.Array) -> tuple[View, jax.Array]:
    """The view, and bool whether the move did something."""
    swaps = jnp.zeros(7, bool)
    for name, stages in _STAGES.items():
        chosen = jnp.asarray(np.isin(np.arange(7), stages))
        swaps = swaps | (chosen & (move == move_id(name)))
    mine, theirs = view.user.boosts, view.foe.boosts
    swaps = swaps & when
    view = view.on_user(when, boosts=jnp.where(swaps, theirs, mine))
    view = view.on_foe(when, boosts=jnp.where(swaps, mine, theirs))

    presses = when & (move == move_id("acupressure"))
    low = (view.user.boosts < 6) & ~has(view.user, "substitute")
    count = jnp.sum(low, dtype=jnp.int32)
    view, roll = view.draw(jnp.maximum(count, 1), presses & (count > 0))
    place = jnp.cumsum(low.astype(jnp.int32)) - 1
    chosen = low & (place == roll) & presses
    view = view.on_user(presses, boosts=jnp.minimum(view.user.boosts + jnp.where(chosen, 2, 0), 6))
    return view, ~presses | (count > 0)
