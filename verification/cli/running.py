"""``check``, ``run`` and ``fuzz``."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from rich.progress import Progress

from jaxenv.commands.console import Console, bars
from jaxenv.commands.files import StorageError
from jaxenv.commands.interrupts import INTERRUPTED, listening
from leaderboard.invocation import spelled
from verification import runner
from verification.backends import AUTO
from verification.cases import write_json
from verification.check import Check
from verification.cli import choices
from verification.fields import PluginError
from verification.levels.context import Context, Plan
from verification.plugin import Plugin
from verification.registry import UnknownPluginError, load_plugin
from verification.reporting import files, text
from verification.results import EXIT_STATUS, CheckResult, worst
from verification.runner import Run

WRITE_EVERY = 5.0
"""Seconds between two states of the JSON report while a run goes on."""


def plan_of(options: argparse.Namespace, levels: tuple[str, ...], **amounts: Any) -> Plan:
    """The plan that a command line asks for."""
    returns = getattr(options, "returns", None)
    made = {"seed": options.seed, "failures": options.failures, "returns": returns, "options": choices.chosen(options)}
    made["shard"] = getattr(options, "shard", None)
    return Plan(levels=levels, **made, **amounts)


def load(options: argparse.Namespace, console: Console, plan: Plan) -> Plugin | None:
    """The plugin, with the command line's choices; None, said on the console and in the report, if there is none."""
    try:
        return _chosen(options, plan, lambda note: console.print(note, markup=False, highlight=False, soft_wrap=True))
    except (UnknownPluginError, ImportError, PluginError) as error:
        console.print(f"could not run: {error}", markup=False, highlight=False, soft_wrap=True)
        if options.json:
            write_json(options.json, runner.could_not_run(options.env, str(error), plan, command_line()))
        return None


def _chosen(options: argparse.Namespace, plan: Plan, say: Callable[[str], None]) -> Plugin:
    plugin = load_plugin(options.env)
    backend, note = _backend(options, plugin)
    if note:
        say(note)
    plan.options["backend"] = backend
    return plugin.configured(plan.options)


def configured(options: argparse.Namespace) -> tuple[Plugin, Plan]:
    """Plugin and plan of ``run``. Raises what `load` puts into words."""
    plan = _run_plan(options)
    return _chosen(options, plan, lambda note: None), plan


def _run_plan(options: argparse.Namespace) -> Plan:
    amounts = {name: getattr(options, name) for name in ("episodes", "injected", "interactions")}
    return plan_of(options, options.levels, **amounts)


def _backend(options: argparse.Namespace, plugin: Plugin) -> tuple[str, str]:
    """The backend, and a line on what is missing for a faster one; mutants and sandboxes are compiled by XLA."""
    asked = getattr(options, "backend", "xla")
    if getattr(options, "untrusted", None):
        if asked != AUTO:
            raise PluginError("--backend compiles the plugin's own candidate: leave it out with --untrusted")
        return "xla", ""
    from jaxenv.backends import settle  # with JAX, which takes two seconds to import

    return settle(asked, plugin.running.backends)


def command_line(words: Sequence[str] | None = None) -> str:
    """The command as it can be typed again; `words`: the arguments, by default those of this process."""
    return spelled("verification", *(sys.argv[1:] if words is None else words))


def check(options: argparse.Namespace, console: Console) -> int:
    """Declarations, capabilities and level 0."""
    plan = plan_of(options, ("L0",))
    plugin = load(options, console, plan)
    if plugin is None:
        return EXIT_STATUS["error"]
    return _execute(Run(plugin, plan, command=command_line()), options, console)


def run(options: argparse.Namespace, console: Console) -> int:
    """The levels asked for."""
    plan = _run_plan(options)
    plugin = load(options, console, plan)
    if plugin is None:
        return EXIT_STATUS["error"]
    if options.ray:
        from verification.cli.shards import on_cluster

        return on_cluster(options, console)
    done: dict[str, Any] = {}
    if options.resume:
        try:
            done = runner.finished_checks(options.json, plugin, plan)
        except ValueError as error:
            console.print(f"could not run: {error}", markup=False, highlight=False, soft_wrap=True)
            return EXIT_STATUS["error"]
        finished = sum(map(runner.is_finished, done.values()))
        begun = "" if finished == len(done) else ", and the parts of another that are done"
        console.print(f"resuming: {finished} checks are taken over{begun}")
    going = Run(plugin, plan, done=done, command=command_line())
    if options.untrusted and plan.shard:
        console.print(f"could not run: --untrusted takes no --shard {plan.shard}; leave one of the two out")
        return EXIT_STATUS["error"]
    if options.untrusted:
        return _untrusted(going, options, console)
    return _execute(going, options, console)


