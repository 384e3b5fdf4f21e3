"""Moves and items before the turn's first action, and Pursuit of one that leaves.

Source: ``beforeTurnCallback`` of Pursuit, Counter, Mirror Coat and Focus Punch, and ``onFoeBeforeSwitchOut`` of Pursuit
in data/moves.js and data/mods/gen4/moves.js; ``resolveAction`` and
``insertChoice`` in sim/battle-queue.js; ``onBeforeTurn`` of Quick Claw and Custap Berry in data/mods/gen4/items.js.
"""

from __future__ import annotations

import jax
import jax.numpy as jnp
from jax import lax

from jaxenv.control import maybe
from pokejax.common.storage import select, update
from pokejax.modern.data import ability_id, among, move_id
from pokejax.modern.state import ACT_MOVE, FRZ, SLP, Active, Side, has
from pokejax.modern.updates import update_event
from pokejax.modern.view import View, ability_is, item_is, number_of

PREPARING = ("pursuit", "counter", "mirrorcoat", "focuspunch")


def prepares(side: Side) -> jax.Array:
    """bool: the side's chosen move does something before the turn."""
    return (side.act == ACT_MOVE) & among(side.act_move, [move_id(name) for name in PREPARING])


def before_turn(view: View, when: tuple[jax.Array, jax.Array], begins: jax.Array) -> View:
    """An 'Update' where the turn ``begins``, then 'beforeTurnMove' of both sides where ``when`` (p1's, p2's).

    Each of these is followed by an 'Update' too. None of them reads what the moves put on their users.
    """

    def both(view: View) -> View:
        for early in when:
            move = view.user_side.act_move
            for name in PREPARING:
                this = early & (move == move_id(name)) & ~has(view.user, name) & (view.user.hp > 0)
                numbers = {"source": number_of(view, True)} if name == "pursuit" else {}
                view = view.put_user(name, this, duration=1, **numbers)
            view = view.swapped()
        return view

    view = maybe(when[0] | when[1], both, view, masked=True)
    count = when[0].astype(jnp.int32) + when[1].astype(jnp.int32)

    def answer(k: jax.Array, view: View) -> View:
        return update_event(view, jnp.where(k == 0, begins, k <= count), copies=True)

    return lax.fori_loop(0, 3, answer, view)


def pursued(leaves: Active, foe: Active, foe_side: Side) -> jax.Array:
    """bool: the foe's Pursuit meets a Pokémon that leaves now."""
    helpless = (foe.status == FRZ) | (foe.status == SLP) | (ability_is(foe, "truant") & has(foe, "truant"))
    other = has(foe, "encore") & (foe.data["encore.move"] != move_id("pursuit"))
    waits = (foe_side.act == ACT_MOVE) & ~foe.fainted & (foe.hp > 0)
    here = (leaves.hp > 0) & ~leaves.skips_switch_out
    return here & has(foe, "pursuit") & ~helpless & ~other & waits


def hurry(view: View, when: jax.Array) -> View:
    """'BeforeTurn' of both, the faster first: Quick Claw draws, it or a Custap Berry brings a move forward.

    The view is p1's. Two such moves of equal priority and speed cost one more draw.
    """
    view, place = view.draw(2, when & view.tied)
    second = jnp.where(view.tied, place == 1, view.foe.speed > view.user.speed)
    acts = (view.user_side.act == ACT_MOVE) & (view.foe_side.act == ACT_MOVE)

    def both(view: View) -> View:
        view = select(second, view.swapped(), view)
        for _ in range(2):
            user = view.user
            claw = when & item_is(user, "quickclaw")
            view, roll = view.draw(5, claw)
            early = (user.hp * 2 <= user.max_hp) & (user.ability == ability_id("gluttony"))
            hungry = when & item_is(user, "custapberry") & ((user.hp * 4 <= user.max_hp) | early)
            comes = acts & ((claw & (roll == 0)) | hungry)
            view = view.replace(user_side=update(view.user_side, comes, act_event=True)).swapped()
        mine, theirs = view.user_side, view.foe_side
        equal = mine.act_event & theirs.act_event & (mine.act_priority == theirs.act_priority)
        equal = equal & (view.user.speed == view.foe.speed)
        view, late = view.draw(2, when & equal)
        first = jnp.where(late == 0, ~view.second, view.second)
        view = view.on_field(when & equal, first=first.astype(jnp.int32))
        return select(second, view.swapped(), view)

    holds = item_is(view.user, "quickclaw", "custapberry") | item_is(view.foe, "quickclaw", "custapberry")
    return maybe(when & holds, both, view, masked=True)


def fires(view: View) -> jax.Array:
    """bool: the user's item does bring its move forward, now that its time has come."""
    return item_is(view.user, "quickclaw", "custapberry") & (view.user.hp > 0) & ~view.user.fainted
