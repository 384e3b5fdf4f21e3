"""The accuracy check.

Source: ``hitStepAccuracy`` in data/mods/gen4/scripts.js. Stages come before modifiers and are counted in floating
point; ``runEvent`` applies modifiers to whole numbers only, so that a fractional accuracy loses them all.
"""

from __future__ import annotations

import functools

import jax
import jax.numpy as jnp
import numpy as np

from pokejax.common.arrays import lookup
from pokejax.modern.data import MoveData, ability_id
from pokejax.modern.modifiers import ONE, chain, modify
from pokejax.modern.state import ACCURACY, ACT_MOVE, EVASION, HAIL, SAND, has, has_any
from pokejax.modern.stats import own_stage
from pokejax.modern.view import View, ability_is, item_is, number_of, weather_of

_STAGES = [1, 4 / 3, 5 / 3, 2, 7 / 3, 8 / 3, 3]
_WHOLE = 1 << 12


_LENSES = (1.0, 1.1, 1.2)
"""None, Wide Lens, Zoom Lens."""


@functools.cache
def staged_accuracies() -> np.ndarray:
    """int32[2 · 3 · 101 · 13 · 13]: the number to draw below, plus `_WHOLE` if it is exact.

    By the target's Bright Powder, the user's lens (`_LENSES`; factors of their own, in floating point, that may leave
    55.00000000000001), accuracy and both stages.
    """
    table = np.zeros((2, 3, 101, 13, 13), np.int32)
    for accuracy in range(101):
        for mine in range(-6, 7):
            for theirs in range(-6, 7):
                value = float(accuracy)
                value = value * _STAGES[mine] if mine > 0 else value / _STAGES[-mine]
                if theirs:
                    value = value / _STAGES[theirs] if theirs > 0 else value * _STAGES[-theirs]
                for powder in range(2):
                    for lens, factor in enumerate(_LENSES):
                        last = value * 0.9 if powder else value
                        last = last * factor if lens else last
                        whole = last == np.floor(last)
                        entry = int(np.ceil(last)) + (_WHOLE if whole else 0)
                        table[powder, lens, accuracy, mine + 6, theirs + 6] = entry
    return table.reshape(-1)


def check_accuracy(view: View, data: MoveData, when: jax.Array) -> tuple[View, jax.Array]:
    """bool: the move hits. One draw, unless it cannot miss."""
    user, foe = view.user, view.foe
    mine = own_stage(user, ACCURACY)
    seen = has_any(foe, "foresight", "miracleeye")
    theirs = own_stage(foe, EVASION)
    theirs = jnp.where(seen, jnp.minimum(theirs, 0), theirs)
    place = (data.accuracy * 13 + mine + 6) * 13 + theirs + 6
    waits = (view.foe_side.act == ACT_MOVE) & ~foe.fainted
    zoom = item_is(user, "zoomlens") & ~waits
    lens = jnp.where(zoom, 2, jnp.where(item_is(user, "widelens"), 1, 0))
    powder = jnp.where(item_is(foe, "brightpowder", "laxincense"), 3, 0)
    entry = lookup(staged_accuracies(), place + (powder + lens) * (101 * 13 * 13))
    whole = entry >= _WHOLE
    accuracy = entry & (_WHOLE - 1)

    modifier = jnp.int32(ONE)
    modifier = chain(modifier, ability_is(user, "compoundeyes"), 5324)
    weather = weather_of(view)
    veiled = (ability_is(foe, "sandveil") & (weather == SAND)) | (ability_is(foe, "snowcloak") & (weather == HAIL))
    modifier = chain(modifier, veiled, 3276)
    modifier = chain(modifier, ability_is(user, "hustle") & data.is_physical, 3276)
    modifier = chain(modifier, ability_is(foe, "tangledfeet") & has(foe, "confusion"), ONE // 2)
    modifier = chain(modifier, view.field.gravity > 0, 6840)
    accuracy = jnp.where(whole, modify(accuracy, modifier), accuracy)

    locked = has(user, "lockon") & (user.data["lockon.source"] == number_of(view, False))
    view = guards_tie(view, when)
    sure = (data.accuracy == 0) | locked | ability_is(user, "noguard") | ability_is(foe, "noguard")
    view, roll = view.draw(100, when & ~sure)
    return view, sure | (roll < accuracy)


def guards_tie(view: View, when: jax.Array) -> View:
    """Two No Guards answer 'Accuracy', of a move at its own user too: a draw at equal speeds."""
    user, foe = view.user, view.foe
    both = (user.ability == ability_id("noguard")) & (foe.ability == ability_id("noguard"))
    return view.update_tie(when & both)
