"""'Update': what items and abilities do whenever something has happened.

Source: ``eachEvent('Update')`` in sim/battle.js; the ``onUpdate`` handlers of data/items.js and data/abilities.js.
"""

from __future__ import annotations

import functools

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from jaxenv.control import maybe
from pokejax.common.arrays import lookup
from pokejax.common.storage import update
from pokejax.modern.ability_starts import trace
from pokejax.modern.data import ability_id, item_id, tables
from pokejax.modern.state import BRN, FRZ, PAR, PSN, SLP, TOX, Active, drop, has, put
from pokejax.modern.two_turns import use_item
from pokejax.modern.view import View, ability_is, ignores_item, number_of
from pokejax.modern.vitals import cure, healed

CURES = {
    "cheriberry": (PAR,),
    "chestoberry": (SLP,),
    "pechaberry": (PSN, TOX),
    "rawstberry": (BRN,),
    "aspearberry": (FRZ,),
    "lumberry": (PAR, SLP, PSN, TOX, BRN, FRZ),
}
HEALING = {"oranberry": 10, "sitrusberry": -1}
"""HP; -1 for a quarter of the full."""
RAISING = {"liechiberry": 0, "ganlonberry": 1, "petayaberry": 2, "apicotberry": 3, "salacberry": 4}
OTHERS = ("lansatberry", "starfberry", "leppaberry", "berryjuice", "mentalherb")
BERRIES = (*OTHERS, *CURES, "persimberry", *HEALING, *RAISING)
GUARDS = {
    "insomnia": (SLP,),
    "vitalspirit": (SLP,),
    "immunity": (PSN, TOX),
    "limber": (PAR,),
    "magmaarmor": (FRZ,),
    "waterveil": (BRN,),
}
_CONFUSION = 1 << 8


@functools.cache
def _berries() -> np.ndarray:
    """int32[items, 3]: bits of the statuses cured (and `_CONFUSION`), HP restored, 1 + the stat raised."""
    table = np.zeros((len(tables().items.id), 3), np.int32)
    for name, statuses in CURES.items():
        table[item_id(name), 0] = sum(1 << status for status in statuses)
    for name in ("lumberry", "persimberry"):
        table[item_id(name), 0] |= _CONFUSION
    for name, amount in HEALING.items():
        table[item_id(name), 1] = amount
    for name, stat in RAISING.items():
        table[item_id(name), 2] = 1 + stat
    return table


@functools.cache
def _guards() -> np.ndarray:
    """int32[abilities]: bits of the statuses that an ability cures."""
    table = np.zeros(len(tables().abilities.id), np.int32)
    for name, statuses in GUARDS.items():
        table[ability_id(name)] = sum(1 << status for status in statuses)
    return table


def eaten(view: View, berry: jax.Array, when: jax.Array) -> View:
    """'Eat' of a berry, from wherever it comes, by the user: what it does, without taking it from anyone."""
    row = lookup(_berries(), berry)
    mon = view.user
    ill = when & (mon.status != 0) & (((row[0] >> mon.status) & 1) == 1)
    dizzy = when & ((row[0] & _CONFUSION) != 0)
    mon = drop(drop(cure(mon, ill), "confusion", dizzy), "nightmare", ill)
    heals = when & (row[1] != 0)
    mon = healed(mon, jnp.where(row[1] < 0, mon.max_hp >> 2, row[1]), heals & (mon.hp < mon.max_hp))
    stage = jnp.minimum(mon.boosts + (jnp.arange(7) == row[2] - 1).astype(mon.boosts.dtype), 6)
    mon = update(mon, when & (row[2] > 0), boosts=stage)
    mon = put(mon, "focusenergy", when & (berry == item_id("lansatberry")))
    empty = (mon.moves != 0) & (mon.pp == 0)
    spent = (mon.moves != 0) & (mon.pp < mon.max_pp)
    slots = jnp.where(jnp.any(empty), empty, spent)
    slot = slots & (jnp.cumsum(slots.astype(jnp.int32)) == 1)
    leppa = when & (berry == item_id("leppaberry"))
    mon = update(mon, leppa, pp=jnp.where(slot, jnp.minimum(mon.pp + 10, mon.max_pp), mon.pp))
    view = view.replace(user=mon)
    starf = when & (berry == item_id("starfberry"))
    low = (view.user.boosts < 6) & (jnp.arange(7) < 5)
    count = jnp.sum(low, dtype=jnp.int32)
    view, roll = view.draw(jnp.maximum(count, 1), starf & (count > 0))
    chosen = low & (jnp.cumsum(low.astype(jnp.int32)) - 1 == roll)
    view = view.on_user(starf, boosts=jnp.minimum(view.user.boosts + jnp.where(chosen, 2, 0), 6))
    return view


