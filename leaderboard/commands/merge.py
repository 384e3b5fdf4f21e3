"""`python -m leaderboard merge FILE…`: exit status 0 merged, 2 could not."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from jaxenv import shards
from jaxenv.commands import files
from jaxenv.commands.arguments import path
from jaxenv.shards import ShardError
from leaderboard import merging
from leaderboard.records import submission

REMEDY = "choose another file with --json"


def add(command: argparse.ArgumentParser) -> None:
    """Arguments of the command."""
    command.add_argument("files", type=path, nargs="+", metavar="FILE", help="the files of all shards")
    command.add_argument("--json", type=path, required=True, metavar="OUT", help="file of the whole")


def run(arguments: argparse.Namespace, argv: Sequence[str]) -> int:
    """The exit status."""
    out = arguments.json
    try:
        shards.keep(arguments.files, out)
        whole = merging.merge([(str(file), merging.load(file)) for file in arguments.files])
        files.write(out, submission.text(whole), REMEDY)
    except (ShardError, files.StorageError) as error:
        print(f"cannot merge: {error}", file=sys.stderr)
        return 2
    count = len(whole["rows"] if whole["kind"] == "sps" else whole["items"])
    print(f"{out}: {count} of {len(arguments.files)} shards")
    return 0
