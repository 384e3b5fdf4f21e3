"""`python -m baselines merge RUN…`: the results of a run's shards as one."""

from __future__ import annotations

import argparse

from baselines import sharding
from baselines.arguments import path
from jaxenv import shards
from jaxenv.commands import files
from jaxenv.commands.interrupts import complain
from jaxenv.shards import ShardError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of the command."""
    parser.add_argument("runs", type=path, nargs="+", metavar="RUN", help="folders, or --json files, of all shards")
    parser.add_argument("--json", type=path, required=True, metavar="OUT", help="file of the result of all members")


def run(options: argparse.Namespace) -> int:
    """The exit status."""
    try:
        shards.keep(options.runs, options.json)
        whole = sharding.merge([sharding.load(run) for run in options.runs])
    except ShardError as error:
        complain(f"merge: {error}")
        return 1
    files.write_json(options.json, whole)
    mean = "none" if whole["mean_return"] is None else f"{whole['mean_return']:.4g}"
    print(f"{options.json}: {whole['seeds']} members of {len(options.runs)} shards, mean return {mean}")
    return 0
