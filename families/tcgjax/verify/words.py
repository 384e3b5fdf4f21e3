"""The reference's coins, picks and shuffles, taken from the words that the engine draws for the same step.

`tcgjax.chance` says which word means what. So both sides have the same generator, and a draw that one side makes
otherwise shows in what follows from it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

import jax
import numpy as np

from references.tcg_pocket.chance import Chance
from tcgjax import chance

T = TypeVar("T")
_BITS = {
    **{f"burned.{player}": chance.BURNED + player for player in range(2)},
    **{f"asleep.{player}": chance.ASLEEP + player for player in range(2)},
    "confused": chance.CONFUSED,
    "smokescreen": chance.SMOKESCREEN,
}


def key_of(seed: jax.Array, steps: jax.Array) -> jax.Array:
    """The key of an episode's step: the seed (uint32) and the number of steps before it."""
    return jax.random.wrap_key_data(jax.numpy.stack([seed, steps.astype(jax.numpy.uint32)]))


@jax.jit
def _draw(seed: jax.Array, steps: jax.Array) -> tuple[jax.Array, jax.Array]:
    drawn = chance.from_key(key_of(seed, steps))
    return drawn.words, drawn.order()


class Words(Chance):
    """The draws of one step. `ValueError` for a label that is none of a step."""

    def __init__(self, seed: int, steps: int) -> None:
        super().__init__()
        words, order = jax.device_get(_draw(np.uint32(seed), np.int32(steps)))
        self.words, self.order = [int(word) for word in words], [int(word) for word in order]
        self.picked = 0

    def coin(self, label: str) -> bool:
        """See `Chance.coin`."""
        if label not in _BITS:
            raise ValueError(f"tcg_pocket: draw {label!r} is none of a step")
        return bool(self.words[chance.FLIPS] >> _BITS[label] & 1)

    def coins(self, label: str, count: int) -> int:
        """See `Chance.coins`."""
        return sum(self.words[chance.COINS + place // 32] >> place % 32 & 1 for place in range(count))

    def until_tails(self, label: str) -> int:
        """See `Chance.until_tails`."""
        word = self.words[chance.COINS]
        return next((place for place in range(32) if not word >> place & 1), 32)

    def pick(self, label: str, count: int) -> int:
        """See `Chance.pick`."""
        if label == "energy":
            return self.words[chance.ENERGY] % count
        self.picked += 1
        return self.words[chance.PICKS + self.picked - 1] % count

    def shuffled(self, label: str, items: Sequence[T], wanted: Callable[[list[T]], bool] | None = None) -> list[T]:
        """See `Chance.shuffled`; the openings, which ask for a Basic, are no draws of a step."""
        if wanted is not None:
            raise ValueError(f"tcg_pocket: draw {label!r} is none of a step")
        return [items[place] for place in sorted(range(len(items)), key=lambda place: self.order[place])]
