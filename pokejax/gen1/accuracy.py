"""Hit or miss of a move: invulnerability, immunity, accuracy with its 1/256 miss.

Source: data/mods/gen1/scripts.js ``tryMoveHit``.
"""

from __future__ import annotations

import jax.numpy as jnp

from jaxenv.control import maybe
from pokejax.common.arrays import quotient
from pokejax.gen1.damage import is_immune
from pokejax.gen1.dex import Status, Type, Volatile
from pokejax.gen1.move_data import MoveData
from pokejax.gen1.move_ids import Move
from pokejax.gen1.state import SPE
from pokejax.gen1.stats import stage_percent
from pokejax.gen1.status import has_type
from pokejax.gen1.view import View


def count_thrash(view: View, data: MoveData) -> View:
    """Thrash and Petal Dance start, count down, and confuse their user on the last turn, whether or not they hit."""

    def thrash(view: View) -> View:
        user = view.user
        when = view.proceeds & (data.self_volatile == Volatile.LOCKEDMOVE)
        goes_on = when & (user.locked_move > 0)
        ends = goes_on & (user.locked_turns == 1)
        view = view.on_user(goes_on, locked_turns=user.locked_turns - 1)
        view, confusion = view.draw(4, ends)
        # A confusion already there is replaced.
        view = view.on_user(ends, confusion_turns=confusion + 2)
        starts = when & ~goes_on
        view, turns = view.draw(2, starts)
        return view.on_user(starts, locked_move=view.move, locked_turns=turns + 2, locked_accuracy=255)

    return maybe(view.proceeds & (data.self_volatile == Volatile.LOCKEDMOVE), thrash, view, masked=True)


def check_reach(view: View, data: MoveData) -> View:
    """Conditions that stop a move before its accuracy is looked at. A self-destructing user faints even so."""
    user, foe = view.user, view.foe
    at_foe = ~data.target_self
    swift = (view.move == Move.SWIFT) | (view.move == Move.TRANSFORM)
    evaded = at_foe & foe.invulnerable & ~swift
    immune = at_foe & ~data.ignores_immunity & is_immune(data.type, foe)
    awake = (view.move == Move.DREAMEATER) & ~((foe.status == Status.SLP) & (foe.substitute_hp == 0))
    seeded = (view.move == Move.LEECHSEED) & has_type(foe, Type.GRASS)
    slower = data.ohko & (foe.modified[SPE] > user.modified[SPE])
    view = view.on_user(view.proceeds & data.selfdestruct & (evaded | immune), hp=0)
    return view.fail(evaded | immune | awake | seeded | slower)


def check_accuracy(view: View, data: MoveData) -> View:
    """The accuracy draw. Thrash and Rage carry their modified accuracy over to their next turn."""
    user, foe = view.user, view.foe
    certain = (data.accuracy == 0) | ((data.status == Status.SLP) & foe.must_recharge)
    locked, rages = user.locked_move > 0, user.rage_accuracy > 0
    accuracy = jnp.where(locked, user.locked_accuracy, data.accuracy)
    accuracy = jnp.where(rages, user.rage_accuracy, accuracy)
    accuracy = quotient(accuracy * stage_percent(user.accuracy), 100)
    accuracy = quotient(accuracy * stage_percent(-foe.evasion), 100)
    accuracy = jnp.clip(accuracy, 1, 255)
    rolls = view.proceeds & ~certain
    view = view.on_user(rolls & locked, locked_accuracy=accuracy)
    view = view.on_user(rolls & rages, rage_accuracy=accuracy)
    # Whoever the user has caught in its trapping move cannot be missed.
    rolls = rolls & ~((foe.trapped_turns > 0) & ~data.target_self)
    view, hits = view.chance(accuracy, rolls)
    misses = rolls & ~hits
    return view.set(misses, last_damage=0).fail(misses)
