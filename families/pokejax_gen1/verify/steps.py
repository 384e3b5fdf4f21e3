"""Single steps in PokeJAX: any state that a record describes is restored, and one joint choice is played.

The step is the public one of the registered environment. What a record does not hold, the memory of what has been
shown, is then what can be seen of the state at once.
"""

from __future__ import annotations

import dataclasses
import functools
import operator
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray

from families.pokejax_gen1.verify import watched
from families.pokejax_gen1.verify.outcome import AGAIN_PATHS, AGENTS, LIMIT, NO_LIMIT, REWARDS, STEPS
from families.pokejax_gen1.verify.record import named_fields
from families.pokejax_gen1.verify.restore import from_record, named
from jaxenv.autoreset import AutoResetState
from pokejax.common.rng import Rng
from pokejax.env import Gen1Battle, Gen1State
from pokejax.gen1.observation import first_memory
from pokejax.gen1.observation.memory import UNSEEN, Memory
from pokejax.gen1.party import parties_from_wire
from pokejax.gen1.state import TEAM_SIZE, Party, pack, unpack
from references.protocol import TERMINATED, Batch, per_case
from references.showdown.gen1.fields import field_names
from references.showdown.gen1.record_check import check_records
from verification.backends import Vmap, alone
from verification.meetings.traced import Traced

LANES = 1024
"""States side by side. Fixed, so that one compiled program serves any number of them."""
TEAMS = "teams"
Outs = dict[str, Any]
"""Leaves that the environment gives out, by path."""


def _memory(battle: Any) -> Memory:
    """Visible facts of a state: the Pokémon that are out, and moves that Mimic has replaced."""
    seats = battle.seats
    first = jnp.arange(TEAM_SIZE) == 0
    slots = jnp.stack([seat.slot for seat in seats]).astype(jnp.int8)
    replaced = jnp.stack([seat.virtual & ~seat.transformed for seat in seats])
    active = jnp.arange(TEAM_SIZE) == slots[:, None]
    return dataclasses.replace(
        first_memory(),
        appearance=jnp.where(first, slots[:, None], UNSEEN).astype(jnp.int8),
        moves=active[..., None] & replaced[:, None],
    )


def _restored(row: jax.Array, sides: Party, clock: jax.Array) -> Any:
    """The environment's state, and its params, from a record and (steps taken, limit)."""
    first, second = (jax.tree.map(operator.itemgetter(side), sides) for side in range(2))
    # In storage: a number that its field cannot hold shows as a difference.
    battle = pack(from_record(named(row), (first, second)))
    state = Gen1State(battle=battle, memory=_memory(unpack(battle)), steps=clock[0])
    params = _params(Rng(hi=jnp.uint32(0), lo=jnp.uint32(0)), sides, clock[1])
    return AutoResetState(state, jnp.zeros(2, jnp.float32), clock[0]), params


def _params(rng: Rng, sides: Party, limit: Any) -> watched.GivenParams:
    return watched.GivenParams(pool=sides, max_steps_in_episode=limit, rng=rng)


def _record(state: Gen1State) -> jax.Array:
    fields = named_fields(unpack(state.battle))
    return jnp.stack([fields[name] for name in field_names()])


def _begin(env: Gen1Battle, seed: jax.Array, sides: Party) -> tuple[jax.Array, Outs]:
    params = _params(Rng(hi=seed[0], lo=seed[1]), sides, jnp.int32(NO_LIMIT))
    state, outs = watched.begin(env, params)
    return _record(state.env_state), outs


def _restore(env: Gen1Battle, row: jax.Array, sides: Party, clock: jax.Array) -> tuple[jax.Array, Outs]:
    state, params = _restored(row, sides, clock)
    return _record(state.env_state), watched.first_outcome(env, state, env.observe(state, params), params)


def _step(
    env: Gen1Battle, row: jax.Array, sides: Party, clock: jax.Array, actions: jax.Array
) -> tuple[jax.Array, Outs]:
    state, params = _restored(row, sides, clock)
    _, after, outs = watched.step(env, state, actions, params)
    return _record(after), outs


