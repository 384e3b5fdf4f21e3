"""`python -m leaderboard front FILE…`: exit status 0 the same or written, 1 with --check: not the same, 2 could not."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from jaxenv.commands import files
from jaxenv.commands.arguments import path
from leaderboard.checking.status import ErrataError
from leaderboard.invocation import program
from leaderboard.records.submission import RecordError
from leaderboard.site import collected, front, overview

REMEDY = "choose another document"


def add(command: argparse.ArgumentParser) -> None:
    """Arguments of the command."""
    command.add_argument("files", metavar="FILE", nargs="+", type=path, help=f"documents with a line {front.BEGIN}")
    command.add_argument("--check", action="store_true", help="write nothing; exit status 1 where a table is another")


def run(arguments: argparse.Namespace, argv: Sequence[str]) -> int:
    """The exit status."""
    other = []
    try:
        table = front.markdown(overview.lines(collected.collect()))
        for file in arguments.files:
            before = file.read_text("utf-8")
            after = front.replaced(before, table, str(file))
            if before != after:
                other.append(str(file))
                if not arguments.check:
                    files.write(file, after, REMEDY)
    except (collected.SiteError, RecordError, ErrataError, files.StorageError, OSError, UnicodeDecodeError) as error:
        print(f"cannot write the table: {error}", file=sys.stderr)
        return 2
    if arguments.check and other:
        words = f"{program('leaderboard', 'front')} {' '.join(other)}"
        print(f"{', '.join(other)}: the table is not the board's; write it by `{words}`", file=sys.stderr)
        return 1
    return 0
