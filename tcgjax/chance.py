"""Random draws of one step, made from a key or given.

A step looks at 10 words of 32 random bits, and at 20 more where it shuffles a deck. What a word means depends on the
game: a coin is one bit, a pick among n is the word modulo n, an order comes from sorting the words. So each result can
be had by giving the right word, which is how games are replayed with the reference's draws.

=======  =======================================================================================
word     meaning
=======  =======================================================================================
0        bit 0, 1: the coin for player 0's, 1's burn; 2, 3: for sleep; 4: confused; 5: smokescreen
1–4      coins of an effect, a bit each (the first 128 count); until tails: the ones at the low end of word 1
5–8      picks
9        the next Energy
=======  =======================================================================================

A pick among n ≤ 20 is uniform up to 5e-9. A run of heads is cut at 32.
"""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np

from jaxenv import struct
from tcgjax.arrays import LIST, total

WORDS = 10
BURNED, ASLEEP, CONFUSED, SMOKESCREEN = 0, 2, 4, 5
FLIPS, COINS, PICKS, ENERGY = 0, 1, 5, 9
COIN_WORDS = 4


@struct.dataclass
class Keyed(struct.Node):
    """Draws from a key."""

    words: jax.Array
    key: jax.Array

    def order(self) -> jax.Array:
        """uint32[20]: words that a deck is sorted by; drawn only where it is shuffled."""
        return jax.random.bits(self.key, (LIST,), jnp.uint32)


@struct.dataclass
class Tape(struct.Node):
    """Draws that are given: uint32[10] and uint32[20]."""

    words: jax.Array
    shuffle: jax.Array

    def order(self) -> jax.Array:
        """uint32[20]: as `Keyed.order`."""
        return self.shuffle


Chance = Keyed | Tape


def from_key(key: jax.Array) -> Keyed:
    """The draws of one step."""
    for_words, for_order = jax.random.split(key)
    return Keyed(words=jax.random.bits(for_words, (WORDS,), jnp.uint32), key=for_order)


def flip(chance: Chance, bit: int | jax.Array) -> jax.Array:
    """bool[]: a bit of word 0, heads if it is set."""
    return (chance.words[FLIPS] >> jnp.asarray(bit, jnp.uint32)) & np.uint32(1) == np.uint32(1)


def heads_of(chance: Chance, count: jax.Array) -> jax.Array:
    """int32[]: number of heads among ``count`` coins."""
    in_word = jnp.clip(count - 32 * np.arange(COIN_WORDS, dtype=np.int32), 0, 32)
    # A shift by 32 would be undefined in some places: all 32 are a case of their own.
    ones = (jnp.uint32(1) << jnp.minimum(in_word, 31).astype(jnp.uint32)) - np.uint32(1)
    mask = jnp.where(in_word == 32, np.uint32(0xFFFFFFFF), ones)
    return total(jax.lax.population_count(chance.words[COINS : COINS + COIN_WORDS] & mask))


def until_tails(chance: Chance) -> jax.Array:
    """int32[]: number of heads before the first tails."""
    word = chance.words[COINS]
    return jax.lax.population_count(word & ~(word + np.uint32(1))).astype(jnp.int32)


def pick(word: jax.Array, count: jax.Array) -> jax.Array:
    """int32[]: an index below ``count``; 0 if there is nothing to pick from."""
    return (word % jnp.maximum(count, 1).astype(jnp.uint32)).astype(jnp.int32)


def shuffled(order: jax.Array, cards: jax.Array) -> jax.Array:
    """The list [20] of cards in the order of the words; places without a card stay behind."""
    _, _, mixed = jax.lax.sort(((cards == 0).astype(jnp.int32), order, cards), num_keys=2)
    return mixed
