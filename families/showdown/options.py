"""Arguments of ``pokejax play``."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from jaxenv.commands import arguments as types
from pokejax.cli.command import CannotRunError

_EXAMPLES = """
examples:
  pokejax play --policy max_expected_damage --opponent random --server local --battles 100
  pokejax play --policy pokejax/gen1-small --opponent 'simple_heuristics(poke-env)' --out battles
  pokejax play --policy pokejax/gen1-small --policy max_expected_damage --policy random      a rating table
  pokejax play --policy pokejax/gen1-small --server ws://localhost:8000 --accept anyone      a person challenges

Opponents are policies, or poke-env's own players: random(poke-env), max_base_power(poke-env) and
simple_heuristics(poke-env).
"""


def main(arguments: Sequence[str]) -> int:
    """Run ``pokejax play`` with these arguments; returns the exit status."""
    parser = argparse.ArgumentParser(
        prog="pokejax play",
        description="Play policies on a Pokémon Showdown server, with the observations they were trained on.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--policy",
        action="append",
        required=True,
        metavar="RUN|FILE|NAME",
        help="a training run's folder, a policy's file, one that ships (pokejax/gen1-small) or a scripted one "
        "(max_expected_damage, simple_heuristics, random, …); given several times, all play all",
    )
    parser.add_argument("--opponent", metavar="NAME", help="who plays against it, in the same words; default random")
    parser.add_argument(
        "--server",
        default="local",
        metavar="local|URL",
        help="local (default): start the pinned Showdown server on this machine for these battles; else its address",
    )
    parser.add_argument("--accept", metavar="NAME", help="wait for challenges of that user, or of 'anyone'")
    parser.add_argument("--name", default="", help="user name on the server; default the policy's")
    parser.add_argument("--format", default="", help="Showdown's format; default the one the policy was trained on")
    parser.add_argument("--team", action="append", default=[], type=types.path, metavar="FILE",
                        help="team file for formats that need one; default teams of the built-in pool")  # fmt: skip
    parser.add_argument("--battles", type=types.positive, default=100, help="battles of each pair; default 100")
    parser.add_argument("--concurrent", type=types.positive, default=10, help="battles at a time; default 10")
    parser.add_argument("--greedy", action="store_true", help="the likeliest action of a policy's file, not a draw")
    parser.add_argument("--seed", type=types.seed, default=0, help="of the policies' draws; the server has its own")
    parser.add_argument("--out", type=types.path, help="folder for replays (.html, .log) and results.json")
    options = parser.parse_args(arguments)
    if options.accept and (options.opponent or len(options.policy) > 1):
        parser.error("--accept plays one --policy against who challenges it; leave out --opponent and other policies")
    try:
        from families.showdown.command import run
    except ModuleNotFoundError as error:
        if error.name not in ("poke_env", "websockets", "rich", "platformdirs"):
            raise
        raise CannotRunError(
            f"it needs {error.name}, which is not installed. Remedy: `pip install 'pokejax[showdown]'`"
        ) from error
    return run(options)
