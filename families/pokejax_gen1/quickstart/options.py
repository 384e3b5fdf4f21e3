"""Options of ``pokejax quickstart``. Nothing heavy is imported before they are right."""

from __future__ import annotations

import argparse
from pathlib import Path

from jaxenv.commands.arguments import path, positive, seconds, seed
from pokejax.cli.arguments import steps

BACKENDS = ("auto", "xla", "simd")


def parser() -> argparse.ArgumentParser:
    """The command's parser."""
    made = argparse.ArgumentParser(
        prog="pokejax quickstart",
        description="Play Gen 1 random battles in JAX, replay a sample in the real Pokémon Showdown and compare every "
        "decision point, time both briefly in turns, write a replay page, and train a policy, which then plays in the "
        "real Showdown.",
    )
    made.add_argument("--seed", type=seed, default=0, help="seed of everything random (default: %(default)s)")
    made.add_argument("--episodes", type=positive, default=5000, help="battles to play (default: %(default)s)")
    made.add_argument(
        "--sample", type=positive, default=200, help="of them, for Showdown to replay (default: %(default)s)"
    )
    made.add_argument(
        "--seconds", type=seconds, default=5.0, help="time for measuring each speed (default: %(default)s)"
    )
    made.add_argument(
        "--train",
        type=steps,
        default=300_000,
        metavar="STEPS",
        help="joint steps to train a policy for; 0 trains none (default: %(default)s, a minute or two)",
    )
    made.add_argument(
        "--backend",
        choices=BACKENDS,
        default="auto",
        help="compiler of the battles: simd makes one kernel for the CPU and times XLA's program beside it, xla is "
        "XLA's program alone, auto is simd where a C++ compiler is found (default: %(default)s)",
    )
    made.add_argument(
        "--out", type=path, default=Path("out/quickstart"), help="folder for what is written (default: %(default)s)"
    )
    return made


def main(arguments: list[str]) -> int:
    """Run ``pokejax quickstart``; returns the exit status."""
    options = parser().parse_args(arguments)
    from families.pokejax_gen1.quickstart.command import run

    return run(options)
