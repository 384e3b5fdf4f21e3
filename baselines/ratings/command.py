"""`python -m baselines rate`: win rates of policies against each other, and ratings made of them."""

from __future__ import annotations

import argparse
import os

import numpy as np
from numpy.typing import NDArray

from baselines import arguments as types
from baselines.errors import ConfigError
from baselines.ratings.bradley_terry import rate
from baselines.ratings.matches import Scores, all_pairs, play_matches, win_rates
from baselines.ratings.tables import matrix_table, rating_table, result
from baselines.transfer.command import progress
from baselines.transfer.game import Game, game
from baselines.transfer.policies import Entrant, entrants
from baselines.transfer.store import REMEDY, PlanFile
from jaxenv.commands import files
from jaxenv.commands.console import Console

SIDES = ("ours", "reference")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's options."""
    parser.description = "Play policies against each other and rate them."
    parser.add_argument("env", help="the id of a game of two players")
    parser.add_argument("policies", nargs="+", metavar="POLICY", help="runs (all their seeds) or scripted names")
    parser.add_argument("--games", type=int, default=1000, help="of each pair, an even number (default: %(default)s)")
    parser.add_argument("--anchor", help="the policy whose rating is 0; default: the mean of all is")
    parser.add_argument(
        "--where", choices=SIDES, default="ours", help="where the games are played (default: %(default)s)"
    )
    parser.add_argument("--greedy", action="store_true", help="trained policies take their likeliest action")
    parser.add_argument("--seed", type=types.seed, default=0, help="of teams, battles and choices")
    parser.add_argument("--lanes", type=types.positive, help="games side by side")
    parser.add_argument("--workers", type=types.positive, help="processes of the reference; default: one for each core")
    parser.add_argument(
        "--json", type=types.path, metavar="OUT", help="games, matrix and ratings; goes on with what is there"
    )


def run(options: argparse.Namespace) -> int:
    """The exit status, 0."""
    files.check_writable(options.json, REMEDY)
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
    with files.alone(options.json, REMEDY):
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
        console.print(
            f"{chosen[one].name} – {chosen[other].name}: {scores.mean():.1%} of {scores.size} games", markup=False
        )

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
