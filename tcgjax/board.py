"""Pokémon in play: reading them, evolving, the Active Spot, leaving play, lasting effects."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from tcgjax.arrays import LIST, append, at, both, first, length, lookup, one_hot, total
from tcgjax.state import ME, OPPONENT, SPOT_FIELDS, SPOTS, Game
from tcgjax.tables import (
    HAND_BITS,
    HAND_SHIFTS,
    MAX_STACK,
    PLAYER_EFFECTS,
    POKEMON_EFFECTS,
    HandFacts,
    Passive,
    Row,
    tables,
)

HAND_LIMIT = 10
ACTIVE = np.arange(SPOTS) == 0
BENCH = ~ACTIVE
OPPONENT_ACTIVE = np.array([[False] * SPOTS, ACTIVE])
NOWHERE = np.zeros(SPOTS, bool)


def kinds(game: Game) -> jax.Array:
    """int32[2, 4]: the card on top of each Pokémon, 0 for an empty spot."""
    top = game.cards[..., 0]
    for depth in range(1, MAX_STACK):
        top = jnp.where(game.cards[..., depth] > 0, game.cards[..., depth], top)
    return top


def taken(game: Game) -> jax.Array:
    """bool[2, 4]: there is a Pokémon."""
    return game.cards[..., 0] > 0


def hit_points(game: Game) -> jax.Array:
    """int32[2, 4]: HP that are left."""
    return lookup(tables().hp, kinds(game)) - game.damage


def operation(number: jax.Array) -> Row:
    """Fields of operations, each of the shape of ``number``."""
    found = lookup(tables().operations, number)
    return Row(*(found[..., place] for place in range(len(Row._fields))))


def passives(cards: jax.Array) -> Passive:
    """Passive abilities, fields of the shape of ``cards``."""
    found = lookup(tables().passive, cards)
    return Passive(*(found[..., place] for place in range(len(Passive._fields))))


def hand_facts(cards: jax.Array) -> HandFacts:
    """Facts of cards, fields of the shape of ``cards``."""
    found = lookup(tables().in_hand, cards)
    bit, trainer, basic, supporter, name = (found >> shift for shift in HAND_SHIFTS)
    return HandFacts(bit & HAND_BITS, trainer & 1 == 1, basic & 1 == 1, supporter & 1 == 1, name)


def amount(game: Game, kind: str) -> jax.Array:
    """int32[2, 4]: amount of a lasting effect of each Pokémon."""
    return game.effects[..., POKEMON_EFFECTS.index(kind)]


def player_amount(game: Game, kind: str) -> jax.Array:
    """int32[2]: amount of a lasting effect of each player."""
    return game.player_effects[..., PLAYER_EFFECTS.index(kind)]


def in_group(cards: jax.Array, group: jax.Array) -> jax.Array:
    """bool: the card has a name of the list (1 + its place); always True for 0, no list."""
    bits = lookup(tables().groups, cards) >> jnp.maximum(group - 1, 0)
    return (group == 0) | (bits & 1 == 1)


def free_spot(game: Game, player: int) -> jax.Array:
    """int32[]: the first free spot of the Bench, 0 if there is none."""
    return first(~taken(game)[player] & BENCH)


def add_pokemon(game: Game, player: Any, spot: Any, card: jax.Array, when: Any) -> Game:
    """Put a card on an empty spot of a player (``ME`` or ``OPPONENT``), where ``when``."""
    here = one_hot(player, 2)[:, None] & one_hot(spot, SPOTS) & when
    lowest = here[..., None] & (np.arange(MAX_STACK) == 0)
    return game.replace(cards=jnp.where(lowest, card, game.cards), new=game.new | here)


def without_conditions(game: Game, here: jax.Array) -> Game:
    """End Special Conditions and lasting effects of the Pokémon ``here`` (bool[2, 4])."""
    return game.replace(
        poisoned=game.poisoned & ~here,
        burned=game.burned & ~here,
        condition=jnp.where(here, 0, game.condition),
        effects=jnp.where(here[..., None], 0, game.effects),
        effect_turns=jnp.where(here[..., None], 0, game.effect_turns),
    )


def evolve(game: Game, spot: jax.Array, card: jax.Array, when: jax.Array) -> Game:
    """Put an evolution on an own Pokémon. Damage and Energy stay; Special Conditions and effects end."""
    here = both(one_hot(spot, SPOTS) & when, jnp.asarray(NOWHERE))
    depth = total(game.cards > 0, -1)
    place = here[..., None] & (depth[..., None] == np.arange(MAX_STACK, dtype=np.int32))
    game = without_conditions(game, here)
    return game.replace(
        cards=jnp.where(place, card, game.cards),
        new=game.new | here,
        evolved=game.evolved | here,
        ability_used=game.ability_used & ~here,
    )


def switch(game: Game, player: Any, spot: jax.Array, when: Any) -> Game:
    """Exchange the Active Pokémon of a player and that of a spot of the Bench, where ``when``."""
    this = one_hot(player, 2)[:, None] & when
    game = without_conditions(game, this & ACTIVE)
    places = jnp.arange(SPOTS, dtype=jnp.int32)
    source = jnp.where(places == 0, spot, jnp.where(places == spot, 0, places))
    moved = {}
    for name in SPOT_FIELDS:
        values = getattr(game, name)
        mixed = jnp.stack([at(values[side], source) for side in (ME, OPPONENT)])
        moved[name] = jnp.where(this.reshape(2, *(1,) * (values.ndim - 1)), mixed, values)
    return game.replace(**moved)


def set_status(game: Game, here: jax.Array, status: jax.Array) -> Game:
    """Give the Pokémon ``here`` a status (a place in `tables.STATUSES`); conditions replace each other."""
    is_condition = (status >= 1) & (status <= 3)
    return game.replace(
        condition=jnp.where(here & is_condition, status, game.condition),
        poisoned=game.poisoned | here & (status == 4),
        burned=game.burned | here & (status == 5),
    )


def clear(game: Game, gone: jax.Array) -> Game:
    """Empty spots (bool[2, 4]); their Energy is discarded, their cards are gone."""
    lost = total(jnp.where(gone[..., None], game.energy, 0), 1)
    changes: dict[str, Any] = {"discarded_energy": game.discarded_energy + lost}
    for name in SPOT_FIELDS:
        values = getattr(game, name)
        here = gone.reshape(*gone.shape, *(1,) * (values.ndim - 2))
        changes[name] = jnp.where(here, jnp.zeros((), values.dtype), values)
    return game.replace(**changes)


def discard_pokemon(game: Game, gone: jax.Array) -> Game:
    """Discard the Pokémon ``gone`` (bool[2, 4]): their cards in the order of the spots, and from the Basic up."""
    discard, size = game.discard, length(game.discard)
    for spot in range(SPOTS):
        stack = jnp.where(gone[:, spot, None], game.cards[:, spot], 0)
        places = jnp.arange(LIST, dtype=jnp.int32)[None] - size[:, None]
        for depth in range(MAX_STACK):
            discard = jnp.where(places == depth, stack[:, depth, None], discard)
        size = size + total(stack > 0, 1)
    return clear(game.replace(discard=discard), gone)


def append_stack(cards: jax.Array, stack: jax.Array) -> jax.Array:
    """A list [20] with the cards [3] of a Pokémon behind its own."""
    return append(cards, length(cards), stack)
