"""`python -m leaderboard facts FILE…`: exit status 0 the same or written, 1 with --check: not the same, 2 could not."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from jaxenv.commands import files
from jaxenv.commands.arguments import path
from leaderboard.invocation import program
from leaderboard.site import facts
from leaderboard.site.collected import SiteError

REMEDY = "choose another document"


def add(command: argparse.ArgumentParser) -> None:
    """Arguments of the command."""
    command.add_argument("files", metavar="FILE", nargs="+", type=path, help="documents with a line <!-- facts ID -->")
    command.add_argument("--check", action="store_true", help="write nothing; exit status 1 where a table is another")


def run(arguments: argparse.Namespace, argv: Sequence[str]) -> int:
    """The exit status."""
    other = []
    try:
        for file in arguments.files:
            before = file.read_text("utf-8")
            after = facts.replaced(before, str(file))
            if before != after:
                other.append(str(file))
                if not arguments.check:
                    files.write(file, after, REMEDY)
    except (SiteError, files.StorageError, OSError, UnicodeDecodeError) as error:
        print(f"cannot write the facts: {error}", file=sys.stderr)
        return 2
    if arguments.check and other:
        words = f"{program('leaderboard', 'facts')} {' '.join(other)}"
        print(f"{', '.join(other)}: the facts are not the environment's; write them by `{words}`", file=sys.stderr)
        return 1
    return 0
