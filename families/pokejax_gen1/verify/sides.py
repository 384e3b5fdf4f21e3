"""Both sides of a Gen 1 battle as `protocol.Env`: Showdown in Node workers, PokeJAX's environment in JAX.

A snapshot holds the reference's record (312 numbers by name) and "teams", uint16 [2, 6, 16], which are a whole battle,
and the episode's "steps" and "limit". Under "out." stands what the environment gives out (`outcome`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import jax
import numpy as np
from numpy.typing import NDArray

import pokejax
from families.pokejax_gen1.verify import outcome
from families.pokejax_gen1.verify.episodes import FEW, WatchedGen1
from families.pokejax_gen1.verify.outcome import AGENTS, LIMIT, NO_LIMIT, REWARDS, STEPS
from families.pokejax_gen1.verify.steps import TEAMS, Gen1Steps
from pokejax.common import formats
from pokejax.gen1.choices import NUM_ACTIONS
from pokejax.gen1.team_sampling import sample_teams
from references.protocol import TERMINATED, UNDEFINED, Actions, Batch, EnvInfo, Rolled, Snapshot
from references.showdown import client, steps
from references.showdown.gen1.fields import column, field_names
from references.showdown.gen1.knowledge import WIDTH, Names
from references.showdown.install import VERSION
from references.showdown.workers import STATUS_OK, STATUS_REFERENCE_ERROR, BadRequestError, Fault, WorkerPool
from verification import batches
from verification.backends import Vmap


def reference_format(env: str) -> str:
    """The reference's format whose battles have the rules of this environment's."""
    return formats.of_environment(env).reference


def column_order(fields: list[str]) -> NDArray[np.intp]:
    """int [F]: place of each of the reference's columns in a candidate's `fields`. `ValueError` names what is amiss."""
    names = field_names()
    missing, unknown = sorted(set(names) - set(fields)), sorted(set(fields) - set(names))
    if missing or unknown or len(fields) != len(names):
        raise ValueError(
            "the candidate's fields must be the reference's (references/showdown/gen1/fields.json), each once; "
            f"missing: {missing[:8]}, unknown: {unknown[:8]}"
        )
    place = {name: i for i, name in enumerate(fields)}
    return np.array([place[name] for name in names])


def to_batch(
    teams: NDArray[np.uint16],
    records: NDArray[np.int32],
    clock: NDArray[np.int32] | None = None,
    outs: Mapping[str, NDArray[Any]] | None = None,
) -> dict[str, NDArray[Any]]:
    """A batch of snapshots from teams [N, 2, 6, 16] and records [N, F] in the reference's order.

    `clock` [N, 2]: steps taken and the limit. `outs`: what was given out; None: only what follows from the records.
    """
    batch: dict[str, NDArray[Any]] = {name: records[:, k] for k, name in enumerate(field_names())}
    batch[TEAMS] = teams
    if clock is not None:
        batch |= {STEPS: clock[:, 0], LIMIT: clock[:, 1]}
    if outs is None:
        won = outcome.wins(records)
        outs = {TERMINATED: batch["ended"] != 0, REWARDS[0]: won, REWARDS[1]: 0 - won}
    batch |= outs
    batch[UNDEFINED] = np.zeros(len(records), bool)
    return batch


def clock_of(batch: Batch) -> NDArray[np.int32]:
    """int32 [N, 2] of a batch of snapshots: steps taken and the limit, where they say nothing 0 and the usual one."""
    count = len(batch[TEAMS])
    steps, limit = batch.get(STEPS, np.zeros(count)), batch.get(LIMIT, np.full(count, NO_LIMIT))
    return np.stack([np.asarray(steps), np.asarray(limit)], axis=1).astype(np.int32)


def clock_along(length: int, limit: int) -> NDArray[np.int32]:
    """int32 [length, 2]: the clock of an episode's states."""
    return np.stack([np.arange(length), np.full(length, limit)], axis=1).astype(np.int32)


def records_of(batch: Batch) -> NDArray[np.int32]:
    """Records [N, F] of a batch of snapshots. A `ValueError` names a path that is missing."""
    try:
        return np.stack([np.asarray(batch[name], np.int32) for name in field_names()], axis=1)
    except KeyError as error:
        raise ValueError(
            f"the snapshot has no field {error.args[0]!r}; see references/showdown/gen1/fields.json"
        ) from None


