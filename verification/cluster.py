"""A run on a Ray cluster: its shards as tasks, their reports as they come, and at the end one report."""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from jaxenv.commands import files
from jaxenv.shards import Shard
from verification import runner
from verification.cases import FAILURES_REMEDY
from verification.check import Check
from verification.results import CheckResult
from verification.runner import Run

State = dict[str, Any]
"""A shard's `report` so far, and `files`: its counterexamples by their paths, since machines share no folder."""
WORK = "verification.cluster:work"
EVERY = 1.0
"""Seconds between two states that a worker tells."""


def order(options: argparse.Namespace, shard: Shard) -> dict[str, Any]:
    """The facts that a worker needs to do one shard of the run that `options` ask for."""
    return {"words": options.words, "shard": shard.to_json(), "folder": os.getcwd(), "every": EVERY}


def work(order: Mapping[str, Any], earlier: State | None, report: Callable[[State], None]) -> State:
    """Do a shard, or go on with it from an earlier state, in a worker."""
    from verification.cli import parser, running

    if os.path.isdir(order["folder"]):
        os.chdir(order["folder"])
    options = parser(order["words"][1:]).parse_args(order["words"])
    options.json, options.ray, options.shard = None, None, Shard(**order["shard"])
    plugin, plan = running.configured(options)
    done = {}
    if earlier is not None:
        put_files(earlier)
        done = runner.unfinished(earlier["report"], "the shard's earlier state", plugin, plan)
    run = Run(plugin, plan, done=done, command=running.command_line(order["words"]))
    told = -order["every"]

    def on_result(check: Check, result: CheckResult) -> None:
        nonlocal told
        if time.monotonic() - told >= order["every"]:
            report(_state(run, going=True))
            told = time.monotonic()

    runner.execute(run, on_result)
    return _state(run)


def _state(run: Run, going: bool = False) -> State:
    found = runner.to_json(run)
    if going:
        found |= {"complete": False, "interrupted": True}
    paths = {Path(name) for result in run.results for finding in result.findings for name in _files(finding)}
    return {"report": found, "files": {str(path): path.read_text("utf-8") for path in paths if path.is_file()}}


def _files(finding: Any) -> list[str]:
    return [one.file for one in (finding, finding.unshrunk) if one is not None and one.file]


def put_files(state: State) -> None:
    """Write a shard's counterexamples where they are not yet."""
    for name, content in state["files"].items():
        if not Path(name).exists():
            files.write(Path(name), content, FAILURES_REMEDY)


def cases(state: State) -> int:
    """Cases that a shard has compared."""
    return sum(check["cases"] for level in state["report"]["levels"] for check in level["checks"])


def divergences(state: State) -> int:
    """Divergences that a shard has found."""
    return sum(level["divergences"] for level in state["report"]["levels"])
