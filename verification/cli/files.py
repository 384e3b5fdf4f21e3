"""``replay``, ``shrink``, ``coverage``, ``report``, ``compare`` and ``declare``: what works on files."""

from __future__ import annotations

import argparse
from dataclasses import replace

from rich.console import Console

from jaxenv.commands.files import StorageError, check_folder
from verification import cases
from verification.cases import Case
from verification.fields import PluginError
from verification.levels import declared
from verification.levels.context import Context, Plan
from verification.levels.pairs import compared_paths, shrinker
from verification.localise import suspects
from verification.registry import UnknownPluginError, load_plugin
from verification.reporting import compare as comparing
from verification.reporting import files, text
from verification.reporting.validate import ReportError
from verification.reporting.validate import load as load_report
from verification.results import EXIT_STATUS, Finding

_SHRINK_REMEDY = "choose another folder with --out"
_REPORT_REMEDY = "copy the report elsewhere and render it there"
_REFUSED = (StorageError, OSError, ImportError, LookupError, ValueError, TypeError, RuntimeError, PluginError)


def _say(console: Console, message: str) -> None:
    console.print(message, markup=False, highlight=False, soft_wrap=True)


def _open(options: argparse.Namespace) -> tuple[Case, Context]:
    from jaxenv.backends import settle  # with JAX, which takes two seconds to import

    case = cases.load(options.file)
    asked = options.backend or case.backend
    case = replace(case, backend=settle(asked, load_plugin(case.env).running.backends)[0])
    plugin = load_plugin(case.env)
    if case.backend != plugin.running.backend:
        plugin = plugin.configured({"backend": case.backend})
    return case, Context(plugin.under(case.setting), Plan())


def replay(options: argparse.Namespace, console: Console) -> int:
    """Play a counterexample on both sides; 0 when they are equal now."""
    try:
        case, context = _open(options)
    except (*_REFUSED, UnknownPluginError) as error:
        _say(console, f"could not run: {error}")
        return EXIT_STATUS["error"]
    try:
        paths = compared_paths(context)
        found = cases.play(context.plugin, context.table, paths, context.reference, context.candidate, case)
    except _REFUSED as error:
        _say(console, f"could not run: {type(error).__name__}: {error}")
        return EXIT_STATUS["error"]
    finally:
        context.close()
    if found is None:
        _say(console, f"{options.file}: equal through all {len(case.actions)} steps")
        return EXIT_STATUS["pass"]
    step, seen, message = found
    finding = Finding(step, seen, draws=message, suspects=suspects(context.plugin, seen))
    _say(console, f"{options.file}: differs")
    for line in text.finding_lines(vars(finding) | {"differences": [vars(difference) for difference in seen]}):
        _say(console, line)
    return EXIT_STATUS["fail"]


def shrink(options: argparse.Namespace, console: Console) -> int:
    """Write a smaller counterexample; 1 (it still differs), 0 when it differs no more."""
    out = options.out or options.file.parent
    try:
        check_folder(out, _SHRINK_REMEDY)
        case, context = _open(options)
    except (*_REFUSED, UnknownPluginError) as error:
        _say(console, f"could not run: {error}")
        return EXIT_STATUS["error"]
    try:
        smaller = shrinker(context).shrink(case)
        if smaller is None:
            _say(console, f"{options.file}: equal through all {len(case.actions)} steps, there is nothing to shrink")
            return EXIT_STATUS["pass"]
        played = cases.play(
            context.plugin, context.table, compared_paths(context), context.reference, context.candidate, smaller.case
        )
        assert played is not None
        finding = Finding(played[0], played[1], draws=played[2], case={"shrunk": smaller.history})
        written = cases.save(out, smaller.case, finding, _SHRINK_REMEDY)
    except _REFUSED as error:
        _say(console, f"could not run: {type(error).__name__}: {error}")
        return EXIT_STATUS["error"]
    finally:
        context.close()
    for line in smaller.history:
        _say(console, f"  {line}")
    _say(console, f"{written}: {smaller.steps} steps, first different: {smaller.first_field}")
    return EXIT_STATUS["fail"]


def coverage(options: argparse.Namespace, console: Console) -> int:
    """Print what the run of a report exercised, and what never."""
    try:
        found = load_report(options.file)["coverage"]
    except ReportError as error:
        _say(console, str(error))
        return EXIT_STATUS["error"]
    _say(console, f"{found['exercised']} of {found['declared']} declared behaviours were exercised")
    if found["unseen_mass"] is not None:
        _say(console, f"chance that the next step shows an unseen one (Good–Turing): {found['unseen_mass']:.2g}")
    if found["never"]:
        _say(console, "never: " + ", ".join(found["never"]))
    for name, count in sorted(found["counts"].items(), key=lambda item: item[1]):
        _say(console, f"  {count:>9}  {name}")
    return EXIT_STATUS["pass"] if found["declared"] else EXIT_STATUS["not_run"]


def report(options: argparse.Namespace, console: Console) -> int:
    """Write the HTML and Markdown of a report again; the exit status is the report's own."""
    try:
        found = load_report(options.file)
        written = files.render_files(found, options.file, _REPORT_REMEDY)
    except (ReportError, StorageError, OSError) as error:
        _say(console, str(error))
        return EXIT_STATUS["error"]
    for line in text.lines(found):
        _say(console, line)
    _say(console, "wrote " + ", ".join(str(path) for path in written))
    return EXIT_STATUS[found["verdict"]]


def compare(options: argparse.Namespace, console: Console) -> int:
    """Compare two reports; 1 when the second is worse."""
    try:
        comparison = comparing.compare(load_report(options.before), load_report(options.after))
    except ReportError as error:
        _say(console, str(error))
        return EXIT_STATUS["error"]
    for line in comparison.lines():
        _say(console, line)
    return EXIT_STATUS["fail"] if comparison.worse else EXIT_STATUS["pass"]


def declare(options: argparse.Namespace, console: Console) -> int:
    """Put an environment's declarations on record."""
    try:
        plugin = load_plugin(options.env)
    except (UnknownPluginError, ImportError, PluginError) as error:
        _say(console, f"could not run: {error}")
        return EXIT_STATUS["error"]
    file, env_id = plugin.checks.declared, plugin.sides.env_id
    if file is None or env_id is None:
        _say(console, f"could not run: the plugin of {plugin.env} names no file in Checks(declared=…), or no env_id")
        return EXIT_STATUS["error"]
    changed = declared.record(file, env_id)
    _say(console, f"{file}: {', '.join(changed) or 'nothing'} of {env_id} is other than before")
    return EXIT_STATUS["pass"]
