"""Rules: pure functions on one game, after the reference's `game.py`, with its constants and names."""

from __future__ import annotations

import jax
import jax.numpy as jnp

from jaxenv import struct

SIZE = 8  # cells in a row; the base is cell 0
BATTERY = 12  # units when full
ROOM = 3  # pieces of ore that fit
LEFT, RIGHT, DIG, REST = range(4)


@struct.dataclass
class RoverState(struct.Node):
    """One episode: int32 scalars, and the ore of every cell."""

    place: jax.Array  # 0 … SIZE - 1
    battery: jax.Array  # 0 … BATTERY
    cargo: jax.Array  # 0 … ROOM
    ore: jax.Array  # int32[SIZE], pieces
    time: jax.Array  # steps taken


def move(place: jax.Array, action: jax.Array) -> jax.Array:
    """The cell after an action; a wall stops the rover."""
    step = jnp.where(action == RIGHT, 1, 0) - jnp.where(action == LEFT, 1, 0)
    return jnp.clip(place + step, 0, SIZE - 1)


def can_dig(state: RoverState) -> jax.Array:
    """bool: there is ore here, and room for it."""
    return (state.ore[state.place] > 0) & (state.cargo < ROOM)


def cost(state: RoverState, action: jax.Array) -> jax.Array:
    """Units of battery that an action takes, less than 0 for the sun's; with a full load every move takes one more."""
    moving = 1 + (state.cargo == ROOM)
    return jnp.select([action == REST, action == DIG], [-3, 2], moving)


def over(state: RoverState) -> jax.Array:
    """bool: the battery is empty, or all ore has been delivered."""
    return (state.battery == 0) | finished(state)


def finished(state: RoverState) -> jax.Array:
    """bool: all ore has been delivered."""
    return (jnp.sum(state.ore) == 0) & (state.cargo == 0)


def advance(state: RoverState, action: jax.Array) -> tuple[RoverState, jax.Array]:
    """The state after an action, and its reward."""
    dug = ((action == DIG) & can_dig(state)).astype(jnp.int32)
    battery = jnp.clip(state.battery - cost(state, action), 0, BATTERY)
    place = move(state.place, action)
    cargo = state.cargo + dug
    delivered = jnp.where(place == 0, cargo, 0)
    after = RoverState(
        place=place,
        battery=battery,
        cargo=cargo - delivered,
        ore=state.ore.at[state.place].add(-dug),
        time=state.time + 1,
    )
    # As in the reference: a full load is worth one more, and who delivers the last piece is never stranded.
    full = delivered == ROOM
    ending = jnp.where(finished(after), 5, jnp.where(battery == 0, -3, 0))
    return after, (delivered + full + ending).astype(jnp.float32)
