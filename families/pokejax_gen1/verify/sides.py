"""Both sides of a Gen 1 battle as `protocol.Env`: Showdown in Node workers, PokeJAX's engine in JAX.

A snapshot holds the reference's record (312 numbers by name) and "teams", uint16 [2, 6, 16]; that is a whole battle.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import jax
import numpy as np
from numpy.typing import NDArray

import pokejax
from families.pokejax_gen1.verify.battles import PokejaxGen1
from families.pokejax_gen1.verify.steps import Gen1Steps
from pokejax.common import formats
from pokejax.gen1.choices import NUM_ACTIONS
from pokejax.gen1.team_sampling import sample_teams
from references.protocol import TERMINATED, UNDEFINED, Actions, Batch, EnvInfo, Rolled, Snapshot
from references.showdown import client, steps
from references.showdown.gen1.fields import field_names
from references.showdown.install import VERSION
from references.showdown.workers import STATUS_OK, STATUS_REFERENCE_ERROR, BadRequestError, Fault, WorkerPool
from verification import batches
from verification.backends import Vmap

AGENTS = ("p1", "p2")
TEAMS = "teams"
LANES = 64
"""Battles of a `rollout`, side by side."""
REWARDS = tuple(f"out.reward.{agent}" for agent in AGENTS)


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


def to_batch(teams: NDArray[np.uint16], records: NDArray[np.int32]) -> dict[str, NDArray[Any]]:
    """A batch of snapshots from teams [N, 2, 6, 16] and records [N, F] in the reference's order."""
    batch: dict[str, NDArray[Any]] = {name: records[:, k] for k, name in enumerate(field_names())}
    batch[TEAMS] = teams
    over, winner = batch["ended"] != 0, batch["winner"]
    batch[TERMINATED] = over
    won = (winner == 1).astype(np.int32) - (winner == 2)
    batch |= {REWARDS[0]: np.where(over, won, 0), REWARDS[1]: np.where(over, -won, 0)}
    batch[UNDEFINED] = np.zeros(len(records), bool)
    return batch


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
    """The reference. `pool`: shared workers; without it, `workers` of its own, started when first needed."""

    def __init__(self, format: str, pool: WorkerPool | None = None, workers: int | None = None, timeout: float = 60):
        self.format = format
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
        job = client.BattleJob(self.format, words, teams, np.zeros((0, 2), np.uint8))
        self._now = to_batch(teams[None], client.replay(self.pool, job).records[:1])

    def restore_many(self, snapshots: Batch) -> Batch:
        teams, records = teams_of(snapshots), records_of(snapshots)
        return self._answer(teams, steps.restore_many(self.pool, self.format, teams, records))

    def step_many(self, snapshots: Batch, actions: Batch) -> Batch:
        teams, records = teams_of(snapshots), records_of(snapshots)
        return self._answer(teams, steps.step_many(self.pool, self.format, teams, records, actions_of(actions)))

    def rollout(self, resets: Sequence[Mapping[str, Any]], actions: Sequence[Batch]) -> Sequence[Rolled]:
        """Whole battles, by all workers. A `ValueError` names a battle whose teams or seed Showdown refuses."""
        jobs: dict[int, client.BattleJob] = {}
        for number, (options, joint) in enumerate(zip(resets, actions, strict=True)):
            jobs[number] = client.BattleJob(self.format, *beginning(0, options), actions_of(joint))
        # The longest first, so that all workers end together.
        order = sorted(jobs, key=lambda number: -len(jobs[number].actions))
        found: dict[int, Rolled] = {}
        faults: dict[int, list[str]] = {}

        def attempt(pool: WorkerPool, number: int) -> client.Replayed:
            try:
                return client.replay(pool, jobs[number])
            except BadRequestError as error:
                raise ValueError(f"the reference refuses battle {jobs[number].seed}: {error}") from error

        for event in self.pool.run(order, attempt):
            if isinstance(event, Fault):
                faults.setdefault(event.job, []).append(event.reason)
            else:
                found[event.job] = _rolled(jobs[event.job], event.result)
        return [replace(found.get(number, Rolled({})), faults=faults.get(number, ())) for number in jobs]

    def _answer(self, teams: NDArray[np.uint16], results: steps.StepResults) -> Batch:
        refused = np.flatnonzero((results.status != STATUS_OK) & (results.status != STATUS_REFERENCE_ERROR))
        if len(refused):
            case = int(refused[0])
            raise ValueError(f"Showdown refuses case {case} of {len(teams)}: {results.messages.get(case, '')}")
        batch = to_batch(teams, results.records)
        batch[UNDEFINED] = results.status == STATUS_REFERENCE_ERROR
        return batch


