"""Conditions that keep a Pokémon from using its move, in the reference's order of priority.

Source: the ``onBeforeMove`` handlers of data/mods/gen4 and of what it inherits.
"""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np

from jaxenv.control import maybe
from pokejax.modern.damage import formula
from pokejax.modern.data import MoveData, move_data, move_id, type_id
from pokejax.modern.shown import show_sleep
from pokejax.modern.state import FALSE, FRZ, NULL, PAR, SLP, SPE, drop, has
from pokejax.modern.tables import Category
from pokejax.modern.view import View, ability_is, item_is, number_of
from pokejax.modern.vitals import cure
from pokejax.modern.wounds import wounded


def before_move(view: View, move: jax.Array, data: MoveData) -> tuple[View, jax.Array]:
    """``runEvent('BeforeMove')`` for the user: the view, and bool whether it goes on to use ``move``."""
    no = jnp.bool_(False)

    def stop(view: View, go: jax.Array, when: jax.Array, result: int = FALSE) -> tuple[View, jax.Array]:
        return view.on_user(when, result_this_turn=result), go & ~when

    go = jnp.bool_(True)
    tied = has(view.user, "rage") & has(view.user, "grudge")
    view, _ = view.draw(2, tied)
    view = view.drop_user("rage").drop_user("grudge")
    recharges = has(view.user, "mustrecharge")
    view = view.drop_user("truant", recharges)
    view, go = stop(view.drop_user("mustrecharge", recharges), go, recharges, NULL)

    def helpless(state: tuple[View, jax.Array]) -> tuple[View, jax.Array]:
        view, go = state
        frozen = go & (view.user.status == FRZ)
        view, thaw = view.draw(5, frozen)
        view = view.replace(user=cure(view.user, frozen & (thaw == 0)))
        stays = frozen & (thaw != 0) & ~data.flag("defrost")
        asleep = go & (view.user.status == SLP)
        steps = jnp.where(ability_is(view.user, "earlybird"), 2, 1)
        time = view.user.sleep_time - steps
        wakes = asleep & (time <= 0)
        view = view.on_user(asleep, sleep_time=time)
        view = view.replace(shown=show_sleep(view.shown, number_of(view, True), jnp.bool_(False), asleep & ~wakes))
        view = view.replace(user=drop(cure(view.user, wakes), "nightmare", wakes))
        stays = stays | (asleep & ~wakes & ~data.flag("sleep_usable"))
        return stop(view, go, stays)

    bad = (view.user.status == SLP) | (view.user.status == FRZ)
    view, go = maybe(go & bad, helpless, (view, go), masked=True)

    lazy = go & has(view.user, "truant") & ability_is(view.user, "truant")
    view, go = stop(view.show_ability(True, lazy), go, lazy)
    flinches = go & has(view.user, "flinch")
    faster = jnp.minimum(view.user.boosts + (jnp.arange(7) == SPE).astype(jnp.int32), 6)
    firm = flinches & ability_is(view.user, "steadfast")
    view = view.show_ability(True, firm & (view.user.boosts[SPE] < 6)).on_user(firm, boosts=faster)
    view, go = stop(view, go, flinches)
    disabled = go & has(view.user, "disable") & (view.user.data["disable.move"] == move)
    view, go = stop(view, go, disabled)
    view, go = stop(view, go, go & (view.field.gravity > 0) & data.flag("gravity"))
    view, go = stop(view, go, go & has(view.user, "healblock") & data.flag("heal"))
    view, go = stop(view, go, go & has(view.user, "taunt") & data.is_status)
    barred = has(view.foe, "imprison") & ~view.foe.fainted & jnp.any(view.foe.moves == move)
    view, go = stop(view, go, go & barred & (move != move_id("struggle")))

    def dazed(state: tuple[View, jax.Array]) -> tuple[View, jax.Array]:
        view, go = state
        when = go & has(view.user, "confusion")
        time = view.user.data["confusion.time"] - 1
        view = view.put_user("confusion", when, time=time)
        view = view.drop_user("confusion", when & (time <= 0))
        when = when & (time > 0)
        view, heads = view.draw(2, when)
        strikes = when & (heads == 1)
        blow = _own_blow()
        view, found = formula(view, view.user, view.user, blow, jnp.int32(0), jnp.int32(type_id("???")), strikes)
        view = wounded(view, found.damage, strikes, indirect=False)
        marks = strikes & item_is(view.user, "lifeorb") & ~has(view.user, "substitute") & (view.user.hp > 0)
        return stop(view.put_user("lifeorb", marks), go, strikes)

    view, go = maybe(go & has(view.user, "confusion"), dazed, (view, go), masked=True)

    smitten = go & has(view.user, "attract")
    view, heart = view.draw(2, smitten)
    view, go = stop(view, go, smitten & (heart == 0))

    numb = go & (view.user.status == PAR) & ~ability_is(view.user, "magicguard")
    view, cramp = view.draw(4, numb)
    view, go = stop(view, go, numb & (cramp == 0))

    view = view.drop_user("destinybond", ~go | (move != move_id("destinybond")))
    return view, go | no


def _own_blow() -> MoveData:
    """A confused Pokémon's blow at itself: 40 power, physical, without a type."""
    data = move_data(jnp.int32(0))
    values = {"base_power": jnp.int32(40), "category": jnp.int32(Category.PHYSICAL), "crit_ratio": jnp.int32(0)}
    return data.replace(**values, flags=jnp.int32(np.int32(0)))
