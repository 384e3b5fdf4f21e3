"""Generation 1 as an `Engine`: the rules (`turn`) and what has been shown (`observation`), put together."""

from __future__ import annotations

import dataclasses
import operator

import jax
import jax.numpy as jnp
import numpy as np

from jaxenv import ObsSpec
from pokejax.common.formats import Format
from pokejax.common.rng import Rng
from pokejax.gen1 import turn
from pokejax.gen1.choices import NO_OP, NUM_ACTIONS
from pokejax.gen1.hidden import LAWS, determinize
from pokejax.gen1.observation import OBS_SPEC, Memory, Observation, first_memory, observe, remember
from pokejax.gen1.party import parties_from_wire
from pokejax.gen1.state import ONGOING, REQUEST_NONE, Battle, Party, pack, unpack

LONGEST = 1010
"""Decisions of the longest battle: 1000 turns, after which it is a tie, and ten replacements."""


@dataclasses.dataclass(frozen=True)
class Gen1Engine:
    """See `pokejax.common.engine.Engine`. All formats of Gen 1 have the same rules, Showdown's *Standard* clauses.

    Both players choose at once; see `choices` for the actions. A battle is packed (`state.pack`).
    """

    version: str = "1"
    num_actions: int = NUM_ACTIONS
    no_op: int = NO_OP
    longest: int = LONGEST

    @property
    def obs_spec(self) -> ObsSpec:
        """Fields of `Observation`."""
        return OBS_SPEC

    def parties(self, wire: np.ndarray) -> Party:
        """Parties of wire teams, integers [..., 6, 16]: numpy leaves in storage dtypes."""
        return parties_from_wire(wire)

    def unplayed(self, wire: np.ndarray) -> list[str]:
        """Nothing: all of Gen 1 is played."""
        return [""] * len(wire)

    def start(self, rng: Rng, parties: Party) -> tuple[Battle, Memory]:
        """Both leads are out; leaves of ``parties`` are ``[2, 6, …]`` in storage dtypes."""
        first, second = (jax.tree.map(operator.itemgetter(side), parties) for side in range(2))
        return pack(turn.start(rng, (first, second))), first_memory()

    def step(self, battle: Battle, memory: Memory, actions: jax.Array) -> tuple[Battle, Memory, jax.Array]:
        """``actions``: int[2], whatever their values."""
        after, illegal = turn.step(unpack(battle), actions)
        packed = pack(after)
        return packed, remember(memory, battle, packed), illegal

    def choices(self, battle: Battle) -> jax.Array:
        """bool[2, 11]."""
        return turn.legal_masks(unpack(battle))

    def to_act(self, battle: Battle) -> jax.Array:
        """bool[2]."""
        p1, p2 = battle.seats
        return (jnp.stack([p1.request, p2.request]) != REQUEST_NONE) | (battle.result != ONGOING)

    def observe(self, battle: Battle, memory: Memory, choices: jax.Array) -> Observation:
        """Leaves ``[2, …]``."""
        return observe(battle, memory, choices)

    def reseed(self, battle: Battle, rng: Rng) -> Battle:
        """The battle with its generator at ``rng``."""
        return battle.replace(rng=rng)

    def determinize(
        self, key: jax.Array, battle: Battle, memory: Memory, player: jax.Array, pool: Party, law: str
    ) -> tuple[Battle, Memory]:
        """See `hidden.determinize`; ``law`` is one of `hidden.LAWS`."""
        if law not in LAWS:
            raise ValueError(f"law must be one of {', '.join(LAWS)}, got {law!r}")
        return determinize(key, battle, memory, player, pool, law)

    def result(self, battle: Battle) -> jax.Array:
        """int8[]."""
        return battle.result


_ENGINE = Gen1Engine()


def engine(format: Format) -> Gen1Engine:
    """The engine of a format of Gen 1: the same for all."""
    if format.rules != "standard":
        raise ValueError(f"{format.id}: Gen 1 knows no rules {format.rules!r}, only 'standard'")
    return _ENGINE
