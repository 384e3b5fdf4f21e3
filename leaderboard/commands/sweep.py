"""`python -m leaderboard sweep`: exit status 0 done as far as the time went, 1 something is not equal, 2 cannot run."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from jaxenv.commands import files
from jaxenv.commands.arguments import path, positive_number
from jaxenv.shards import argument as shard
from leaderboard.invocation import program
from leaderboard.sweeping import run as sweeping
from leaderboard.sweeping.plan import DEVICES, plan


def add(command: argparse.ArgumentParser) -> None:
    """Arguments of the command."""
    command.add_argument("--device", choices=DEVICES, required=True, help="what measures")
    command.add_argument(
        "--budget-minutes", type=positive_number, default=10.0, metavar="M", help="time to use (default: %(default)s)"
    )
    command.add_argument(
        "--out", type=path, required=True, metavar="DIR", help=f"folder of {sweeping.FILE} and {sweeping.LOG}"
    )
    command.add_argument("--resume", action="store_true", help="go on with the sweep that DIR holds")
    command.add_argument("--only", default="", metavar="TEXT", help="items whose name holds this text alone")
    command.add_argument(
        "--shard",
        type=shard,
        metavar="I/N",
        help="every N-th item alone, from the I-th on; `merge` makes one file of all",
    )
    command.add_argument("--plan", action="store_true", help="print the items in their order, and measure nothing")


def run(arguments: argparse.Namespace, argv: Sequence[str]) -> int:
    """The exit status."""
    say = lambda line: print(line, flush=True)  # noqa: E731
    items = plan(arguments.device, arguments.only)
    if not items:
        print(f"cannot sweep: no item's name holds {arguments.only!r}; --plan lists them", file=sys.stderr)
        return 2
    part = None
    if arguments.shard:
        part = {**arguments.shard.to_json(), "plan": [item.name for item in items]}
        items = arguments.shard.every(items)
        if not items:
            count = len(part["plan"])
            print(f"cannot sweep: no item falls to shard {arguments.shard}: there are {count}", file=sys.stderr)
            return 2
    if arguments.plan:
        say("\n".join(f"{item.seconds():4.0f} s  {item.name}" for item in items))
        return 0
    out = arguments.out
    try:
        with files.alone(out, sweeping.REMEDY, folder=True):
            files.check_writable(out / sweeping.FILE, sweeping.REMEDY)
            command = program("leaderboard", *argv)
            sweep = sweeping.Sweep(out, arguments.device, items, command, resume=arguments.resume, shard=part)
            try:
                sweeping.run(sweep, 60 * arguments.budget_minutes, say, out / sweeping.LOG)
            finally:
                entries = [sweep.data["items"].get(item.name, {"status": "not reached"}) for item in items]
                counts = {status: sum(one["status"] == status for one in entries) for status in _statuses(entries)}
                say(f"{sweep.path}: " + ", ".join(f"{count} {status}" for status, count in counts.items()))
    except (sweeping.SweepError, files.StorageError, OSError) as error:
        print(f"cannot sweep: {error}", file=sys.stderr)
        return 2
    unequal = [
        name
        for name, one in sweep.data["items"].items()
        if one["status"] == "done" and one["item"]["kind"] == "equivalence" and not one["row"]["equal"]
    ]
    return 1 if unequal else 0


def _statuses(entries: list[dict]) -> list[str]:
    return list(dict.fromkeys(one["status"] for one in entries))
