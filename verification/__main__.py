"""Command line: ``python -m verification run ENV ...`` and ``python -m verification replay FILE``.

Exit status: 0 equal, 1 a divergence, 2 could not run (or not to the end).
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from verification import report
from verification.counterexample import load, recheck, write_json
from verification.lockstep import Plan, Sweep, run
from verification.plugins import load as load_candidate
from verification.references.showdown.client import POLICIES, TEAM_KINDS
from verification.references.showdown.workers import WorkerPool

WRITE_EVERY = 5.0  # seconds between two states of the JSON report while a sweep runs


def _positive(text: str) -> int:
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"{value} is not a positive number")
    return value


def _seed(text: str) -> int:
    value = int(text)
    if not 0 <= value < 2**63:
        raise argparse.ArgumentTypeError(f"{value} is not in 0 .. 2**63 - 1")
    return value


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m verification", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    sweep = commands.add_parser("run", help="play battles and compare every decision point with the reference")
    sweep.add_argument("env", metavar="ENV", help="environment id, e.g. pokejax/gen1randombattle")
    sweep.add_argument("--levels", default="3", help="comma-separated levels; this environment has level 3")
    sweep.add_argument("--episodes", type=_positive, default=500)
    sweep.add_argument("--seed", type=_seed, default=0)
    sweep.add_argument("--teams", choices=TEAM_KINDS, default="randbats")
    sweep.add_argument("--policy", choices=(*POLICIES, "all"), default="all")
    sweep.add_argument("--workers", type=_positive, default=os.cpu_count() or 1, help="Node processes")
    sweep.add_argument("--timeout", type=float, default=60.0, help="seconds after which a worker counts as hung")
    sweep.add_argument("--failures", type=Path, default=Path("out/divergences"), help="folder for diverging battles")
    sweep.add_argument("--json", type=Path, metavar="OUT", help="report file, rewritten while the sweep runs")
    again = commands.add_parser("replay", help="play one saved battle again in both and compare")
    again.add_argument("file", type=Path, metavar="FILE")
    return parser


def _run(options: argparse.Namespace, console: Console) -> int:
    levels = {level.strip().upper().removeprefix("L") for level in options.levels.split(",")}
    if levels != {"3"}:
        wrong = ", ".join(sorted(levels - {"3"})) or options.levels
        return _could_not_run(options, console, f"level {wrong} is not built for {options.env}; available: 3")
    policies = POLICIES if options.policy == "all" else (options.policy,)
    plan = Plan(options.env, options.episodes, options.seed, options.teams, policies)
    sweep = Sweep(plan)
    pool = WorkerPool(options.workers, options.timeout)
    try:
        with pool, _progress(console) as progress:
            _sweep(options, plan, sweep, pool, progress)
    except KeyboardInterrupt:
        console.print("interrupted; what was compared so far follows")
    except (OSError, ImportError, ValueError, LookupError, RuntimeError) as error:
        if not sweep.episodes:
            return _could_not_run(options, console, f"{type(error).__name__}: {error}")
        console.print(f"stopped: {type(error).__name__}: {error}", markup=False)
    if options.json:
        write_json(options.json, report.to_json(sweep, options.workers))
    console.print(report.summary(sweep), markup=False, highlight=False, soft_wrap=True)
    return report.exit_status(sweep)


def _sweep(options: argparse.Namespace, plan: Plan, sweep: Sweep, pool: WorkerPool, progress: Progress) -> None:
    task = progress.add_task("lockstep", total=plan.episodes, note="")
    written = time.monotonic()

    def on_progress(sweep: Sweep) -> None:
        nonlocal written
        note = f"{sweep.steps} steps, {len(sweep.failures)} divergences"
        if sweep.faults:
            note += f", {len(sweep.faults)} worker faults"
        progress.update(task, completed=sweep.episodes, note=note)
        if options.json and time.monotonic() - written > WRITE_EVERY:
            write_json(options.json, report.to_json(sweep, options.workers))
            written = time.monotonic()

    run(load_candidate(plan.env), plan, pool, options.failures, sweep, on_progress)


def _progress(console: Console) -> Progress:
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[note]}"),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        console=console,
    )


def _could_not_run(options: argparse.Namespace, console: Console, reason: str) -> int:
    console.print(f"could not run: {reason}", markup=False)
    if getattr(options, "json", None):
        write_json(options.json, report.could_not_run(options.env, reason))
    return report.EXIT_COULD_NOT_RUN


def _replay(options: argparse.Namespace, console: Console) -> int:
    try:
        saved = load(options.file)
        with WorkerPool(1) as pool:
            divergence = recheck(saved, load_candidate(saved.env), pool)
    except (OSError, ImportError, TypeError, ValueError, LookupError, RuntimeError) as error:
        return _could_not_run(options, console, str(error))
    if divergence is None:
        console.print(f"{options.file}: equal through all {len(saved.job.actions)} steps")
        return report.EXIT_EQUAL
    console.print(f"{options.file}\n{report.describe(divergence)}", markup=False, highlight=False, soft_wrap=True)
    return report.EXIT_DIVERGENCE


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; returns the exit status."""
    options = _parser().parse_args(arguments)
    console = Console(stderr=True)
    commands: dict[str, Any] = {"run": _run, "replay": _replay}
    return commands[options.command](options, console)


if __name__ == "__main__":
    sys.exit(main())
