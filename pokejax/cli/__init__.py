"""Command line: ``pokejax quickstart`` and ``pokejax replay``.

Exit status: 0 fine, 1 this implementation and the reference differ, 2 something could not be done (it says what).
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from pokejax._version import __version__
from pokejax.common.formats import TEAM_KINDS, with_built_in_teams

EXIT_OK, EXIT_DIVERGENCE, EXIT_COULD_NOT = 0, 1, 2

FORMATS = with_built_in_teams()
POLICIES = ("uniform", "max-damage", "status-first", "switch-averse", "stalling", "guided")


def _count(text: str) -> int:
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"{value} is not a positive number")
    return value


def _seed(text: str) -> int:
    value = int(text)
    if not 0 <= value < 2**63:
        raise argparse.ArgumentTypeError(f"{value} is not in 0 .. 2**63 - 1")
    return value


def _seconds(text: str) -> float:
    value = float(text)
    if not 0 < value < float("inf"):
        raise argparse.ArgumentTypeError(f"{value} is not a positive number of seconds")
    return value


def _steps(text: str) -> int:
    value = int(text)
    if value < 0:
        raise argparse.ArgumentTypeError(f"{value} is not a number of steps")
    return value


def parser() -> argparse.ArgumentParser:
    """The command line's parser."""
    main = argparse.ArgumentParser(prog="pokejax", description="Pokémon battles in JAX, equal to Pokémon Showdown.")
    main.add_argument("--version", action="version", version=f"pokejax {__version__}")
    commands = main.add_subparsers(dest="command", required=True)

    quickstart = commands.add_parser(
        "quickstart",
        help="play thousands of battles, compare some with Showdown, time both, write a replay, train a policy",
        description="Plays Gen 1 random battles in JAX, replays a sample in the real Pokémon Showdown and compares "
        "every decision point, times both briefly in turns, writes a replay page, and trains a policy, which then "
        "plays in the real Showdown.",
    )
    quickstart.add_argument("--seed", type=_seed, default=0, help="of everything random (default: %(default)s)")
    quickstart.add_argument("--episodes", type=_count, default=5000, help="battles to play (default: %(default)s)")
    quickstart.add_argument(
        "--sample", type=_count, default=200, help="battles to replay in Showdown (default: %(default)s)"
    )
    quickstart.add_argument(
        "--seconds", type=_seconds, default=5.0, help="how long each of the two is timed (default: %(default)s)"
    )
    quickstart.add_argument(
        "--train",
        type=_steps,
        default=300_000,
        metavar="STEPS",
        help="joint steps that a policy is trained for; 0: none is (default: %(default)s, a minute or two)",
    )
    quickstart.add_argument(
        "--out", type=Path, default=Path("out/quickstart"), help="folder for what is written (default: %(default)s)"
    )

    replay = commands.add_parser(
        "replay",
        help="write one battle as Showdown's input log, its protocol log and a page to watch it",
        description="Plays one battle in JAX, runs its input log through the real Pokémon Showdown, holds the two "
        "against each other at every decision point, and writes three files.",
    )
    replay.add_argument("--seed", type=_seed, default=0, help="of teams, battle and choices (default: %(default)s)")
    replay.add_argument("--format", choices=FORMATS, default=FORMATS[0], help="(default: %(default)s)")
    replay.add_argument("--teams", choices=TEAM_KINDS, help="(default: the format's own: randbats or ou)")
    replay.add_argument("--policy", choices=POLICIES, default="uniform", help="who plays (default: %(default)s)")
    replay.add_argument(
        "--out",
        type=Path,
        required=True,
        metavar="FILE",
        help="FILE.html, beside which FILE.txt (input log) and FILE.log (protocol log) are written; or a folder",
    )
    return main


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit status."""
    options = parser().parse_args(arguments)
    from pokejax.cli.checkout import CannotRunError

    try:
        if options.command == "quickstart":
            from families.pokejax_gen1.quickstart.command import run
        else:
            from families.pokejax_gen1.replay.command import run
        return run(options)
    except CannotRunError as error:
        print(f"pokejax {options.command}: {error}", file=sys.stderr)
        return EXIT_COULD_NOT
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return 130
    except BrokenPipeError:
        # Whoever read our output has seen enough; without this Python complains once more when it exits.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return EXIT_COULD_NOT
