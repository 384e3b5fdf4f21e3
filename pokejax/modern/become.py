"""Transform, Mimic and Sketch.

Source: ``transformInto`` in sim/pokemon.js; Mimic and Sketch in data/moves.js and data/mods/gen4/moves.js.
"""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np

from jaxenv.control import maybe
from pokejax.common.arrays import lookup, quotient
from pokejax.modern.data import move_flag, move_id, tables
from pokejax.modern.state import has
from pokejax.modern.tables import STATS
from pokejax.modern.view import View

BECOMING = ("transform", "mimic", "sketch")


def become(view: View, move: jax.Array, when: jax.Array) -> tuple[View, jax.Array]:
    """The view, and bool whether the move did something."""
    turns = when & (move == move_id("transform"))
    turns = turns & ~view.foe.transformed & ~view.foe.fainted
    view = maybe(turns, lambda v: _transform(v, turns), view)

    user, foe = view.user, view.foe
    apes = when & (move == move_id("mimic"))
    last = foe.last_move
    apes = apes & ~user.transformed & (last != 0) & ~has(foe, "substitute") & ~move_flag(last, "failmimic")
    apes = apes & ~jnp.any(user.moves == last)
    slot = (user.moves == move_id("mimic")) & apes
    pp = lookup(tables().moves.pp.astype(np.int32), last)
    most = quotient(pp * 8, 5)
    view = view.on_user(
        apes,
        moves=jnp.where(slot, last, user.moves),
        base_pp=jnp.where(slot, user.pp, user.base_pp),
        pp=jnp.where(slot, jnp.minimum(pp, 5), user.pp),
        max_pp=jnp.where(slot, most, user.max_pp),
        virtual=user.virtual | slot,
        used=user.used & ~slot,
    )
    did = turns | (apes & jnp.any(slot))

    user = view.user
    draws = when & (move == move_id("sketch"))
    draws = draws & ~user.transformed & (last != 0) & ~has(foe, "substitute") & ~move_flag(last, "nosketch")
    draws = draws & ~jnp.any(user.moves == last)
    slot = (user.moves == move_id("sketch")) & draws
    view = view.on_user(
        draws,
        moves=jnp.where(slot, last, user.moves),
        base_moves=jnp.where(slot, last, user.base_moves),
        pp=jnp.where(slot, pp, user.pp),
        max_pp=jnp.where(slot, pp, user.max_pp),
        used=user.used & ~slot,
    )
    return view, did | (draws & jnp.any(slot))


def _transform(view: View, when: jax.Array) -> View:
    user, foe = view.user, view.foe
    table = tables().moves
    plain = jnp.stack([lookup(table.pp.astype(np.int32), foe.moves[k]) for k in range(4)])
    # PP Ups are those of the slot, whatever stands in it.
    raised = table.max_pp > table.pp
    ups = jnp.stack([lookup(raised, user.base_moves[k]) for k in range(4)]) & (user.base_moves != 0)
    most = jnp.where(ups, quotient(plain * 8, 5), plain)
    there = foe.moves != 0
    # Its speed until it is next asked for: that of the species with effort and individual values of random battles.
    base = lookup(tables().species.base_stats[:, STATS.index("spe")].astype(np.int32), foe.species)
    speed = quotient((2 * base + 31 + 21) * user.level, 100) + 5
    known = view.knows_ability(False)
    view = view.on_user(
        when,
        species=foe.species, transformed=True, type1=foe.type1, type2=foe.type2, known_type=False,
        stats=foe.stats, boosts=foe.boosts, hidden_power_type=foe.hidden_power_type, hidden_power=foe.hidden_power,
        base_pp=jnp.where(user.virtual, user.base_pp, user.pp), moves=foe.moves,
        pp=jnp.where(there, jnp.minimum(plain, 5), 0),
        max_pp=jnp.where(there, most, 0),
        virtual=there, used=jnp.zeros(4, bool), disabled=jnp.zeros(4, jnp.int32), speed=speed,
        ability=foe.ability, ability_counter=0, ability_ending=0, ability_seek=0, ability_gluttony=0,
    )  # fmt: skip
    # It begins in `own_effect`.
    return view.got_ability(True, known, when).replace(begins=jnp.where(when, 2, view.begins))
