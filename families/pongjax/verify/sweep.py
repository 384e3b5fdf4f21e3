"""Millions of steps of every configuration, both sides in lockstep.

``python -m families.pongjax.verify.sweep --steps 10000000 --json OUT`` compares frame skip 1 and 8, discrete and
continuous actions, the default params as data and compiled in; then, for fewer steps, params of each game's own. OUT is
rewritten after every configuration; ``--resume`` takes over those that it holds. ``--backend simd`` compiles PongJAX to
one kernel. Exits 0 when every step is equal, 1 when one is not, 3 when it could not run, 130 when it was interrupted.
"""

from __future__ import annotations

import argparse
import functools
import hashlib
import json
import shlex
import sys
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

import pongjax
from families.pongjax.verify.bulk import (
    LANES,
    PARAMS,
    STRETCH,
    WHY_ONE_ULP,
    WHY_OTHER_PARAMS,
    Compared,
    Configuration,
    compare,
)
from families.pongjax.verify.candidate import FRAME_SKIPS
from families.pongjax.verify.checks import BULK, as_finding
from families.pongjax.verify.plugin import make
from families.pongjax.verify.policies import POLICIES
from jaxenv.commands import files
from jaxenv.commands.arguments import path, positive, seed
from jaxenv.commands.console import Console
from jaxenv.commands.interrupts import INTERRUPTED, run_command
from references.puffer_pong.install import ReferenceUnavailableError
from references.puffer_pong.library import library
from verification.backends import BACKENDS, vmap_of
from verification.cases import FAILURES_REMEDY, REMEDY, write_json
from verification.levels.context import Context, Plan
from verification.levels.pairs import add_finding
from verification.provenance import provenance
from verification.results import EXIT_STATUS, CheckResult, Verdict

SCHEMA = "verification.pong-lockstep/1"
OTHER_PARAMS = "random by lane"
OTHER_SHARE = 10
"""With params of each game's own, one step in so many."""

COMPARED = (
    "after every step, bit by bit: paddles, ball, points, counters, the serve generator, reward, terminal, what the "
    "step added to PufferLib's log; and the observation"
)


def configurations(steps: int) -> list[tuple[Configuration, int]]:
    """Configurations of a sweep, each with its environment steps."""
    return [
        (Configuration(continuous, skip, params), -(-steps // OTHER_SHARE) if params == OTHER_PARAMS else steps)
        for params in PARAMS
        for continuous in (False, True)
        for skip in FRAME_SKIPS
    ]


class Sweep:
    """A sweep's report, and the configurations that it still lacks."""

    def __init__(self, options: argparse.Namespace, command: str) -> None:
        self.options, self.command = options, command
        self.started, self.begin = datetime.now(UTC).isoformat(timespec="seconds"), time.monotonic()
        self.plan = {"steps": options.steps, "games_at_once": options.lanes, "seed": options.seed}
        self.plan |= {"policies": list(POLICIES), "steps_between_comparisons": STRETCH, "backend": options.backend}
        self.done: dict[str, dict[str, Any]] = {}
        self.interrupted = False

    def resume(self, path: Path) -> None:
        """Take over what a report of the same plan and sources holds. `ValueError` says why it cannot."""
        try:
            report = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, json.JSONDecodeError) as error:
            raise ValueError(f"{path}: cannot be read ({error}); start anew without --resume") from error
        made = {"schema": SCHEMA, "plan": self.plan, "sources": _sources()}
        for what, value in made.items():
            if report.get(what) != value:
                raise ValueError(
                    f"{path}: {what} is {report.get(what)}, this sweep's is {value}; repeat the first command's "
                    "options, or start anew without --resume"
                )
        self.done = {one["name"]: one for one in report["configurations"] if one["steps"] >= one["planned_steps"]}

    def add(self, found: Compared) -> None:
        """Enter a configuration, whole or not, and write the report."""
        note = ""
        if found.configuration.params == OTHER_PARAMS:
            note = WHY_OTHER_PARAMS
        elif found.observations["within 1 ulp"]:
            note = WHY_ONE_ULP
        self.done[found.configuration.name] = {"name": found.configuration.name, **found.to_json(), "note": note}
        self.write()

    @property
    def verdict(self) -> Verdict:
        """Of all configurations."""
        planned = [made.name for made, _ in configurations(self.options.steps)]
        found = [self.done[name] for name in planned if name in self.done]
        if any(one["games_differing"] for one in found):
            return "fail"
        whole = len(found) == len(planned) and all(one["steps"] >= one["planned_steps"] for one in found)
        return "not_run" if self.interrupted or not whole else "pass"

    def write(self) -> None:
        """Rewrite the report, if there is to be one."""
        if self.options.json is None:
            return
        report = {
            "schema": SCHEMA,
            "verdict": self.verdict,
            "compared": COMPARED,
            "params": dict(PARAMS),
            "configurations": list(self.done.values()),
            "plan": self.plan,
            "sources": _sources(),
            "provenance": provenance(self.options.seed, self.started, time.monotonic() - self.begin),
            "command": self.command,
        }
        write_json(self.options.json, report)


@functools.cache
def _sources() -> dict[str, str]:
    """SHA-256, 16 digits, of the candidate's source files."""
    found = hashlib.sha256()
    for source in sorted(Path(str(pongjax.__file__)).parent.glob("*.py")):
        found.update(source.name.encode() + source.read_bytes())
    return {"pongjax": found.hexdigest()[:16]}


def run(options: argparse.Namespace, console: Console, command: str) -> int:
    """The sweep; returns the exit status."""
    try:
        files.check_writable(options.json, REMEDY)
        files.check_folder(options.failures, FAILURES_REMEDY)
        with files.alone(options.json, REMEDY):
            return _run(options, console, command)
    except files.StorageError as error:
        console.say(f"could not run: {error}")
        return EXIT_STATUS["error"]


def _run(options: argparse.Namespace, console: Console, command: str) -> int:
    sweep = Sweep(options, command)
    try:
        library()
        vmap_of(options.backend)
        if options.resume:
            if options.json is None:
                raise ValueError("--resume needs --json FILE, the report of the interrupted sweep")
            sweep.resume(options.json)
    except (ReferenceUnavailableError, ValueError) as error:
        console.print(f"could not run: {error}", markup=False, soft_wrap=True)
        return EXIT_STATUS["error"]
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TextColumn("{task.fields[note]}"))
    try:
        with Progress(*columns, TimeElapsedColumn(), console=console) as progress:
            for configuration, steps in configurations(options.steps):
                if configuration.name in sweep.done:
                    continue
                _one(sweep, configuration, steps, progress)
            sweep.write()
    except KeyboardInterrupt:
        sweep.interrupted = True
        sweep.write()
    for one in sweep.done.values():
        seen = ", ".join(f"{count:,} {name}" for name, count in one["observations"].items() if count)
        console.print(
            f"{one['name']}: {one['steps']:,} steps, {one['games_differing']} of {one['games_at_once']} games differ; "
            f"observed numbers {seen}",
            markup=False,
            highlight=False,
            soft_wrap=True,
        )
    console.print(f"verdict: {sweep.verdict}" + (" (interrupted)" if sweep.interrupted else ""))
    return INTERRUPTED if sweep.interrupted else EXIT_STATUS[sweep.verdict]


