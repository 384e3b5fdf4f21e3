"""Command line: ``python -m verification COMMAND …``.

Exit status: 0 pass, 1 fail, 2 inconclusive or not run, 3 error, 130 interrupted.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Sequence
from pathlib import Path

from jaxenv.commands.arguments import path, positive, seed
from jaxenv.commands.collector import collect_rarely
from jaxenv.commands.console import Console
from jaxenv.commands.files import StorageError
from jaxenv.commands.interrupts import run_command
from jaxenv.shards import argument as shard
from leaderboard.invocation import program
from verification.backends import AUTO, BACKENDS
from verification.cli import choices, files, measure, places, running, shards
from verification.reporting.validate import ReportError
from verification.results import EXIT_STATUS, LEVELS
from verification.statistics import command as power

DEFAULT_LEVELS = "0,1,2,3,3d"


def levels(text: str) -> tuple[str, ...]:
    """An argument that is a list of levels: "0,1,2,3,3d", "L1"."""
    found = ["L" + part.strip().upper().removeprefix("L").replace("D", "d") for part in text.split(",") if part.strip()]
    unknown = [level for level in found if level not in LEVELS]
    if unknown or not found:
        wrong = ", ".join(unknown) or repr(text)
        raise argparse.ArgumentTypeError(f"level {wrong} does not exist; levels are {', '.join(LEVELS)}")
    return tuple(level for level in LEVELS if level in found)


def duration(text: str) -> float:
    """Seconds of an argument such as "90", "15m", "2h"."""
    match = re.fullmatch(r"(\d+(?:\.\d+)?)([smh]?)", text.strip())
    if not match or not float(match[1]):
        raise argparse.ArgumentTypeError(f"{text!r} is no duration; write 90s, 15m or 2h")
    return float(match[1]) * {"": 1, "s": 1, "m": 60, "h": 3600}[match[2]]


def _common(parser: argparse.ArgumentParser, arguments: Sequence[str]) -> None:
    parser.add_argument("env", metavar="ENV", help="environment id, or module:attribute of a plugin")
    parser.add_argument("--seed", type=seed, default=0)
    parser.add_argument("--failures", type=path, default=Path("out/divergences"), help="folder for counterexamples")
    parser.add_argument("--json", type=path, metavar="OUT", help="report file, rewritten as results come")
    choices.add_to(parser, arguments)


def _backend(parser: argparse.ArgumentParser, default: str | None = AUTO, note: str = "default") -> None:
    auto = f"auto: the kernel where there is one and a compiler is found, else XLA ({note})"
    help = f"what compiles the candidate's steps. xla: XLA. simd: one SIMD kernel for the CPU. {auto}"
    parser.add_argument("--backend", choices=(AUTO, *BACKENDS), default=default, help=help)


def parser(arguments: Sequence[str] = ()) -> argparse.ArgumentParser:
    """The parser of all commands; the options of the environment that `arguments` name are among them."""
    top = argparse.ArgumentParser(prog=program("verification"), description=__doc__)
    commands = top.add_subparsers(dest="command", required=True)

    check = commands.add_parser("check", help="check a plugin: declarations, capabilities, level 0")
    _common(check, arguments)
    _backend(check)

    run = commands.add_parser("run", help="run levels and write report.json, .html and .md")
    _common(run, arguments)
    _backend(run)
    run.add_argument("--levels", type=levels, default=levels(DEFAULT_LEVELS), help=f"default {DEFAULT_LEVELS}")
    run.add_argument("--episodes", type=positive, default=500, help="whole episodes of level 3")
    run.add_argument("--injected", type=positive, default=4096, help="single steps of level 1")
    run.add_argument("--interactions", type=positive, default=1024, help="cases of level 2")
    run.add_argument("--returns", type=path, metavar="FILE", help="level 4: returns of trained policies (JSON)")
    run.add_argument("--resume", action="store_true", help="continue an interrupted run from its --json file")
    run.add_argument(
        "--untrusted",
        metavar="FILE.py:FUNCTION",
        help="check this source, sandboxed, instead of the plugin's candidate",
    )

    run.add_argument(
        "--shard", type=shard, metavar="I/N", help="do part I of N of the run alone; `merge` makes one report of all"
    )

    shards.add_cluster(run)
    shards.add(commands.add_parser("merge", help="make the report of a run of those of its shards"))

    fuzz = commands.add_parser("fuzz", help="levels 1 and 3 with fresh seeds until the time is over")
    _common(fuzz, arguments)
    _backend(fuzz)
    fuzz.add_argument("--levels", type=levels, default=levels("1,3"))
    fuzz.add_argument("--duration", type=duration, default=900.0, help="e.g. 90s, 15m, 2h (default 15m)")
    fuzz.add_argument("--episodes", type=positive, default=64, help="whole episodes of each round")
    fuzz.add_argument("--injected", type=positive, default=8192, help="single steps of each round")

    replay = commands.add_parser("replay", help="play a counterexample again on both sides")
    replay.add_argument("file", type=path, metavar="FILE")
    _backend(replay, None, "default: as when it was found")
    shrink = commands.add_parser("shrink", help="make a counterexample smaller")
    shrink.add_argument("file", type=path, metavar="FILE")
    _backend(shrink, None, "default: as when it was found")
    shrink.add_argument("--out", type=path, help="where to write it (default: beside FILE)")

    mutants = commands.add_parser("mutants", help="measure the verifier by the bugs it finds, seeded or random")
    _common(mutants, arguments)
    measure.add_arguments(mutants, levels)
    _backend(mutants, AUTO, "default of --random; seeded mutants are compiled by XLA")

    power_parser = commands.add_parser("power", help="compute how many policies and episodes level 4 needs")
    power.add_arguments(power_parser)

    coverage = commands.add_parser("coverage", help="list what a report's run exercised, and what it never did")
    coverage.add_argument("file", type=path, metavar="REPORT.json")
    report = commands.add_parser("report", help="render a report.json as HTML and Markdown again")
    report.add_argument("file", type=path, metavar="REPORT.json")
    declare = commands.add_parser("declare", help="put an environment's declarations on record: spec, layouts, params")
    declare.add_argument("env", metavar="ENV", help="environment id, or module:attribute of a plugin")
    compare = commands.add_parser("compare", help="compare two reports; exit 1 if the second is worse")
    compare.add_argument("before", type=path, metavar="A.json")
    compare.add_argument("after", type=path, metavar="B.json")
    return top


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; returns the exit status."""
    given = sys.argv[1:] if arguments is None else arguments
    return run_command(f"verification {given[0]}" if given else "verification", lambda: _run(given))


def _run(arguments: list[str]) -> int:
    options = parser(arguments[1:]).parse_args(arguments)
    options.words = arguments
    console = Console(stderr=True)
    commands = {
        "check": running.check,
        "run": running.run,
        "merge": shards.merge,
        "fuzz": running.fuzz,
        "replay": files.replay,
        "shrink": files.shrink,
        "mutants": measure.mutants,
        "power": power.run,
        "coverage": files.coverage,
        "report": files.report,
        "compare": files.compare,
        "declare": files.declare,
    }
    if options.command not in ("merge", "power", "coverage", "report", "compare", "declare"):
        _keep_compiled()
        collect_rarely()
    try:
        with places.held(options):
            return commands[options.command](options, console)
    except (StorageError, ReportError) as error:
        console.say(f"could not run: {error}")
        return EXIT_STATUS["error"]


def _keep_compiled() -> None:
    from jaxenv import enable_compilation_cache

    enable_compilation_cache()
