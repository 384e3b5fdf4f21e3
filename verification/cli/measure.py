"""``mutants``: how many seeded bugs the verifier finds."""

from __future__ import annotations

import argparse

from rich.console import Console
from rich.progress import Progress

from verification import runner
from verification.cases import write_json
from verification.cli import running
from verification.fields import PluginError
from verification.mutants.measure import measure
from verification.mutants.mutant import MutantError
from verification.reporting import files, text
from verification.results import EXIT_STATUS
from verification.runner import Run

REQUIRED_RATE = 0.95
REQUIRED_L1 = 0.85


def mutants(options: argparse.Namespace, console: Console) -> int:
    """Measure, write the report (its `mutants` entry at the top level too); 0 when the required rates are met."""
    amounts = {"episodes": options.episodes, "injected": options.injected, "interactions": options.interactions}
    plan = running.plan_of(options, options.levels, **amounts)
    plugin = running.load(options, console, plan)
    if plugin is None:
        return EXIT_STATUS["error"]
    run = Run(plugin, plan, command=running.command_line())
    only = options.only.split(",") if options.only else None
    tasks: dict[str, object] = {}
    try:
        with Progress(console=console) as progress:

            def on_progress(what: str, done: int, total: int) -> None:
                task = tasks.setdefault(what, progress.add_task(what, total=total))
                progress.update(task, completed=done, total=total)  # type: ignore[arg-type]

            run.mutants = measure(plugin, plan, options.alarms, only, on_progress)
    except KeyboardInterrupt:
        run.interrupted, run.reason = True, "interrupted before all mutants were measured"
    except (ValueError, PluginError, MutantError) as error:
        run.error, run.reason = True, str(error)
    found = run.mutants
    report = {**runner.to_json(run), "levels": []}
    if found is not None:
        whole = not only
        good = found["rate"] >= REQUIRED_RATE and not found["false_alarms"]
        good = good and found["false_alarm_verdict"] == "pass"
        if "L1" in found["by_level"]:
            good = good and found["by_level"]["L1"]["rate"] >= REQUIRED_L1
        report["verdict"] = "pass" if good and whole else "fail" if whole else "inconclusive"
    if options.json:
        # The figures stand at the top level, where a script looks for them, and in the report's own place.
        write_json(options.json, {**(found or {}), **report})
        if found is not None:
            files.render_files({**report}, options.json)
    for line in text.lines(report):
        console.print(line, markup=False, highlight=False, soft_wrap=True)
    return EXIT_STATUS[report["verdict"]]
