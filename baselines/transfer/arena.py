"""Arenas: many lanes of one implementation, stepped together, whose episodes begin one by one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

import jax
import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Starts:
    """Initial conditions of N episodes, drawn once and played in every implementation.

    * `keys`: N keys. The candidate begins with ``env.reset_env(key)``, the reference from what that gave.
    * `given`: what the reference is given, arrays [N, …] by name.
    * `seats`: int32 [N], where the first policy sits (0 in games of one player).
    * `noise`: uint64 [N], seeds of the reference's own dynamics noise; they have nothing to do with `keys`.
    """

    keys: jax.Array
    given: dict[str, NDArray[Any]]
    seats: NDArray[np.int32]
    noise: NDArray[np.uint64]

    def __len__(self) -> int:
        return len(self.seats)


@dataclass(frozen=True)
class Stepped:
    """The outcome of a step of all lanes; lanes that wait for an episode hold anything.

    * `points`: float64 [lanes], what adds up to the outcome that is compared, seen by the first policy.
    * `reward`: float64 [lanes], the reward of the first policy.
    * `ended`: bool [lanes], the episode is over; `cut`: bool [lanes], by the environment's own limit of steps.
    * `void`: bool [lanes], the reference broke down: the episode is over and counts for nothing.
    """

    points: NDArray[np.float64]
    reward: NDArray[np.float64]
    ended: NDArray[np.bool_]
    cut: NDArray[np.bool_]
    void: NDArray[np.bool_]


class Arena(Protocol):
    """Lanes of one implementation. Use it in a `with` block."""

    lanes: int
    patient: bool
    """True where beginning some lanes costs as much as beginning all: they are then begun in groups."""

    def __enter__(self) -> Any: ...
    def __exit__(self, *_: object) -> None: ...

    def begin(self, lanes: NDArray[np.intp], starts: Starts, which: NDArray[np.intp]) -> None:
        """Begin episodes `which` of `starts` in `lanes`."""
        ...

    def look(self) -> tuple[Any, Any]:
        """Observations and legal actions (None: continuous) of all lanes, as the environment's `vmap` gives them."""
        ...

    def step(self, key: jax.Array, actions: jax.Array, playing: NDArray[np.bool_]) -> Stepped:
        """One step of all lanes that are `playing`; `key` is for an implementation that draws from keys."""
        ...
