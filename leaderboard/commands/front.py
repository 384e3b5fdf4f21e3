"""`python -m leaderboard front FILE…`: exit status 0 the same or written, 1 with --check: not the same, 2 could not."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence

from leaderboard.commands import documents
from leaderboard.site import collected, front, overview


def add(command: argparse.ArgumentParser) -> None:
    """Arguments of the command."""
    documents.add(command, front.BEGIN)


def run(arguments: argparse.Namespace, argv: Sequence[str]) -> int:
    """The exit status."""
    other = "the table is not the board's; write it"
    return documents.rewrite(arguments, _replaced, "front", "the table", other)


def _replaced() -> Callable[[str, str], str]:
    """A document with the board's table."""
    table = front.markdown(overview.lines(collected.collect()))
    return lambda text, name: front.replaced(text, table, name)
