"""The interface between the battle environment and a generation's rules.

`pokejax.env` owns all that reinforcement learning adds: pools, seeds, rewards, illegal choices, endings, auto-reset. An
engine owns a battle. It acts on one battle, unbatched, and all its methods are pure.

An engine belongs to one format (`formats.Format`): which clauses hold, and later how many Pokémon are out on a side,
are Python values that are fixed when a battle is traced.
"""

from __future__ import annotations

from typing import Any, Protocol

import jax
import numpy as np

from jaxenv import ObsSpec
from pokejax.common.rng import Rng

ONGOING, P1_WINS, P2_WINS, TIE = range(4)
"""Values of `Engine.result`."""


class Engine(Protocol):
    """Rules of one format. Equal engines are equal and hash alike, so that they share compiled code.

    Three pytrees are the engine's own; who calls it only carries them. *parties*: both teams as a battle starts with
    them. *battle*: a battle at a decision point, with its generator, in storage dtypes. *memory*: what has been shown
    of it so far; an engine whose battle holds that already uses an empty one.
    """

    @property
    def version(self) -> str:
        """Changes with the observable behaviour of its battles, and only then."""
        ...

    @property
    def num_actions(self) -> int:
        """Choices of one player, `no_op` included."""
        ...

    @property
    def no_op(self) -> int:
        """The choice of a player who is not asked."""
        ...

    @property
    def longest(self) -> int:
        """Decisions of the longest battle."""
        ...

    @property
    def obs_spec(self) -> ObsSpec:
        """Observation of a player."""
        ...

    def parties(self, wire: np.ndarray) -> Any:
        """Parties of teams in wire form, with the same leading axes. On the host: numpy in, numpy out."""
        ...

    def unplayed(self, wire: np.ndarray) -> list[str]:
        """For each of n wire teams "", or what of it the engine does not play yet, by name."""
        ...

    def start(self, rng: Rng, parties: Any) -> tuple[Any, Any]:
        """``(battle, memory)`` at the first decision point. Leaves of ``parties`` are ``[2, …]``, one row a player.

        ``rng``: Showdown's generator before its first draw.
        """
        ...

    def step(self, battle: Any, memory: Any, actions: jax.Array) -> tuple[Any, Any, jax.Array]:
        """``(battle, memory, illegal)`` at the next decision point.

        ``actions``: one choice a player, integers. ``illegal``: bool[2], whose choice was not allowed; Showdown's
        ``default`` was played for it. A battle that is over stays as it is.
        """
        ...

    def choices(self, battle: Any) -> jax.Array:
        """bool[2, num_actions]: what each player may choose. Who waits has `no_op` alone; all True once it is over."""
        ...

    def to_act(self, battle: Any) -> jax.Array:
        """bool[2]: who is asked; all True once it is over. Says no more than `choices`, at less cost."""
        ...

    def observe(self, battle: Any, memory: Any, choices: jax.Array) -> Any:
        """Both players' observations, leaves ``[2, …]``, as `obs_spec` says. ``choices``: what `choices` gave."""
        ...

    def reseed(self, battle: Any, rng: Rng) -> Any:
        """The battle with its generator at ``rng``."""
        ...

    def determinize(
        self, key: jax.Array, battle: Any, memory: Any, player: jax.Array, pool: Any, law: str
    ) -> tuple[Any, Any]:
        """``(battle, memory)`` as ``player`` may believe them to be: what it does not know, drawn anew.

        That player's observation stays the same to the bit. ``pool``: parties with a leading axis of teams, for the
        foe's. ``law``: how they are drawn from it; the engine names its laws. The generator stays.
        """
        ...

    def result(self, battle: Any) -> jax.Array:
        """int: `ONGOING`, `P1_WINS`, `P2_WINS` or `TIE`."""
        ...
