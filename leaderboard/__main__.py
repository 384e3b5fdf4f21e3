"""`python -m leaderboard bench ENV`: exit status 0 measured, 2 could not run."""

from __future__ import annotations

import argparse
import shlex
import sys
from collections.abc import Sequence
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any

import jax
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

import jaxenv
from leaderboard import bench as benching
from leaderboard import machine
from leaderboard.reference import ReferenceError, Session, is_known, open_session
from leaderboard.report import table


def parser() -> argparse.ArgumentParser:
    main = argparse.ArgumentParser(prog="python -m leaderboard", description="Throughput by PROTOCOL.md.")
    commands = main.add_subparsers(dest="command", required=True)
    bench = commands.add_parser("bench", help="measure an environment beside its reference")
    bench.add_argument("env", metavar="ENV", help="an environment id, e.g. pokejax/gen1randombattle")
    bench.add_argument(
        "--batch", type=int, nargs="+", metavar="B", help="environments at once (default: 1 64 512 4096, then the best)"
    )
    bench.add_argument("--samples", type=int, default=10, help="samples of each row (default: %(default)s)")
    bench.add_argument("--seconds", type=float, default=1.0, help="least length of a sample (default: %(default)s)")
    bench.add_argument("--chunk", type=int, help="lanes that run together (default: the whole batch)")
    bench.add_argument("--devices", type=int, help="devices to split lanes over (default: on a CPU one per core)")
    bench.add_argument("--mode", default="env_random_legal", choices=benching.MODES, help="who chooses the actions")
    bench.add_argument("--json", type=Path, metavar="OUT", help="write the rows here, after each row")
    bench.add_argument("--no-reference", action="store_true", help="do not time the reference")
    return main


def main(argv: Sequence[str] | None = None) -> int:
    arguments = parser().parse_args(argv)
    console = Console(stderr=True)
    try:
        settings = benching.Settings(
            batches=None if arguments.batch is None else tuple(arguments.batch),
            samples=arguments.samples,
            seconds=arguments.seconds,
            chunk=arguments.chunk,
            mode=arguments.mode,
            devices=arguments.devices,
            command=shlex.join(["python", "-m", "leaderboard", *(sys.argv[1:] if argv is None else argv)]),
        )
        reference = jaxenv.spec(arguments.env).reference
        name = reference.name if reference else None
        one_device_per_core()
        with ExitStack() as stack:
            session = None
            if is_known(name) and not arguments.no_reference:
                with console.status(f"starting {name}"):
                    session = stack.enter_context(open_session(str(name), arguments.env, machine.cores()))
            elif not arguments.no_reference:
                console.print(f"{arguments.env}: no timer for its reference ({name}); going without")
            rows = _measure(arguments.env, settings, session, arguments.json, console)
    except (jaxenv.UnknownEnvironmentError, ReferenceError, ImportError, ValueError) as error:
        console.print(f"[red]cannot bench:[/red] {error}", highlight=False)
        return 2
    except KeyboardInterrupt:
        console.print("interrupted" + (f"; rows so far are in {arguments.json}" if arguments.json else ""))
        return 130
    Console().print(table(rows))
    return 0


def one_device_per_core() -> None:
    """Let XLA's CPU backend use each core as a device, as the reference has a worker on each."""
    with suppress(RuntimeError):  # a backend has started already: go on with the devices it has
        jax.config.update("jax_num_cpu_devices", machine.cores())


def _measure(
    env_id: str, settings: benching.Settings, session: Session | None, out: Path | None, console: Console
) -> list[dict[str, Any]]:
    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.completed}/{task.total}"))
    with Progress(*columns, TimeElapsedColumn(), console=console) as bar:
        task = bar.add_task(env_id, total=settings.samples)
        return benching.bench(
            env_id,
            settings,
            session,
            out,
            lambda now: bar.update(task, description=now.label, completed=now.done, total=now.total),
        )


if __name__ == "__main__":
    sys.exit(main())
