"""Requests to the workers, in numpy terms: replay a battle, play one, make teams."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from references.showdown.gen1.fields import field_names
from references.showdown.workers import (
    OP_NAMES,
    OP_PLAY,
    OP_PLAY_WATCHED,
    OP_REPLAY,
    OP_REPLAY_WATCHED,
    OP_TEAMS,
    STATUS_ENDED_EARLY,
    STATUS_OK,
    STATUS_REFERENCE_ERROR,
    STATUS_REJECTED,
    BadRequestError,
    Done,
    Fault,
    WorkerPool,
    failure,
    text_field,
)

STATUS_NAMES = {
    STATUS_OK: "ok",
    STATUS_REJECTED: "choice rejected",
    STATUS_ENDED_EARLY: "ended early",
    STATUS_REFERENCE_ERROR: "reference error",
}

#: Kinds of teams that `make_teams` knows, and ways to choose that `play` knows.
TEAM_KINDS = ("randbats", "allmoves", "ou", "mirror")
POLICIES = ("uniform", "max-damage", "status-first", "switch-averse", "stalling", "guided")

#: One team on the wire: six Pokémon of species, level, four moves, five IVs, five EVs (hp atk def spc spe).
TEAM_SHAPE = (6, 16)


Views = Any
"""For each player [lines, request]: what it was sent in a step, and its request (None when the battle is over)."""


@dataclass(frozen=True)
class BattleJob:
    """A battle to replay.

    `seed`: high and low uint32 of the generator's 64-bit state. `teams`: uint16 [2, 6, 16]; species 0 ends a team.
    `actions`: uint8 [T, 2]; 0-5 switch to that team index, 6-9 the entry of the request's move list, 10 NO_OP.
    `limit`: steps after which an environment truncates it; Showdown is not told.
    """

    format: str
    seed: tuple[int, int]
    teams: NDArray[np.uint16]
    actions: NDArray[np.uint8]
    limit: int = 4000


@dataclass(frozen=True)
class Replayed:
    """Result of a job in the reference.

    `records`: int32 [R, F], R = T + 1 unless it stopped early; row 0 is before the first choice.
    `status`: a key of `STATUS_NAMES`; `message` says where and why when it is not `STATUS_OK`.
    `views`: [R] of what both players saw, if that was asked for.
    """

    status: int
    message: str
    records: NDArray[np.int32]
    views: Sequence[Views] = ()


def teams_bytes(teams: NDArray[np.uint16]) -> bytes:
    """Both teams as the workers read them."""
    if teams.shape != (2, *TEAM_SHAPE):
        raise ValueError(f"teams have shape {teams.shape}, expected {(2, *TEAM_SHAPE)}")
    return teams.astype("<u2").tobytes()


def replay(pool: WorkerPool, job: BattleJob, timeout: float | None = None, watched: bool = False) -> Replayed:
    """Play `job`'s actions in the reference and record every decision point; `watched`: with both players' views."""
    actions = np.ascontiguousarray(job.actions, dtype=np.uint8)
    if actions.ndim != 2 or actions.shape[1] != 2:
        raise ValueError(f"actions have shape {actions.shape}, expected [T, 2]")
    body = text_field(job.format) + struct.pack("<II", *job.seed) + teams_bytes(job.teams) + actions.tobytes()
    views: Sequence[Views] = ()
    answer = pool.call(OP_REPLAY_WATCHED if watched else OP_REPLAY, body, timeout)
    if watched:
        answer, views = answer.watched()
    records = answer.array("<i4", (-1, len(field_names())))
    if answer.status == STATUS_OK and len(records) != len(actions) + 1:
        raise failure(f"answered {len(records)} records of {len(actions)} steps")
    if watched and len(views) != len(records):
        raise failure(f"answered {len(views)} views of {len(records)} decision points")
    return Replayed(answer.status, answer.text, records, views)


def replay_all(pool: WorkerPool, jobs: Iterable[BattleJob]) -> Iterator[Done[BattleJob, Replayed] | Fault[BattleJob]]:
    """Replay many battles on all workers, in order of completion; failed workers come as `Fault`."""
    return pool.run(jobs, replay)


def play(
    pool: WorkerPool,
    format: str,
    seed: tuple[int, int],
    teams: NDArray[np.uint16],
    policy: str = "uniform",
    choice_seed: int = 0,
    limit: int = 10_000,
) -> tuple[NDArray[np.uint8], NDArray[np.int32]]:
    """Play one battle inside the reference, choosing by `policy` (of `POLICIES`) from its legal masks.

    Returns the actions, uint8 [T, 2], and the records, int32 [T + 1, F]. Stops after `limit` joint steps.
    """
    actions, told = _played(pool, format, seed, teams, policy, choice_seed, limit, watched=False)
    return actions, told.records


def play_watched(
    pool: WorkerPool,
    format: str,
    seed: tuple[int, int],
    teams: NDArray[np.uint16],
    policy: str = "uniform",
    choice_seed: int = 0,
    limit: int = 10_000,
) -> tuple[NDArray[np.uint8], Replayed]:
    """As `play`, with both players' views."""
    return _played(pool, format, seed, teams, policy, choice_seed, limit, watched=True)


def _played(
    pool: WorkerPool,
    format: str,
    seed: tuple[int, int],
    teams: NDArray[np.uint16],
    policy: str,
    choice_seed: int,
    limit: int,
    watched: bool,
) -> tuple[NDArray[np.uint8], Replayed]:
    head = text_field(format) + text_field(policy) + struct.pack("<IIII", *seed, choice_seed, limit)
    views: Sequence[Views] = ()
    answer = pool.call(OP_PLAY_WATCHED if watched else OP_PLAY, head + teams_bytes(teams))
    if watched:
        answer, views = answer.watched()
    steps = int(answer.array("<u4", (1,), more=True)[0])
    records = answer.array("<i4", (steps + 1, len(field_names())), 4, more=True)
    return answer.array("u1", (steps, 2), 4 + records.nbytes), Replayed(STATUS_OK, "", records, views)


def make_teams(pool: WorkerPool, kind: str, seed: tuple[int, int], count: int) -> NDArray[np.uint16]:
    """`count` pairs of teams of a kind (of `TEAM_KINDS`): uint16 [count, 2, 6, 16]."""
    answer = pool.call(OP_TEAMS, text_field(kind) + struct.pack("<III", *seed, count))
    return answer.array("<u2", (count, 2, *TEAM_SHAPE))


def names(pool: WorkerPool) -> dict[str, Any]:
    """The numbers of the reference's names (see `numbers` in dex.js)."""
    return pool.call(OP_NAMES, b"").json()


__all__ = [
    "POLICIES",
    "STATUS_NAMES",
    "TEAM_KINDS",
    "TEAM_SHAPE",
    "BadRequestError",
    "BattleJob",
    "Replayed",
    "Views",
    "make_teams",
    "names",
    "play",
    "play_watched",
    "replay",
    "replay_all",
]
