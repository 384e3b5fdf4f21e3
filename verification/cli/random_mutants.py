"""``mutants --random N``: how many bugs that nobody has chosen the verifier finds."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from jaxenv.commands.console import Console, bars
from jaxenv.commands.files import StorageError
from jaxenv.commands.interrupts import INTERRUPTED, listening
from references.protocol import ReferenceUnavailableError
from verification import runner
from verification.cases import write_json
from verification.cli import running
from verification.fields import PluginError
from verification.mutants.drawn import figures
from verification.mutants.drawn.measure import Measurement, ResumeError, Size
from verification.mutants.mutant import MutantError
from verification.results import EXIT_STATUS, Verdict
from verification.runner import Run

SCHEMA = "verification.random-mutants/1"
REQUIRED_RATE = 0.95


def random_mutants(options: argparse.Namespace, console: Console, on: Any) -> int:
    """Measure, writing OUT after each mutant; 0 when the required rate is met and the original passes everything.

    `on(progress, check)` shows the progress, as that of the seeded mutants does.
    """
    say = console.say
    try:
        earlier = _earlier(options.json) if options.resume else None
    except ValueError as error:
        say(f"could not run: {error}")
        return EXIT_STATUS["error"]
    amounts = {"episodes": options.episodes, "injected": options.injected, "interactions": options.interactions}
    plan = running.plan_of(options, options.levels, **amounts)
    plugin = running.load(options, console, plan)
    if plugin is None:
        return EXIT_STATUS["error"]
    size = Size(options.random, options.seed, options.levels, choices=plan.options, jobs=options.jobs, **amounts)
    measured: Measurement | None = None
    run = Run(plugin, plan, command=running.command_line())
    verdict: Verdict = "error"
    try:
        say("finding the files that decide what the environment does, and drawing the mutants")
        measured = Measurement(plugin, size)
        if earlier is not None:
            say(f"resuming: {measured.take_over(earlier)} mutants are taken over")
        with bars(console) as progress, listening(at_once=True) as interrupt:
            measured.run(on(progress, interrupt.check), lambda: _write(options.json, run, measured, "not_run"))
        verdict = _verdict(measured)
    except KeyboardInterrupt:
        run.interrupted, run.reason, verdict = True, "interrupted; --resume goes on", "not_run"
    except ResumeError as error:
        run.error = True
        say(f"could not run: {options.json}: {error}")
        return EXIT_STATUS["error"]
    except (ValueError, PluginError, MutantError, ReferenceUnavailableError) as error:
        run.error, run.reason = True, str(error)
    if measured is not None and (earlier is None or measured.rows):
        _write(options.json, run, measured, verdict)
    if measured is not None and measured.rows:
        for line in figures.lines(plugin.env, _figures(measured)):
            say(line)
    for check in measured.original.get("alarms", []) if measured else []:
        say(f"  {check} fails on the unchanged environment: it judges no mutant until that is mended")
    if run.reason:
        say(f"could not run: {run.reason}" if run.error else run.reason)
    if options.json and options.json.exists():
        say(f"report: {options.json}")
    return INTERRUPTED if run.interrupted else EXIT_STATUS[verdict]


def _earlier(path: Path | None) -> dict[str, Any]:
    """The file of an interrupted measurement. `ValueError` says what is wrong with it."""
    if path is None:
        raise ValueError("--resume needs --json FILE, the file of the interrupted measurement")
    try:
        found = json.loads(path.read_text("utf-8"))
    except OSError as error:
        raise ValueError(f"{path} cannot be read: {error.strerror}; start anew without --resume") from error
    except ValueError as error:
        raise ValueError(f"{path} is no JSON ({error}); start anew without --resume") from error
    if not isinstance(found, dict) or found.get("schema") != SCHEMA:
        raise ValueError(f"{path} is no file of random mutants ({SCHEMA}); start anew without --resume")
    return found


def _figures(measured: Measurement) -> dict[str, Any]:
    rows = [measured.rows[one.id] for one in measured.drawn if one.id in measured.rows]
    return figures.summary(rows, measured.size.levels, measured.plugin.mutants.survivors)


def _verdict(measured: Measurement) -> Verdict:
    found = _figures(measured)
    if found["not_run"]:
        return "not_run"
    if found["rate"] is None:
        return "inconclusive"
    return "pass" if found["rate"] >= REQUIRED_RATE and not measured.original["alarms"] else "fail"


def _write(out: Path | None, run: Run, measured: Measurement | None, verdict: Verdict) -> None:
    """Write the figures so far; a full disk does not end the measurement."""
    if out is None or measured is None:
        return
    run.seconds = measured.seconds
    report = runner.to_json(run)
    original = {name: measured.original[name] for name in measured.original if name not in ("outcome", "ran")}
    complete = sum(row["outcome"] != "not run" for row in measured.rows.values()) == len(measured.drawn)
    found = {
        "schema": SCHEMA,
        "env": measured.plugin.env,
        "verdict": verdict,
        "complete": complete,
        "reason": run.reason,
        "random": {**measured.identity, "original": original},
        **_figures(measured),
        "seconds": round(measured.seconds, 1),
        "provenance": report["provenance"],
        "command": run.command,
    }
    try:
        write_json(out, found)
    except StorageError:
        if complete:
            raise
