"""The reference against itself: the control that a sweep raises no false alarm and finds a planted difference."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext

import numpy as np
from numpy.typing import NDArray

from families.pokejax_gen1.verify.candidate import PlayedBattles, reference_format
from references.showdown import client
from references.showdown.gen1.fields import column, field_names
from references.showdown.workers import WorkerPool

_BATCH = 32


class SelfCheck:
    """Plays in one worker what the sweep then replays in others.

    `corrupt`: (field, step): adds 1 to that field of every record from that step on, as a wrong rule would.
    `pool`: workers to play in, instead of one of its own.
    """

    def __init__(self, env: str, corrupt: tuple[str, int] | None = None, pool: WorkerPool | None = None) -> None:
        self.fields: list[str] = list(field_names())
        self.format = reference_format(env)
        self.corrupt = corrupt
        self._shared = pool

    def _pool(self) -> AbstractContextManager[WorkerPool]:
        return nullcontext(self._shared) if self._shared else WorkerPool(1)

    def play(self, seed: int, episodes: int, teams: str, policy: str) -> Iterator[PlayedBattles]:
        """See `LockstepCandidate.play`."""
        rng = np.random.default_rng(seed)
        with self._pool() as pool:
            for start in range(0, episodes, _BATCH):
                count = min(_BATCH, episodes - start)
                seeds = rng.integers(0, 2**32, (count, 2), dtype=np.uint32)
                pairs = client.make_teams(pool, teams, (int(seeds[0, 0]), int(seeds[0, 1])), count)
                battles = [
                    client.play(pool, self.format, (int(high), int(low)), pair, policy, choice_seed=int(low))
                    for (high, low), pair in zip(seeds, pairs, strict=True)
                ]
                yield self._batch(seeds, pairs, battles)

    def _batch(
        self,
        seeds: NDArray[np.uint32],
        teams: NDArray[np.uint16],
        battles: list[tuple[NDArray[np.uint8], NDArray[np.int32]]],
    ) -> PlayedBattles:
        lengths = np.array([len(actions) for actions, _ in battles])
        actions = np.zeros((len(battles), lengths.max(), 2), np.uint8)
        records = np.zeros((len(battles), lengths.max() + 1, len(self.fields)), np.int32)
        for i, (played, recorded) in enumerate(battles):
            actions[i, : len(played)] = played
            records[i, : len(recorded)] = recorded
        if self.corrupt:
            field, step = self.corrupt
            records[:, step:, column(field)] += 1
        return PlayedBattles(seeds, teams, lengths, actions, records)
