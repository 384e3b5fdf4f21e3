"""What moves do before the turn's first action, and Pursuit of one that leaves.

Source: ``beforeTurnCallback`` of Pursuit, Counter, Mirror Coat and Focus Punch, and ``onFoeBeforeSwitchOut`` of Pursuit
in data/moves.js and data/mods/gen4/moves.js; ``resolveAction`` in sim/battle-queue.js.
"""

from __future__ import annotations

import jax
import jax.numpy as jnp
from jax import lax

from jaxenv.control import maybe
from pokejax.modern.data import among, move_id
from pokejax.modern.state import ACT_MOVE, FRZ, SLP, Active, Side, has
from pokejax.modern.updates import update_event
from pokejax.modern.view import View, ability_is, number_of

PREPARING = ("pursuit", "counter", "mirrorcoat", "focuspunch")


def prepares(side: Side) -> jax.Array:
    """bool: the side's chosen move does something before the turn."""
    return (side.act == ACT_MOVE) & among(side.act_move, [move_id(name) for name in PREPARING])


def before_turn(view: View, when: tuple[jax.Array, jax.Array]) -> View:
    """'beforeTurnMove' of both sides where ``when`` (p1's, p2's); each is followed by an 'Update'."""

    def both(view: View) -> View:
        for early in when:
            move = view.user_side.act_move
            for name in PREPARING:
                this = early & (move == move_id(name)) & ~has(view.user, name) & (view.user.hp > 0)
                numbers = {"source": number_of(view, True)} if name == "pursuit" else {}
                view = view.put_user(name, this, duration=1, **numbers)
            view = view.swapped()
        count = when[0].astype(jnp.int32) + when[1].astype(jnp.int32)
        return lax.fori_loop(0, 2, lambda k, v: update_event(v, k < count), view)

    return maybe(when[0] | when[1], both, view, masked=True)


def pursued(leaves: Active, foe: Active, foe_side: Side) -> jax.Array:
    """bool: the foe's Pursuit meets a Pokémon that leaves now."""
    helpless = (foe.status == FRZ) | (foe.status == SLP) | (ability_is(foe, "truant") & has(foe, "truant"))
    other = has(foe, "encore") & (foe.data["encore.move"] != move_id("pursuit"))
    waits = (foe_side.act == ACT_MOVE) & ~foe.fainted & (foe.hp > 0)
    here = (leaves.hp > 0) & ~leaves.skips_switch_out
    return here & has(foe, "pursuit") & ~helpless & ~other & waits