def teams_of(batch: Batch) -> NDArray[np.uint16]:
    """Teams [N, 2, 6, 16] of a batch of snapshots."""
    if TEAMS not in batch:
        raise ValueError(f"the snapshot has no {TEAMS!r}: uint16 [2, 6, 16]")
    return np.asarray(batch[TEAMS], np.uint16)


def actions_of(actions: Batch) -> NDArray[np.uint8]:
    """uint8 [N, 2] of actions by agent."""
    return np.stack([np.asarray(actions[agent]) for agent in AGENTS], axis=1).astype(np.uint8)


def legal_masks(batch: Batch) -> dict[str, NDArray[np.bool_]]:
    """bool [N, 11] per agent, from the records' own masks."""
    bits = np.arange(NUM_ACTIONS)
    return {agent: (np.asarray(batch[f"{agent}.legal"])[:, None] >> bits) & 1 == 1 for agent in AGENTS}


def beginning(seed: int, options: Mapping[str, Any]) -> tuple[tuple[int, int], NDArray[np.uint16]]:
    """Showdown's seed (high and low word) and both teams of a reset.

    `options`: "teams", a kind (see `sample_teams`) or the array itself; "words", the seed's two words.
    """
    rng = np.random.default_rng(seed)
    words = np.asarray(options.get("words", rng.integers(0, 1 << 32, 2)), np.uint64)
    teams = options.get("teams", "randbats")
    if isinstance(teams, str):
        teams = sample_teams(teams, rng, 1)[0]
    return (int(words[0]), int(words[1])), np.asarray(teams, np.uint16)


class _Gen1Env:
    """The part that both sides share: one battle is a batch of one."""

    info: EnvInfo
    _now: dict[str, NDArray[Any]]

    def snapshot(self) -> Snapshot:
        return batches.row(self._now, 0)

    def restore(self, snapshot: Snapshot) -> None:
        one = {path: np.asarray(value)[None] for path, value in snapshot.items()}
        self._now = dict(self.restore_many(one))

    def step(self, actions: Actions) -> None:
        one = {agent: np.asarray(action)[None] for agent, action in actions.items()}
        self._now = dict(self.step_many(self._now, one))

    def legal(self) -> Mapping[str, NDArray[np.bool_]]:
        return {agent: mask[0] for agent, mask in legal_masks(self._now).items()}

    def legal_many(self, snapshots: Batch) -> Mapping[str, NDArray[np.bool_]]:
        """The masks that the snapshots' own records hold; restoring compares them."""
        return legal_masks(snapshots)

    def restore_many(self, snapshots: Batch) -> Batch:
        raise NotImplementedError

    def step_many(self, snapshots: Batch, actions: Batch) -> Batch:
        raise NotImplementedError


