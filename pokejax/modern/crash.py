"""Jump Kick and High Jump Kick that fail hurt their user.

Source: ``onMoveFail`` of both in data/mods/gen4/moves.js: half the damage that the move would have done, of a whole
calculation with its draws; half the target's full hit points where the target's type is safe from it.
"""

from __future__ import annotations

import jax
import jax.numpy as jnp

from pokejax.modern.data import among, move_id
from pokejax.modern.view import View
from pokejax.modern.wounds import wounded

CRASHING = ("jumpkick", "highjumpkick")


def may_crash(move: jax.Array) -> jax.Array:
    """bool: the move hurts its user if it fails."""
    return among(move, [move_id(name) for name in CRASHING])


def crash(view: View, falls: jax.Array, safe: jax.Array, damage: jax.Array) -> View:
    """'MoveFail' where ``falls``. ``damage``: what the hit would have done; ``safe``: the foe's type is immune."""
    damage = jnp.where(safe, view.foe.max_hp, damage)
    most = view.foe.max_hp >> 1
    amount = jnp.clip(damage >> 1, 1, jnp.maximum(most, 1))
    return wounded(view, amount, falls & (most > 0), indirect=False)
