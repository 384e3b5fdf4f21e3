"""Haze, Transform, Mimic, Conversion, Rest, Recover and Softboiled; Roar, Whirlwind, Teleport and Splash do nothing.

Source: their ``onHit`` in data/mods/gen1/moves.js; ``transformInto`` in sim/pokemon.js.
"""

from __future__ import annotations

import functools

import jax
import jax.numpy as jnp

from jaxenv.control import maybe
from pokejax.common.arrays import put, quotient, take
from pokejax.common.storage import update
from pokejax.gen1.damage import base_speed
from pokejax.gen1.dex import Status
from pokejax.gen1.move_ids import Move
from pokejax.gen1.state import COPIED_ALL, QUEUED_MOVE, Seat
from pokejax.gen1.stats import clear_boosts, refresh_speed
from pokejax.gen1.status import cure
from pokejax.gen1.view import View
from pokejax.gen1.volatiles import stop_disable

_TRANSFORM_PP = 5


def special_move(view: View, when: jax.Array) -> View:
    """Carry out the user's move where ``when``, if it is one of this file's."""

    def is_(*moves: Move) -> jax.Array:
        return when & functools.reduce(jnp.logical_or, [view.move == move for move in moves])

    heals = is_(Move.RECOVER, Move.SOFTBOILED, Move.REST)
    view = maybe(heals, lambda v: _heal(v, heals), view, masked=True)
    hazes = is_(Move.HAZE)
    view = maybe(hazes, lambda v: _haze(v, hazes), view, masked=True)
    mimics = is_(Move.MIMIC)
    view = maybe(mimics, lambda v: _mimic(v, mimics), view, masked=True)
    transforms = is_(Move.TRANSFORM)
    view = maybe(transforms, lambda v: _transform(v, transforms), view, masked=True)
    return view.on_user(is_(Move.CONVERSION), type1=view.foe.type1, type2=view.foe.type2)


def _heal(view: View, when: jax.Array) -> View:
    """Fails at full HP and, by a byte comparison, when 255 or 511 HP are missing (unless hp % 256 is 0)."""
    user = view.user
    missing = user.max_hp - user.hp
    glitch = ((missing == 255) | (missing == 511)) & ((user.hp & 255) != 0)
    works = when & (missing > 0) & ~glitch
    rests = works & (view.move == Move.REST)
    # Rest sets sleep like any move: the clauses' draw and the draw of its length happen, then 2 turns are written.
    view = view.tie(rests)
    view, _ = view.draw(7, rests)
    view = view.on_user(rests, status=Status.SLP, sleep_turns=2, slept_by_self=True)
    healed = jnp.where(view.move == Move.REST, user.max_hp, jnp.minimum(user.hp + (user.max_hp >> 1), user.max_hp))
    return view.on_user(works, hp=healed)


def _haze(view: View, when: jax.Array) -> View:
    """Both lose stages and several conditions; the foe its status, and its move if it was frozen or asleep."""
    foe = view.foe
    held = when & ((foe.status == Status.FRZ) | (foe.status == Status.SLP))
    foe = update(foe, held, last_selected_move=Move.CANNOTMOVE, last_enemy_selected_move=Move.CANNOTMOVE)
    foe = update(foe, held & (foe.queued >= QUEUED_MOVE), queued=QUEUED_MOVE + Move.CANNOTMOVE)
    foe = cure(foe, when & (foe.status != Status.NONE))
    # The user's bad poison becomes plain poison, through the clauses' handlers: one draw.
    badly = when & (view.user.status == Status.TOX)
    view = view.tie(badly)
    user = update(view.user, badly, status=Status.PSN)
    return view.replace(user=_clear_by_haze(user, when), foe=_clear_by_haze(foe, when))


def _clear_by_haze(seat: Seat, when: jax.Array) -> Seat:
    seat = refresh_speed(clear_boosts(seat, when), when)
    seat = stop_disable(seat, when)
    return update(
        seat,
        when,
        confusion_turns=0,
        mist=False,
        focus_energy=False,
        leech_seed=False,
        light_screen=False,
        reflect=False,
        toxic=False,
        toxic_counter=0,
    )


def _mimic(view: View, when: jax.Array) -> View:
    """Copy a random move of the foe into the slot last selected, PP kept."""
    foe = view.foe
    view, index = view.draw(jnp.sum(foe.moves != 0, dtype=jnp.int32), when)
    user, slot = view.user, view.user.last_selected_slot
    moves = put(user.moves, slot, take(foe.moves, index), when)
    copied = jnp.where(when, slot + 1, user.copied)
    return view.replace(user=user.replace(moves=moves, virtual=put(user.virtual, slot, True, when), copied=copied))


def _transform(view: View, when: jax.Array) -> View:
    """Become the foe: species, types, stats, stages and moves, each with 5 PP.

    Showdown caches the Speed the species would have with the user's own values (``setSpecies``): it decides ties until
    speeds are next refreshed.
    """
    user, foe = view.user, view.foe
    base = base_speed(foe.species)
    speed = quotient((2 * base + user.speed_bonus) * user.level, 100) + 5
    return view.on_user(
        when,
        transformed=True,
        species=foe.species,
        type1=foe.type1,
        type2=foe.type2,
        stats=foe.stats,
        modified=foe.modified,
        boosts=foe.boosts,
        accuracy=foe.accuracy,
        evasion=foe.evasion,
        moves=foe.moves,
        pp=jnp.where(foe.moves != 0, _TRANSFORM_PP, 0),
        virtual=foe.moves != 0,
        copied=COPIED_ALL,
        speed=speed,
    )