@functools.cache
def _programs(env: Gen1Battle, vmap: Vmap) -> tuple[Callable[..., Any], ...]:
    """Starts, restored states and steps of many, and steps of one.

    One object a program, so that instances compiled in the same way share what `jax.jit` keeps of it.
    """
    begin, restore, step = (functools.partial(one, env) for one in (_begin, _restore, _step))
    return vmap(begin), vmap(restore), vmap(step), alone(vmap, step)


def traced(env: Gen1Battle) -> Traced:
    """One `step_env` as a program of snapshots, for the conditions of its source to be watched."""

    def step(paths: dict[str, Any], actions: dict[str, jax.Array]) -> Any:
        row = jnp.stack([paths[name] for name in field_names()])
        state, params = _restored(row, paths[TEAMS], jnp.stack([paths[STEPS], paths[LIMIT]]))
        return env.step_env(jax.random.key(0), state.env_state, jnp.stack([actions[agent] for agent in AGENTS]), params)

    def arguments(snapshots: Batch, actions: Batch) -> tuple[dict[str, Any], dict[str, Any]]:
        count = len(snapshots[TEAMS])
        clock = {STEPS: snapshots.get(STEPS, np.zeros(count)), LIMIT: snapshots.get(LIMIT, np.full(count, NO_LIMIT))}
        state: dict[str, Any] = {name: np.asarray(snapshots[name], np.int32) for name in field_names()}
        state |= {name: np.asarray(values, np.int32) for name, values in clock.items()}
        state[TEAMS] = parties_from_wire(np.asarray(snapshots[TEAMS], np.uint16))
        return state, {agent: np.asarray(actions[agent], np.int32) for agent in AGENTS}

    return Traced(step, arguments)


def no_clock(count: int) -> NDArray[np.int32]:
    """[N, 2]: no step taken, and the environment's own limit."""
    return np.tile(np.array([0, NO_LIMIT], np.int32), (count, 1))


