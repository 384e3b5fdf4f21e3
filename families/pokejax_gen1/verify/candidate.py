"""What an implementation offers to be compared with its reference, decision point by decision point."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from pokejax.common import formats


@dataclass(frozen=True)
class PlayedBattles:
    """A batch of N battles of at most T joint steps, as the candidate played them.

    `seeds`: uint32 [N, 2], high and low word of the generator's state before the start.
    `teams`: uint16 [N, 2, 6, 16]: species, level, four moves, five IVs, five EVs (hp atk def spc spe); species 0 ends.
    `lengths`: integers [N], joint steps played.
    `actions`: uint8 [N, T, 2]; what lies beyond a battle's length is ignored.
    `records`: int32 [N, T + 1, F], row 0 before the first choice; columns are the candidate's `fields`.
    """

    seeds: NDArray[np.uint32]
    teams: NDArray[np.uint16]
    lengths: NDArray[np.integer]
    actions: NDArray[np.uint8]
    records: NDArray[np.int32]

    def check(self, fields: int) -> None:
        """Raise a `ValueError` that names the first array whose shape does not fit."""
        n, steps = self.actions.shape[:2]
        expected = {
            "seeds": (n, 2),
            "teams": (n, 2, 6, 16),
            "lengths": (n,),
            "actions": (n, steps, 2),
            "records": (n, steps + 1, fields),
        }
        for name, shape in expected.items():
            found = getattr(self, name).shape
            if found != shape:
                raise ValueError(f"the candidate's {name} have shape {found}, expected {shape}")
        if n and (self.lengths.min() < 0 or self.lengths.max() > steps):
            raise ValueError(
                f"the candidate's lengths reach from {self.lengths.min()} to {self.lengths.max()}, of {steps}"
            )


class LockstepCandidate(Protocol):
    """An implementation that can play battles and tell its state at every decision point."""

    #: Names of the columns of its records; all of the reference's names, in any order.
    fields: list[str]

    def play(self, seed: int, episodes: int, teams: str, policy: str) -> Iterator[PlayedBattles]:
        """Play `episodes` battles in batches of any size; the same arguments give the same battles.

        `teams`: randbats, allmoves, ou or mirror. `policy`: one of `client.POLICIES`.
        """
        ...


def reference_format(env: str) -> str:
    """The reference's format whose battles have the rules of this environment's."""
    return formats.of_environment(env).reference


def load(env: str) -> LockstepCandidate:
    """Who plays the battles of an environment: PokeJAX, or for "self-check/…" the reference itself."""
    if env.startswith("self-check/"):
        from families.pokejax_gen1.verify.self_check import SelfCheck

        return SelfCheck(env)
    from families.pokejax_gen1.verify.battles import PokejaxGen1

    return PokejaxGen1(env)
