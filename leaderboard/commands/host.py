"""`python -m leaderboard bench ENV` of an environment that runs on the host: its family's rows, and their tables."""

from __future__ import annotations

import argparse
from typing import Any

from jaxenv import registry
from jaxenv.commands import files
from jaxenv.commands.console import Console
from jaxenv.commands.interrupts import INTERRUPTED, listening
from leaderboard import host, machine
from leaderboard.family import bench_of
from references.protocol import ReferenceUnavailableError

REMEDY = "choose another file with --json"
SCHEMA = "leaderboard.host/1"
_NOT_HERE = {
    "mode": None, "batch": None, "sweep": False, "chunk": None, "devices": None, "shard": None, "compare": None,
    "xla": False, "xla_option": [], "set": [], "backend": "auto",
}  # fmt: skip


def run(arguments: argparse.Namespace, console: Console) -> int:
    """The exit status: 0 done, 2 not possible here, 130 interrupted."""
    rows: list[host.HostRow] = []
    spec = registry.spec(arguments.env)
    name = f"{spec.reference.name} {spec.reference.version}" if spec.reference else "reference"
    status = 0
    try:
        measure = _measure(arguments)
        files.check_writable(arguments.json, REMEDY)
        request = host.HostRequest(
            samples=arguments.samples,
            seconds=arguments.seconds,
            cores=arguments.cores or machine.cores(),
            reference=not arguments.no_reference,
        )
        with listening(at_once=True) as interrupt:
            for row in measure(request):
                interrupt.check()
                rows.append(row)
                console.say(host.line(row))
                _write(arguments, rows)
    except (ValueError, ImportError, ReferenceUnavailableError, files.StorageError) as error:
        console.print("cannot bench:", style="red", end=" ")
        console.say(str(error))
        status = 2
    except KeyboardInterrupt:
        console.say("interrupted")
        status = INTERRUPTED
    for table in host.tables(rows, name):
        Console().print(table)
    return status


def _measure(arguments: argparse.Namespace) -> host.HostBench:
    given = [f"--{option.replace('_', '-')}" for option, usual in _NOT_HERE.items() if vars(arguments)[option] != usual]
    if given:
        raise ValueError(f"{arguments.env} runs on the host, without a compiled program; leave {' '.join(given)} out")
    if (found := bench_of(arguments.env).host) is None:
        raise ValueError(f"{arguments.env} runs on the host, and its family has no bench of it (`Bench.host`)")
    return found


def _write(arguments: argparse.Namespace, rows: list[host.HostRow]) -> None:
    if arguments.json is None:
        return
    commit, dirty = machine.commit()
    data: dict[str, Any] = {
        "schema": SCHEMA,
        "env": arguments.env,
        "machine": machine.fingerprint(),
        "commit": commit,
        "dirty": dirty,
        "rows": [row.to_json() for row in rows],
    }
    files.write_json(arguments.json, data)
