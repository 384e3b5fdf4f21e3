"""``merge``, and ``run --ray``: reports of shards as one."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import families
from jaxenv import shards
from jaxenv.commands.arguments import path, positive
from jaxenv.commands.cluster import Cluster, ClusterError, connect
from jaxenv.commands.console import Console
from jaxenv.commands.interrupts import INTERRUPTED
from jaxenv.shards import Shard, ShardError
from verification import cluster, merging
from verification.cases import write_json
from verification.cli.running import command_line, progress
from verification.reporting import files, text
from verification.reporting.validate import load
from verification.results import EXIT_STATUS


def add(parser: argparse.ArgumentParser) -> None:
    """Arguments of ``merge``."""
    parser.add_argument("files", type=path, nargs="+", metavar="REPORT.json", help="the reports of all shards of a run")
    parser.add_argument("--json", type=path, required=True, metavar="OUT", help="file of the run's report")


def add_cluster(parser: argparse.ArgumentParser) -> None:
    """Arguments of ``run`` on a cluster."""
    parser.add_argument(
        "--ray",
        default="",
        metavar="ADDRESS",
        help="run on the Ray cluster at HOST:PORT; `local` starts one on this machine, `auto` finds the one it is in",
    )
    parser.add_argument("--shards", type=positive, metavar="N", help="shards on a cluster (default: one for each core)")


def merge(options: argparse.Namespace, console: Console) -> int:
    """Write the report of a run from those of its shards; the status is the run's."""
    try:
        return merged(options.files, options.json, console)
    except ShardError as error:
        console.say(f"could not merge: {error}")
        return EXIT_STATUS["error"]


def merged(paths: Sequence[Path], out: Path, console: Console) -> int:
    """The exit status. `ShardError`, `validate.ReportError` and `files.StorageError` name the file that is wrong."""
    shards.keep(paths, out)
    return _tell(merging.merge([(str(path), load(path)) for path in paths], command_line()), out, console)


def _tell(report: dict[str, Any], out: Path | None, console: Console) -> int:
    if out is not None:
        write_json(out, report)
        console.say("reports: " + ", ".join(map(str, [out, *files.render_files(report, out)])))
    for line in text.lines(report):
        console.say(line)
    return EXIT_STATUS[report["verdict"]]


def on_cluster(options: argparse.Namespace, console: Console) -> int:
    """The run's shards on a cluster, each with a file beside the run's own; the status is the run's."""
    if options.shard or options.untrusted:
        other = "--shard" if options.shard else "--untrusted"
        console.say(f"could not run: --ray {options.ray} and {other} cannot go together; leave one of the two out")
        return EXIT_STATUS["error"]
    if options.json is None:
        console.say(f"could not run: --ray {options.ray} needs a file for the report; give --json FILE")
        return EXIT_STATUS["error"]
    try:
        variables = {**families.handed_on(), **_jax_variables()}
        with connect(options.ray, variables, [entry or os.getcwd() for entry in sys.path]) as found:
            return _Going(options, options.shards or found.cpus, console).run(found)
    except (ClusterError, ShardError) as error:
        console.say(f"could not run: {error}")
        return EXIT_STATUS["error"]
    except KeyboardInterrupt:
        console.say("interrupted: the shards' reports are kept; go on with --resume")
        return INTERRUPTED


def _jax_variables() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name.startswith("JAX_")}


class _Going:
    """A run on a cluster while it goes on."""

    def __init__(self, options: argparse.Namespace, of: int, console: Console) -> None:
        self.options, self.console = options, console
        self.shards = [Shard(number, of) for number in range(1, of + 1)]
        self.states: dict[int, Any] = {}
        out = options.json
        self.paths = {s.number: out.with_name(f"{out.stem}.shard-{s.number}-of-{of}{out.suffix}") for s in self.shards}

    def run(self, on: Cluster) -> int:
        """Do what is left, and merge. Raises `ClusterError`, `ShardError` and `StorageError`."""
        earlier = self._earlier() if self.options.resume else {}
        orders = {shard.number: cluster.order(self.options, shard) for shard in self.shards}
        self.console.say(f"{len(orders)} shards on a cluster of {on.cpus} cores; {len(earlier)} go on from a report")
        with progress(self.console) as self.bars:
            self.bar = self.bars.add_task("shards", total=len(orders), note="")
            on.run(cluster.WORK, orders, earlier, self._on_state, self.console.say)
        found = [(str(self.paths[number]), self.states[number]["report"]) for number in sorted(self.states)]
        return _tell(merging.merge(found, command_line()), self.options.json, self.console)

    def _earlier(self) -> dict[int, Any]:
        there = {number: load(path) for number, path in self.paths.items() if path.exists()}
        return {number: {"report": report, "files": {}} for number, report in there.items()}

    def _on_state(self, number: int, state: Any, process: int) -> None:
        del process
        self.states[number] = state
        cluster.put_files(state)
        write_json(self.paths[number], state["report"])
        ended = sum(not one["report"]["interrupted"] for one in self.states.values())
        cases = sum(map(cluster.cases, self.states.values()))
        differ = sum(map(cluster.divergences, self.states.values()))
        self.bars.update(self.bar, completed=ended, note=f"{cases:,} cases, {differ} divergences")
