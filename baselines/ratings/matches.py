"""Every policy against every other, on mirrored teams: two games with the same two teams, the seats swapped."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence

import jax
import numpy as np
from numpy.typing import NDArray

from baselines.errors import ConfigError
from baselines.transfer.arena import Arena
from baselines.transfer.episodes import play
from baselines.transfer.game import Game
from baselines.transfer.policies import Entrant
from baselines.transfer.store import PlanFile

Scores = dict[tuple[int, int], NDArray[np.float64]]
"""(i, j) → the scores of entrant i against entrant j, [pairs of games, 2]: 1 a win, ½ a tie, 0 a loss."""
OnMatch = Callable[[int, int, NDArray[np.float64]], None]


def all_pairs(count: int) -> list[tuple[int, int]]:
    """(i, j), i < j."""
    return list(itertools.combinations(range(count), 2))


def check_games(games: int, option: str = "--games") -> None:
    """`ConfigError` unless `games` is an even number of at least 2; `option` is where the user wrote it."""
    if games < 2 or games % 2:
        raise ConfigError(f"{option} {games}: an even number of at least 2, since each two games mirror one another")


def play_matches(
    playing: Game,
    chosen: Sequence[Entrant],
    games: int,
    seed: int,
    arena: Arena,
    file: PlanFile,
    on_match: OnMatch | None = None,
    on_games: Callable[[int, int, int], None] | None = None,
) -> Scores:
    """All matches of `games` (an even number) that `file` lacks; each is kept there as soon as it ends.

    All matches have the same starts: whose team is the better one is the same luck for everyone. Both games of a pair
    begin with the same key, but the seats' choices differ from the first turn on. `on_match` hears of every match,
    `on_games` of games that have ended. Games in which the reference broke down are left out with their mirror image.
    """
    if playing.players != 2:
        raise ConfigError(f"{playing.env.id} is a game of one player: there is nobody to be rated against")
    check_games(games)
    starts = playing.starts(games, seed, mirrored=True)
    found: Scores = {}
    kept = file.data["matches"]
    with arena:
        for number, (one, other) in enumerate(all_pairs(len(chosen))):
            name = f"{chosen[one].name} – {chosen[other].name}"
            if name not in kept:
                players = [chosen[one].policy, chosen[other].policy]
                key = jax.random.fold_in(jax.random.key(seed), number)
                report = None if on_games is None else _report(on_games, one, other)
                episodes = play(
                    arena, players, starts, key, limit=playing.limit, outcome=playing.outcome, on_progress=report
                )
                void = np.isin(np.arange(games), episodes.void).reshape(-1, 2).any(axis=1)
                kept[name] = np.asarray(episodes.outcome).reshape(-1, 2)[~void].tolist()
                file.write()
            elif on_games is not None:
                on_games(one, other, games)
            found[one, other] = np.asarray(kept[name], np.float64)
            if on_match is not None:
                on_match(one, other, found[one, other])
    return found


def win_rates(count: int, scores: Scores) -> NDArray[np.float64]:
    """[K, K]: the row's mean score against the column; NaN on the diagonal."""
    rates = np.full((count, count), np.nan)
    for (one, other), given in scores.items():
        rates[one, other] = given.mean()
        rates[other, one] = 1 - rates[one, other]
    return rates


def _report(on_games: Callable[[int, int, int], None], one: int, other: int) -> Callable[[int, int], None]:
    return lambda done, steps: on_games(one, other, done)
