"""Options of ``pokejax replay``. Nothing heavy is imported before they are right."""

from __future__ import annotations

import argparse

from jaxenv.commands.arguments import path, seed
from pokejax.common.formats import TEAM_KINDS, with_built_in_teams

FORMATS = with_built_in_teams(1)


def parser() -> argparse.ArgumentParser:
    """The command's parser."""
    from references.showdown.client import POLICIES

    made = argparse.ArgumentParser(
        prog="pokejax replay",
        description="Play one battle in JAX, run its input log through the real Pokémon Showdown, compare the two at "
        "every decision point, and write four files.",
    )
    made.add_argument("--seed", type=seed, default=0, help="seed of teams, battle and choices (default: %(default)s)")
    made.add_argument("--format", choices=FORMATS, default=FORMATS[0], help="format (default: %(default)s)")
    made.add_argument("--teams", choices=TEAM_KINDS, help="kind of teams (default: the format's own)")
    made.add_argument(
        "--policy",
        default=POLICIES[0],
        metavar="PLAYER",
        help="player 1: a run's folder (RUN#2 is its member 2), a policy's file, the name of one that ships "
        f"(pokejax/gen1-small), {', '.join(POLICIES)}, or a scripted opponent (default: %(default)s)",
    )
    made.add_argument("--opponent", metavar="PLAYER", help="player 2, likewise (default: the same as player 1)")
    made.add_argument("--greedy", action="store_true", help="trained policies take their likeliest action, not a draw")
    made.add_argument(
        "--out",
        type=path,
        required=True,
        metavar="FILE",
        help="FILE.html, with FILE.txt (input log), FILE.log (protocol log), FILE.svg (recording); or a folder",
    )
    return made


def main(arguments: list[str]) -> int:
    """Run ``pokejax replay``; returns the exit status."""
    options = parser().parse_args(arguments)
    from families.pokejax_gen1.replay.command import run

    return run(options)
