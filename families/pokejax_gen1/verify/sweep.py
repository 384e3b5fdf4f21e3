"""Whole battles of a candidate, replayed in the reference and compared at every decision point."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from queue import Queue
from threading import Thread
from typing import Any

import numpy as np
from numpy.typing import NDArray

from families.pokejax_gen1.verify.candidate import LockstepCandidate, PlayedBattles, reference_format
from families.pokejax_gen1.verify.cases import case_of
from families.pokejax_gen1.verify.compare import Divergence, column_order, compare, describe
from families.pokejax_gen1.verify.coverage import Coverage
from leaderboard.invocation import spelled
from references.showdown.client import POLICIES, BattleJob, Replayed, replay
from references.showdown.workers import (
    STATUS_REFERENCE_ERROR,
    BadRequestError,
    Done,
    Fault,
    WorkerPool,
)
from verification import cases
from verification.results import FieldDifference, Finding

KEPT_FAILURES = 100  # a broken rule fails every battle; the first hundred files tell as much as all


@dataclass(frozen=True)
class Plan:
    """What to play: `policies` share `episodes` evenly, each with its own stream derived from `seed`."""

    env: str
    episodes: int
    seed: int
    teams: str = "randbats"
    policies: tuple[str, ...] = ("uniform",)

    def shares(self) -> list[tuple[str, int, int]]:
        """(policy, seed, episodes) of each part; the first parts take the remainder."""
        each, rest = divmod(self.episodes, len(self.policies))
        parts = [(policy, each + (k < rest)) for k, policy in enumerate(self.policies)]
        # The stream depends on the policy itself, so that one policy alone repeats its part of a run over all.
        return [(policy, _stream(self.seed, policy), count) for policy, count in parts if count]


def _stream(seed: int, policy: str) -> int:
    return int(np.random.SeedSequence([seed, POLICIES.index(policy)]).generate_state(1)[0])


@dataclass(frozen=True)
class Match:
    """One battle of the candidate, waiting to be replayed. `records` are in the reference's column order."""

    job: BattleJob
    records: NDArray[np.int32]
    policy: str


OnBattle = Callable[[Match, NDArray[np.int32], Divergence | None], None]


@dataclass
class Failure:
    """A divergence and the file that holds its battle, None beyond the first hundred."""

    divergence: Divergence
    path: Path | None
    policy: str


@dataclass
class Sweep:
    """Running totals of a level 3 run; complete when `episodes` reaches the plan's and `unverified` is empty."""

    plan: Plan
    episodes: int = 0
    steps: int = 0
    seconds: float = 0.0
    failures: list[Failure] = field(default_factory=list)
    first_fields: Counter[str] = field(default_factory=Counter)
    coverage: Coverage = field(default_factory=Coverage)
    by_policy: Counter[str] = field(default_factory=Counter)
    faults: list[dict[str, Any]] = field(default_factory=list)
    unverified: int = 0
    reference_errors: list[dict[str, Any]] = field(default_factory=list)

    def summary(self) -> str:
        """A few lines: what was compared, the first failures, and how to play them again."""
        plan = self.plan
        lines = [
            f"{plan.env}, teams {plan.teams}, policies {', '.join(plan.policies)}: {self.episodes} of {plan.episodes} "
            f"battles, {self.steps} joint steps, {len(self.failures)} divergences"
        ]
        lines += [f"  {fault['reason']}; in flight: seed {fault['seed']}" for fault in self.faults[:5]]
        for failure in self.failures[:3]:
            lines += ["", describe(failure.divergence)]
            if failure.path:
                lines.append(f"  replay: {spelled('verification', 'replay', failure.path)}")
        return "\n".join(lines)

    @property
    def complete(self) -> bool:
        """Whether every planned battle was compared."""
        return self.episodes == self.plan.episodes and self.unverified == 0


