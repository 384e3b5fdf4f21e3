"""Win rates and Bradley–Terry ratings. `python -m baselines rate --help`."""

from __future__ import annotations

import argparse


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of ``python -m baselines rate``."""
    from baselines.ratings import command

    command.add_arguments(parser)


def run(options: argparse.Namespace) -> int:
    """The exit status of ``python -m baselines rate``; errors are `baselines.errors.BaselinesError`."""
    from baselines.ratings import command

    return command.run(options)
