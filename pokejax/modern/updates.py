"""'Update': what items and abilities do whenever something has happened.

Source: ``eachEvent('Update')`` in sim/battle.js; the ``onUpdate`` handlers of data/items.js and data/abilities.js.
"""

from __future__ import annotations

import jax
import jax.numpy as jnp

from jaxenv.control import maybe
from pokejax.modern.data import among, item_id
from pokejax.modern.state import BRN, FRZ, NOTHING, PAR, PSN, SLP, TOX, drop, has
from pokejax.modern.view import View, ability_is
from pokejax.modern.vitals import cure, healed

CURES = {
    "cheriberry": (PAR,), "chestoberry": (SLP,), "pechaberry": (PSN, TOX), "rawstberry": (BRN,), "aspearberry": (FRZ,),
    "lumberry": (PAR, SLP, PSN, TOX, BRN, FRZ),
}  # fmt: skip
HEALING = {"oranberry": 10, "sitrusberry": 0}
RAISING = {"liechiberry": 0, "ganlonberry": 1, "petayaberry": 2, "apicotberry": 3, "salacberry": 4}
BERRIES = (*CURES, "persimberry", *HEALING, *RAISING)
_GUARDS = {
    "insomnia": (SLP,), "vitalspirit": (SLP,), "immunity": (PSN, TOX), "limber": (PAR,), "magmaarmor": (FRZ,),
    "waterveil": (BRN,),
}  # fmt: skip


def _use(view: View, when: jax.Array) -> View:
    """The user's berry is eaten."""
    return view.on_user(when, last_item=view.user.item, item=0, used_item=True)


def _own_update(view: View, when: jax.Array) -> View:
    user = view.user
    when = when & (user.hp > 0)
    for ability, statuses in _GUARDS.items():
        view = view.replace(user=cure(view.user, when & ability_is(user, ability) & among(user.status, list(statuses))))
    works = when & ~has(user, "embargo") & ~ability_is(user, "klutz")

    def berry(name: str) -> jax.Array:
        return works & (user.item == item_id(name))

    cures = jnp.bool_(False)
    for name, statuses in CURES.items():
        cures = cures | (berry(name) & among(view.user.status, list(statuses)))
    clears = berry("persimberry") | berry("lumberry")
    clears = clears & has(user, "confusion")
    view = view.replace(user=drop(cure(view.user, cures), "confusion", clears))
    view = view.drop_user("nightmare", cures & (user.status == SLP))
    eats = cures | clears
    half = user.hp * 2 <= user.max_hp
    for name, amount in HEALING.items():
        this = berry(name) & half
        view = view.replace(user=healed(view.user, jnp.where(amount == 0, user.max_hp >> 2, amount), this))
        eats = eats | this
    quarter = (user.hp * 4 <= user.max_hp) | (half & ability_is(user, "gluttony"))
    for name, stat in RAISING.items():
        this = berry(name) & quarter
        stage = jnp.minimum(view.user.boosts + (jnp.arange(7) == stat), 6)
        view = view.on_user(this, boosts=stage)
        eats = eats | this
    return _use(view, eats)


def update_event(view: View, when: jax.Array) -> View:
    """Both Pokémon's 'Update', the faster one's first; a tie costs a draw."""
    view, slower = view.draw(2, when & view.tied)
    busy = jnp.bool_(False)
    for mon in (view.user, view.foe):
        fruit = among(mon.item, [item_id(name) for name in BERRIES])
        guard = ability_is(mon, *_GUARDS) & (mon.status != NOTHING)
        busy = busy | ((fruit | guard) & ~mon.fainted)

    def answer(view: View) -> View:
        view = _own_update(view, when & ~view.user.fainted)
        return _own_update(view.swapped(), when & ~view.foe.fainted).swapped()

    del slower  # what these do to one Pokémon does not reach the other
    return maybe(when & busy, answer, view, masked=True)

