"""Whole episodes of the registered environment, by its public `step`: a record and all that is given out, step by step.

An episode that has ended is stepped on from its last state instead of the next episode's first: a step after the end
must pay nothing and change nothing.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from numpy.typing import NDArray

from families.pokejax_gen1.verify import watched
from families.pokejax_gen1.verify.battles import (
    LANES,
    STEPS_PER_CALL,
    PlayedBattles,
    choose,
    pad,
    record_order,
    seeds_of,
    visited,
)
from families.pokejax_gen1.verify.outcome import AGAIN_PATHS, NO_LIMIT
from families.pokejax_gen1.verify.policies import POLICIES, VISITS
from families.pokejax_gen1.verify.record import record
from families.pokejax_gen1.verify.steps import write_again
from families.pokejax_gen1.verify.themes import drawn
from jaxenv.autoreset import AutoResetState
from pokejax.common.rng import Rng
from pokejax.env import Gen1Battle, Gen1State
from pokejax.gen1.party import parties_from_wire
from pokejax.gen1.state import Party, unpack
from references.protocol import TERMINATED, TRUNCATED
from verification.backends import Vmap

_SHORT = 8
"""One battle in so many has a limit of its own."""
_LONGEST_LIMIT = 60
FEW = 64
"""Battles side by side where no more are played, and of a `rollout`: both are one program."""
GIVEN = len(POLICIES)
"""In the place of a policy: the choices are given."""


def limits_of(seed: int, episodes: int) -> NDArray[np.int32]:
    """[N]: the limit of each battle; that of the environment, but for one in `_SHORT`."""
    rng = np.random.default_rng([seed, 3])
    short = rng.random(episodes) < 1 / _SHORT
    return np.where(short, rng.integers(1, _LONGEST_LIMIT + 1, episodes), NO_LIMIT).astype(np.int32)


def _begin(env: Gen1Battle, hi: jax.Array, lo: jax.Array, sides: Party, limit: jax.Array) -> tuple[Any, ...]:
    params = watched.GivenParams(pool=sides, max_steps_in_episode=limit, rng=Rng(hi=hi, lo=lo))
    state, outs = watched.begin(env, params)
    return state.env_state, params, record(unpack(state.env_state.battle)), outs


def _advance(env: Gen1Battle, state: Gen1State, params: Any, actions: jax.Array) -> tuple[Any, ...]:
    running = AutoResetState(state, jnp.zeros(2, jnp.float32), state.steps)
    _, after, outs = watched.step(env, running, actions, params)
    return after, record(unpack(after.battle)), outs


def _play_step(
    advance: Callable[..., Any],
    keys: jax.Array,
    states: Gen1State,
    visits: jax.Array,
    going: jax.Array,
    params: Any,
    policy: jax.Array,
    given: jax.Array,
) -> tuple[Any, ...]:
    """One step of all lanes: keys, states, visits, going; and actions, records, what is given out, going.

    `policy`: one of `POLICIES`, or `GIVEN` for the choices `given`, int32 [lanes, 2].
    """
    choices = [jax.vmap(functools.partial(choose, policy=one), (0, 0, None)) for one in POLICIES.values()]
    split = jax.vmap(jax.random.split)(keys)
    battles = states.battle
    actions = lax.switch(policy, [*choices, lambda *_: given], split[:, 0], battles, visits)
    visits = visits.at[jax.vmap(visited)(battles, actions)].add(going[:, None].astype(jnp.int32))
    states, records, outs = advance(states, params, actions)
    left = going & ~outs[TERMINATED] & ~outs[TRUNCATED]
    return (split[:, 1], states, visits, left), (actions.astype(jnp.uint8), records, outs, going)


@functools.cache
def _programs(env: Gen1Battle, vmap: Vmap) -> tuple[Callable[..., Any], ...]:
    """Start and step: one object a program, so that candidates compiled alike share what `jax.jit` keeps."""
    advance = vmap(functools.partial(_advance, env))
    begin = vmap(functools.partial(_begin, env))
    return begin, functools.partial(_play_step, advance)


class WatchedGen1:
    """A player (`play.Player`) of `pokejax/gen1…`: the registered environment, step by step.

    `jit`: compiles a function of arrays, with `jax.jit`'s options. `vmap` makes the start and the step of all battles;
    policies are XLA's.
    """

    watched = True

    def __init__(self, env: str, jit: Callable[..., Callable[..., Any]] = jax.jit, vmap: Vmap = jax.vmap) -> None:
        self.env = env
        self.fields = record_order()
        begin, play = _programs(watched.environment(env), vmap)
        self._start_batch = jit(begin)
        self._play_step = jit(play)

    def play(self, seed: int, episodes: int, teams: str, policy: str) -> Iterator[PlayedBattles]:
        """Batches of `LANES` battles, or of `FEW`; see `play.Player`."""
        if policy not in POLICIES:
            raise ValueError(f"unknown policy {policy!r}; one of {', '.join(POLICIES)}")
        number = list(POLICIES).index(policy)
        wires = drawn(teams, np.random.default_rng([seed, 2]), episodes)
        seeds, limits = seeds_of(seed, episodes), limits_of(seed, episodes)
        visits = jnp.zeros(VISITS, jnp.int32)
        lanes = FEW if episodes <= FEW else LANES
        for first in range(0, episodes, lanes):
            part = slice(first, min(first + lanes, episodes))
            key = jax.random.fold_in(jax.random.key(seed & 0xFFFFFFFF), first)
            played, visits = self._play(seeds[part], wires[part], limits[part], key, number, visits, lanes)
            yield played

    def _begin(self, seeds: np.ndarray, wires: np.ndarray, limits: np.ndarray) -> tuple[Any, ...]:
        sides = parties_from_wire(wires)
        return self._start_batch(jnp.asarray(seeds[:, 0]), jnp.asarray(seeds[:, 1]), sides, jnp.asarray(limits))

    def _play(
        self,
        seeds: np.ndarray,
        wires: np.ndarray,
        limits: np.ndarray,
        key: jax.Array,
        policy: int,
        visits: jax.Array,
        lanes: int,
    ) -> tuple[PlayedBattles, jax.Array]:
        count = len(seeds)
        states, params, before, given = self._begin(pad(seeds, lanes), pad(wires, lanes), pad(limits, lanes))
        keys, lengths = jax.random.split(key, lanes), np.zeros(lanes, np.int64)
        carry = keys, states, visits, jnp.ones(lanes, bool)
        none = np.zeros((STEPS_PER_CALL, lanes, 2), np.int32)
        actions, records, outs = [], [np.asarray(before)[None, :count]], [_first(given, count)]
        while True:
            carry, (acted, recorded, told, went) = self._several(carry, params, policy, none)
            lengths += went.sum(axis=0)
            actions.append(acted[:, :count])
            records.append(recorded[:, :count])
            outs.append({path: values[:, :count] for path, values in told.items()})
            # One step more than the longest, for what lies after the end.
            if not went[-1, :count].any():
                break
        longest = int(lengths[:count].max())
        everything = _join(outs)
        _write_after_the_end(everything, lengths[:count])
        played = PlayedBattles(
            seeds=seeds,
            teams=wires,
            lengths=lengths[:count],
            actions=np.concatenate(actions)[:longest].transpose(1, 0, 2),
            records=np.concatenate(records)[: longest + 1].transpose(1, 0, 2),
            limits=limits,
            outs={path: np.swapaxes(values[: longest + 1], 0, 1) for path, values in everything.items()},
        )
        return played, carry[2]

    def _several(
        self, carry: tuple[Any, ...], params: Any, policy: int, given: NDArray[np.int32]
    ) -> tuple[tuple[Any, ...], Any]:
        """As many steps as `given` [T, lanes, 2] has. XLA may compile a loop of steps for longer than one step."""
        out = []
        for joint in given:
            carry, told = self._play_step(*carry, params, np.int32(policy), joint)
            out.append(told)
        return carry, jax.tree.map(lambda *leaves: np.stack([np.asarray(leaf) for leaf in leaves]), *out)

    def replay(
        self,
        seeds: NDArray[np.uint32],
        teams: NDArray[np.uint16],
        lengths: NDArray[np.integer],
        actions: NDArray[np.uint8],
        limits: NDArray[np.int32] | None = None,
    ) -> PlayedBattles:
        """Play given choices; what lies beyond a battle's length is played too, and ignored by the comparison."""
        limits = np.full(len(seeds), NO_LIMIT, np.int32) if limits is None else limits
        states, params, before, given = self._begin(seeds, teams, limits)
        # One joint choice more, for what lies after the end.
        joint = np.pad(actions.transpose(1, 0, 2).astype(np.int32), ((0, 1), (0, 0), (0, 0)))
        keys, visits = jax.random.split(jax.random.key(0), len(seeds)), jnp.zeros(VISITS, jnp.int32)
        carry = keys, states, visits, jnp.zeros(len(seeds), bool)
        _, (_, records, told, _) = self._several(carry, params, GIVEN, joint)
        everything = _join([_first(given, len(seeds)), told])
        _write_after_the_end(everything, np.asarray(lengths))
        steps = actions.shape[1] + 1
        recorded = np.concatenate([np.asarray(before)[None], records])[:steps]
        outs = {path: np.swapaxes(values[:steps], 0, 1) for path, values in everything.items()}
        return PlayedBattles(seeds, teams, lengths, actions, recorded.transpose(1, 0, 2), limits, outs)


