"""Figures of a run: rows for the logs, and the running mean return that decides which checkpoint is best."""

from __future__ import annotations

import dataclasses
import math
from collections import deque
from typing import Any

import numpy as np

from baselines.errors import DivergedError
from baselines.selfplay.seating import Seating

LOSSES = (
    *("loss", "policy_loss", "value_loss", "entropy", "approx_kl", "clip_fraction"),
    *("explained_variance", "gradient_norm"),
)


@dataclasses.dataclass
class Window:
    """The last episodes of all members: at least `size` of each member's, as far as there were so many."""

    size: int = 100
    parts: deque[tuple[np.ndarray, np.ndarray]] = dataclasses.field(default_factory=deque)

    def add(self, count: np.ndarray, total: np.ndarray) -> None:
        """Of one chunk, by member: float[K] each."""
        self.parts.append((count, total))
        while len(self.parts) > 1 and (sum(c for c, _ in self.parts) - self.parts[0][0]).min() >= self.size:
            self.parts.popleft()

    def mean(self) -> np.ndarray:
        """float[K]; NaN where no episode ended yet."""
        count = sum((c for c, _ in self.parts), np.zeros(1))
        total = sum((t for _, t in self.parts), np.zeros(1))
        return np.where(count > 0, total / np.maximum(count, 1), math.nan)

    def to_json(self) -> list[Any]:
        """Plain values for a checkpoint."""
        return [[count.tolist(), total.tolist()] for count, total in self.parts]

    @staticmethod
    def from_json(data: list[Any]) -> Window:
        """The inverse of `to_json`."""
        return Window(
            parts=deque((np.asarray(count, np.float64), np.asarray(total, np.float64)) for count, total in data)
        )


def summarise(figures: dict[str, Any], seating: Seating, reports: tuple[str, ...]) -> dict[str, Any]:
    """A chunk's row from figures with axes `[U, K, ...]`: means over updates and members, None where there was nothing.

    Lists hold one number for each member.
    """
    row: dict[str, Any] = {name: float(np.mean(figures[name])) for name in LOSSES if name in figures}
    episodes = figures["episodes"]
    count = np.sum(episodes.count, axis=0)  # [K, G]
    row["episodes"] = float(count.sum())
    row["return_by_member"] = _ratios(np.sum(episodes.returns, axis=(0, 2)), count.sum(-1))
    row["mean_return"] = _ratio(np.sum(episodes.returns), count.sum())
    row["mean_length"] = _ratio(np.sum(episodes.lengths), count.sum())
    for i, name in enumerate(reports):
        ended = count.sum() / seating.rows * seating.environments
        row[name] = _ratio(np.sum(episodes.reports[..., i]), ended)
    if seating.players == 2:
        points = np.sum(episodes.points, axis=(0, 1))  # [G]
        for i, group in enumerate(seating.groups):
            if group.name != "self":
                row[f"win_rate/{group.name}"] = _ratio(points[i], count[:, i].sum())
        others = [i for i, group in enumerate(seating.groups) if group.name != "self"]
        row["win_rate"] = _ratio(points[others].sum(), count[:, others].sum()) if others else None
    return row


def check_finite(figures: dict[str, Any], first_update: int) -> None:
    """`DivergedError` with the first update whose loss or gradient is not finite; `first_update` is the chunk's."""
    for name in LOSSES:
        if name not in figures:
            continue
        bad = ~np.isfinite(figures[name])  # [U, K]
        if bad.any():
            step, member = (int(i) for i in np.argwhere(bad)[0])
            update = first_update + step
            raise DivergedError(
                f"update {update}, member {member}: {name} is {figures[name][step, member]}; "
                "a lower --ppo.learning-rate or --ppo.max-grad-norm may help",
                update,
            )


def _ratio(total: Any, count: Any) -> float | None:
    return float(total / count) if count > 0 else None


def _ratios(totals: np.ndarray, counts: np.ndarray) -> list[float | None]:
    return [_ratio(total, count) for total, count in zip(totals, counts, strict=True)]