def _matches(candidate: LockstepCandidate, plan: Plan) -> Iterator[Match]:
    order = column_order(candidate.fields)
    format = reference_format(plan.env)
    for policy, seed, episodes in plan.shares():
        produced = 0
        for batch in _one_ahead(candidate.play(seed, episodes, plan.teams, policy)):
            batch.check(len(order))
            for i, length in enumerate(batch.lengths[: episodes - produced]):
                seed_words = (int(batch.seeds[i, 0]), int(batch.seeds[i, 1]))
                job = BattleJob(format, seed_words, batch.teams[i], batch.actions[i, :length])
                yield Match(job, batch.records[i, : length + 1][:, order], policy)
                produced += 1
        if produced < episodes:
            raise ValueError(f"the candidate played {produced} of {episodes} battles under policy {policy}")


def _one_ahead(batches: Iterator[PlayedBattles]) -> Iterator[PlayedBattles]:
    """The same batches, the next one played in a thread while the reference is busy with this one.

    The thread is a daemon: whoever interrupts the run does not wait for a batch that nobody will compare.
    """
    ready: Queue[PlayedBattles | BaseException | None] = Queue(1)

    def play() -> None:
        try:
            for batch in batches:
                ready.put(batch)
            ready.put(None)
        except BaseException as error:  # whatever it is, it is raised again where the batches are asked for
            ready.put(error)

    Thread(target=play, daemon=True).start()
    while (batch := ready.get()) is not None:
        if isinstance(batch, BaseException):
            raise batch
        yield batch


def run(
    candidate: LockstepCandidate,
    plan: Plan,
    pool: WorkerPool,
    failures: Path | None,
    sweep: Sweep | None = None,
    on_progress: Callable[[Sweep], None] = lambda sweep: None,
    on_battle: OnBattle = lambda match, records, divergence: None,
) -> Sweep:
    """Compare `plan.episodes` battles; every divergence is saved into the folder `failures` when it is found.

    `sweep`, if given, is filled in place, so that an interrupted run keeps what it has. `on_battle` gets every battle
    with the reference's records and what differed.
    """
    sweep = sweep or Sweep(plan)
    begin = time.monotonic()

    def attempt(pool: WorkerPool, match: Match) -> Replayed:
        try:
            return replay(pool, match.job)
        except BadRequestError as error:
            raise ValueError(f"the reference refuses battle {match.job.seed}: {error}") from error

    for event in pool.run(_matches(candidate, plan), attempt):
        if isinstance(event, Fault):
            _add_fault(sweep, event)
        else:
            on_battle(event.job, event.result.records, _add_battle(sweep, event, failures))
        sweep.seconds = time.monotonic() - begin
        on_progress(sweep)
    return sweep


def _add_fault(sweep: Sweep, fault: Fault[Match]) -> None:
    job = fault.job.job
    sweep.faults.append(
        {
            "reason": fault.reason,
            "retried": fault.will_retry,
            "seed": list(job.seed),
            "teams": job.teams.tolist(),
            "actions": job.actions.tolist(),
        }
    )
    if not fault.will_retry:
        sweep.unverified += 1


def _add_battle(sweep: Sweep, done: Done[Match, Replayed], folder: Path | None) -> Divergence | None:
    match, reference = done.job, done.result
    sweep.episodes += 1
    sweep.steps += len(reference.records) - 1
    sweep.by_policy[match.policy] += 1
    if len(reference.records):
        sweep.coverage.add(reference.records, match.job.actions)
    if reference.status == STATUS_REFERENCE_ERROR:
        sweep.reference_errors.append({"seed": list(match.job.seed), "message": reference.message})
    divergence = compare(match.records, reference)
    if divergence is None:
        return None
    sweep.first_fields[divergence.first_field] += 1
    path = None
    if folder is not None and len(sweep.failures) < KEPT_FAILURES:
        path = cases.save(folder, case_of(sweep.plan.env, match.job, divergence.step), finding_of(divergence))
    sweep.failures.append(Failure(divergence, path, match.policy))
    return divergence


def finding_of(divergence: Divergence) -> Finding:
    """A divergence as the reports have it; its fields in the record's module order."""
    seen = tuple(FieldDifference(d.name, d.module, d.candidate, d.reference) for d in divergence.differences)
    extra = divergence.extra_draws
    draws = "more than 64 draws apart" if extra is None and seen else f"{extra:+d} draws" if extra else ""
    message = "" if seen else f"{divergence.kind}: {divergence.message}"
    return Finding(divergence.step, seen, draws=draws, message=message)