def _one(sweep: Sweep, configuration: Configuration, steps: int, progress: Progress) -> None:
    options = sweep.options
    task = progress.add_task(configuration.name, total=steps, note="")
    found = Compared(configuration, options.lanes, steps)

    def on_stretch(so_far: Compared) -> None:
        progress.update(task, completed=so_far.steps, note=f"{so_far.games_differing} games differ")

    try:
        vmap = vmap_of(options.backend)
        compare(configuration, options.seed, steps, options.lanes, on_stretch=on_stretch, into=found, vmap=vmap)
    finally:
        sweep.add(found)
    if found.first and configuration.params != OTHER_PARAMS:  # a case file has no params
        _save(found, options.failures, options.backend)


def _save(found: Compared, failures: Path, backend: str) -> None:
    """The first differences as counterexamples."""
    context = Context(make(found.configuration.continuous, backend=backend), Plan(failures=failures))
    result = CheckResult(BULK, "L3", "sweep")
    try:
        for mismatch in found.first:
            add_finding(context, result, *as_finding(context, found.configuration, mismatch))
    finally:
        context.close()


def parser() -> argparse.ArgumentParser:
    """The parser of the command line."""
    made = argparse.ArgumentParser(prog="python -m families.pongjax.verify.sweep", description=__doc__)
    made.add_argument("--steps", type=positive, default=10_000_000, help="environment steps of each configuration")
    made.add_argument("--lanes", type=positive, default=LANES, help="games at once")
    made.add_argument("--seed", type=seed, default=0)
    made.add_argument("--backend", choices=BACKENDS, default="xla", help="compiler of PongJAX's steps")
    made.add_argument("--json", type=path, metavar="OUT", help="report file")
    made.add_argument("--failures", type=path, default=Path("out/divergences"), help="folder for counterexamples")
    made.add_argument("--resume", action="store_true", help="continue from the --json file")
    return made


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit status."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    command = "uv run python -m families.pongjax.verify.sweep " + " ".join(shlex.quote(one) for one in given)
    return run_command("sweep", lambda: run(parser().parse_args(given), Console(stderr=True), command))


if __name__ == "__main__":
    sys.exit(main())
