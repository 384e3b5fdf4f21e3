"""``mutants``: how many seeded bugs the verifier finds."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from jaxenv.commands.interrupts import INTERRUPTED, listening
from references.protocol import ReferenceUnavailableError
from verification import runner
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


def mutants(options: argparse.Namespace, console: Console) -> int:
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
    with _bars(console) as progress:
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
    quiet = not found["false_alarms"] and found["false_alarm_verdict"] == "pass"
    return "pass" if enough and quiet else "fail"


def _bars(console: Console) -> Progress:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    return Progress(*columns, console=console)


def _on(progress: Progress, check_interrupt: Callable[[], None]) -> Any:
    tasks: dict[str, Any] = {}

    def on_progress(what: str, done: int, total: int) -> None:
        check_interrupt()
        if what not in tasks:
            tasks[what] = progress.add_task(what, total=total)
        progress.update(tasks[what], completed=done, total=total)

    return on_progress
