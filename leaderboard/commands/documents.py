"""The common part of commands that write between marks of documents: exit status 0, 1 for another part, 2 could not."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable

from jaxenv.commands import files
from jaxenv.commands.arguments import path
from leaderboard.checking.status import ErrataError
from leaderboard.invocation import program
from leaderboard.records.submission import RecordError
from leaderboard.site.collected import SiteError

REMEDY = "choose another document"


def add(command: argparse.ArgumentParser, mark: str) -> None:
    """Arguments of such a command."""
    command.add_argument("files", metavar="FILE", nargs="+", type=path, help=f"documents with a line {mark}")
    command.add_argument("--check", action="store_true", help="write nothing; exit status 1 where a table is another")


def rewrite(
    arguments: argparse.Namespace, make: Callable[[], Callable[[str, str], str]], command: str, part: str, other: str
) -> int:
    """The exit status. `make()` gives the function from a document's text and name to its new text.

    `part`: of what cannot be written, as "the table". `other`: of a part that is not as it should be, as "the table is
    not the board's; write it".
    """
    unlike = []
    try:
        replaced = make()
        for file in arguments.files:
            before = file.read_text("utf-8")
            after = replaced(before, str(file))
            if before != after:
                unlike.append(str(file))
                if not arguments.check:
                    files.write(file, after, REMEDY)
    except (SiteError, RecordError, ErrataError, files.StorageError, OSError, UnicodeDecodeError) as error:
        print(f"cannot write {part}: {error}", file=sys.stderr)
        return 2
    if arguments.check and unlike:
        words = f"{program('leaderboard', command)} {' '.join(unlike)}"
        print(f"{', '.join(unlike)}: {other} by `{words}`", file=sys.stderr)
        return 1
    return 0
