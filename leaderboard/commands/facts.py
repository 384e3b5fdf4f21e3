"""`python -m leaderboard facts FILE…`: exit status 0 the same or written, 1 with --check: not the same, 2 could not."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from leaderboard.commands import documents
from leaderboard.site import facts


def add(command: argparse.ArgumentParser) -> None:
    """Arguments of the command."""
    documents.add(command, "<!-- facts ID -->")


def run(arguments: argparse.Namespace, argv: Sequence[str]) -> int:
    """The exit status."""
    other = "the facts are not the environment's; write them"
    return documents.rewrite(arguments, lambda: facts.replaced, "facts", "the facts", other)
