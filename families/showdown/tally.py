"""Results of battles on a server: who won, and what went wrong."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from pokejax.client.player import FORFEIT, TIMEOUT

_Z = 1.959963984540054
"""Normal quantile of a two-sided 95 % interval."""


@dataclasses.dataclass(frozen=True)
class Result:
    """One battle. ``score``: 1 the first player has won, ½ a tie, 0 lost. ``ending``: as in `client.player.Record`."""

    tag: str
    players: tuple[str, str]
    score: float
    ending: str
    turns: int
    decisions: int
    invalid: int
    problem: str = ""

    @property
    def played_out(self) -> bool:
        """Neither forfeited nor lost by the timer."""
        return not self.ending


@dataclasses.dataclass(frozen=True)
class Tally:
    """Battles of one pair of players."""

    players: tuple[str, str]
    asked: int
    results: tuple[Result, ...] = ()

    @property
    def scores(self) -> NDArray[np.float64]:
        """Of the battles that were played out, the first player's."""
        return np.array([result.score for result in self.results if result.played_out])

    def ended_by(self, ending: str) -> int:
        """Battles that ended so."""
        return sum(result.ending == ending for result in self.results)

    @property
    def invalid(self) -> int:
        """Choices that the server refused or a mask did not allow."""
        return sum(result.invalid for result in self.results)

    def to_json(self) -> dict[str, object]:
        """Plain data."""
        scores = self.scores
        rate, low, high = interval(scores)
        return {
            "players": list(self.players),
            "asked": self.asked,
            "finished": len(self.results),
            "wins": int((scores == 1).sum()),
            "losses": int((scores == 0).sum()),
            "ties": int((scores == 0.5).sum()),
            "forfeits": self.ended_by(FORFEIT),
            "timeouts": self.ended_by(TIMEOUT),
            "win_rate": None if math.isnan(rate) else rate,
            "ci95": None if math.isnan(rate) else [low, high],
            "decisions": sum(result.decisions for result in self.results),
            "invalid_choices": self.invalid,
            "not_followed": sum(bool(result.problem) for result in self.results),
        }


def interval(scores: NDArray[np.float64] | Sequence[float]) -> tuple[float, float, float]:
    """Mean score and Wilson's 95 % interval, a tie counting half; NaN without battles."""
    scores = np.asarray(scores, np.float64)
    count = len(scores)
    if not count:
        return math.nan, math.nan, math.nan
    rate = float(scores.mean())
    centre = (rate + _Z**2 / (2 * count)) / (1 + _Z**2 / count)
    half = _Z * math.sqrt(rate * (1 - rate) / count + _Z**2 / (4 * count**2)) / (1 + _Z**2 / count)
    return rate, max(0.0, centre - half), min(1.0, centre + half)
