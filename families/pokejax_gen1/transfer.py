"""PokeJAX's reference: Pokémon Showdown in Node workers, seen through our own observation.

A policy must be fed in Showdown what it was fed in training. Each joint step gives a record of 312 numbers of every
battle (`references.showdown`); from it our `Battle` is built, as the verification's injected single steps
do, and the environment's own `remember` and `observe` make of two of these what the players have been shown. So the
rules, the draws and the legal actions are Showdown's, and the one thing that is ours is how a state is written down as
an observation, which is not what a transfer is to test (level 3 compares all numbers of the record, and a test compares
both seats' observations between the two along whole battles).
"""

from __future__ import annotations

import operator
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray

from baselines.family import Transfer
from baselines.transfer.arena import Starts, Stepped
from baselines.transfer.game import Game
from families.pokejax_gen1.scripted import players
from families.pokejax_gen1.verify.restore import from_record, named
from jaxenv import Environment
from pokejax.common import formats
from pokejax.common.pools import load_pool
from pokejax.env import Gen1Battle
from pokejax.gen1.choices import NUM_ACTIONS
from pokejax.gen1.observation import Memory, Observation, first_memory, observe, remember
from pokejax.gen1.opponents import names
from pokejax.gen1.party import parties_from_wire
from pokejax.gen1.state import Battle, Party, pack
from references.showdown.gen1.fields import field_names
from references.showdown.live import LiveBattles, over, winners


class ShowdownArena:
    """Battles in Showdown, `lanes` of them on `workers` Node processes."""

    patient = False

    def __init__(self, format: str, lanes: int, workers: int) -> None:
        self.lanes = lanes
        self._live = LiveBattles(lanes, format, workers)
        self._records = np.zeros((lanes, len(field_names())), np.int32)
        self._teams = np.zeros((lanes, 2, 6, 16), np.uint16)
        self._seats = np.zeros(lanes, np.int32)
        self._fresh = np.ones(lanes, bool)
        self._broken = np.zeros(lanes, bool)
        self._parties: Party | None = None
        self._known: tuple[Battle, Memory] | None = None
        self._seen: tuple[Any, Any] | None = None

    def __enter__(self) -> ShowdownArena:
        self._live.__enter__()
        return self

    def __exit__(self, *_: object) -> None:
        self._live.close()

    @property
    def faults(self) -> int:
        """Workers that died and were replaced."""
        return self._live.faults

    def begin(self, lanes: NDArray[np.intp], starts: Starts, which: NDArray[np.intp]) -> None:
        """See `Arena`."""
        teams, noise = starts.given["teams"][which], starts.noise[which]
        words = np.stack([noise >> np.uint64(32), noise & np.uint64(0xFFFFFFFF)], axis=1).astype(np.uint32)
        self._records[lanes], self._broken[lanes] = self._live.open(lanes.tolist(), words, teams)
        self._teams[lanes], self._seats[lanes] = teams, starts.seats[which]
        self._fresh[lanes] = True
        self._parties = self._seen = None

    def look(self) -> tuple[Any, Any]:
        """See `Arena`: leaves [lanes, 2, …]."""
        if self._seen is None:
            if self._parties is None:
                self._parties = parties_from_wire(self._teams)
            if self._known is None:
                self._known = _nothing_known(self._records, self._parties)
            obs, *known = _observe(self._records, self._parties, self._fresh, *self._known)
            self._known, self._seen = (known[0], known[1]), (obs, obs.legal_actions)
            # Not in place: the program that reads it may be under way, and on a CPU it reads this very memory.
            self._fresh = np.zeros(self.lanes, bool)
        return self._seen

    def step(self, key: jax.Array, actions: jax.Array, playing: NDArray[np.bool_]) -> Stepped:
        """See `Arena`. Showdown draws from its own generators."""
        del key
        slots = np.flatnonzero(playing & ~self._broken)
        void = playing & self._broken
        self._records[slots], broken = self._live.advance(slots.tolist(), np.asarray(actions)[slots].astype(np.uint8))
        void[slots] = broken
        self._broken[:] = False
        self._seen = None
        ended = playing & ~void & over(self._records)
        winner = winners(self._records)
        won = (winner == self._seats + 1).astype(np.float64) - (winner == 2 - self._seats)
        reward = np.where(ended, won, 0.0)
        return Stepped(reward, reward, ended, np.zeros(self.lanes, bool), void)


def _nothing_known(records: NDArray[np.int32], parties: Party) -> tuple[Battle, Memory]:
    """Zeros of the right shapes: every lane is begun before its own are read."""

    def one(row: jax.Array, sides: Party) -> tuple[Battle, Memory]:
        return _battle(row, sides), first_memory()

    shapes = jax.eval_shape(jax.vmap(one), records, parties)
    return jax.tree.map(lambda leaf: np.zeros(leaf.shape, leaf.dtype), shapes)


@jax.jit
def _observe(
    records: jax.Array, parties: Party, fresh: jax.Array, before: Battle, memory: Memory
) -> tuple[Observation, Battle, Memory]:
    """Both players' observations [lanes, 2, …] after a step, and what the next ones need."""

    def one(
        row: jax.Array, sides: Party, new: jax.Array, before: Battle, memory: Memory
    ) -> tuple[Observation, Battle, Memory]:
        fields = named(row)
        battle = _battle(row, sides)
        grown = remember(memory, before, battle)
        memory = jax.tree.map(lambda first, then: jnp.where(new, first, then), first_memory(), grown)
        bits = jnp.stack([fields["p1.legal"], fields["p2.legal"]])
        legal = (bits[:, None] >> jnp.arange(NUM_ACTIONS, dtype=bits.dtype)[None]) & 1 == 1
        return observe(battle, memory, legal), battle, memory

    return jax.vmap(one)(records, parties, fresh, before, memory)


def _battle(row: jax.Array, sides: Party) -> Battle:
    """A packed battle from a record."""
    first, second = (jax.tree.map(operator.itemgetter(side), sides) for side in range(2))
    return pack(from_record(named(row), (first, second)))


class BattleGame(Game):
    """Compared is the score against an opponent: 1 for a win, ½ for a tie, 0 for a loss; the seats alternate."""

    env: Gen1Battle

    @staticmethod
    def of(env: Environment) -> BattleGame:
        """The game of an environment."""
        others = ("max_expected_damage", *(name for name in names() if name != "max_expected_damage"))
        return BattleGame(env, metric="win_rate", planning_sd=0.5, limit=4000, lanes=256, opponents=others)

    def outcome(self, total: NDArray[np.float64]) -> NDArray[np.float64]:
        """See `Game`."""
        return (total + 1) / 2

    def given(self, keys: jax.Array, rng: np.random.Generator) -> dict[str, NDArray[Any]]:
        """The two teams that ours draws from its pool."""
        _, rows = jax.jit(jax.vmap(self.env.draw, (0, None)))(keys, self.env.default_params)
        teams = load_pool(self.env.pool_source).teams
        return {"teams": teams[np.asarray(rows)].astype(np.uint16)}

    def reference(self, lanes: int, workers: int) -> ShowdownArena:
        """See `Game`."""
        return ShowdownArena(formats.find(self.env.format).reference, lanes, workers)


TRANSFER = Transfer(
    game=BattleGame.of,
    players=players,
    random="uniform_legal",
    yardsticks=("uniform_legal", "max_base_power", "max_expected_damage", "simple_heuristics"),
)
