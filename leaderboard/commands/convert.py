"""`python -m leaderboard convert FILE… --submitter HANDLE`: files of the board from older rows and from reports."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from jaxenv.commands import files
from jaxenv.commands.arguments import path
from leaderboard.records import older, submission

REMEDY = "choose another folder with --out"


def add(command: argparse.ArgumentParser) -> None:
    """Arguments of the command."""
    command.add_argument("files", metavar="FILE", nargs="+", type=path, help="rows of the older form, or a report")
    command.add_argument("--submitter", required=True, metavar="HANDLE", help="whose results these are")
    command.add_argument(
        "--out", type=path, default=Path(), metavar="FOLDER", help="the checkout to write into (default: this folder)"
    )


def run(arguments: argparse.Namespace, argv: Sequence[str]) -> int:
    """Exit status 0, or 2 where a file is of no known form or cannot be written; then nothing is written."""
    try:
        found = []
        for file in arguments.files:
            found += older.of_file(file, arguments.submitter, file.as_posix() if not file.is_absolute() else None)
        targets = {arguments.out / submission.place(data): submission.text(data) for data in found}
        if present := [target for target in targets if target.exists()]:
            raise submission.RecordError(f"{present[0]}: is there already; nothing was written")
        files.write_all(targets, REMEDY)
    except (submission.RecordError, files.StorageError, OSError) as error:
        print(f"cannot convert: {error}", file=sys.stderr)
        return 2
    for target in targets:
        print(target)
    return 0
