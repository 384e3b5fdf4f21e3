"""Stat stages and the modified stats that Gen 1 keeps beside them.

Source: data/mods/gen1/scripts.js, ``pokemon.boostBy``, ``modifyStat``, ``clearBoosts``, ``boost``.
"""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np

from pokejax.common.arrays import lookup, quotient
from pokejax.common.storage import update
from pokejax.gen1.dex import Status
from pokejax.gen1.state import ATK, SPE, Seat

MAX_STAT = 999
_STAGE_PERCENT = np.array([25, 28, 33, 40, 50, 66, 100, 150, 200, 250, 300, 350, 400], np.int32)


def stage_percent(stage: jax.Array) -> jax.Array:
    """Multiplier in percent of a stage −6…6; whole-number division by 100 gives what Showdown's floats give."""
    return lookup(_STAGE_PERCENT, stage + 6)


def apply_stage(value: jax.Array, stage: jax.Array) -> jax.Array:
    """A stat at a stage, at least 1."""
    return jnp.maximum(quotient(value * stage_percent(stage), 100), 1)


def weaken_by_status(seat: Seat, when: jax.Array | bool = True) -> Seat:
    """Quarter the Speed of a paralysed Pokémon, halve the Attack of a burned one: once more, each time it is called."""
    paralysed = when & (seat.status == Status.PAR)
    burned = when & (seat.status == Status.BRN)
    return seat.replace(modified=_weakened(seat.modified, paralysed, burned))


def _weakened(modified: jax.Array, paralysed: jax.Array, burned: jax.Array) -> jax.Array:
    stat = jnp.arange(4, dtype=jnp.int32)
    divisor = jnp.where((stat == SPE) & paralysed, 4, jnp.where((stat == ATK) & burned, 2, 1))
    return jnp.where(divisor > 1, jnp.maximum(quotient(modified, divisor), 1), modified)


def boost_stat(seat: Seat, stat: jax.Array, delta: jax.Array, when: jax.Array | bool = True) -> tuple[Seat, jax.Array]:
    """Change one stage (``stat`` indexes `move_data.STAT_NAMES`); returns the seat and whether it was a success.

    A stage moved while the stat stands at 999 (or 1) steps back by one and leaves the stat alone, which counts as a
    failure (``boostBy`` returning 0).
    """
    alive = when & (seat.hp > 0)
    index = jnp.arange(4, dtype=jnp.int32)
    room = jnp.where(delta > 0, seat.boosts < 6, seat.boosts > -6)
    moved = (index == stat) & alive & room
    at_limit = seat.modified == jnp.where(delta > 0, MAX_STAT, 1)
    raw = jnp.clip(seat.boosts + delta, -6, 6)
    stepped_back = raw - jnp.sign(delta)
    boosts = jnp.where(moved, jnp.where(at_limit, stepped_back, raw), seat.boosts)
    recalculated = apply_stage(seat.stats, boosts)
    recalculated = jnp.where(delta > 0, jnp.minimum(recalculated, MAX_STAT), recalculated)
    changed = moved & ~at_limit
    modified = jnp.where(changed, recalculated, seat.modified)

    accuracy, accuracy_moved = _boost_plain(seat.accuracy, delta, alive & (stat == 4))
    evasion, evasion_moved = _boost_plain(seat.evasion, delta, alive & (stat == 5))
    seat = seat.replace(boosts=boosts, modified=modified, accuracy=accuracy, evasion=evasion)
    return seat, jnp.any(changed) | accuracy_moved | evasion_moved


def _boost_plain(stage: jax.Array, delta: jax.Array, when: jax.Array) -> tuple[jax.Array, jax.Array]:
    moved = when & jnp.where(delta > 0, stage < 6, stage > -6)
    return jnp.where(moved, jnp.clip(stage + delta, -6, 6), stage), moved


def clear_boosts(seat: Seat, when: jax.Array | bool = True) -> Seat:
    """All stages to 0; the modified stats forget burn and paralysis too."""
    return update(seat, when, boosts=0, accuracy=0, evasion=0, modified=seat.stats)


def effective_speed(seat: Seat) -> jax.Array:
    """Showdown's ``getActionSpeed``."""
    return seat.modified[SPE]


def refresh_speed(seat: Seat, when: jax.Array | bool = True) -> Seat:
    """Showdown's ``pokemon.updateSpeed``."""
    return update(seat, when, speed=effective_speed(seat))


def attack_boost(seat: Seat, when: jax.Array | bool = True) -> Seat:
    """Rage building: Attack up one stage."""
    return boost_stat(seat, jnp.int32(ATK), jnp.int32(1), when)[0]
