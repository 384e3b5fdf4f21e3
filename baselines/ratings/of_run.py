"""Ratings at the end of a run of a two-player environment: its members, past selves and fixed opponents together."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jax
import numpy as np
from numpy.typing import NDArray
from rich.table import Table

from baselines.config import Config
from baselines.family import transfer_of
from baselines.policy import Policy, TrainedPolicy, load_all
from baselines.ratings.bradley_terry import Ratings, rate
from baselines.ratings.matches import all_pairs, win_rates
from baselines.ratings.tables import matrix_table, rating_table, result
from baselines.ratings.tournament import play_tournament
from baselines.selfplay.pool import Pool
from baselines.transfer.scripted import scripted, scripted_names
from jaxenv import Environment

PAST_SELVES = 3
"""Of a pool at most so many play, from the oldest to the newest: every one more meets all the others."""


@dataclasses.dataclass(frozen=True)
class Rated:
    """A tournament's outcome: the matrix [K, K], NaN on its diagonal, and the ratings; how long it took in seconds."""

    players: tuple[str, ...]
    games: int
    rates: NDArray[np.float64]
    ratings: Ratings
    seconds: float

    def to_json(self) -> dict[str, Any]:
        """Plain data."""
        told = result(self.players, self.rates, self.ratings)
        return {"games": self.games, "seconds": round(self.seconds, 1), **told}

    def tables(self) -> tuple[Table, Table]:
        """Win rates and ratings."""
        return matrix_table(self.players, self.rates, self.ratings), rating_table(self.rates, self.ratings)


def players_of(env: Environment, folder: Path, config: Config, update: int, pool: Pool | None) -> list[Policy]:
    """The members of the run in `folder`, past selves of its first member (leaves of `pool` [members, …]), yardsticks.

    `update`: how many updates the run has behind it; a copy that was frozen just then is the member itself.
    """
    members = load_all(folder)
    fixed = [scripted(env, name) for name in fixed_names(env.id)]
    return [*members, *_past_selves(members[0], config, update, pool), *fixed]


def fixed_names(env_id: str) -> tuple[str, ...]:
    """The scripted policies that every run in that game meets: its family's yardsticks, or all that there are."""
    return transfer_of(env_id).yardsticks or scripted_names(env_id)


def rate_players(
    env: Environment,
    players: list[Policy],
    games: int,
    seed: int,
    backend: str = "auto",
    on_games: Callable[[int], None] | None = None,
) -> Rated:
    """`games` (an even number) of each pair, on mirrored teams."""
    began = time.monotonic()
    scores = play_tournament(env, players, games, seed, backend=backend, on_games=on_games)
    names = tuple(player.name for player in players)
    ratings = rate(names, scores, seed=seed)
    return Rated(names, games, win_rates(len(players), scores), ratings, time.monotonic() - began)


def games_in_all(players: list[Policy], games: int) -> int:
    """The number of games that `on_games` counts up to."""
    return len(all_pairs(len(players))) * games


def _past_selves(member: Policy, config: Config, update: int, pool: Pool | None) -> list[Policy]:
    """Copy c of a ring of M places lies in place c % M and was frozen after update c · `snapshot_every`.

    The pool of a run that exploits another one holds that one's policy.
    """
    if pool is None or not isinstance(member, TrainedPolicy):
        return []
    own = jax.tree.map(lambda leaf: leaf[0], pool)
    places, made = len(own.games), int(own.frozen)
    every, rival = config.opponents.snapshot_every, Path(config.opponents.exploit).name
    copies = np.arange(max(made - places, 0), made)
    copies = copies[(copies * every < update) | bool(rival)]
    if len(copies) > PAST_SELVES:
        copies = copies[np.linspace(0, len(copies) - 1, PAST_SELVES).round().astype(int)]
    found: list[Policy] = []
    for copy in copies.tolist():
        parameters, statistics = jax.tree.map(lambda leaf, at=copy % places: leaf[at], (own.parameters, own.statistics))
        name = f"{rival} (exploited)" if rival else f"{member.name}@{copy * every}"
        found.append(dataclasses.replace(member, name=name, parameters=parameters, statistics=statistics))
    return found
