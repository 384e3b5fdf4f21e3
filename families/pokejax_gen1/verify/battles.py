"""Batches of battles as a candidate has played them, with a record at every decision point."""

from __future__ import annotations

import functools
import operator
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray

from families.pokejax_gen1.verify.policies import Policy, chosen
from families.pokejax_gen1.verify.record import named_fields
from pokejax.common.rng import Rng
from pokejax.gen1.party import parties_from_wire
from pokejax.gen1.state import Battle, Party, unpack
from pokejax.gen1.turn import legal_masks, start

LANES = 256
"""Battles played side by side. Fixed, so that one compiled program serves every number of episodes."""
STEPS_PER_CALL = 64


@dataclass(frozen=True)
class PlayedBattles:
    """A batch of N battles of at most T joint steps, as the candidate played them.

    `seeds`: uint32 [N, 2], high and low word of the generator's state before the start.
    `teams`: uint16 [N, 2, 6, 16]: species, level, four moves, five IVs, five EVs (hp atk def spc spe); species 0 ends.
    `lengths`: integers [N], joint steps played.
    `actions`: uint8 [N, T, 2]; what lies beyond a battle's length is ignored.
    `records`: int32 [N, T + 1, F], row 0 before the first choice; columns are the candidate's `fields`.
    `limits`: int32 [N], steps after which a battle is truncated; None: the environment's own.
    `outs`: path → [N, T + 1, …] of what was given out; none where only the engine was played.
    """

    seeds: NDArray[np.uint32]
    teams: NDArray[np.uint16]
    lengths: NDArray[np.integer]
    actions: NDArray[np.uint8]
    records: NDArray[np.int32]
    limits: NDArray[np.int32] | None = None
    outs: Mapping[str, NDArray[Any]] = field(default_factory=dict)

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


def choose(key: jax.Array, battle: Battle, visits: jax.Array, policy: Policy) -> jax.Array:
    """int32[2]: both sides' choices by `policy`."""
    battle = unpack(battle)
    legal = legal_masks(battle)
    p1, p2 = battle.seats
    first, second = jax.random.split(key)
    return jnp.stack([policy(first, p1, p2, legal[0], visits), policy(second, p2, p1, legal[1], visits)])


def visited(battle: Battle, actions: jax.Array) -> jax.Array:
    """int32[2]: the entries of the visits that both sides' actions count under."""
    return jnp.stack([chosen(seat)[actions[side]] for side, seat in enumerate(unpack(battle).seats)])


@functools.cache
def record_order() -> list[str]:
    """Names of a record's columns, in order."""
    names: list[str] = []

    def collect(sides: Party) -> jax.Array:
        first, second = (jax.tree.map(operator.itemgetter(side), sides) for side in range(2))
        names.extend(named_fields(start(Rng(hi=jnp.uint32(0), lo=jnp.uint32(0)), (first, second))))
        return jnp.int32(0)

    jax.eval_shape(collect, parties_from_wire(np.zeros((2, 6, 16), np.uint16)))
    return names


def seeds_of(seed: int, episodes: int) -> NDArray[np.uint32]:
    """Showdown's seeds of so many battles: [N, 2], high and low word."""
    return np.random.default_rng([seed, 1]).integers(0, 1 << 32, (episodes, 2), dtype=np.uint32)


def pad(array: np.ndarray, lanes: int) -> np.ndarray:
    """`array` with its last row again and again, up to `lanes` rows."""
    short = lanes - len(array)
    return np.concatenate([array, np.repeat(array[-1:], short, axis=0)]) if short else array
