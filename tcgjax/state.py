"""The state of one game, from the side of the player whose turn it is.

Arrays of players have a leading axis of 2: 0 is the *current* player (``ME``), 1 the opponent; `Game.current` says
which of the two players that is. Cards are numbers of `tcgjax.tables` (kind plus 1), 0 for none. Inside the rules
numbers are int32; `pack` narrows them to the dtypes declared here.
"""

from __future__ import annotations

import dataclasses
import functools
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from jaxenv import struct
from tcgjax.arrays import LIST
from tcgjax.library import ENERGY_TYPES
from tcgjax.tables import MAX_STACK, PLAYER_EFFECTS, POKEMON_EFFECTS

ME, OPPONENT = 0, 1
SPOTS = 4
"""Spot 0 is the Active Spot."""
KINDS_OF_ENERGY = len(ENERGY_TYPES)
SETUP, MAIN, PROMOTE, CHOOSE, OVER = range(5)
AFTER_MAIN, AFTER_END, AFTER_NEXT = range(3)
ASLEEP, PARALYZED, CONFUSED = 1, 2, 3
NEVER = -9
"""A turn long before the first."""
NOBODY, TIE = -1, 2


def _stored(dtype: Any, *shape: int) -> Any:
    """A field kept as ``dtype`` in storage, int32 (or bool) inside the rules."""
    return struct.field(metadata={"dtype": np.dtype(dtype), "shape": shape})


@struct.dataclass
class Game(struct.Node):
    """A whole game at a decision point."""

    # Lists of cards; the top of a deck is first.
    deck: jax.Array = _stored(np.int16, 2, LIST)
    hand: jax.Array = _stored(np.int16, 2, LIST)
    known: jax.Array = _stored(np.bool_, 2, LIST)
    """Cards of the hand that the opponent has seen."""
    discard: jax.Array = _stored(np.int16, 2, LIST)
    known_top: jax.Array = _stored(np.int8, 2)
    """Cards on top of the deck that its owner has seen."""

    # Pokémon in play.
    cards: jax.Array = _stored(np.int16, 2, SPOTS, MAX_STACK)
    """From the Basic up."""
    damage: jax.Array = _stored(np.int16, 2, SPOTS)
    energy: jax.Array = _stored(np.int8, 2, SPOTS, KINDS_OF_ENERGY)
    poisoned: jax.Array = _stored(np.bool_, 2, SPOTS)
    burned: jax.Array = _stored(np.bool_, 2, SPOTS)
    condition: jax.Array = _stored(np.int8, 2, SPOTS)
    """0, `ASLEEP`, `PARALYZED` or `CONFUSED`."""
    new: jax.Array = _stored(np.bool_, 2, SPOTS)
    """Played or evolved this turn."""
    evolved: jax.Array = _stored(np.bool_, 2, SPOTS)
    ability_used: jax.Array = _stored(np.bool_, 2, SPOTS)
    effects: jax.Array = _stored(np.int16, 2, SPOTS, len(POKEMON_EFFECTS))
    """Amounts of lasting effects, in the order of `tables.POKEMON_EFFECTS`; 0 for none."""
    effect_turns: jax.Array = _stored(np.int8, 2, SPOTS, len(POKEMON_EFFECTS))
    """Ends of turns until they are over."""

    # Players.
    energy_types: jax.Array = _stored(np.bool_, 2, KINDS_OF_ENERGY)
    zone: jax.Array = _stored(np.int8, 2)
    """The Energy that may be attached now: 1 + its type, 0 for none."""
    next_energy: jax.Array = _stored(np.int8, 2)
    discarded_energy: jax.Array = _stored(np.int16, 2, KINDS_OF_ENERGY)
    points: jax.Array = _stored(np.int8, 2)
    player_effects: jax.Array = _stored(np.int16, 2, len(PLAYER_EFFECTS))
    player_effect_turns: jax.Array = _stored(np.int8, 2, len(PLAYER_EFFECTS))
    effect_group: jax.Array = _stored(np.int8, 2)
    """Names that "named_more" is limited to: 1 + their list, 0 without the effect."""
    supporter_played: jax.Array = _stored(np.bool_, 2)
    retreated: jax.Array = _stored(np.bool_, 2)
    knocked_out_turn: jax.Array = _stored(np.int8, 2)
    """Last turn in which an attack of the opponent knocked out a Pokémon."""
    sweets_relays: jax.Array = _stored(np.int8, 2)
    sweets_relay_turn: jax.Array = _stored(np.int8, 2)

    # The game.
    current: jax.Array = _stored(np.int8)
    first: jax.Array = _stored(np.int8)
    turn: jax.Array = _stored(np.int8)
    phase: jax.Array = _stored(np.int8)
    after: jax.Array = _stored(np.int8)
    """The part that follows when nothing is left to decide: the turn goes on, ends, or the other player's begins."""
    winner: jax.Array = _stored(np.int8)
    """0 or 1, `TIE`, or `NOBODY` yet."""
    choice: jax.Array = _stored(np.int16)
    """The operation that asks for a choice, 0 for none."""
    choice_attack: jax.Array = _stored(np.bool_)
    """It is part of an attack."""
    choice_left: jax.Array = _stored(np.int8)
    choice_used: jax.Array = _stored(np.bool_, SPOTS)
    """Spots that may not be chosen again; the spot to bring in, while a retreat is paid."""
    first_player_draws: jax.Array = _stored(np.bool_)
    turn_limit: jax.Array = _stored(np.int8)


_SHAPES = {field.name: field.metadata["shape"] for field in dataclasses.fields(Game)}  # type: ignore[arg-type]
PLAYER_FIELDS = tuple(name for name, shape in _SHAPES.items() if shape[:1] == (2,))
SPOT_FIELDS = tuple(name for name in PLAYER_FIELDS if _SHAPES[name][1:2] == (SPOTS,))


def _map_declared(game: Game, leaf: Any) -> Game:
    fields = dataclasses.fields(game)  # type: ignore[arg-type]
    return game.replace(**{f.name: leaf(getattr(game, f.name), f.metadata["dtype"]) for f in fields})


def pack(game: Game) -> Game:
    """The game in storage dtypes, `packed_bytes` of them."""
    return _map_declared(game, lambda value, dtype: jnp.asarray(value, dtype))


def unpack(game: Game) -> Game:
    """The game in the rules' dtypes: int32, and bool for flags."""
    return _map_declared(game, lambda value, dtype: value if dtype == np.bool_ else value.astype(jnp.int32))


def empty() -> Game:
    """A game with nothing in it, in the rules' dtypes."""
    values = {}
    for field in dataclasses.fields(Game):  # type: ignore[arg-type]
        dtype = jnp.bool_ if field.metadata["dtype"] == np.bool_ else jnp.int32
        values[field.name] = jnp.zeros(field.metadata["shape"], dtype)
    return Game(**values)


@functools.cache
def packed_bytes() -> int:
    """Bytes of one packed game."""
    fields = dataclasses.fields(Game)  # type: ignore[arg-type]
    return sum(f.metadata["dtype"].itemsize * int(np.prod(f.metadata["shape"], dtype=int)) for f in fields)


def turned(game: Game, when: Any) -> Game:
    """The game from the other player's side, where ``when``: that one is now the current player."""
    swapped = {name: jnp.where(when, getattr(game, name)[::-1], getattr(game, name)) for name in PLAYER_FIELDS}
    return game.replace(current=jnp.where(when, 1 - game.current, game.current), **swapped)