class ShowdownEnv(_Gen1Env):
    """The reference. `pool`: shared workers; without it, `workers` of its own, started when first needed.

    `watched`: what a right environment gives out is worked out too, from what Showdown sends both players.
    """

    def __init__(
        self,
        format: str,
        pool: WorkerPool | None = None,
        workers: int | None = None,
        timeout: float = 60,
        watched: bool = True,
    ) -> None:
        self.format, self.watched = format, watched
        self._names: Names | None = None
        self.info = EnvInfo("pokemon-showdown", VERSION, AGENTS)
        self._shared, self._own = pool, None
        self._workers, self._timeout = workers, timeout

    @property
    def pool(self) -> WorkerPool:
        """The workers."""
        if self._shared is not None:
            return self._shared
        if self._own is None:
            self._own = WorkerPool(self._workers, self._timeout).__enter__()
        return self._own

    def close(self) -> None:
        """End its own workers."""
        if self._own is not None:
            self._own.close()
            self._own = None

    def reset(self, seed: int, options: Mapping[str, Any] | None = None) -> None:
        words, teams = beginning(seed, options or {})
        limit = int((options or {}).get(LIMIT, NO_LIMIT))
        job = client.BattleJob(self.format, words, teams, np.zeros((0, 2), np.uint8), limit)
        told = client.replay(self.pool, job, watched=self.watched)
        self._now = dict(rolled_out(job, told, self.names).states)

    def restore_many(self, snapshots: Batch) -> Batch:
        teams, records = teams_of(snapshots), records_of(snapshots)
        answer = steps.restore_many(self.pool, self.format, teams, records, self.watched)
        return self._answer(snapshots, answer, None)

    def step_many(self, snapshots: Batch, actions: Batch) -> Batch:
        teams, records, joint = teams_of(snapshots), records_of(snapshots), actions_of(actions)
        answer = steps.step_many(self.pool, self.format, teams, records, joint, self.watched)
        return self._answer(snapshots, answer, joint)

    @property
    def names(self) -> Names | None:
        """The reference's names, where the players are watched."""
        if self.watched and self._names is None:
            self._names = Names.of(client.names(self.pool))
        return self._names

    def rollout(self, resets: Sequence[Mapping[str, Any]], actions: Sequence[Batch]) -> Sequence[Rolled]:
        """Whole battles, by all workers. A `ValueError` names a battle whose teams or seed Showdown refuses."""
        jobs: dict[int, client.BattleJob] = {}
        for number, (options, joint) in enumerate(zip(resets, actions, strict=True)):
            limit = int(options.get(LIMIT, NO_LIMIT))
            jobs[number] = client.BattleJob(self.format, *beginning(0, options), actions_of(joint), limit)
        # The longest first, so that all workers end together.
        order = sorted(jobs, key=lambda number: -len(jobs[number].actions))
        found: dict[int, Rolled] = {}
        faults: dict[int, list[str]] = {}

        def attempt(pool: WorkerPool, number: int) -> Rolled:
            try:
                told = client.replay(pool, jobs[number], watched=self.watched)
                return rolled_out(jobs[number], told, self.names)
            except BadRequestError as error:
                raise ValueError(f"the reference refuses battle {jobs[number].seed}: {error}") from error

        for event in self.pool.run(order, attempt):
            if isinstance(event, Fault):
                faults.setdefault(event.job, []).append(event.reason)
            else:
                found[event.job] = event.result
        return [replace(found.get(number, Rolled({})), faults=faults.get(number, ())) for number in jobs]

    def _answer(self, snapshots: Batch, results: steps.StepResults, joint: NDArray[np.uint8] | None) -> Batch:
        teams, clock = teams_of(snapshots), clock_of(snapshots)
        refused = np.flatnonzero((results.status != STATUS_OK) & (results.status != STATUS_REFERENCE_ERROR))
        if len(refused):
            case = int(refused[0])
            raise ValueError(f"Showdown refuses case {case} of {len(teams)}: {results.messages.get(case, '')}")
        stepped = np.full(len(teams), joint is not None)
        clock = clock + np.stack([stepped, np.zeros(len(teams), bool)], axis=1).astype(np.int32)
        outs, illegal = None, np.zeros((len(teams), 2), bool)
        if joint is not None:
            illegal = outcome.illegal(np.stack([snapshots[f"{agent}.legal"] for agent in AGENTS], axis=1), joint)
        if self.names is not None:
            rows = _watched_steps(self.names, teams, records_of(snapshots), results)
            outs = outcome.expected(results.records, rows, clock, stepped, illegal)
        batch = to_batch(teams, results.records, clock, outs)
        batch[UNDEFINED] = results.status == STATUS_REFERENCE_ERROR
        return batch


def _watched_steps(
    names: Names, teams: NDArray[np.uint16], records: NDArray[np.int32], results: steps.StepResults
) -> list[list[list[int]]]:
    """For each player the rows of single steps; zeros where Showdown's own code threw."""
    found: list[list[list[int]]] = [[], []]
    for case, views in enumerate(results.views):
        rows = None
        if results.status[case] == STATUS_OK:
            rows = outcome.watch_step(names, teams[case], records[case], views, results.records[case])
        for side in range(2):
            found[side].append(rows[side] if rows else [0] * WIDTH)
    return found


