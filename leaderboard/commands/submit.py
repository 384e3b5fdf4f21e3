"""`python -m leaderboard submit FILE --submitter HANDLE`: a file of the bench, in its place on the board."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from jaxenv.commands import files
from jaxenv.commands.arguments import path
from leaderboard.invocation import program
from leaderboard.records import submission

REMEDY = "choose another folder with --out"


def add(command: argparse.ArgumentParser) -> None:
    """Arguments of the command."""
    command.add_argument("file", metavar="FILE", type=path, help="what `bench --json FILE` has written")
    command.add_argument("--submitter", required=True, metavar="HANDLE", help="your handle at the hosting site")
    command.add_argument(
        "--out", type=path, default=Path(), metavar="FOLDER", help="the checkout to write into (default: this folder)"
    )


def run(arguments: argparse.Namespace, argv: Sequence[str]) -> int:
    """Exit status 0, or 2 for what is no submission, is there already, or cannot be written."""
    try:
        data = {**submission.load(arguments.file), "submitter": arguments.submitter}
        submission.typed(data, str(arguments.file))
        target = arguments.out / submission.place(data)
        if target.exists():
            raise submission.RecordError(f"{target}: is there already: these rows were handed in before")
        files.write(target, submission.text(data), REMEDY)
    except (submission.RecordError, files.StorageError) as error:
        print(f"cannot submit: {error}", file=sys.stderr)
        return 2
    print(f"{target}\nnext: {program('leaderboard', 'check', str(target))}, then commit it and open a pull request")
    return 0
