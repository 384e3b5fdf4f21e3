"""The order in which both Pokémon's residual effects run, and the draws that sorting them costs.

Source: ``fieldEvent``, ``speedSort``, ``resolvePriority`` in sim/battle.js. Handlers are sorted once, by order, cached
speed and sub-order; each group of n equal ones is shuffled by n - 1 draws. With unequal speeds nothing but the number
of draws is open. With equal ones the sort is played literally: its swaps decide who comes first in a class.
"""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np

from jaxenv.control import maybe
from pokejax.common.rng import Rng, draw
from pokejax.modern.data import ability_id, among, item_id
from pokejax.modern.state import Active, Battle, Field, Side, has

LAST = 31
"""Order of what has none."""
CLASSES = {
    "wish": (7, 3), "ingrain": (10, 1), "aquaring": (10, 2), "ability": (10, 3), "item": (10, 4), "leechseed": (10, 5),
    "status": (10, 6), "nightmare": (10, 7), "curse": (10, 8), "partiallytrapped": (10, 9), "baddreams": (10, 10),
    "uproar": (10, 11),
    "disable": (10, 13), "encore": (10, 14), "taunt": (10, 15), "magnetrise": (10, 16), "healblock": (10, 17),
    "embargo": (10, 18), "yawn": (10, 19), "orb": (10, 20), "perishsong": (12, 2), "roost": (25, 2),
    "slowstart": (28, 2), "truant": (LAST, 7), "micle": (LAST, 8), "herb": (29, 8), "future": (11, 3),
}  # fmt: skip
"""Handlers of a Pokémon: order and sub-order."""
_SIDES = ("reflect", "lightscreen", "mist", "safeguard", "tailwind", "luckychant")
LASTING = (
    "protect", "endure", "stall", "flinch", "lockedmove", "mustrecharge", "focuspunch", "lifeorb", "mefirst",
    "focussash", "twoturnmove", "fly", "dig", "dive", "bounce", "shadowforce", "counter", "mirrorcoat", "pursuit",
    "magiccoat", "snatch", "furycutter", "rollout", "iceball", "lockon", "bide", "beatup", "micleberry",
)  # fmt: skip
"""Volatile conditions with a duration and no order of their own: they end last."""
_STATUS_HANDLERS = (1, 5, 6)


def _present(mon: Active, side: Side) -> dict[str, jax.Array]:
    """Handlers that a Pokémon has, in the reference's order of collection."""
    found = {"status": among(mon.status, list(_STATUS_HANDLERS))}
    for name in ("aquaring", "curse", "disable", "embargo", "encore"):
        found[name] = has(mon, name)
    for name in LASTING:
        lasts = mon.data[f"{name}.duration"] > 0 if f"{name}.duration" in mon.data else True
        found[f"last.{name}"] = has(mon, name) & lasts
    for name in ("healblock", "ingrain", "leechseed", "magnetrise", "nightmare", "partiallytrapped", "perishsong",
                 "roost", "uproar", "taunt", "yawn"):  # fmt: skip
        found[name] = has(mon, name)
    found["ability"] = ability_raw(mon, "shedskin", "speedboost")
    found["baddreams"] = ability_raw(mon, "baddreams")
    found["slowstart"] = ability_raw(mon, "slowstart")
    found["truant"] = ability_raw(mon, "truant")
    found["item"] = among(mon.item, [item_id("leftovers"), item_id("blacksludge")])
    found["orb"] = among(mon.item, [item_id(name) for name in ("flameorb", "toxicorb", "stickybarb")])
    found["micle"] = among(mon.item, [item_id("micleberry")])
    found["herb"] = among(mon.item, [item_id("whiteherb")])
    found["wish"] = side.wish > 0
    found["future"] = side.future_move > 0
    for name in ("healingwish", "lunardance"):
        found[f"slot.{name}"] = getattr(side, name) > 0
    return found


def ability_raw(mon: Active, *names: str) -> jax.Array:
    """One of these abilities, suppressed or not: a handler that will be skipped is sorted all the same."""
    return among(mon.ability, [ability_id(name) for name in names])


