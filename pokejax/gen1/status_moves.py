"""Moves that do no damage: stages, status, volatile conditions, healing, and the one-of-a-kind moves.

Source: data/mods/gen1/moves.js; ``moveHit`` in data/mods/gen1/scripts.js.
"""

from __future__ import annotations

import jax
import jax.numpy as jnp

from jaxenv.control import maybe
from pokejax.common.arrays import argmax, take
from pokejax.common.storage import update
from pokejax.gen1.dex import Status, Volatile
from pokejax.gen1.hit import lower_foe
from pokejax.gen1.move_data import MoveData
from pokejax.gen1.special_moves import special_move
from pokejax.gen1.stats import boost_stat, weaken_by_status
from pokejax.gen1.status import set_status_on_foe
from pokejax.gen1.view import View
from pokejax.gen1.volatiles import confuse_foe, release


def status_move(view: View, data: MoveData, when: jax.Array) -> View:
    """Carry out a status move (or Bide) where ``when``. Whether it "failed" has no consequence, so none is recorded."""
    blocked = ~data.target_self & (view.foe.substitute_hp > 0) & _substitute_blocks(data)
    when = when & ~blocked
    view = maybe(when & (data.boost_stat > 0), lambda v: _stages(v, data, when), view, masked=True)
    view = maybe(when & (data.status > 0), lambda v: _status(v, data, when), view, masked=True)
    view = maybe(when & (data.volatile > 0), lambda v: _volatile(v, data, when), view, masked=True)
    plain = (data.boost_stat > 0) | (data.status > 0) | (data.volatile > 0)
    return maybe(when & ~plain, lambda v: special_move(v, when), view, masked=True)


def _substitute_blocks(data: MoveData) -> jax.Array:
    """Poison, stage drops and confusion stop at a Substitute; sleep, paralysis, Leech Seed and Disable do not."""
    poisons = (data.status == Status.PSN) | (data.status == Status.TOX)
    return poisons | (data.boost_stat > 0) | (data.volatile == Volatile.CONFUSION)


def _stages(view: View, data: MoveData, when: jax.Array) -> View:
    when = when & (data.boost_stat > 0)
    stat, delta = data.boost_stat - 1, data.boost_delta
    user, raised = boost_stat(view.user, stat, delta, when & data.target_self)
    view = view.replace(user=user)
    misty = view.foe.mist & (delta < 0)
    view, lowered = lower_foe(view, stat, delta, when & ~data.target_self & ~misty)
    # Whoever was boosted, the foe of the mover pays for its burn or paralysis once more.
    return view.replace(foe=weaken_by_status(view.foe, raised | lowered))


def _status(view: View, data: MoveData, when: jax.Array) -> View:
    when = when & (data.status > 0)
    # Sleep replaces any other status of a Pokémon that has to recharge, and spares it the recharge.
    catches = when & (data.status == Status.SLP) & view.foe.must_recharge
    inflicts = catches | (when & (view.foe.status == Status.NONE))
    view, took = set_status_on_foe(view, data.status, inflicts)
    view = view.on_foe(took & catches, must_recharge=False)
    return view.replace(foe=weaken_by_status(view.foe, took))


def _volatile(view: View, data: MoveData, when: jax.Array) -> View:
    def is_(volatile: Volatile) -> jax.Array:
        return when & (data.volatile == volatile)

    view = confuse_foe(view, is_(Volatile.CONFUSION))
    view = view.on_foe(is_(Volatile.LEECHSEED), leech_seed=True)
    view = view.on_user(is_(Volatile.MIST), mist=True)
    view = view.on_user(is_(Volatile.FOCUSENERGY), focus_energy=True)
    view = view.on_user(is_(Volatile.LIGHTSCREEN), light_screen=True)
    view = view.on_user(is_(Volatile.REFLECT), reflect=True)
    view = _disable(view, is_(Volatile.DISABLE))
    view = _substitute(view, is_(Volatile.SUBSTITUTE))
    bides = is_(Volatile.BIDE) & (view.user.bide_turns == 0)
    view, turns = view.draw(2, bides)
    return view.on_user(bides, bide_turns=turns + 2, bide_damage=0)


def _disable(view: View, when: jax.Array) -> View:
    """Disable one of the foe's moves with PP left, at random, for 1–8 attempts."""

    def disable(view: View) -> View:
        usable = view.foe.pp > 0
        starts = when & jnp.any(usable) & (view.foe.disable_turns == 0)
        view, choice = view.draw(jnp.sum(usable, dtype=jnp.int32), starts)
        rank = jnp.cumsum(usable.astype(jnp.int32)) - 1
        slot = argmax(usable & (rank == choice))
        view, turns = view.draw(8, starts)
        move = take(view.foe.moves, slot)
        return view.on_foe(starts, disable_turns=turns + 1, disable_slot=slot, disable_move=move)

    return maybe(when, disable, view, masked=True)


def _substitute(view: View, when: jax.Array) -> View:
    """A quarter of the HP for a Substitute: refused below a quarter, fatal at exactly a quarter."""
    user = view.user
    makes = when & (user.substitute_hp == 0) & (4 * user.hp >= user.max_hp)
    cost = user.max_hp >> 2
    seat = update(user, makes, substitute_hp=cost + 1, hp=jnp.where(user.max_hp > 3, user.hp - cost, user.hp))
    return view.replace(user=release(seat, makes))