def _own_update(view: View, when: jax.Array) -> View:
    user = view.user
    when = when & (user.hp > 0) & ~user.fainted
    flung = when & has(user, "fling")
    view = use_item(view, flung).drop_user("fling", flung)
    user = view.user
    gone = has(user, "attract") & (user.data["attract.source"] != number_of(view, False))
    mon = drop(user, "attract", when & (gone | view.foe.fainted))
    sobers = when & ability_is(mon, "oblivious") & has(mon, "attract")
    mon = drop(mon, "attract", sobers)
    guard = lookup(_guards(), user.ability)
    active = ability_is(user, *GUARDS, "owntempo")
    guarded = when & active & (((guard >> user.status) & 1) == 1)
    mon = drop(cure(mon, guarded), "nightmare", guarded)
    calms = when & ability_is(mon, "owntempo") & has(mon, "confusion")
    mon = drop(mon, "confusion", calms)
    view = view.show_ability(True, guarded | sobers | calms)
    view = view.replace(user=mon)

    free = when & ~ignores_item(user)
    row = lookup(_berries(), user.item)
    ill = free & (mon.status != 0) & (((row[0] >> mon.status) & 1) == 1)
    dizzy = free & ((row[0] & _CONFUSION) != 0) & has(mon, "confusion")
    half = user.hp * 2 <= user.max_hp
    hungry = free & (row[1] != 0) & half
    early = half & ability_is(user, "gluttony") & (user.ability_gluttony == 2)
    quarter = (user.hp * 4 <= user.max_hp) | early
    special = (user.item == item_id("lansatberry")) | (user.item == item_id("starfberry"))
    raised = free & ((row[2] > 0) | special) & quarter
    dry = jnp.any((mon.moves != 0) & (mon.pp == 0))
    fills = free & (user.item == item_id("leppaberry")) & dry
    eats = ill | dizzy | hungry | raised | fills
    view = eaten(view, user.item, eats)
    juice = free & (user.item == item_id("berryjuice")) & half
    view = view.replace(user=healed(view.user, jnp.int32(20), juice & (user.hp < user.max_hp)))
    herb = free & (user.item == item_id("mentalherb")) & has(view.user, "attract")
    return use_item(view.drop_user("attract", herb), eats | juice | herb)


def update_event(view: View, when: jax.Array, *, copies: bool = False) -> View:
    """Both Pokémon's 'Update'; a tie costs a draw, and what each does to itself does not reach the other.

    ``copies``: an ability that Trace finds here is taken and begins; elsewhere there is none to be found.
    """
    view = view.update_tie(when)

    def both_trace(view: View) -> View:
        return lax.fori_loop(0, 2, lambda _, v: trace(v, when, copies=copies).swapped(), view)

    def seeks(mon: Active) -> jax.Array:
        return (mon.ability == ability_id("trace")) & (mon.ability_seek == 2)

    view = maybe(when & (seeks(view.user) | seeks(view.foe)), both_trace, view, masked=True)
    busy = [
        (lookup(_guards(), mon.ability) != 0)
        | (mon.ability == ability_id("owntempo"))
        | lookup(_answering(), mon.item)
        | has(mon, "attract")
        | has(mon, "fling")
        for mon in (view.user, view.foe)
    ]

    def answer(view: View) -> View:
        return lax.fori_loop(0, 2, lambda _, v: _own_update(v, when).swapped(), view)

    return maybe(when & (busy[0] | busy[1]), answer, view, masked=True)


@functools.cache
def _answering() -> np.ndarray:
    """bool[items]: items that answer an 'Update'."""
    found = (_berries() != 0).any(1)
    for name in OTHERS:
        found[item_id(name)] = True
    return found