def residual_order(battle: Battle) -> tuple[Rng, dict[str, jax.Array]]:
    """The generator after the sort, and for each class of `CLASSES` a bool: p2's handler comes first."""
    p1, p2 = battle.sides
    mons = (p1.active[0], p2.active[0])
    present = [_present(mon, side) for mon, side in zip(mons, battle.sides, strict=True)]
    tied = mons[0].speed == mons[1].speed
    rng = battle.rng
    faster = mons[1].speed > mons[0].speed

    def apart(rng: Rng) -> Rng:
        for name in _SIDES:
            both = (getattr(p1, name) > 0) & (getattr(p2, name) > 0)
            rng, _ = draw(rng, 2, both & ~tied)
        for found in present:
            lasting = [value for name, value in found.items() if name.startswith("last.")]
            count = jnp.sum(jnp.stack(lasting), dtype=jnp.int32)
            rng = jax.lax.fori_loop(0, len(lasting) - 1, lambda k, r, n=count: draw(r, 2, ~tied & (n > k + 1))[0], rng)
        return rng

    rng = apart(rng)
    names = list(CLASSES)

    def literal(state: tuple[Rng, jax.Array]) -> tuple[Rng, jax.Array]:
        return _literal(state[0], battle.field, battle.sides, present, tied, names)

    first = jnp.full(len(names), False) | faster
    rng, first = maybe(tied, literal, (rng, first), masked=False)
    return rng, {name: first[place] for place, name in enumerate(names)}


def _literal(
    rng: Rng,
    field: Field,
    sides: tuple[Side, Side],
    present: list[dict[str, jax.Array]],
    tied: jax.Array,
    names: list[str],
) -> tuple[Rng, jax.Array]:
    """The selection sort over all handlers, swap by swap."""
    keys: list[int] = []
    there: list[jax.Array] = []
    places: list[dict[str, int]] = [{}, {}]

    def add(order: int, sub: int, pokemon: bool, found: jax.Array) -> None:
        # A Pokémon's speed comes before none; both are equal here, so that one bit is enough.
        keys.append((order * 2 + (0 if pokemon else 1)) * 32 + sub)
        there.append(found)

    add(13, 5, False, field.trickroom > 0)
    add(9, 5, False, field.gravity > 0)
    add(8, 5, False, field.weather > 0)
    for n, side in enumerate(sides):
        for order, name in enumerate(_SIDES, 1):
            add(order, 4, False, getattr(side, name) > 0)
        for name, found in present[n].items():
            slot = (LAST, 3) if name.startswith("slot.") else (LAST, 2)
            order, sub = CLASSES.get(name, slot)
            places[n][name] = len(keys)
            add(order, sub, True, found)
    size = len(keys)
    here = jnp.stack(there)
    key = jnp.where(here, jnp.asarray(np.array(keys, np.int32)), 1 << 20)
    rank = jnp.cumsum(here.astype(jnp.int32)) - 1
    absent = jnp.cumsum((~here).astype(jnp.int32)) - 1
    count = jnp.sum(here, dtype=jnp.int32)
    position = jnp.where(here, rank, count + absent)
    far = jnp.int32(1 << 20)

    def place(t: jax.Array, position: jax.Array) -> jax.Array:
        open_ = position >= t
        least = jnp.min(jnp.where(open_, key, far + 1))
        came_from = jnp.min(jnp.where(open_ & (key == least), position, far))
        return jnp.where(position == came_from, t, jnp.where(position == t, came_from, position))

    position = jax.lax.fori_loop(0, size, place, position)

    def shuffle(t: jax.Array, state: tuple[Rng, jax.Array]) -> tuple[Rng, jax.Array]:
        rng, position = state
        mine = jnp.min(jnp.where(position == t, key, far + 1))
        group = jnp.sum((key == mine) & (position >= t), dtype=jnp.int32)
        rng, value = draw(rng, group, tied & (mine < far) & (group > 1))
        other = jnp.where(tied & (mine < far) & (group > 1), t + value, t)
        return rng, jnp.where(position == t, other, jnp.where(position == other, t, position))

    rng, position = jax.lax.fori_loop(0, size, shuffle, (rng, position))
    bits = [position[places[1][name]] < position[places[0][name]] for name in names]
    return rng, jnp.stack(bits)
