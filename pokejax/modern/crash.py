"""Jump Kick and High Jump Kick that fail hurt their user.

Source: ``onMoveFail`` of both in data/mods/gen4/moves.js: half the damage that the move would have done, of a whole
calculation with its draws; half the target's full hit points where the target's type is safe from it.
"""

from __future__ import annotations

import jax
import jax.numpy as jnp

from jaxenv.control import maybe
from pokejax.modern.data import MoveData, among, move_id
from pokejax.modern.hit import strike
from pokejax.modern.reach import immune_to
from pokejax.modern.view import View
from pokejax.modern.vitals import hurt

CRASHING = ("jumpkick", "highjumpkick")


def crash(view: View, data: MoveData, move: jax.Array, failed: jax.Array) -> View:
    """'MoveFail' where ``failed``."""
    failed = failed & among(move, [move_id(name) for name in CRASHING])

    def fall(view: View) -> View:
        immune = immune_to(view, data)
        view, blow = strike(view, data, move, failed & ~immune)
        damage = jnp.where(immune, view.foe.max_hp, blow.damage)
        most = view.foe.max_hp >> 1
        amount = jnp.clip(damage >> 1, 1, jnp.maximum(most, 1))
        return view.replace(user=hurt(view.user, amount, failed & (most > 0), indirect=False))

    return maybe(failed, fall, view, masked=True)
