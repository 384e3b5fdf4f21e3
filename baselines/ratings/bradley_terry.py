"""Bradley–Terry ratings: one number a player, such that P(i beats j) = 1 / (1 + exp(r_j - r_i)).

Ties count as half a win. Ratings are fitted by maximum likelihood with a weak prior, `PRIOR` games a pair that end in a
tie: without it a player that never lost would be infinitely strong. Reported on the Elo scale, 400 points for odds of
ten to one, with mean 0 unless a player is the anchor.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from baselines.errors import BaselinesError

ELO = 400 / math.log(10)
PRIOR = 0.5
_STEPS, _CLOSE = 200, 1e-10
_BOLDEST = 2.0
"""Largest change of a rating in one Newton step, in units of log odds."""


class RatingError(BaselinesError):
    """Results that no ratings can be made of; the message names who is not connected to the others."""


@dataclass(frozen=True)
class Ratings:
    """Elo points of players [K]; `low` and `high` bound them with 95 %, `error` is the Hessian's standard error.

    Errors and bounds are of the difference from the mean of all, or from the anchor, whose own are 0.
    """

    players: tuple[str, ...]
    elo: NDArray[np.float64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]
    error: NDArray[np.float64]
    anchor: str | None

    def expected(self) -> NDArray[np.float64]:
        """[K, K]: the fitted chance that the row's player beats the column's."""
        gap = (self.elo[:, None] - self.elo[None, :]) / ELO
        return 1 / (1 + np.exp(-gap))

    def to_json(self) -> list[dict[str, Any]]:
        """A row a player, the strongest first."""
        order = np.argsort(-self.elo, kind="stable")
        return [
            {
                "name": self.players[k],
                "elo": float(self.elo[k]),
                "ci95": [float(self.low[k]), float(self.high[k])],
                "standard_error": float(self.error[k]),
            }
            for k in order
        ]


def fit(wins: NDArray[np.float64], prior: float = PRIOR) -> NDArray[np.float64]:
    """Log-odds ratings [..., K] of mean 0 from `wins` [..., K, K]: the row's score against the column.

    Newton's method; every leading entry (a resample) is fitted by itself. `prior`: tied games added to each pair that
    met. `RatingError` where players fall into groups that never met.
    """
    wins = np.asarray(wins, np.float64)
    met = wins + np.swapaxes(wins, -1, -2) > 0
    _require_connected(met.reshape(-1, *met.shape[-2:])[0])
    wins = np.where(met, wins + prior / 2, 0.0)
    games = wins + np.swapaxes(wins, -1, -2)
    score = wins.sum(-1)
    ratings = np.zeros(score.shape)
    for _ in range(_STEPS):
        gradient, hessian = _derivatives(ratings, score, games)
        # Ratings are free up to a constant: the Hessian's null direction is filled in.
        step = np.linalg.solve(hessian + 1 / score.shape[-1], gradient[..., None])[..., 0]
        largest = np.abs(step).max()
        ratings = ratings + np.clip(step, -_BOLDEST, _BOLDEST)
        if largest < _CLOSE:
            break
    else:
        raise RatingError(f"the ratings did not settle within {_STEPS} steps: the last one was {largest:.1e}")
    return ratings - ratings.mean(-1, keepdims=True)


def standard_errors(
    wins: NDArray[np.float64], ratings: NDArray[np.float64], anchor: int | None = None, prior: float = PRIOR
) -> NDArray[np.float64]:
    """[K]: of log-odds ratings [K], relative to their mean or to a player, from the Hessian. Games are independent."""
    wins = np.asarray(wins, np.float64)
    met = wins + wins.T > 0
    wins = np.where(met, wins + prior / 2, 0.0)
    _, hessian = _derivatives(ratings, wins.sum(-1), wins + wins.T)
    covariance = np.linalg.pinv(hessian)
    if anchor is None:
        return np.sqrt(np.maximum(np.diag(covariance), 0.0))
    own, cross = np.diag(covariance), covariance[:, anchor]
    return np.sqrt(np.maximum(own + own[anchor] - 2 * cross, 0.0))


def rate(
    players: tuple[str, ...],
    scores: dict[tuple[int, int], NDArray[np.float64]],
    *,
    anchor: str | None = None,
    resamples: int = 1000,
    seed: int = 0,
) -> Ratings:
    """Ratings with a bootstrap interval.

    `scores`: for each pair (i, j) that met the scores of player i, [n] or [n, m]: every number is a game, and a row of
    m games (those that share their teams) is resampled whole. `RatingError` as in `fit`, and for an anchor that does
    not play.
    """
    count = len(players)
    place = None if anchor is None else _place(players, anchor)
    rng = np.random.default_rng(seed)
    wins = np.zeros((count, count))
    resampled = np.zeros((resamples, count, count))
    for (one, other), given in scores.items():
        units = np.asarray(given, np.float64).reshape(len(given), -1)
        size, each = units.shape
        total = units.sum()
        wins[one, other], wins[other, one] = total, size * each - total
        sums, counts = np.unique(units.sum(axis=1), return_counts=True)
        drawn = rng.multinomial(size, counts / size, size=resamples) @ sums
        resampled[:, one, other], resampled[:, other, one] = drawn, size * each - drawn
    ratings = fit(wins)
    draws = fit(resampled)
    error = standard_errors(wins, ratings, place)
    if place is not None:
        ratings, draws = ratings - ratings[place], draws - draws[:, [place]]
    low, high = np.quantile(draws, [0.025, 0.975], axis=0)
    return Ratings(players, ratings * ELO, low * ELO, high * ELO, error * ELO, anchor)


def _place(players: tuple[str, ...], anchor: str) -> int:
    if anchor not in players:
        raise RatingError(f"anchor {anchor!r} is none of the players: {', '.join(players)}")
    return players.index(anchor)


def _derivatives(
    ratings: NDArray[np.float64], score: NDArray[np.float64], games: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Gradient of the log likelihood [..., K], and minus its second derivative [..., K, K]."""
    chance = 1 / (1 + np.exp(np.clip(ratings[..., None, :] - ratings[..., :, None], -500, 500)))
    gradient = score - (games * chance).sum(-1)
    weight = games * chance * (1 - chance)
    diagonal = weight.sum(-1)[..., None] * np.eye(score.shape[-1])
    return gradient, diagonal - weight


def _require_connected(met: NDArray[np.bool_]) -> None:
    reached = np.zeros(len(met), bool)
    reached[0] = True
    for _ in range(len(met)):
        reached |= met[reached].any(axis=0)
    if not reached.all():
        raise RatingError(
            f"players {np.flatnonzero(~reached).tolist()} never met any of {np.flatnonzero(reached).tolist()}: "
            "ratings compare only those who are connected by games"
        )