def _rolled(job: client.BattleJob, told: client.Replayed) -> Rolled:
    """Showdown's answer; where its own code threw, the step that it has no answer to is the last."""
    threw, records = told.status == STATUS_REFERENCE_ERROR, told.records
    if threw:
        records = np.concatenate([records, np.zeros((1, records.shape[1]), np.int32)])
    states = to_batch(np.broadcast_to(job.teams, (len(records), *job.teams.shape)), records)
    if threw:
        states[UNDEFINED][-1] = True
    stopped = "" if told.status == STATUS_OK else f"{client.STATUS_NAMES[told.status]}: {told.message}"
    return Rolled(states, stopped)


class PokejaxEnv(_Gen1Env):
    """The candidate: PokeJAX's rules. `steps`: single steps, `battles`: whole ones; else made with `jit` and `vmap`."""

    def __init__(
        self,
        format: str,
        steps: Gen1Steps | None = None,
        battles: PokejaxGen1 | None = None,
        jit: Callable[..., Any] = jax.jit,
        vmap: Vmap = jax.vmap,
    ) -> None:
        self.format = format
        self.info = EnvInfo("pokejax", pokejax.__version__, AGENTS)
        self.steps = steps or Gen1Steps(jit, vmap)
        self.battles = battles or PokejaxGen1(f"pokejax/{format}", jit, vmap)

    def reset(self, seed: int, options: Mapping[str, Any] | None = None) -> None:
        words, teams = beginning(seed, options or {})
        self._now = to_batch(teams[None], self.steps.begin_many(np.array([words], np.uint32), teams[None]))

    def restore_many(self, snapshots: Batch) -> Batch:
        teams = teams_of(snapshots)
        return to_batch(teams, self.steps.restore_many(teams, records_of(snapshots)))

    def step_many(self, snapshots: Batch, actions: Batch) -> Batch:
        teams = teams_of(snapshots)
        return to_batch(teams, self.steps.step_many(teams, records_of(snapshots), actions_of(actions)))

    def step(self, actions: Actions) -> None:
        teams, records = teams_of(self._now), records_of(self._now)
        joint = np.array([int(actions[agent]) for agent in AGENTS], np.uint8)
        self._now = to_batch(teams, self.steps.step_one(teams[0], records[0], joint)[None])

    def rollout(self, resets: Sequence[Mapping[str, Any]], actions: Sequence[Batch]) -> Sequence[Rolled]:
        """Whole battles in place, all in one batch; what lies beyond a battle's own actions is not given out."""
        begun = [beginning(0, options) for options in resets]
        lengths = np.array([batches.size(joint) for joint in actions])
        played = np.zeros((LANES, _ceiling(int(lengths.max(initial=1))), 2), np.uint8)
        for lane, joint in enumerate(actions):
            played[lane, : lengths[lane]] = actions_of(joint)
        if len(begun) > LANES:
            raise ValueError(f"{len(begun)} battles: at most {LANES} at once")
        fill = np.minimum(np.arange(LANES), len(begun) - 1)
        words = np.array([begun[k][0] for k in fill], np.uint32)
        teams = np.stack([begun[k][1] for k in fill])
        found = self.battles.replay(words, teams, lengths[fill], played).records[..., column_order(self.battles.fields)]
        return [
            Rolled(to_batch(np.repeat(teams[k][None], length + 1, axis=0), found[k, : length + 1]))
            for k, length in enumerate(lengths.tolist())
        ]


def _ceiling(length: int) -> int:
    """A length that few programs need be compiled for: the next power of two, at least 128."""
    return max(128, 1 << (length - 1).bit_length())
