"""Memory of what each side has shown and the battle does not keep.

What only the rules can tell is in `shown.Shown`; the rest is worked out from the battle before and after a step: moves
from PP spent, items from their changes, which are all announced, turns of screens from their counters.
"""

from __future__ import annotations

import jax
import jax.numpy as jnp

from jaxenv import struct
from pokejax.modern.shown import Shown, nothing_shown, packed
from pokejax.modern.state import MOVE_SLOTS, REQUEST_MOVE, TEAM_SIZE, Battle

LIGHTS = ("reflect", "lightscreen")
"""Screens whose length is hidden: Light Clay makes five turns eight."""


@struct.dataclass
class Memory(struct.Node):
    """The leading axis is the side that was seen."""

    shown: Shown
    moves: jax.Array
    """bool[2, 6, 4], by places of the team and of its moves: the foe's player knows that the Pokémon has this move."""
    items: jax.Array
    """bool[2, 6]: the item has changed before everybody's eyes, so that it is known, or known to be gone."""
    lights: jax.Array
    """int8[2, 2]: turns that have ended since Reflect and Light Screen began; 0 where there is none."""


def first_memory(shown: Shown | None = None) -> Memory:
    """Before the first decision; ``shown`` in the rules' dtypes, nothing by default."""
    return Memory(
        shown=packed(nothing_shown() if shown is None else shown),
        moves=jnp.zeros((2, TEAM_SIZE, MOVE_SLOTS), jnp.bool_),
        items=jnp.zeros((2, TEAM_SIZE), jnp.bool_),
        lights=jnp.zeros((2, len(LIGHTS)), jnp.int8),
    )


def own_pp(battle: Battle) -> jax.Array:
    """int8[2, 6, 4]: PP of every Pokémon's own moves, the active one's too."""
    rows = []
    for side, party in zip(battle.sides, battle.parties, strict=True):
        mon = side.active[0]
        pp = jnp.where(mon.virtual, mon.base_pp, mon.pp).astype(party.pp.dtype)
        rows.append(jnp.where(_place(mon.slot)[:, None], pp, party.pp))
    return jnp.stack(rows)


def held_items(battle: Battle) -> jax.Array:
    """int16[2, 6]."""
    rows = []
    for side, party in zip(battle.sides, battle.parties, strict=True):
        mon = side.active[0]
        rows.append(jnp.where(_place(mon.slot), mon.item.astype(party.item.dtype), party.item))
    return jnp.stack(rows)


def remember(memory: Memory, before: Battle, after: Battle, shown: Shown) -> Memory:
    """The memory after the step from ``before`` to ``after``, both packed; ``shown`` as the rules left it."""
    turned = (before.field.request == REQUEST_MOVE) | before.field.residual
    turned = (turned & ~after.field.residual).astype(jnp.int8)
    lights = []
    for n in range(2):
        was, now = before.sides[n], after.sides[n]
        row = []
        for k, name in enumerate(LIGHTS):
            left, before_left = getattr(now, name), getattr(was, name)
            anew = (before_left == 0) | (left > before_left - turned)
            count = jnp.where(anew, 0, memory.lights[n, k]) + turned
            row.append(jnp.where(left == 0, 0, count))
        lights.append(jnp.stack(row))
    return Memory(
        shown=packed(shown),
        moves=memory.moves | (own_pp(before) != own_pp(after)),
        items=memory.items | (held_items(before) != held_items(after)),
        lights=jnp.stack(lights),
    )


def _place(slot: jax.Array) -> jax.Array:
    """bool[6]: the place of the team."""
    return jnp.arange(TEAM_SIZE, dtype=jnp.int8) == slot.astype(jnp.int8)
