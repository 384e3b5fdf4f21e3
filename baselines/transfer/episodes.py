"""Outcomes of episodes, and the loop that plays them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import jax
import numpy as np
from numpy.typing import NDArray

from baselines.transfer.arena import Arena, Starts
from baselines.transfer.policies import Policy, Table

BINS = 8
"""Of each continuous action's range."""
_GROUP = 16
"""An arena that is patient begins lanes when a sixteenth of them waits."""


@dataclass
class Episodes:
    """Episodes of one policy in one implementation, in the order of their starts.

    `outcome`, `reward`, `length`: one number an episode, NaN or 0 in those that are `void` (the reference broke down).
    `cut`: how many were ended by a limit of steps. `actions`: how often each action was taken ("3", or "motor 2 in bin
    5 of 8").
    """

    outcome: list[float]
    reward: list[float]
    length: list[int]
    void: list[int]
    cut: int = 0
    steps: int = 0
    seconds: float = 0.0
    actions: dict[str, int] = field(default_factory=dict)

    def valid(self, name: str) -> NDArray[np.float64]:
        """`outcome`, `reward` or `length` without the void episodes."""
        values = np.asarray(getattr(self, name), np.float64)
        return np.delete(values, self.void)

    def to_json(self) -> dict[str, Any]:
        """Plain values; None stands for a void episode's outcome."""
        void = set(self.void)
        outcome = [None if k in void else value for k, value in enumerate(self.outcome)]
        reward = [None if k in void else value for k, value in enumerate(self.reward)]
        return {**self.__dict__, "outcome": outcome, "reward": reward}

    @staticmethod
    def from_json(values: dict[str, Any]) -> Episodes:
        """The inverse of `to_json`."""
        numbers = {name: [np.nan if v is None else v for v in values[name]] for name in ("outcome", "reward")}
        return Episodes(**{**values, **numbers})


OnProgress = Callable[[int, int], None]
"""Called with the episodes that have ended and the steps that were taken so far."""


def play(
    arena: Arena,
    players: Sequence[Policy],
    starts: Starts,
    key: jax.Array,
    *,
    limit: int,
    outcome: Callable[[NDArray[np.float64]], NDArray[np.float64]] = lambda total: total,
    on_progress: OnProgress | None = None,
) -> Episodes:
    """Play every episode of `starts` to its end, or to `limit` steps. All of them count, so long ones are not missed.

    `players`: the policy, in games of two its opponent next. `outcome`: from sums of points to what is compared.
    """
    return _Play(arena, players, starts, key, limit).run(outcome, on_progress)


@jax.jit
def _keys(key: jax.Array, number: int) -> tuple[jax.Array, jax.Array]:
    """Of a round of steps: the policies' and the environments'."""
    first, second = jax.random.split(jax.random.fold_in(key, number))
    return first, second


class _Play:
    """The state of the loop."""

    def __init__(self, arena: Arena, players: Sequence[Policy], starts: Starts, key: jax.Array, limit: int) -> None:
        lanes, count = arena.lanes, len(starts)
        self.arena, self.starts, self.key, self.limit = arena, starts, key, limit
        self.table = Table(players, lanes)
        self.episode = np.full(lanes, -1, np.intp)  # which one a lane plays, -1 none
        self.first = np.ones(lanes, bool)
        self.seats = np.zeros(lanes, np.int32)
        self.points, self.reward = np.zeros(count), np.zeros(count)
        self.length = np.zeros(count, np.int64)
        self.void, self.cut = np.zeros(count, bool), 0
        self.counts: NDArray[np.int64] | None = None
        self.begun = self.done = self.steps = self.rounds = 0

    def run(self, outcome: Callable[[NDArray[np.float64]], NDArray[np.float64]], report: OnProgress | None) -> Episodes:
        while self.done < len(self.starts):
            self._fill()
            self._step()
            if report is not None:
                report(self.done, self.steps)
        return Episodes(
            outcome=outcome(self.points).tolist(),
            reward=self.reward.tolist(),
            length=self.length.tolist(),
            void=np.flatnonzero(self.void).tolist(),
            cut=self.cut,
            steps=self.steps,
            actions=self._occupancy(),
        )

    def _fill(self) -> None:
        idle = np.flatnonzero(self.episode < 0)
        left = len(self.starts) - self.begun
        if not left or not len(idle):
            return
        if self.arena.patient and len(idle) < min(self.arena.lanes // _GROUP, left):
            return
        lanes = idle[:left]
        which = np.arange(self.begun, self.begun + len(lanes))
        self.arena.begin(lanes, self.starts, which)
        self.begun += len(lanes)
        self.episode[lanes], self.first[lanes] = which, True
        self.seats[lanes] = self.starts.seats[which]

    def _step(self) -> None:
        playing = self.episode >= 0
        choice_key, step_key = _keys(self.key, self.rounds)
        self.rounds += 1
        obs, mask = self.arena.look()
        actions = self.table.act(choice_key, obs, mask, self.first, self.seats)
        seen = self.arena.step(step_key, actions, playing)
        self._count(np.asarray(actions), playing, None if mask is None else mask)
        which = self.episode[playing]
        self.points[which] += seen.points[playing]
        self.reward[which] += seen.reward[playing]
        self.length[which] += 1
        self.steps += len(which)
        self.first[:] = False
        late = np.zeros(len(playing), bool)
        late[playing] = self.length[which] >= self.limit
        over = playing & (seen.ended | late | seen.void)
        self.void[self.episode[playing & seen.void]] = True
        self.cut += int((over & ~seen.void & (seen.cut | (late & ~seen.ended))).sum())
        self.done += int(over.sum())
        self.episode[over] = -1

    def _count(self, actions: NDArray[Any], playing: NDArray[np.bool_], mask: Any) -> None:
        """Add to how often each action was taken by the first policy."""
        if mask is not None:
            own = actions[np.arange(len(actions)), self.seats] if actions.ndim == 2 else actions
            taken = np.bincount(own[playing], minlength=np.shape(mask)[-1])
        else:
            motors = actions.reshape(len(actions), -1)[playing]
            bins = np.clip((motors + 1) / 2 * BINS, 0, BINS - 1).astype(int)
            taken = np.bincount((bins + BINS * np.arange(bins.shape[1])).ravel(), minlength=BINS * bins.shape[1])
        self.counts = taken if self.counts is None else self.counts + taken

    def _occupancy(self) -> dict[str, int]:
        if self.counts is None:
            return {}
        discrete = self.arena.look()[1] is not None
        names = (
            str(k) if discrete else f"motor {k // BINS} in bin {k % BINS + 1} of {BINS}"
            for k in range(len(self.counts))
        )
        return dict(zip(names, self.counts.tolist(), strict=True))
