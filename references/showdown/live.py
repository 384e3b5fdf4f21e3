"""Battles in Showdown whose actions, both players', are chosen here: many at once, a joint step at a time.

The battles of a set are spread over Node workers; a step is one request to each worker, all of them at once. A worker
that dies is replaced, and its battles are played again up to where they were: seed, teams and actions are all that a
battle is.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from references.showdown.client import teams_bytes
from references.showdown.gen1.fields import column, field_names
from references.showdown.install import install
from references.showdown.workers import (
    OP_ADVANCE,
    OP_OPEN,
    STATUS_OK,
    STATUS_REFERENCE_ERROR,
    Answer,
    Worker,
    WorkerFailedError,
    text_field,
)

_Request = Callable[[Sequence[int]], tuple[int, bytes]]
"""From some of the slots to an operation and its body."""


class RefusedChoiceError(ValueError):
    """Showdown does not take an action; the message names the battle and its reason."""


@dataclass
class _Battle:
    """The facts a battle is made of: enough to play it again."""

    opening: bytes
    actions: bytearray = field(default_factory=bytearray)


class LiveBattles:
    """`count` battles of one format on `workers` Node processes, all empty at first. Use it in a `with` block.

    `faults`: how many times a worker died and was replaced.
    """

    def __init__(self, count: int, format: str, workers: int = 1, timeout: float = 120.0) -> None:
        if count < 1 or workers < 1:
            raise ValueError(f"live battles: count and workers must be positive, got {count} and {workers}")
        self.count, self.format, self.timeout = count, format, timeout
        self.faults = 0
        self._size = min(workers, count)
        self._workers: list[Worker | None] = [None] * self._size
        self._battles: list[_Battle | None] = [None] * count
        self._closed = False
        self._threads = ThreadPoolExecutor(self._size, thread_name_prefix="showdown-live")

    def __enter__(self) -> LiveBattles:
        install()  # a missing Node or network is reported here
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def pids(self) -> list[int]:
        """Process ids of the workers that are running."""
        return [worker.pid for worker in self._workers if worker is not None]

    def close(self) -> None:
        """End all workers and threads. Safe to call again."""
        self._closed = True  # first: a thread that loses its worker now must not start another
        for worker in self._workers:
            if worker is not None:
                worker.close()
        self._workers = [None] * self._size
        self._threads.shutdown(wait=True)

    def open(
        self, slots: Sequence[int], seeds: NDArray[np.uint32], teams: NDArray[np.uint16]
    ) -> tuple[NDArray[np.int32], NDArray[np.bool_]]:
        """Start battles in `slots` [N], whatever was there: seeds [N, 2] (high and low word), teams [N, 2, 6, 16].

        Returns records [N, F] of the first decision points, and bool [N]: the simulator itself threw, and the record is
        zeros.
        """
        for slot, seed, pair in zip(slots, seeds, teams, strict=True):
            self._battles[slot] = _Battle(struct.pack("<II", *(int(word) for word in seed)) + teams_bytes(pair))
        return self._ask(slots, self._opening)

    def advance(self, slots: Sequence[int], actions: NDArray[np.uint8]) -> tuple[NDArray[np.int32], NDArray[np.bool_]]:
        """One joint step in `slots` [N] with actions [N, 2], as `client.BattleJob` explains them. Returns as `open`.

        Raises `RefusedChoiceError`. A slot whose battle threw must be opened anew.
        """
        if actions.shape != (len(slots), 2):
            raise ValueError(f"actions have shape {actions.shape}, expected {(len(slots), 2)}: two for each battle")
        chosen = {slot: bytes(pair) for slot, pair in zip(slots, actions.astype(np.uint8), strict=True)}
        for slot, pair in chosen.items():
            self._held(slot).actions += pair
        return self._ask(slots, lambda mine: self._advancing(mine, chosen))

    # ---- one request for each worker

    def _held(self, slot: int) -> _Battle:
        battle = self._battles[slot]
        if battle is None:
            raise ValueError(f"no battle is open in slot {slot}: open one first")
        return battle

    def _opening(self, slots: Sequence[int]) -> tuple[int, bytes]:
        """The request that brings the battles of `slots` to where they are, from the beginning."""
        parts = [text_field(self.format), struct.pack("<I", len(slots))]
        for slot in slots:
            battle = self._held(slot)
            parts += [struct.pack("<I", slot), battle.opening]
            parts += [struct.pack("<I", len(battle.actions) // 2), bytes(battle.actions)]
        return OP_OPEN, b"".join(parts)

    @staticmethod
    def _advancing(slots: Sequence[int], chosen: dict[int, bytes]) -> tuple[int, bytes]:
        return OP_ADVANCE, struct.pack("<I", len(slots)) + b"".join(
            struct.pack("<I", slot) + chosen[slot] for slot in slots
        )

    def _ask(self, slots: Sequence[int], request: _Request) -> tuple[NDArray[np.int32], NDArray[np.bool_]]:
        width = len(field_names())
        records, broken = np.zeros((len(slots), width), np.int32), np.zeros(len(slots), bool)
        shares = [[at for at, slot in enumerate(slots) if slot % self._size == number] for number in range(self._size)]
        waiting = [
            (places, self._threads.submit(self._call, number, [slots[at] for at in places], request))
            for number, places in enumerate(shares)
            if places
        ]
        for places, future in waiting:
            answer = future.result()
            count = len(places)
            records[places] = answer.array("<i4", (count, width), more=True)
            statuses = answer.array("u1", (count,), count * width * 4)
            broken[places] = statuses == STATUS_REFERENCE_ERROR
            refused = np.flatnonzero((statuses != STATUS_OK) & (statuses != STATUS_REFERENCE_ERROR))
            if len(refused):
                reasons = dict(answer.json())
                at = int(refused[0])
                raise RefusedChoiceError(f"battle {slots[places[at]]}: {reasons.get(at, 'no reason given')}")
        return records, broken

    def _call(self, number: int, slots: Sequence[int], request: _Request) -> Answer:
        """A worker's answer; where it dies, that of a fresh one that has played all its battles again."""
        worker = self._workers[number]
        if worker is None:
            worker = self._workers[number] = Worker()
        try:
            return worker.call(*request(slots), self.timeout)
        except WorkerFailedError:
            if self._closed:
                raise
            self.faults += 1
            worker = self._workers[number] = Worker()
            others = [
                slot
                for slot in range(number, self.count, self._size)
                if self._battles[slot] is not None and slot not in set(slots)
            ]
            if others:
                worker.call(*self._opening(others), self.timeout)
            # Actions that the lost request held are in the battles' own lists already.
            return worker.call(*self._opening(slots), self.timeout)


def over(records: NDArray[np.int32]) -> NDArray[np.bool_]:
    """bool [N]: the battles of these records have ended."""
    return records[:, column("ended")] != 0


def winners(records: NDArray[np.int32]) -> NDArray[np.int32]:
    """int32 [N]: 1 or 2, the player who won; 0 for a tie or a battle that goes on."""
    return records[:, column("winner")]
