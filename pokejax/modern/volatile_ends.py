"""Conditions whose end does something."""

from __future__ import annotations

import jax
import jax.numpy as jnp

from pokejax.common.storage import update
from pokejax.modern.state import DEF, SPD, Active, drop, has


def unstock(mon: Active, when: jax.Array) -> Active:
    """Stockpile's end takes its stages away again ('stockpile' onEnd)."""
    when = when & has(mon, "stockpile")
    places = jnp.arange(7)
    layers = jnp.where((places == DEF) | (places == SPD), mon.data["stockpile.layers"], 0)
    stages = jnp.clip(mon.boosts - layers, -6, 6)
    return drop(update(mon, when, boosts=stages), "stockpile", when)
