"""`python -m leaderboard bench|check|…`: exit status 0 done, 1 refused, 2 could not run, 130 interrupted."""

from __future__ import annotations

import argparse
import importlib
import sys
from collections.abc import Sequence

from jaxenv.commands.interrupts import run_command
from leaderboard.invocation import program

COMMANDS = {
    "bench": "measure an environment beside its reference",
    "check": "judge files that are to go on the board",
    "touched": "check the environments whose code a branch touches: contract, levels, mutants, a short bench",
    "submit": "put a file of the bench into its place on the board",
    "convert": "turn rows of the older form, or a report, into files of the board",
    "sweep": "measure everything that fits the time on this machine, the most valuable first",
    "merge": "make one file of the shards of a bench or a sweep",
    "record": "record a family's play, to be repeated on other machines",
    "build": "write the pages of the board, which open from disk",
    "front": "write the board's table into documents",
    "facts": "write an environment's facts and observation into documents",
    "reproduce": "print every figure of the paper that the suite starts from beside ours",
    "schema": "print the JSON Schema of the board's files",
}


def parser(only: str | None = None) -> argparse.ArgumentParser:
    """The parser of all commands. `only`: of one alone, so that the packages of the others are not imported."""
    main = argparse.ArgumentParser(prog=program("leaderboard"), description="Throughput by PROTOCOL.md, and its board.")
    commands = main.add_subparsers(dest="command", required=True)
    for name, about in COMMANDS.items():
        command = commands.add_parser(name, help=about, description=about[0].upper() + about[1:] + ".")
        if only in (None, name):
            _module(name).add(command)
    return main


def _module(name: str):
    return importlib.import_module(f"leaderboard.commands.{name}")


def main(argv: Sequence[str] | None = None) -> int:
    """The exit status."""
    given = list(sys.argv[1:] if argv is None else argv)
    only = given[0] if given and given[0] in COMMANDS else ""

    def run() -> int:
        arguments = parser(only).parse_args(given)
        return _module(arguments.command).run(arguments, given)

    return run_command(" ".join(["leaderboard", *given[:1]]), run)


if __name__ == "__main__":
    sys.exit(main())
