"""`python -m jaxlanes fuzz`: compare random programs by kernels and by XLA, until the time is over."""

from __future__ import annotations

import argparse
import faulthandler
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from jaxlanes.emit.targets import TARGETS
from jaxlanes.tools import NotInstalledError, checkout_only


def main(arguments: list[str] | None = None) -> int:
    """Exit status 0: nothing differs. 1: something does. 2: the command is wrong, or the fuzzer is not installed."""
    options = _parser().parse_args(arguments)
    os.environ.setdefault("JAX_PLATFORMS", "cpu")
    faulthandler.enable()  # a kernel, or XLA, may take the process with it: the report says which round was next
    if options.isa:
        os.environ["JAXLANES_ISA"] = options.isa
    try:
        with checkout_only("the fuzzer"):
            from jaxlanes.tools.fuzz import campaign, isolate
            from jaxlanes.tools.fuzz.classes import CLASSES
    except NotInstalledError as error:
        print(f"python -m jaxlanes fuzz: {error}", file=sys.stderr)
        return 2

    classes = tuple(options.only.split(",")) if options.only else ()
    unknown = [name for name in classes if name not in CLASSES and name != "programs"]
    if unknown:
        print(f"--only {unknown[0]}: no such class; there are programs, {', '.join(CLASSES)}", file=sys.stderr)
        return 2
    settings = campaign.Settings(options.minutes, options.seed, options.programs, options.start, classes, options.out)
    with _Progress(options.minutes * 60) as shown:
        tally = isolate.run(settings, shown.say, lambda so_far: _went_on(settings, so_far, options.json, shown))
    report = tally.report(settings)
    if options.json:
        campaign.write_report(options.json, report)
    print(summary(report))
    return 0 if tally.clean else 1


def summary(report: dict[str, Any]) -> str:
    rows = [row for row in report["classes"] if row["evaluations"]]
    lines = [f"{row['class']}: {row['mismatches']} mismatches in {row['evaluations']:,} evaluations"
             for row in rows if row["mismatches"]]  # fmt: skip
    least = min(rows, key=lambda row: row["evaluations"], default=None)
    if least:
        total = sum(row["evaluations"] for row in rows)
        lines.append(f"{len(rows)} of {len(report['classes'])} primitive classes, {total:,} evaluations, "
                     f"fewest {least['evaluations']:,} ({least['class']})")  # fmt: skip
    lines.append(f"{report['programs']:,} programs of {report['program_equations']:,} equations, "
                 f"{report['program_mismatches']} mismatches")  # fmt: skip
    if report["xla_gives_several_answers"]:
        lines.append(
            f"{len(report['xla_gives_several_answers'])} programs to which XLA gives several answers, "
            "the kernel's among them"
        )
    lines.append(f"{len(report['failures'])} failures in {report['seconds']:.0f} s on {report['isa']}, seed "
                 f"{report['seed']}, rounds {report['first_round']}-{report['next_round'] - 1}")  # fmt: skip
    return "\n".join(lines)


def _went_on(settings: Any, tally: Any, path: Path | None, shown: _Progress) -> None:
    from jaxlanes.tools.fuzz import campaign

    least = min((tally.evaluations.get(name, 0) for name in settings.classes or campaign.CLASSES
                 if name != "programs"), default=0)  # fmt: skip
    shown.advance(tally.seconds, f"{tally.programs:,} programs, each class {least:,} or more times, "
                                 f"{len(tally.failures)} failures")  # fmt: skip
    if path:
        campaign.write_report(path, tally.report(settings))


class _Progress:
    """A bar where rich is installed and this is a terminal; else a line every ten seconds."""

    def __init__(self, seconds: float) -> None:
        self._seconds, self._last = seconds, 0.0
        self._bar: Any = None
        self._task: Any = None

    def __enter__(self) -> _Progress:
        if sys.stderr.isatty():
            try:
                from rich.console import Console
                from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
            except ImportError:
                return self
            self._bar = Progress(BarColumn(), TimeElapsedColumn(), TextColumn("{task.description}"),
                                 console=Console(stderr=True))  # fmt: skip
            self._task = self._bar.add_task("compiling", total=self._seconds)
            self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._bar is not None:
            self._bar.stop()

    def advance(self, seconds: float, text: str) -> None:
        if self._bar is not None:
            self._bar.update(self._task, completed=seconds, description=text)
        elif time.monotonic() - self._last > 10:
            self._last = time.monotonic()
            print(f"{seconds:.0f} s: {text}", file=sys.stderr, flush=True)

    @property
    def say(self) -> Callable[[str], None]:
        if self._bar is not None:
            return lambda text: self._bar.console.print(text, markup=False, highlight=False)
        return lambda text: print(text, file=sys.stderr, flush=True)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m jaxlanes", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    fuzz = commands.add_parser("fuzz", help="compare random programs with XLA")
    fuzz.add_argument("--minutes", type=float, required=True, help="stop after this many")
    fuzz.add_argument("--programs", type=int, help="stop after this many random programs, if that is sooner")
    fuzz.add_argument("--seed", type=int, default=0, help="of all that is random (default 0)")
    fuzz.add_argument("--start", type=int, default=0, help="begin at this round of the seed, to go on with a run")
    fuzz.add_argument("--only", help='comma-separated primitive classes, or "programs" (default: everything)')
    fuzz.add_argument("--isa", choices=sorted(TARGETS), help="instruction set (default: the processor's widest)")
    fuzz.add_argument("--json", type=Path, help="write counts and failures there, after every round")
    fuzz.add_argument("--out", type=Path, default=Path("out/jaxlanes-fuzz"), help="folder of failing programs")
    return parser


if __name__ == "__main__":
    raise SystemExit(main())
