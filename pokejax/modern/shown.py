"""Facts that a battle's messages have shown: of items, abilities, sleep, appearances and the weather.

The rules write it where Showdown prints it, since no number of a battle tells that Leftovers were named. It lives
beside the rules' state: a battle that nobody observes carries None instead, and its program is the same as without.
A Pokémon's place is `view.number_of` less 1: 0 to 5 p1's team, 6 to 11 p2's.
"""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np

from jaxenv import struct
from pokejax.common.storage import empty, narrow, stored, update, widen

EVERYBODY = 12


@struct.dataclass
class Shown(struct.Node):
    """Facts that no other number of the state holds; int32 inside the rules, as declared in storage."""

    items: jax.Array = stored(np.int16)
    """A bit for each Pokémon: its item, or that it has none, is known to the foe's player."""
    abilities: jax.Array = stored(np.int16)
    """A bit for each Pokémon: its own ability was named."""
    borrowed: jax.Array = stored(np.int8)
    """A bit for each side: its active Pokémon has another ability than its own now, and it is known which."""
    appeared: jax.Array = stored(np.int8, EVERYBODY)
    """Place in the order of a side's first ``|switch|``, from 1; 0 not yet."""
    slept: jax.Array = stored(np.int8, EVERYBODY)
    """``|cant|…|slp`` since it fell asleep last; stale while it is awake."""
    weather_turns: jax.Array = stored(np.int8)
    """Turns that have ended since the weather began, at most `LONG`."""


LONG = 100


def nothing_shown() -> Shown:
    """Before anybody has come in."""
    return empty(Shown)


def packed(shown: Shown) -> Shown:
    """In storage dtypes."""
    return narrow(shown)


def unpacked(shown: Shown) -> Shown:
    """In the rules' dtypes."""
    return widen(shown)


def show_item(shown: Shown | None, number: jax.Array, when: jax.Array) -> Shown | None:
    """The item of Pokémon ``number`` (1 to 12) was named, or seen to be gone."""
    if shown is None:
        return None
    return shown.replace(items=shown.items | jnp.where(when, 1 << (number - 1), 0))


def show_ability(shown: Shown | None, number: jax.Array, when: jax.Array) -> Shown | None:
    """The ability of Pokémon ``number`` was named."""
    if shown is None:
        return None
    return shown.replace(abilities=shown.abilities | jnp.where(when, 1 << (number - 1), 0))


def show_borrowed(shown: Shown | None, second: jax.Array, known: jax.Array | bool, when: jax.Array) -> Shown | None:
    """The ability that the active Pokémon of p1 (or p2: ``second``) has of another is ``known``."""
    if shown is None:
        return None
    bit = jnp.where(second, 2, 1)
    now = jnp.where(known, shown.borrowed | bit, shown.borrowed & ~bit)
    return shown.replace(borrowed=jnp.where(when, now, shown.borrowed))


def show_entry(shown: Shown | None, number: jax.Array) -> Shown | None:
    """Pokémon ``number`` has come in, with its own ability."""
    if shown is None:
        return None
    shown = show_borrowed(shown, number > EVERYBODY // 2, False, jnp.bool_(True))
    assert shown is not None
    places = jnp.arange(EVERYBODY, dtype=jnp.int32)
    mine = (places >= EVERYBODY // 2) == (number > EVERYBODY // 2)
    last = jnp.max(jnp.where(mine, shown.appeared, 0))
    new = (places == number - 1) & (shown.appeared == 0)
    return shown.replace(appeared=jnp.where(new, last + 1, shown.appeared))


def show_sleep(shown: Shown | None, number: jax.Array, begins: jax.Array, goes_on: jax.Array) -> Shown | None:
    """Pokémon ``number`` falls asleep, or sleeps through a turn."""
    if shown is None:
        return None
    mine = jnp.arange(EVERYBODY, dtype=jnp.int32) == number - 1
    count = jnp.where(begins, 0, jnp.minimum(shown.slept + goes_on.astype(jnp.int32), LONG))
    return shown.replace(slept=jnp.where(mine, count, shown.slept))


def show_weather(shown: Shown | None, begins: jax.Array, ends_turn: jax.Array | None = None) -> Shown | None:
    """A weather begins, or a turn ends under it."""
    if shown is None:
        return None
    more = 0 if ends_turn is None else ends_turn.astype(jnp.int32)
    turns = jnp.where(begins, 0, jnp.minimum(shown.weather_turns + more, LONG))
    return update(shown, True, weather_turns=turns)
