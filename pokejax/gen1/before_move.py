"""Conditions that keep a Pokémon from using its move, in Showdown's order of priority.

Freeze, sleep, being trapped, flinching, recharging, Disable, confusion, paralysis, Bide, and the trapping lock.
Source: the ``onBeforeMove`` handlers of data/mods/gen1/conditions.js and data/mods/gen1/moves.js.
"""

from __future__ import annotations

import jax
import jax.numpy as jnp

from jaxenv.control import maybe
from pokejax.common.arrays import quotient
from pokejax.common.storage import update
from pokejax.gen1.dex import Status
from pokejax.gen1.move_ids import Move
from pokejax.gen1.state import ATK, DEF
from pokejax.gen1.stats import attack_boost
from pokejax.gen1.view import View
from pokejax.gen1.volatiles import break_substitute, stop_bide, stop_disable, stop_thrashing, stop_trapping


def _stop(view: View, when: jax.Array) -> View:
    return view.replace(proceeds=view.proceeds & ~when)


def before_move(view: View, target_self: jax.Array) -> View:
    """``runEvent('BeforeMove')``: ``proceeds`` of the result says whether the user may go on with ``view.move``."""
    user = view.user
    view = maybe((user.status == Status.FRZ) | (user.status == Status.SLP), _frozen_or_asleep, view, masked=True)
    view = _stop(view, view.user.trapped_turns > 0)
    view = _stop(view, view.user.flinch)
    recharges = view.proceeds & view.user.must_recharge
    view = _stop(view.on_user(recharges, must_recharge=False), recharges)
    view = maybe(view.user.disable_turns > 0, _disabled, view, masked=True)
    view = maybe(view.user.confusion_turns > 0, _confused, view, masked=True)
    view = maybe(view.user.status == Status.PAR, _paralysed, view, masked=True)
    view = maybe(view.user.bide_turns > 0, _biding, view, masked=True)
    # A trapping move lets go when its victim is no longer there, or when Metronome replaced it.
    gone = view.proceeds & (view.user.trapping_move > 0) & (target_self | (view.foe.trapped_turns == 0))
    return view.replace(user=stop_trapping(view.user, gone))


def _frozen_or_asleep(view: View) -> View:
    user = view.user
    asleep = view.proceeds & (user.status == Status.SLP)
    stopped = asleep | (view.proceeds & (user.status == Status.FRZ))
    view = view.on_user(asleep, sleep_turns=user.sleep_turns - 1)
    return _stop(view.on_user(stopped, last_move=0), stopped)


def _disabled(view: View) -> View:
    user = view.user
    when = view.proceeds & (user.disable_turns > 0)
    ends = when & (user.disable_turns == 1)
    view = view.on_user(when, disable_turns=user.disable_turns - 1)
    view = view.replace(user=stop_disable(view.user, ends))
    used = jnp.where(user.bide_turns > 0, Move.BIDE, view.move)
    stopped = when & ~ends & (used == user.disable_move)
    return _stop(view.on_user(stopped, two_turn_move=0), stopped)


def _confused(view: View) -> View:
    user = view.user
    when = view.proceeds & (user.confusion_turns > 0)
    view = view.on_user(when, confusion_turns=user.confusion_turns - 1)
    rolls = when & (view.user.confusion_turns > 0)
    view, fine = view.chance(128, rolls)
    hurts = rolls & ~fine
    power = (quotient(2 * user.level, 5) + 2) * user.modified[ATK] * 40
    view = hurt_itself(view, quotient(quotient(power, jnp.maximum(user.modified[DEF], 1)), 50) + 2, hurts)
    stopped = hurts & (view.user.hp > 0)
    seat = stop_thrashing(stop_trapping(stop_bide(view.user, stopped), stopped), stopped)
    seat = update(seat, stopped, two_turn_move=0, invulnerable=False)
    return _stop(view.replace(user=seat), hurts)


def _paralysed(view: View) -> View:
    view, stopped = view.chance(63, view.proceeds & (view.user.status == Status.PAR))
    seat = stop_thrashing(stop_trapping(stop_bide(view.user, stopped), stopped), stopped)
    # Invulnerability of Dig and Fly stays: it lasts until the user switches or completes such a move.
    return _stop(view.replace(user=update(seat, stopped, two_turn_move=0)), stopped)


def _biding(view: View) -> View:
    user = view.user
    when = view.proceeds & (user.bide_turns > 0)
    stored = user.bide_damage + view.last_damage
    view = view.on_user(when, bide_damage=stored, bide_turns=user.bide_turns - 1)
    ends = when & (view.user.bide_turns == 0)
    view = _unleash(view, 2 * stored, ends & (stored > 0))
    return _stop(view.replace(user=stop_bide(view.user, ends)), when)


def _unleash(view: View, amount: jax.Array, when: jax.Array) -> View:
    """Bide's blow: it never misses and knows no types, but a Substitute takes it."""
    foe = view.foe
    shielded = when & (foe.substitute_hp > 0)
    bare = when & ~shielded
    seat, _ = break_substitute(foe, amount, shielded)
    dealt = jnp.minimum(amount, foe.hp)
    seat = update(seat, bare, hp=foe.hp - dealt)
    seat = attack_boost(seat, bare & (seat.rage_accuracy > 0))
    view = view.set(shielded, last_damage=amount).set(bare, last_damage=dealt)
    return view.replace(foe=seat)


def hurt_itself(view: View, amount: jax.Array, when: jax.Array) -> View:
    """Damage of confusion or a crash to the user.

    A user behind a Substitute takes none: the *foe's* Substitute takes it, if there is one.
    Source: sim/battle.js ``directDamage``.
    """
    user = view.user
    when = when & (user.hp > 0)
    view = view.set(when, last_damage=amount)
    shielded = when & (user.substitute_hp > 0)
    foe, _ = break_substitute(view.foe, amount, shielded & (view.foe.substitute_hp > 0))
    view = view.on_user(when & ~shielded, hp=jnp.maximum(user.hp - amount, 0))
    return view.replace(foe=foe)
