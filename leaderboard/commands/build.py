"""`python -m leaderboard build DIR`: the pages of the board. Exit status 0 written, 2 could not."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

import families
from jaxenv.commands import files
from jaxenv.commands.arguments import path
from leaderboard.checking.status import ErrataError
from leaderboard.records.submission import RecordError

NEEDED = "uv pip install 'pokejax[site]'"
REMEDY = "choose another folder"


def add(command: argparse.ArgumentParser) -> None:
    """Arguments of the command."""
    command.add_argument("folder", metavar="DIR", type=path, help="folder of the pages; open index.html there")
    command.add_argument("--results", type=path, metavar="DIR", help="rows (default: this repository's)")
    command.add_argument("--evidence", type=path, metavar="DIR", help="files of evidence (default: this repository's)")
    command.add_argument("--documents", default="", metavar="LINK", help="a link to the documentation, from index.html")


def run(arguments: argparse.Namespace, argv: Sequence[str]) -> int:
    """The exit status."""
    try:
        from leaderboard.site import collected, pages
    except ImportError as error:
        print(f"cannot build: {error}. Remedy: {NEEDED}", file=sys.stderr)
        return 2
    paper = [row for family in families.families() for row in family.part("paper") or ()]
    try:
        files.check_folder(arguments.folder, REMEDY)
        found = collected.collect(arguments.results, arguments.evidence)
        written = pages.build(found, arguments.folder, paper, arguments.documents)
    except (collected.SiteError, RecordError, ErrataError, files.StorageError) as error:
        print(f"cannot build: {error}", file=sys.stderr)
        return 2
    print(f"{len(written)} pages of {len(found.environments)} environments: {arguments.folder / 'index.html'}")
    return 0
