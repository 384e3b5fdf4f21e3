"""`python -m leaderboard touched --base COMMIT`: exit status 0 all passed, 1 one has not, 2 could not be told."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from jaxenv.commands import files
from jaxenv.commands.arguments import path
from leaderboard import touched
from leaderboard.checking.history import History, HistoryError
from leaderboard.commands.check import checkout

REMEDY = "choose another file with --markdown"


def add(command: argparse.ArgumentParser) -> None:
    """Arguments of the command."""
    command.add_argument("--base", metavar="COMMIT", help="what to compare with (default: origin/main, main or HEAD)")
    command.add_argument("--list", action="store_true", help="print the environments, and check nothing")
    command.add_argument("--markdown", type=path, metavar="OUT", help="write the outcome as a comment, too")


def run(arguments: argparse.Namespace, argv: Sequence[str]) -> int:
    """The exit status."""
    say = lambda line: print(line, file=sys.stderr, flush=True)  # noqa: E731
    root = checkout()
    try:
        files.check_writable(arguments.markdown, REMEDY)
        found = touched.touched(History(root, arguments.base))
        if arguments.list:
            print("\n".join(found))
            return 0
        judged = {env_id: touched.judge(env_id, root, say) for env_id in found}
        text = "\n\n".join(
            "\n".join([f"### {env_id}", "", *(one.markdown() for one in ran)]) for env_id, ran in judged.items()
        )
        if arguments.markdown:
            files.write(arguments.markdown, text + "\n" if text else "", REMEDY)
    except (HistoryError, files.StorageError) as error:
        print(f"cannot check: {error}", file=sys.stderr)
        return 2
    for env_id, ran in judged.items():
        for one in ran:
            print(f"{env_id}: {one.title}: {'passed' if one.status == 0 else one.said}")
    if not found:
        print("no family's code is touched")
    return 0 if all(one.status == 0 for ran in judged.values() for one in ran) else 1
