"""Effects after a move: trapping, recharge and Thrash bookkeeping, then waking, poison, burn and Leech Seed.

Source: the ``onAfterMove`` and ``onAfterMoveSelf`` handlers of data/mods/gen1/conditions.js and moves.js.
"""

from __future__ import annotations

import jax
import jax.numpy as jnp

from jaxenv.control import maybe
from pokejax.common.storage import update
from pokejax.gen1.dex import Status
from pokejax.gen1.status import cure
from pokejax.gen1.view import View
from pokejax.gen1.volatiles import stop_thrashing, stop_trapping

_FIVE_TURNS = 5


def after_move(view: View, when: jax.Array) -> View:
    """``runEvent('AfterMove')`` for a move that was used, where ``when``."""
    user = view.user
    involved = (user.trapping_move > 0) | user.must_recharge | (user.locked_move > 0)
    return maybe(when & involved, lambda v: _after_move(v, when), view, masked=True)


def _after_move(view: View, when: jax.Array) -> View:
    foe_fainted = view.foe.hp <= 0
    view = view.on_user(when & view.user.must_recharge & foe_fainted, must_recharge=False)
    thrashed = when & (view.user.locked_move > 0) & (view.user.locked_turns <= 0) & (view.user.hp > 0)
    view = view.replace(user=stop_thrashing(view.user, thrashed))

    user = view.user
    traps = when & (user.trapping_move > 0)
    view = view.replace(user=stop_trapping(user, traps & foe_fainted))
    traps = traps & ~foe_fainted
    last = traps & (user.trapping_turns == 1)
    # Neither player can tell that the trap has sprung open, unless it held for the longest time there is.
    pretends = last & (user.trapping_total != _FIVE_TURNS)
    view = view.on_user(pretends & (user.fake_trapped_turns == 0), fake_trapped_turns=2)
    view = view.on_foe(pretends & (view.foe.fake_trapped_turns == 0), fake_trapped_turns=2)
    holds = traps & ~last
    view = view.on_foe(holds, trapped_turns=2)
    return view.on_foe(holds & (user.trapping_total > user.trapping_turns), trapped_maybe_locked=True)


def after_move_self(view: View, when: jax.Array) -> View:
    """``runEvent('AfterMoveSelf')`` for the user, where ``when``: also for one that could not move."""
    user = view.user
    involved = (user.status >= Status.PSN) | (user.status == Status.BRN) | (user.status == Status.SLP) | user.leech_seed
    return maybe(when & involved, lambda v: _after_move_self(v, when), view, masked=True)


def _after_move_self(view: View, when: jax.Array) -> View:
    user = view.user
    hurt_by_status = (user.status == Status.BRN) | (user.status == Status.PSN) | (user.status == Status.TOX)
    hurt_by_status = when & hurt_by_status
    counted = hurt_by_status & user.toxic
    view = view.on_user(counted, toxic_counter=user.toxic_counter + 1)
    wakes = when & (user.status == Status.SLP) & (user.sleep_turns <= 0)
    view = view.replace(user=cure(view.user, wakes))

    sixteenth = jnp.maximum(user.max_hp >> 4, 1)
    times = jnp.where(view.user.toxic, view.user.toxic_counter, 1)
    view = view.on_user(hurt_by_status, hp=jnp.maximum(view.user.hp - sixteenth * times, 0))

    # Leech Seed works on a user that has just fainted too: the foe heals all the same.
    seeded = when & user.leech_seed & (view.foe.hp > 0)
    view = view.on_user(seeded & view.user.toxic, toxic_counter=view.user.toxic_counter + 1)
    amount = sixteenth * jnp.where(view.user.toxic, view.user.toxic_counter, 1)
    view = view.on_user(seeded, hp=jnp.maximum(view.user.hp - amount, 0))
    return view.replace(foe=update(view.foe, seeded, hp=jnp.minimum(view.foe.hp + amount, view.foe.max_hp)))