class Gen1Steps:
    """PokeJAX's Gen 1 environment, one step at a time from given states.

    `jit`: compiles a function of arrays, when it is first called. `vmap` makes the program of many.
    """

    def __init__(
        self,
        jit: Callable[..., Callable[..., Any]] = jax.jit,
        vmap: Vmap = jax.vmap,
        env: str = "pokejax/gen1randombattle",
    ) -> None:
        begin, restore, many, one = _programs(watched.environment(env), vmap)
        self._begin = jit(begin)
        self._restore = jit(restore)
        self._step = jit(many)
        self._step_one = jit(one)

    def begin_many(self, seeds: NDArray[np.uint32], teams: NDArray[np.uint16]) -> NDArray[np.int32]:
        """Records [N, F] of battles at their first decision point, from seeds [N, 2] (high and low word) and teams."""
        return self.begin_told(seeds, teams)[0]

    def begin_told(self, seeds: NDArray[np.uint32], teams: NDArray[np.uint16]) -> tuple[NDArray[np.int32], Outs]:
        """As `begin_many`, with what the environment gives out."""
        if seeds.shape != (len(teams), 2):
            raise ValueError(f"seeds have shape {seeds.shape}, expected {(len(teams), 2)}: two words for each battle")
        return _without_again(self._in_lanes(self._begin, teams, seeds))

    def step_many(
        self, teams: NDArray[np.uint16], records: NDArray[np.int32], actions: NDArray[np.uint8]
    ) -> NDArray[np.int32]:
        """Records [N, F], in the reference's order, after one joint choice from each state.

        `teams` [N, 2, 6, 16], `records` [N, F], `actions` [N, 2]. A `ValueError` names the first row and field whose
        value no battle can have.
        """
        return self.step_told(teams, records, no_clock(len(records)), actions)[0]

    def step_told(
        self,
        teams: NDArray[np.uint16],
        records: NDArray[np.int32],
        clock: NDArray[np.int32],
        actions: NDArray[np.uint8],
    ) -> tuple[NDArray[np.int32], Outs]:
        """As `step_many`, with what the environment gives out; `clock` [N, 2]: steps taken and the limit.

        Where the battle is over, one more step is played from there.
        """
        if actions.shape != (len(records), 2):
            raise ValueError(f"actions have shape {actions.shape}, expected {(len(records), 2)}: two for each record")
        check_records(teams, records)
        after, outs = self._in_lanes(self._step, teams, records, clock, actions.astype(np.int32))
        _, outs = _without_again((after, outs))
        over = np.flatnonzero(outs[TERMINATED])
        if len(over):
            later = clock[over] + np.array([1, 0], np.int32)
            joint = np.zeros((len(over), 2), np.int32)
            _, again = self._in_lanes(self._step, teams[over], after[over], later, joint)
            write_again(outs, over, again)
        return after, outs

    def step_one(
        self, teams: NDArray[np.uint16], record: NDArray[np.int32], clock: NDArray[np.int32], actions: NDArray[np.uint8]
    ) -> tuple[NDArray[np.int32], Outs]:
        """Like `step_told` for one state without a leading axis, by a program of its own: one battle, not a batch."""
        check_records(teams[None], record[None])
        sides = parties_from_wire(teams)
        after, outs = self._step_one(record, sides, clock, actions.astype(np.int32))
        after, found = np.asarray(after)[None], {path: np.asarray(value)[None] for path, value in outs.items()}
        _, found = _without_again((after, found))
        if found[TERMINATED][0]:
            _, again = self._step_one(after[0], sides, clock + np.array([1, 0], np.int32), np.zeros(2, np.int32))
            last = {path: np.asarray(value)[None] for path, value in again.items()}
            write_again(found, np.array([0]), last)
        return after, found

    def restore_many(self, teams: NDArray[np.uint16], records: NDArray[np.int32]) -> NDArray[np.int32]:
        """The records [N, F] of states as the engine gives them back, nothing played. Errors as in `step_many`."""
        return self.restore_told(teams, records, no_clock(len(records)))[0]

    def restore_told(
        self, teams: NDArray[np.uint16], records: NDArray[np.int32], clock: NDArray[np.int32]
    ) -> tuple[NDArray[np.int32], Outs]:
        """As `restore_many`, with what the environment gives out."""
        check_records(teams, records)
        return _without_again(self._in_lanes(self._restore, teams, records, clock))

    def _in_lanes(
        self, program: Callable[..., Any], teams: NDArray[np.uint16], first: np.ndarray, *more: np.ndarray
    ) -> tuple[NDArray[np.int32], Outs]:
        parts = []
        # At least one batch, so that no states have paths too.
        for begin in range(0, max(len(teams), 1), LANES):
            count = len(teams) - begin
            # The last lanes are filled up with copies of the last state.
            lanes = np.minimum(np.arange(begin, begin + LANES), max(len(teams) - 1, 0))
            if not len(teams):
                teams, first, *more = (np.zeros((1, *a.shape[1:]), a.dtype) for a in (teams, first, *more))  # type: ignore[assignment]
            answer = program(first[lanes], parties_from_wire(teams[lanes]), *(array[lanes] for array in more))
            parts.append(jax.tree.map(lambda leaf, n=count: np.asarray(leaf)[:n], answer))
        return jax.tree.map(lambda *leaves: np.concatenate(leaves), *parts)


def _without_again(told: tuple[NDArray[np.int32], Outs]) -> tuple[NDArray[np.int32], Outs]:
    """With the paths of a step after the end, as they are where there is none."""
    records, outs = told
    count = len(records)
    empty = (np.zeros(count, np.float32), np.zeros(count, np.float32), np.zeros(count, bool), np.ones(count, bool))
    return records, {**outs, **dict(zip(AGAIN_PATHS, empty, strict=True))}


def write_again(outs: Outs, at: NDArray[np.intp], again: Outs, last: Outs | None = None) -> None:
    """Write, in place, what a step after the end gave out (`again` [M]) to the cases `at` [M] that had ended.

    The observation must be that of `last` [M]. A state that is restored has lost what players remember: None there.
    """
    same = np.ones(len(at), bool)
    for path, values in again.items():
        if last is not None and ".obs." in path:
            same &= per_case(np.asarray(values) == last[path]).all(axis=1)
    values = (*(np.asarray(again[path]) for path in REWARDS), np.asarray(again[TERMINATED]), same)
    for path, value in zip(AGAIN_PATHS, values, strict=True):
        outs[path][at] = value