def _first(given: dict[str, Any], count: int) -> dict[str, NDArray[Any]]:
    return {path: np.asarray(values)[None, :count] for path, values in given.items()}


def _join(parts: list[dict[str, NDArray[Any]]]) -> dict[str, NDArray[Any]]:
    """All that is given out, [T, N, …]."""
    return {path: np.concatenate([part[path] for part in parts]) for path in parts[0]}


def _write_after_the_end(outs: dict[str, NDArray[Any]], lengths: NDArray[Any]) -> None:
    """Add, in place, the paths of a step after the end, at the last state [length] of every battle that was over."""
    shape = outs[TERMINATED].shape
    for path, kind, value in zip(AGAIN_PATHS, (np.float32, np.float32, bool, bool), (0, 0, False, True), strict=True):
        outs[path] = np.full(shape, value, kind)
    battles = np.arange(len(lengths))
    over = np.flatnonzero(outs[TERMINATED][lengths, battles] & (lengths > 0))
    given = {path: values for path, values in outs.items() if path not in AGAIN_PATHS}
    last = {path: values[lengths[over], over] for path, values in given.items()}
    again = {path: values[lengths[over] + 1, over] for path, values in given.items()}
    found = {path: np.array(outs[path][lengths[over], over]) for path in AGAIN_PATHS}
    write_again(found, np.arange(len(over)), again, last)
    for path, values in found.items():
        outs[path][lengths[over], over] = values
