"""The beginning of a game, from a key: opening hands, the first Energy, who goes first."""

from __future__ import annotations

import math

import jax
import jax.numpy as jnp
import numpy as np

from tcgjax import library
from tcgjax.arrays import LIST, lookup, total
from tcgjax.chance import pick
from tcgjax.decks import Deck, DeckError
from tcgjax.state import Game, pack
from tcgjax.tables import refused, tables
from tcgjax.turns import OPENING_HAND, new_game


def deck_arrays(deck: Deck, name: str = "deck") -> tuple[np.ndarray, np.ndarray]:
    """int16[20], numbers of the cards, and bool[8], the energy types. `DeckError` for a card that is not played yet."""
    problems = [
        f"{name}: {library.name_of(id)} {id} has an effect that the engine does not play yet ({refused()[kind]}); "
        "`tcgjax cards` lists the cards that work"
        for id, kind in zip(deck.ids, deck.kinds, strict=True)
        if kind in refused()
    ]
    if problems:
        raise DeckError(list(dict.fromkeys(problems)))
    types = np.array([kind in deck.energy for kind in library.ENERGY_TYPES])
    return np.array(deck.kinds, np.int16) + np.int16(1), types


def deal(key: jax.Array, cards: jax.Array) -> jax.Array:
    """The deck int32[20] in random order, with a Basic among the first five cards, of which it must have one.

    The law is that of shuffling until there is one: the number of Basics in the hand is drawn by its weights, then
    which cards these are, then all orders are as likely.
    """
    for_count, for_cards, for_order = jax.random.split(key, 3)
    basic = lookup(tables().basic, cards)
    ways = np.array([[math.comb(n, k) for k in range(OPENING_HAND + 1)] for n in range(LIST + 1)], np.int32)
    weights = lookup(ways, total(basic)) * lookup(ways, total(~basic))[::-1]
    weights = jnp.where(np.arange(OPENING_HAND + 1) == 0, 0, weights)
    drawn = pick(jax.random.bits(for_count, (), jnp.uint32), total(weights))
    basics = total(jnp.cumsum(weights, dtype=jnp.int32) <= drawn)

    words = jax.random.bits(for_cards, (LIST,), jnp.uint32)
    places = np.arange(LIST, dtype=np.int32)
    earlier = (words[None] < words[:, None]) | (words[None] == words[:, None]) & (places[None] < places[:, None])
    rank = total(earlier & (basic[None] == basic[:, None]), 1)
    held = rank < jnp.where(basic, basics, OPENING_HAND - basics)
    order = jax.random.bits(for_order, (LIST,), jnp.uint32)
    return jax.lax.sort(((~held).astype(jnp.int32), order, cards), num_keys=2)[2]


def start(key: jax.Array, decks: jax.Array, energy_types: jax.Array, first_player_draws: bool = True) -> Game:
    """A packed game between two decks (int[2, 20], bool[2, 8]), before anybody has placed a Pokémon."""
    for_decks, for_words = jax.random.split(key)
    cards = jax.vmap(deal)(jax.random.split(for_decks), jnp.asarray(decks).astype(jnp.int32))
    words = jax.random.bits(for_words, (3,), jnp.uint32)
    picks = jnp.stack([pick(words[player], total(energy_types[player])) for player in range(2)])
    first = pick(words[2], jnp.full((), 2, jnp.int32))
    return pack(new_game(cards, jnp.asarray(energy_types), picks, first, first_player_draws))
