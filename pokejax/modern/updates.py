"""'Update': what items and abilities do whenever something has happened.

Source: ``eachEvent('Update')`` in sim/battle.js; the ``onUpdate`` handlers of data/items.js and data/abilities.js.
"""

from __future__ import annotations

import functools

import jax
import jax.numpy as jnp
import numpy as np

from jaxenv.control import maybe
from pokejax.common.arrays import lookup
from pokejax.common.storage import update
from pokejax.modern.data import ability_id, item_id, tables
from pokejax.modern.state import BRN, FRZ, PAR, PSN, SLP, TOX, drop, has
from pokejax.modern.view import View, ability_is
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
BERRIES = (*CURES, "persimberry", *HEALING, *RAISING)
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


def _own_update(view: View, when: jax.Array) -> View:
    user = view.user
    when = when & (user.hp > 0) & ~user.fainted
    guarded = when & (((lookup(_guards(), user.ability) >> user.status) & 1) == 1)
    view = view.show_ability(True, guarded)
    mon = cure(user, guarded)
    berry = lookup(_berries(), user.item)
    ill = when & (mon.status != 0) & (((berry[0] >> mon.status) & 1) == 1)
    dizzy = when & ((berry[0] & _CONFUSION) != 0) & has(user, "confusion")
    mon = drop(cure(mon, ill), "confusion", dizzy)
    half = user.hp * 2 <= user.max_hp
    hungry = when & (berry[1] != 0) & half
    mon = healed(mon, jnp.where(berry[1] < 0, user.max_hp >> 2, berry[1]), hungry)
    quarter = (user.hp * 4 <= user.max_hp) | (half & ability_is(user, "gluttony"))
    raised = when & (berry[2] > 0) & quarter
    stage = jnp.minimum(user.boosts + (jnp.arange(7) == berry[2] - 1), 6)
    eats = ill | dizzy | hungry | raised
    mon = update(mon, raised, boosts=stage)
    return view.replace(user=update(mon, eats, last_item=user.item, item=0, used_item=True))


def update_event(view: View, when: jax.Array) -> View:
    """Both Pokémon's 'Update'; a tie costs a draw, and what each does to itself does not reach the other."""
    view = view.update_tie(when)
    busy = [
        (lookup(_guards(), mon.ability) != 0) | jnp.any(lookup(_berries(), mon.item) != 0)
        for mon in (view.user, view.foe)
    ]

    def answer(view: View) -> View:
        return _own_update(_own_update(view, when).swapped(), when).swapped()

    return maybe(when & (busy[0] | busy[1]), answer, view, masked=True)
