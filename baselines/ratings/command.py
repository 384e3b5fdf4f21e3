"""`python -m baselines rate`: who beats whom how often, and ratings made of it."""

from __future__ import annotations

import argparse
import os
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

from baselines.errors import ConfigError
from baselines.ratings.bradley_terry import Ratings, rate
from baselines.ratings.matches import Scores, all_pairs, play_matches, win_rates
from baselines.transfer.command import progress
from baselines.transfer.game import Game, game
from baselines.transfer.policies import Entrant, entrants
from baselines.transfer.store import PlanFile

SIDES = ("ours", "reference")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's options."""
    parser.description = "Play policies against each other and rate them."
    parser.add_argument("env", help="a game of two players, as pokejax/gen1randombattle")
    parser.add_argument("policies", nargs="+", metavar="POLICY", help="runs (all their seeds) or scripted names")
    parser.add_argument("--games", type=int, default=1000, help="of each pair, an even number (default: %(default)s)")
    parser.add_argument("--anchor", help="the policy whose rating is 0; default: the mean of all is")
    parser.add_argument("--where", choices=SIDES, default="ours", help="who plays the games (default: %(default)s)")
    parser.add_argument("--greedy", action="store_true", help="trained policies take their likeliest action")
    parser.add_argument("--seed", type=int, default=0, help="of teams, battles and choices")
    parser.add_argument("--lanes", type=int, help="games side by side")
    parser.add_argument("--workers", type=int, help="processes of the reference; default: one a core")
    parser.add_argument(
        "--json", type=Path, metavar="OUT", help="games, matrix and ratings; goes on with what is there"
    )


def run(options: argparse.Namespace) -> int:
    """The exit status, 0."""
    console = Console()
    playing = game(options.env)
    chosen = entrants(playing.env, options.policies, options.greedy)
    names = tuple(entrant.name for entrant in chosen)
    if len(chosen) < 2:
        raise ConfigError(f"rate: {len(chosen)} policy; at least 2 are needed to play each other")
    if options.anchor is not None and options.anchor not in names:
        raise ConfigError(f"--anchor {options.anchor}: none of the policies, which are {', '.join(names)}")
    plan = {
        "env": playing.env.id,
        "version": playing.env.version,
        "where": options.where,
        "games": options.games,
        "seed": options.seed,
        "greedy": options.greedy,
        "sources": [entrant.source for entrant in chosen],
    }
    file = PlanFile(options.json, plan, matches={})
    scores = _play(console, playing, chosen, options, file)
    rates = win_rates(len(chosen), scores)
    ratings = rate(names, scores, anchor=options.anchor, seed=options.seed)
    file.data["result"] = result(names, rates, ratings)
    file.write()
    console.print(matrix_table(names, rates, ratings), "", rating_table(rates, ratings))
    return 0


def _play(
    console: Console, playing: Game, chosen: list[Entrant], options: argparse.Namespace, file: PlanFile
) -> Scores:
    lanes = min(options.lanes or 2 * playing.lanes, options.games)
    workers = options.workers or os.cpu_count() or 1
    arena = playing.candidate(lanes) if options.where == "ours" else playing.reference(lanes, workers)

    def on_match(one: int, other: int, scores: NDArray[np.float64]) -> None:
        console.print(f"{chosen[one].name} – {chosen[other].name}: {scores.mean():.1%} of {scores.size} games")

    with progress(console, len(all_pairs(len(chosen))) * options.games) as on_episodes:
        return play_matches(
            playing,
            chosen,
            options.games,
            options.seed,
            arena,
            file,
            on_match,
            lambda one, other, done: on_episodes(chosen[one].name, chosen[other].name, done),
        )


def result(names: tuple[str, ...], rates: NDArray[np.float64], ratings: Ratings) -> dict[str, Any]:
    """The matrix and the ratings as JSON values; None on the diagonal."""
    matrix = [[None if np.isnan(rate) else float(rate) for rate in row] for row in rates]
    return {"players": list(names), "win_rates": matrix, "anchor": ratings.anchor, "ratings": ratings.to_json()}


def matrix_table(names: tuple[str, ...], rates: NDArray[np.float64], ratings: Ratings) -> Table:
    """Win rates in per cent, row against column, the strongest first; columns are numbered as rows."""
    order = np.argsort(-ratings.elo, kind="stable")
    table = Table(title="win rate of row against column, %", title_justify="left", box=None, pad_edge=False)
    table.add_column("policy")
    for number in range(len(names)):
        table.add_column(str(number + 1), justify="right")
    for number, row in enumerate(order):
        cells = ["–" if np.isnan(rates[row, column]) else f"{100 * rates[row, column]:.1f}" for column in order]
        table.add_row(f"{number + 1} {names[row]}", *cells)
    return table


def rating_table(rates: NDArray[np.float64], ratings: Ratings) -> Table:
    """Elo with its interval, and the mean win rate against all others."""
    against = "the mean of all" if ratings.anchor is None else ratings.anchor
    title = f"Bradley–Terry ratings, Elo points above {against}, 95 % by bootstrap over mirrored pairs"
    table = Table(title=title, title_justify="left", box=None, pad_edge=False)
    table.add_column("policy")
    for name in ("Elo", "95 % interval", "mean win rate, %"):
        table.add_column(name, justify="right")
    for k in np.argsort(-ratings.elo, kind="stable"):
        interval = f"{ratings.low[k]:+.0f} … {ratings.high[k]:+.0f}"
        table.add_row(ratings.players[k], f"{ratings.elo[k]:+.0f}", interval, f"{100 * np.nanmean(rates[k]):.1f}")
    return table
