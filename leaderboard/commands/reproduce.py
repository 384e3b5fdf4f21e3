"""`python -m leaderboard reproduce paper`: every figure of the paper beside ours."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

import families
from jaxenv.commands import files
from jaxenv.commands.arguments import path
from leaderboard.paper import board, report
from leaderboard.records import submission

REMEDY = "choose another file with --json"


def add(command: argparse.ArgumentParser) -> None:
    """Arguments of the command."""
    command.add_argument("what", choices=("paper",), help="the paper that the suite starts from")
    command.add_argument(
        "--with", dest="measured", nargs="+", type=path, default=[], metavar="FILE",
        help="files that `bench --json` has just written on this machine; their rows go before those on record",
    )  # fmt: skip
    command.add_argument("--json", type=path, metavar="FILE", help="write the rows there as well")


def run(arguments: argparse.Namespace, argv: Sequence[str]) -> int:
    """Exit status 0, or 2 for files that are no submissions, or cannot be written."""
    rows = [row for family in families.families() for row in family.part("paper") or ()]
    try:
        found = report.lines(rows, board.read(arguments.measured))
        if arguments.json:
            files.write_json(arguments.json, {"rows": [line.to_json() for line in found]}, REMEDY)
    except (submission.RecordError, files.StorageError) as error:
        print(f"cannot reproduce: {error}", file=sys.stderr)
        return 2
    print("\n".join(report.text(found)))
    return 0
