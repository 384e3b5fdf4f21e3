"""Coins, dice and shuffles. Each draw has a label, so that another implementation can be given the same ones."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeVar

import numpy as np

from references.protocol import Draw, Tape

T = TypeVar("T")


class Chance:
    """Random draws, recorded since the last `forget`; taken from `tape` while there is one.

    Values: a coin is a bool (heads is True), coins a tuple of bools, a pick an index, an order a tuple of indices.
    """

    def __init__(self, seed: int = 0) -> None:
        self.generator = np.random.default_rng(seed)
        self.tape: Tape | None = None
        self.forget()

    def forget(self) -> None:
        self.draws: list[Draw] = []
        self._made: Counter[str] = Counter()

    def _draw(self, label: str, make: Callable[[], Any]) -> Any:
        value = self.tape.take(label) if self.tape else make()
        self.draws.append(Draw(label, self._made[label], value))
        self._made[label] += 1
        return value

    def _flip(self) -> bool:
        return bool(self.generator.integers(2))

    def coin(self, label: str) -> bool:
        return self._draw(label, self._flip)

    def coins(self, label: str, count: int) -> int:
        """Number of heads of `count` coins."""
        return sum(self._draw(label, lambda: tuple(self._flip() for _ in range(count))))

    def until_tails(self, label: str) -> int:
        """Number of heads before the first tails."""

        def flip() -> int:
            heads = 0
            while self._flip():
                heads += 1
            return heads

        return self._draw(label, flip)

    def pick(self, label: str, count: int) -> int:
        """Index below `count`, each as likely."""
        return self._draw(label, lambda: int(self.generator.integers(count)))

    def shuffled(self, label: str, items: Sequence[T], wanted: Callable[[list[T]], bool] | None = None) -> list[T]:
        """`items` in random order; shuffled again until `wanted` is true of them."""

        def shuffle() -> tuple[int, ...]:
            while True:
                order = tuple(int(i) for i in self.generator.permutation(len(items)))
                if wanted is None or wanted([items[i] for i in order]):
                    return order

        return [items[i] for i in self._draw(label, shuffle)]


def tape(draws: Iterable[tuple[str, Any]]) -> Tape:
    """A tape of (label, value), in order, for a test that decides every coin."""
    made: Counter[str] = Counter()
    found = []
    for label, value in draws:
        found.append(Draw(label, made[label], value))
        made[label] += 1
    return Tape(found)
