"""``mutants``: how many bugs the verifier finds, those of a catalogue or random ones."""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from rich.progress import Progress

from jaxenv.commands.arguments import positive
from jaxenv.commands.console import Console, bars
from jaxenv.commands.interrupts import INTERRUPTED, listening
from references.protocol import ReferenceUnavailableError
from verification import runner
from verification.backends import AUTO
from verification.cases import write_json
from verification.cli import running
from verification.fields import PluginError
from verification.mutants.measure import measure
from verification.mutants.mutant import MutantError
from verification.reporting import files, text
from verification.results import EXIT_STATUS, Verdict
from verification.runner import Run

SCHEMA = "verification.mutants/1"
REQUIRED_RATE = 0.95
REQUIRED_L1 = 0.85


def add_arguments(parser: argparse.ArgumentParser, levels: Callable[[str], tuple[str, ...]]) -> None:
    """The options of the command; `levels` reads a list of levels."""
    parser.add_argument("--levels", type=levels, help="default 1,2,3; of --random 0,1,2,3,3d")
    parser.add_argument("--episodes", type=positive, default=200, help="episodes of level 3 for each mutant")
    parser.add_argument(
        "--injected", type=positive, help="injected steps for each mutant (default 65536; of --random 4096)"
    )
    parser.add_argument("--interactions", type=positive, default=1024)
    parser.add_argument("--alarms", type=positive, help="episodes of reference against reference (default 1000)")
    parser.add_argument("--only", help="comma-separated ids of mutants")
    parser.add_argument(
        "--random",
        type=positive,
        metavar="N",
        help="plant N bugs drawn by --seed from all source lines and data of the environment, not the catalogue",
    )
    parser.add_argument("--jobs", type=positive, help="random mutants at once (default: one a processor, at most 2)")
    parser.add_argument("--resume", action="store_true", help="continue interrupted random mutants from --json")


def mutants(options: argparse.Namespace, console: Console) -> int:
    """Measure by random mutants or by the catalogue."""
    problem = _contradiction(options)
    if problem:
        console.print(f"could not run: {problem}", markup=False, highlight=False, soft_wrap=True)
        return EXIT_STATUS["error"]
    levels, injected = (("L0", "L1", "L2", "L3", "L3d"), 4096) if options.random else (("L1", "L2", "L3"), 65536)
    options.levels, options.injected = options.levels or levels, options.injected or injected
    if options.random:
        options.jobs = options.jobs or min(2, os.cpu_count() or 1)
        from verification.cli.random_mutants import random_mutants  # libcst takes half a second to import

        return random_mutants(options, console, _on)
    options.backend, options.alarms = "xla", options.alarms or 1000
    return _seeded(options, console)


def _contradiction(options: argparse.Namespace) -> str:
    """Options that do not go together, in words; "" if all do."""
    if options.random and (options.only or options.alarms):
        name = "--only" if options.only else "--alarms"
        return f"{name} belongs to the catalogue of seeded mutants: leave it or --random out"
    if not options.random and (options.resume or options.jobs):
        name = "--resume" if options.resume else "--jobs"
        return f"{name} belongs to random mutants: add --random N, or leave it out"
    if not options.random and options.backend not in (AUTO, "xla"):
        return "seeded mutants are compiled by XLA, all in one program: leave --backend out"
    return ""


def _seeded(options: argparse.Namespace, console: Console) -> int:
    """Measure, and write OUT (the figures) and OUT's report; 0 when the required rates are met without false alarms."""
    amounts = {"episodes": options.episodes, "injected": options.injected, "interactions": options.interactions}
    plan = running.plan_of(options, options.levels, **amounts)
    plugin = running.load(options, console, plan)
    if plugin is None:
        return EXIT_STATUS["error"]
    run = Run(plugin, plan, command=running.command_line())
    only = [name.strip() for name in options.only.split(",")] if options.only else None
    verdict: Verdict = "error"
    found: dict[str, Any] = {}
    with bars(console) as progress:
        try:
            with listening(at_once=True) as interrupt:
                found = measure(plugin, plan, options.alarms, only, _on(progress, interrupt.check))
            run.info = found.pop("info")
            run.mutants = found
            run.seconds = found["seconds"]
            verdict = "inconclusive" if only else _verdict(found)
        except KeyboardInterrupt:
            run.interrupted, run.reason, verdict = True, "interrupted before all mutants were measured", "not_run"
        except (ValueError, PluginError, MutantError, ReferenceUnavailableError) as error:
            run.error, run.reason = True, str(error)
        report = {**runner.to_json(run), "levels": [], "verdict": verdict}
        # Before the bars are drawn for the last time: a pipe that nobody reads any more costs no figures.
        written = _store(options.json, run, report, found)
    if written:
        console.print("reports: " + ", ".join(map(str, written)), markup=False, soft_wrap=True)
    for line in text.lines(report):
        console.print(line, markup=False, highlight=False, soft_wrap=True)
    return INTERRUPTED if run.interrupted else EXIT_STATUS[verdict]


def _store(out: Path | None, run: Run, report: dict[str, Any], found: dict[str, Any]) -> list[Path]:
    """Write the figures and their report, if they are to be; returns the paths for the reader."""
    if out is None:
        return []
    head = {"schema": SCHEMA, "env": run.plugin.env, "verdict": report["verdict"], "reason": run.reason}
    tail = {"plan": report["plan"], "provenance": report["provenance"], "command": run.command}
    write_json(out, {**head, **found, **tail})
    beside = report_path(out)
    write_json(beside, report)
    return [out, *files.render_files(report, beside)]


def report_path(figures: Path) -> Path:
    """Path of the report of a file of figures: m.json's is m.report.json."""
    return figures.with_suffix(".report.json")


def _verdict(found: dict[str, Any]) -> Verdict:
    enough = found["rate"] >= REQUIRED_RATE
    if "L1" in found["by_level"]:
        enough = enough and found["by_level"]["L1"]["rate"] >= REQUIRED_L1
    quiet = not found["unmutated"] and not found["false_alarms"] and found["false_alarm_verdict"] == "pass"
    return "pass" if enough and quiet else "fail"


def _on(progress: Progress, check_interrupt: Callable[[], None]) -> Any:
    tasks: dict[str, Any] = {}

    def on_progress(what: str, done: int, total: int) -> None:
        check_interrupt()
        if what not in tasks:
            tasks[what] = progress.add_task(what, total=total)
        progress.update(tasks[what], completed=done, total=total)

    return on_progress
