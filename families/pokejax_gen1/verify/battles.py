"""PokeJAX's Gen 1 engine as a lockstep candidate: batches of battles in JAX, a record at every decision point."""

from __future__ import annotations

import functools
import operator
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from numpy.typing import NDArray

from families.pokejax_gen1.verify.policies import POLICIES, VISITS, Policy, chosen
from families.pokejax_gen1.verify.record import named_fields, record
from pokejax.common.rng import Rng
from pokejax.gen1.party import parties_from_wire
from pokejax.gen1.state import ONGOING, Battle, Party, pack, unpack
from pokejax.gen1.team_sampling import sample_teams
from pokejax.gen1.turn import legal_masks, start, step
from verification.backends import Vmap

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


def _start(hi: jax.Array, lo: jax.Array, sides: Party) -> tuple[Battle, jax.Array]:
    first, second = (jax.tree.map(operator.itemgetter(side), sides) for side in range(2))
    battle = start(Rng(hi=hi, lo=lo), (first, second))
    return pack(battle), record(battle)


def _advance(battle: Battle, actions: jax.Array) -> tuple[Battle, jax.Array]:
    after, _ = step(unpack(battle), actions)
    return pack(after), record(after)


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


Advance = Callable[[Battle, jax.Array], tuple[Battle, jax.Array]]


def _play_batch(
    advance: Advance, keys: jax.Array, battles: Battle, visits: jax.Array, policy: jax.Array
) -> tuple[Any, ...]:
    """`STEPS_PER_CALL` joint steps, each by `advance`.

    Returns keys, battles, visits, actions [T, B, 2], records [T, B, F], and which were still going before, [T, B].
    `policy` counts the `POLICIES`, so that one compiled program serves them all.
    """
    choices = [jax.vmap(functools.partial(choose, policy=one), (0, 0, None)) for one in POLICIES.values()]

    def one(carry: tuple[jax.Array, Battle, jax.Array], _: None) -> tuple[Any, Any]:
        keys, battles, visits = carry
        split = jax.vmap(jax.random.split)(keys)
        going = battles.result == ONGOING
        actions = lax.switch(policy, choices, split[:, 0], battles, visits)
        visits = visits.at[jax.vmap(visited)(battles, actions)].add(going[:, None].astype(jnp.int32))
        battles, records = advance(battles, actions)
        return (split[:, 1], battles, visits), (actions.astype(jnp.uint8), records, going)

    (keys, battles, visits), out = lax.scan(one, (keys, battles, visits), None, length=STEPS_PER_CALL)
    return keys, battles, visits, *out


def _replay_batch(advance: Advance, battles: Battle, actions: jax.Array) -> tuple[Battle, jax.Array]:
    return lax.scan(advance, battles, actions)


@functools.cache
def _programs(vmap: Vmap) -> tuple[Callable[..., Any], ...]:
    """Start, play and replay: one object a program, so that candidates compiled alike share what `jax.jit` keeps."""
    advance = vmap(_advance)
    return vmap(_start), functools.partial(_play_batch, advance), functools.partial(_replay_batch, advance)


@functools.cache
def record_order() -> list[str]:
    """Names of a record's columns, in order."""
    names: list[str] = []

    def collect(sides: Party) -> jax.Array:
        battle, _ = _start(jnp.uint32(0), jnp.uint32(0), sides)
        names.extend(named_fields(unpack(battle)))
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


class PokejaxGen1:
    """The candidate for `pokejax/gen1…` environments.

    `jit`: compiles a function of arrays, with `jax.jit`'s options. `vmap` makes the start and the step of all battles;
    policies are XLA's.
    """

    watched = False

    def __init__(self, env: str, jit: Callable[..., Callable[..., Any]] = jax.jit, vmap: Vmap = jax.vmap) -> None:
        self.env = env
        self.fields = record_order()
        begin, play, replay = _programs(vmap)
        self._start_batch = jit(begin)
        self._play_batch = jit(play, donate_argnums=1)
        self._replay_batch = jit(replay, donate_argnums=0)

    def play(self, seed: int, episodes: int, teams: str, policy: str) -> Iterator[PlayedBattles]:
        """Batches of `LANES` battles; see `play.Player`."""
        if policy not in POLICIES:
            raise ValueError(f"unknown policy {policy!r}; one of {', '.join(POLICIES)}")
        number = list(POLICIES).index(policy)
        wires = sample_teams(teams, np.random.default_rng([seed, 2]), episodes)
        seeds = seeds_of(seed, episodes)
        visits = jnp.zeros(VISITS, jnp.int32)
        for first in range(0, episodes, LANES):
            part = slice(first, min(first + LANES, episodes))
            count = part.stop - first
            key = jax.random.fold_in(jax.random.key(seed & 0xFFFFFFFF), first)
            played, visits = self._play(pad(seeds[part], LANES), pad(wires[part], LANES), count, key, number, visits)
            yield played

    def _begin(self, seeds: np.ndarray, wires: np.ndarray) -> tuple[Battle, jax.Array]:
        return self._start_batch(jnp.asarray(seeds[:, 0]), jnp.asarray(seeds[:, 1]), parties_from_wire(wires))

    def _play(
        self, seeds: np.ndarray, wires: np.ndarray, count: int, key: jax.Array, policy: int, visits: jax.Array
    ) -> tuple[PlayedBattles, jax.Array]:
        battles, before = self._begin(seeds, wires)
        keys = jax.random.split(key, LANES)
        lengths = np.zeros(LANES, np.int64)
        actions, records = [], [np.asarray(before)[None]]
        while True:
            keys, battles, visits, acted, recorded, going = self._play_batch(keys, battles, visits, jnp.int32(policy))
            lengths += np.asarray(going).sum(axis=0)
            actions.append(np.asarray(acted))
            records.append(np.asarray(recorded))
            if not np.asarray(battles.result == ONGOING)[:count].any():
                break
        longest = int(lengths[:count].max())
        played = PlayedBattles(
            seeds=seeds[:count],
            teams=wires[:count],
            lengths=lengths[:count],
            actions=np.concatenate(actions)[:longest, :count].transpose(1, 0, 2),
            records=np.concatenate(records)[: longest + 1, :count].transpose(1, 0, 2),
        )
        return played, visits

    def replay(
        self,
        seeds: NDArray[np.uint32],
        teams: NDArray[np.uint16],
        lengths: NDArray[np.integer],
        actions: NDArray[np.uint8],
    ) -> PlayedBattles:
        """Play given choices; what lies beyond a battle's length is played too, and ignored by the comparison."""
        battles, before = self._begin(seeds, teams)
        _, records = self._replay_batch(battles, jnp.asarray(actions.transpose(1, 0, 2), jnp.int32))
        everything = np.concatenate([np.asarray(before)[None], np.asarray(records)])
        return PlayedBattles(seeds, teams, lengths, actions, everything.transpose(1, 0, 2))