def _untrusted(going: Run, options: argparse.Namespace, console: Console) -> int:
    """Judge foreign source in a sandbox, by the same plan."""
    from verification.remote.sandbox import SandboxError
    from verification.remote.untrusted import parse, verify_untrusted

    begin = time.monotonic()
    try:
        source, entry = parse(options.untrusted)
        with progress(console) as shown:
            on_result = _reporter(going, options.json, shown)
            going.results = verify_untrusted(
                going.plugin,
                source,
                entry,
                going.plan,
                on_result=lambda result: on_result(Check(result.id, result.level, result.title, _nothing), result),
            )
        known = going.plugin.sides.reference().info
        going.info = {
            "reference": {"name": known.name, "version": known.version},
            "candidate": {"name": options.untrusted, "version": "untrusted"},
        }
    except KeyboardInterrupt:
        going.interrupted, going.reason = True, "interrupted"
    except (SandboxError, PluginError) as error:
        going.error, going.reason = True, str(error)
    going.seconds = time.monotonic() - begin
    return tell(going, store(going, options.json), console)


def _nothing(context: Context, result: CheckResult) -> None:
    """In place of a check that somebody else has run."""


def _execute(going: Run, options: argparse.Namespace, console: Console) -> int:
    with progress(console) as shown, listening(at_once=True) as interrupt:
        runner.execute(going, _reporter(going, options.json, shown, interrupt.check))
        # Before the bars are drawn for the last time: a pipe that nobody reads any more costs no report.
        written = store(going, options.json)
    return tell(going, written, console)


def store(going: Run, path: Path | None) -> list[Path]:
    """Write the reports, if there are to be any; returns their paths."""
    if path is None:
        return []
    report = runner.to_json(going)
    write_json(path, report)
    return [path, *files.render_files(report, path)]


def tell(going: Run, written: Sequence[Path], console: Console) -> int:
    """Print the summary; returns the exit status."""
    if written:
        console.print("reports: " + ", ".join(map(str, written)), markup=False, soft_wrap=True)
    for line in text.lines(runner.to_json(going)):
        console.print(line, markup=False, highlight=False, soft_wrap=True)
    return INTERRUPTED if going.interrupted else EXIT_STATUS[going.verdict_here]


def progress(console: Console) -> Progress:
    """Bars of checks or shards, each with a note."""
    return bars(console, "{task.fields[note]}")


def _reporter(
    going: Run, path: Path | None, progress: Progress, check_interrupt: Callable[[], None] = lambda: None
) -> runner.OnResult:
    tasks: dict[str, Any] = {}
    written, failed = time.monotonic(), False

    def on_result(check: Check, result: CheckResult) -> None:
        nonlocal written, failed
        check_interrupt()
        if check.id not in tasks:
            tasks[check.id] = progress.add_task(check.id, total=result.planned, note="")
        ended = result.verdict != "not_run" or bool(result.reason)
        note = f"{result.steps} steps, {result.divergences} divergences" if result.steps else ""
        if ended:
            note = f"{result.verdict} {note}{result.reason}"
        total = result.planned if result.planned else (result.cases if ended else None)
        progress.update(tasks[check.id], completed=result.cases, total=total, note=note)
        if path and (ended or time.monotonic() - written > WRITE_EVERY):
            # Until it is finished, the file says that it is not.
            so_far = {"complete": False, "interrupted": True, "verdict": worst((going.verdict, "not_run"))}
            try:
                write_json(path, {**runner.to_json(going), **so_far})
            except StorageError as error:
                if not failed:
                    progress.console.print(f"{error}. The run goes on and tries again", markup=False, soft_wrap=True)
                failed = True
            written = time.monotonic()

    return on_result


def fuzz(options: argparse.Namespace, console: Console) -> int:
    """Round after round with fresh seeds, until the time is over or something differs."""
    plan = plan_of(options, options.levels, episodes=options.episodes, injected=options.injected)
    plugin = load(options, console, plan)
    if plugin is None:
        return EXIT_STATUS["error"]
    total = Run(plugin, plan, command=command_line())
    ends = time.monotonic() + options.duration
    number = 0
    with progress(console) as shown:
        rounds = shown.add_task("rounds", total=None, note="")
        context = Context(plugin, plan)
        try:
            while time.monotonic() < ends and not total.interrupted and total.verdict in ("pass", "not_run"):
                one = Run(plugin, replace(plan, seed=plan.seed + number))
                context.plan = one.plan
                runner.execute(one, context=context)
                runner.absorb(total, one)
                number += 1
                steps = sum(result.steps for result in total.results)
                shown.update(rounds, completed=number, note=f"{steps} steps, seed {one.plan.seed}")
                if total.error:
                    break
        except KeyboardInterrupt:
            total.interrupted, total.reason = True, "interrupted"
        finally:
            context.close()
        written = store(total, options.json)
    console.print(f"{number} rounds, seeds {plan.seed} to {plan.seed + max(number - 1, 0)}")
    return tell(total, written, console)
