"""`python -m leaderboard schema`: the JSON Schema of the board's files, for editors and other tools."""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence

from leaderboard.records import submission


def add(command: argparse.ArgumentParser) -> None:
    """No arguments."""


def text() -> str:
    """Contents of `leaderboard/records/schema.json`."""
    return json.dumps(submission.json_schema(), indent=1) + "\n"


def run(arguments: argparse.Namespace, argv: Sequence[str]) -> int:
    """Exit status 0."""
    print(text(), end="")
    return 0