def rolled_out(job: client.BattleJob, told: client.Replayed, names: Names | None) -> Rolled:
    """Showdown's answer; where its own code threw, the step that it has no answer to is the last."""
    threw, records = told.status == STATUS_REFERENCE_ERROR, told.records
    if threw:
        records = np.concatenate([records, np.zeros((1, records.shape[1]), np.int32)])
    count = len(records)
    clock, outs = clock_along(count, job.limit), None
    if names is not None:
        rows = outcome.watch(names, job.teams, told.records, told.views)
        for mine in rows:
            mine += [[0] * WIDTH] * (count - len(mine))
        bits = np.stack([records[:-1, column(f"{agent}.legal")] for agent in AGENTS], axis=1)
        illegal = np.zeros((count, 2), bool)
        illegal[1:] = outcome.illegal(bits, job.actions[: count - 1])
        outs = outcome.expected(records, rows, clock, np.arange(count) > 0, illegal)
    states = to_batch(np.broadcast_to(job.teams, (count, *job.teams.shape)), records, clock, outs)
    if threw:
        states[UNDEFINED][-1] = True
    stopped = "" if told.status == STATUS_OK else f"{client.STATUS_NAMES[told.status]}: {told.message}"
    return Rolled(states, stopped)


class PokejaxEnv(_Gen1Env):
    """The candidate: PokeJAX's environment. `steps`: single steps, `battles`: whole ones; else made by these."""

    def __init__(
        self,
        format: str,
        steps: Gen1Steps | None = None,
        battles: WatchedGen1 | None = None,
        jit: Callable[..., Any] = jax.jit,
        vmap: Vmap = jax.vmap,
    ) -> None:
        self.format = format
        self.info = EnvInfo("pokejax", pokejax.__version__, AGENTS)
        self.steps = steps or Gen1Steps(jit, vmap, f"pokejax/{format}")
        self.battles = battles or WatchedGen1(f"pokejax/{format}", jit, vmap)

    def reset(self, seed: int, options: Mapping[str, Any] | None = None) -> None:
        words, teams = beginning(seed, options or {})
        records, outs = self.steps.begin_told(np.array([words], np.uint32), teams[None])
        clock = np.array([[0, (options or {}).get(LIMIT, NO_LIMIT)]], np.int32)
        self._now = to_batch(teams[None], records, clock, outs)

    def restore_many(self, snapshots: Batch) -> Batch:
        teams, clock = teams_of(snapshots), clock_of(snapshots)
        records, outs = self.steps.restore_told(teams, records_of(snapshots), clock)
        return to_batch(teams, records, clock, outs)

    def step_many(self, snapshots: Batch, actions: Batch) -> Batch:
        teams, clock = teams_of(snapshots), clock_of(snapshots)
        records, outs = self.steps.step_told(teams, records_of(snapshots), clock, actions_of(actions))
        return to_batch(teams, records, clock + np.array([1, 0], np.int32), outs)

    def step(self, actions: Actions) -> None:
        teams, records, clock = teams_of(self._now), records_of(self._now), clock_of(self._now)
        joint = np.array([int(actions[agent]) for agent in AGENTS], np.uint8)
        after, outs = self.steps.step_one(teams[0], records[0], clock[0], joint)
        self._now = to_batch(teams, after, clock + np.array([1, 0], np.int32), outs)

    def rollout(self, resets: Sequence[Mapping[str, Any]], actions: Sequence[Batch]) -> Sequence[Rolled]:
        """Whole battles in place, all in one batch; what lies beyond a battle's own actions is not given out."""
        begun = [beginning(0, options) for options in resets]
        lengths = np.array([batches.size(joint) for joint in actions])
        played = np.zeros((FEW, int(lengths.max(initial=1)), 2), np.uint8)
        for lane, joint in enumerate(actions):
            played[lane, : lengths[lane]] = actions_of(joint)
        if len(begun) > FEW:
            raise ValueError(f"{len(begun)} battles: at most {FEW} at once")
        fill = np.minimum(np.arange(FEW), len(begun) - 1)
        words = np.array([begun[k][0] for k in fill], np.uint32)
        teams = np.stack([begun[k][1] for k in fill])
        limits = np.array([resets[k].get(LIMIT, NO_LIMIT) for k in fill], np.int32)
        told = self.battles.replay(words, teams, lengths[fill], played, limits)
        found = told.records[..., column_order(self.battles.fields)]
        return [
            Rolled(
                to_batch(
                    np.repeat(teams[k][None], length + 1, axis=0),
                    found[k, : length + 1],
                    clock_along(length + 1, int(limits[k])),
                    {path: values[k, : length + 1] for path, values in told.outs.items()},
                )
            )
            for k, length in enumerate(lengths.tolist())
        ]
