"""The bench's part of a family: its sections, its reference's timer and its peers."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import families
from jaxenv.environment import Environment
from leaderboard.host import HostBench
from leaderboard.peer import Peer
from leaderboard.reference import Request, Session
from leaderboard.replay import Tolerance
from leaderboard.section import Section

BATCH = 4096


@dataclasses.dataclass(frozen=True, kw_only=True)
class TrainingSpeed:
    """A row of training speed: `measure(lanes, seconds, backend)` gives what `baselines.speed` does, as JSON has it."""

    name: str
    env_id: str
    lanes: int
    measure: Callable[[int, float, str], dict[str, Any]]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Bench:
    """Everything that a bench needs of a family.

    * `sections`: what a bench runs unless told otherwise.
    * `session`: starts the reference's workers for a request; raises for what the reference cannot play. None: the
      reference is not timed.
    * `peers`: other engines of an environment's task, installed or not.
    * `error`: distance of one step of ours from the reference, on the states that the peers are given, from the
      environment, the number of states and XLA's options.
    * `best_batch`: backend → the batch that was the fastest so far, which a bench measures unless told otherwise.
    * `training`: rows of training that a sweep measures. `peer_batches`: lanes at which it times the peers.
    * `recorded`: play that `python -m leaderboard record` has made on a CPU, for other devices to repeat.
    * `tolerance`: of one step from the same state on two machines, for environments that compute with floats. None:
      there is none that do, or the board cannot replay them.
    * `host`: measures an environment that runs on the host, in place of all of the above.
    """

    sections: tuple[Section, ...] = (Section(),)
    session: Callable[[Request], AbstractContextManager[Session]] | None = None
    peers: Callable[[Environment], Sequence[Peer]] = lambda env: ()
    error: Callable[[Environment, int, Mapping[str, Any]], dict[str, Any]] | None = None
    tolerance: Tolerance | None = None
    training: tuple[TrainingSpeed, ...] = ()
    peer_batches: tuple[int, ...] = ()
    recorded: Path | None = None
    best_batch: Mapping[str, int] = dataclasses.field(default_factory=dict)
    host: HostBench | None = None

    def batch(self, backend: str) -> int:
        """The batch to measure: the best known one, or 4,096."""
        return self.best_batch.get(backend, BATCH)


def bench_of(env_id: str) -> Bench:
    """The family's part, or one without reference and peers for an environment whose family has none."""
    return families.part(env_id, "bench") or Bench()
