"""Level 4: the same policy in our environment and in its reference. `python -m baselines transfer --help`."""

from __future__ import annotations

import argparse


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of ``python -m baselines transfer``."""
    from baselines.transfer import command

    command.add_arguments(parser)


def run(options: argparse.Namespace) -> int:
    """The exit status of ``python -m baselines transfer``; errors are `baselines.errors.BaselinesError`."""
    from baselines.transfer import command

    return command.run(options)
