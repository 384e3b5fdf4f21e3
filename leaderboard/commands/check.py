"""`python -m leaderboard check FILE…`: exit status 0 accepted, 1 refused, 2 could not check."""

from __future__ import annotations

import argparse
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from jaxenv.commands import files
from jaxenv.commands.arguments import path, positive
from leaderboard.checking import status
from leaderboard.checking.history import History, HistoryError
from leaderboard.checking.rerun import MOST_STEPS
from leaderboard.checking.verdict import Checker, Verdict

REMEDY = "choose another file with --markdown"


def add(command: argparse.ArgumentParser) -> None:
    """Arguments of the command."""
    command.add_argument(
        "files",
        metavar="FILE",
        nargs="*",
        type=path,
        help="files of leaderboard/results/ (default: those that are new)",
    )
    command.add_argument(
        "--base", metavar="COMMIT", help="the board to compare with (default: origin/main, main or HEAD)"
    )
    command.add_argument("--no-rerun", action="store_true", help="leave out the re-run on this machine's CPU")
    command.add_argument(
        "--most-steps",
        type=positive,
        default=MOST_STEPS,
        metavar="N",
        help="do not re-run rows of more steps (default: %(default)s)",
    )
    command.add_argument("--markdown", type=path, metavar="OUT", help="write the verdict as a comment, too")


def run(arguments: argparse.Namespace, argv: Sequence[str]) -> int:
    """The exit status."""
    say = lambda line: print(line, file=sys.stderr, flush=True)  # noqa: E731
    try:
        history = History(checkout(), arguments.base)
        checker = Checker(history=history, with_rerun=not arguments.no_rerun, most_steps=arguments.most_steps, say=say)
        gone = list(history.changed())
        verdicts = [Verdict("the board", gone, [])] if gone else []
        verdicts += [checker.check(file) for file in arguments.files or history.new_files()]
        if arguments.markdown:
            files.write(arguments.markdown, "\n".join(verdict.markdown() for verdict in verdicts), REMEDY)
    except (HistoryError, status.ErrataError, files.StorageError) as error:
        print(f"cannot check: {error}", file=sys.stderr)
        return 2
    for verdict in verdicts:
        print(verdict.text())
    if not verdicts:
        print(f"nothing is changed on the board of {history.name}")
    return 0 if all(verdict.accepted for verdict in verdicts) else 1


def checkout() -> Path:
    """Top of the checkout that this is run in, or this folder."""
    done = subprocess.run(["git", "rev-parse", "--show-toplevel"], capture_output=True, text=True, check=False)
    return Path(done.stdout.strip() or ".")
