"""Single steps in the reference: any state that a record describes is restored, and one joint choice is played."""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from references.showdown.client import TEAM_SHAPE, Views
from references.showdown.gen1.record_check import check_records
from references.showdown.workers import OP_STEP, OP_STEP_WATCHED, Fault, WorkerFailedError, WorkerPool, text_field

_CHUNK = 256
"""Rows a request: enough to hide the pipe, few enough that all workers finish together."""


@dataclass(frozen=True)
class StepResults:
    """Results of N states in the reference.

    `status`: int [N], keys of `client.STATUS_NAMES`. `records`: int32 [N, F], all zeros where the status is not ok.
    `messages`: the reason for each row that is not ok. `views`: for each row what both players saw of the state
    restored and of the step played, where that was asked for; fewer where it is not ok.
    """

    status: NDArray[np.int64]
    records: NDArray[np.int32]
    messages: dict[int, str]
    views: list[Sequence[Views]] = field(default_factory=list)


@dataclass(frozen=True)
class _Chunk:
    """Rows of the input, `index`, with those of one pair of teams side by side."""

    index: NDArray[np.intp]
    body: bytes


def step_many(
    pool: WorkerPool,
    format: str,
    teams: NDArray[np.uint16],
    records: NDArray[np.int32],
    actions: NDArray[np.uint8],
    watched: bool = False,
) -> StepResults:
    """One joint step from each state: teams [N, 2, 6, 16], records [N, F], actions [N, 2] as in `client.BattleJob`.

    A choice that the simulator refuses, or a state that it cannot be put into, is a status and a message. A
    `ValueError` names the first row and field whose value no record can hold.
    """
    if actions.shape != (len(records), 2):
        raise ValueError(f"actions have shape {actions.shape}, expected {(len(records), 2)}: two for each record")
    return _run(pool, format, teams, records, actions, watched)


def restore_many(
    pool: WorkerPool, format: str, teams: NDArray[np.uint16], records: NDArray[np.int32], watched: bool = False
) -> StepResults:
    """The records of states [N, F] as the reference gives them back, nothing played. Errors as in `step_many`."""
    return _run(pool, format, teams, records, None, watched)


def _run(
    pool: WorkerPool,
    format: str,
    teams: NDArray[np.uint16],
    records: NDArray[np.int32],
    actions: NDArray[np.uint8] | None,
    watched: bool,
) -> StepResults:
    check_records(teams, records)
    count, width = records.shape
    results = StepResults(np.zeros(count, np.int64), np.zeros((count, width), np.int32), {})
    results.views.extend([()] * count if watched else [])

    def ask(pool: WorkerPool, chunk: _Chunk) -> tuple[NDArray[np.int32], NDArray[np.uint8], list[Any], list[Any]]:
        answer, views = pool.call(OP_STEP_WATCHED if watched else OP_STEP, chunk.body), []
        if watched:
            answer, views = answer.watched()
        rows = len(chunk.index)
        stepped = answer.array("<i4", (rows, width), more=True)
        return stepped, answer.array("u1", (rows,), stepped.nbytes), answer.json(), views

    for done in pool.run(_chunks(format, teams, records, actions), ask):
        if isinstance(done, Fault):
            if done.will_retry:
                continue
            raise WorkerFailedError(f"rows {done.job.index.tolist()[:8]} … twice: {done.reason}")
        index = done.job.index
        stepped, statuses, reasons, views = done.result
        for row, seen in zip(index.tolist() if watched else (), views, strict=True):
            results.views[row] = seen
        results.records[index] = stepped
        results.status[index] = statuses
        results.messages.update({int(index[row]): reason for row, reason in reasons})
    return results


def _chunks(
    format: str, teams: NDArray[np.uint16], records: NDArray[np.int32], actions: NDArray[np.uint8] | None
) -> Iterator[_Chunk]:
    """Requests of at most `_CHUNK` rows. Making a Battle costs more than a step: rows of equal teams go together."""
    flat = np.ascontiguousarray(teams.astype("<u2").reshape(len(teams), 2 * TEAM_SHAPE[0] * TEAM_SHAPE[1]))
    keys = flat.view(np.dtype((np.void, flat.shape[1] * 2)))[:, 0]
    _, first, pair = np.unique(keys, return_index=True, return_inverse=True)
    order = np.argsort(pair, kind="stable")
    packed = (
        np.zeros(len(records), np.int32) if actions is None else actions[:, 0] + 256 * actions[:, 1].astype(np.int32)
    )
    for start in range(0, len(order), _CHUNK):
        index = order[start : start + _CHUNK]
        pairs, local = np.unique(pair[index], return_inverse=True)
        rows = np.column_stack([local, packed[index], records[index]]).astype("<i4")
        head = text_field(format) + struct.pack("<II", actions is not None, len(pairs))
        yield _Chunk(index, head + flat[first[pairs]].tobytes() + rows.tobytes())
