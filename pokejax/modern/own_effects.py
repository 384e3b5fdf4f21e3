"""Effects that a move's function has on its target, move by move; the rest of a move's effects are its table row.

Source: ``onHit``, ``onAfterHit`` and ``self.onHit`` in data/moves.js and data/mods/gen4/moves.js.
"""

from __future__ import annotations

from collections.abc import Callable

import jax
import jax.numpy as jnp
from jax import lax

from jaxenv.control import maybe
from pokejax.common.arrays import quotient
from pokejax.modern.abilities_changed import ABILITY_MOVES, change_abilities
from pokejax.modern.ability_starts import ability_start
from pokejax.modern.become import BECOMING, become
from pokejax.modern.calls import CALLERS, call
from pokejax.modern.conditions import reset_side
from pokejax.modern.data import MoveData, among, move_id
from pokejax.modern.holding import HOLDING, hold
from pokejax.modern.rules import Rules
from pokejax.modern.shown import show_sleep
from pokejax.modern.small_effects import SMALL, small_effect
from pokejax.modern.stages_swapped import SWAPPING, swap_stages
from pokejax.modern.state import CLEAR, HAIL, HAZARDS, RAIN, SAND, SLP, SOURCE_ALLY, SUN, drop, has, put
from pokejax.modern.taken_items import TAKING, take_items
from pokejax.modern.thrown import thrown_effect
from pokejax.modern.view import View, number_of, weather_of
from pokejax.modern.vitals import cure, healed, hurt_directly
from pokejax.modern.wishes import WISHING, wish_for

Family = Callable[[View, jax.Array, jax.Array], tuple[View, jax.Array]]
"""The view, the move, when; the view, and bool whether it did something."""
_FAMILIES: tuple[tuple[tuple[str, ...], Family], ...] = (
    (WISHING, wish_for),
    (TAKING, take_items),
    (CALLERS, call),
    (SWAPPING, swap_stages),
    (ABILITY_MOVES, change_abilities),
    (HOLDING, hold),
    (SMALL, small_effect),
    (BECOMING, become),
    (("fling",), thrown_effect),
)
OWN_EFFECTS = [
    "protect",
    "detect",
    "rest",
    "painsplit",
    "bellydrum",
    "refresh",
    "morningsun",
    "synthesis",
    "moonlight",
    "splash",
    "teleport",
    "payday",
    "substitute",
    "rapidspin",
    "smellingsalts",
    "wakeupslap",
    "psychup",
    "endure",
    *(name for names, _ in _FAMILIES for name in names),
]
"""Moves with such a function that is written here or in a family's file."""

_HERE = [name for name in OWN_EFFECTS if not any(name in names for names, _ in _FAMILIES)]


def own_effect(
    view: View, data: MoveData, move: jax.Array, rules: Rules, when: jax.Array, own: jax.Array
) -> tuple[View, jax.Array, jax.Array]:
    """The view, bool whether the move has such an effect that can fail, and bool whether it did something."""
    del rules, own
    special = when & among(move, [move_id(name) for name in _HERE])

    def one(name: str) -> jax.Array:
        return when & (move == move_id(name))

    def effect(state: tuple[View, jax.Array]) -> tuple[View, jax.Array]:
        view, did = state
        user, foe = view.user, view.foe

        stalls = one("protect") | one("detect") | one("endure")
        again = stalls & has(user, "stall")
        counter = jnp.where(again, jnp.minimum(user.data["stall.counter"] * 2, 8), 2)
        view = view.put_user("stall", stalls, duration=2, counter=counter)

        rests = one("rest")
        view, _ = view.draw(4, rests)  # the turns that it then overwrites
        view = view.on_user(rests, status=SLP, sleep_time=3, toxic_stage=0, status_source=SOURCE_ALLY)
        view = view.replace(shown=show_sleep(view.shown, number_of(view, True), rests, jnp.bool_(False)))
        view = view.drop_user("nightmare", rests)
        view = view.replace(user=healed(view.user, user.max_hp, rests))

        splits = one("painsplit")
        mean = jnp.maximum((user.hp + foe.hp) >> 1, 1)
        view = view.on_foe(splits & (foe.hp > 0), hp=jnp.minimum(mean, foe.max_hp))
        view = view.on_user(splits, hp=jnp.minimum(mean, user.max_hp))

        drums = one("bellydrum")
        able = drums & (user.hp * 2 > user.max_hp) & (user.boosts[0] < 6) & (user.max_hp > 1)
        full = jnp.where(jnp.arange(7) == 0, 6, user.boosts)
        view = view.replace(user=hurt_directly(view.user, user.max_hp >> 1, able)).on_user(able, boosts=full)
        did = did & (~drums | able)

        fresh = one("refresh")
        sick = (user.status == 1) | (user.status == 2) | (user.status == 5) | (user.status == 6)
        view = view.replace(user=cure(view.user, fresh & sick))
        did = did & (~fresh | sick)

        basks = one("morningsun") | one("synthesis") | one("moonlight")
        weather = weather_of(view)
        part = jnp.where(weather == SUN, quotient(user.max_hp * 2, 3), user.max_hp >> 1)
        dull = (weather == RAIN) | (weather == SAND) | (weather == HAIL)
        part = jnp.where(dull & (weather != CLEAR), user.max_hp >> 2, part)
        view = view.replace(user=healed(view.user, part, basks & (user.hp < user.max_hp)))

        cuts = one("substitute")
        view = view.replace(user=hurt_directly(view.user, user.max_hp >> 2, cuts))

        spins = one("rapidspin") & (view.user.hp > 0)
        mon = drop(drop(view.user, "leechseed", spins), "partiallytrapped", spins)
        side = view.user_side
        for name in HAZARDS:
            side = reset_side(side, name, spins)
        view = view.replace(user=mon, user_side=side)

        wakes = one("wakeupslap") & (foe.status == SLP)
        wakes = wakes | (one("smellingsalts") & (foe.status == 2))
        view = view.replace(foe=cure(view.foe, wakes))

        copies = one("psychup")
        view = view.on_user(copies, boosts=foe.boosts)
        focused = copies & has(foe, "focusenergy")
        mon = put(drop(view.user, "focusenergy", copies), "focusenergy", focused)
        view = view.replace(user=mon)
        return view, did

    view, did = maybe(special, effect, (view, jnp.bool_(True)), masked=True)
    undone = among(move, [move_id(name) for name in ("bellydrum", "refresh")])
    for names, run in _FAMILIES:
        this = when & among(move, [move_id(name) for name in names])

        def family(state: tuple[View, jax.Array], run: Family = run, this: jax.Array = this) -> tuple[View, jax.Array]:
            view, worked = run(state[0], move, this)
            return view, jnp.where(this, worked, state[1])

        view, did = maybe(this, family, (view, did), masked=True)
        undone, special = undone | this, special | this
    return _begin_abilities(view), special & undone, did


def _begin_abilities(view: View) -> View:
    """Abilities that a move gave begin, the foe's first: one copy of that rule for all moves."""

    def one(k: jax.Array, view: View) -> View:
        starts = ((view.begins >> k) & 1) == 1
        return maybe(starts, lambda v: ability_start(v, starts), view).swapped()

    def both(view: View) -> View:
        return lax.fori_loop(0, 2, one, view.swapped()).swapped().replace(begins=jnp.int32(0))

    return maybe(view.begins != 0, both, view)
