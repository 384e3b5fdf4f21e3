"""Command line: ``python -m translator COMMAND …``.

Exit status: 0 done, 1 stuck or a rule was broken, 2 the budget is exhausted or wrong arguments, 3 anything else failed,
130 interrupted.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from jaxenv.commands import files
from jaxenv.commands.arguments import path, positive, positive_number, seed
from jaxenv.commands.console import Console
from jaxenv.commands.files import StorageError
from jaxenv.commands.interrupts import INTERRUPTED, run_command
from leaderboard.invocation import program
from translator import states
from translator.agents.making import SHAPES
from translator.errors import TranslationError
from translator.ledger import LedgerError

FAILED = 3
_METERING = (
    "source of the metering proxy's answers: live, record, replay:FILE, script:FILE; or off, for programs with a "
)
_METERING += "login of their own"


def parser() -> argparse.ArgumentParser:
    """The parser of all commands."""
    top = argparse.ArgumentParser(prog=program("translator"), description=__doc__)
    commands = top.add_subparsers(dest="command", required=True)

    init = commands.add_parser("init", help="make a project from a verification plugin, or from a Gymnasium id")
    init.add_argument("plugin", metavar="ENV", nargs="?", help="environment id, or module:attribute of a plugin")
    init.add_argument("--reference", metavar="gymnasium:ID", help="write the plugin too, for this environment")
    init.add_argument("--set", action="append", metavar="NAME=VALUE", help="argument of gymnasium.make")
    init.add_argument("--solution", type=path, metavar="FILE", help="a true translation, for the scripted agents")
    init.add_argument("--out", type=path, metavar="FOLDER", help="new folder (default: the id's last part)")

    plan = commands.add_parser("plan", help="check a project and show its modules; calls no agent")
    _project(plan)
    plan.add_argument("--preflight", action="store_true", help="also reference against itself, and the seeded bugs")

    run = commands.add_parser("run", help="translate, until every level is green or a cap is reached")
    _project(run)
    run.add_argument("--agent", default="", metavar="AGENT", help=SHAPES)
    run.add_argument("--usd", type=positive_number, help="cap in dollars")
    run.add_argument("--iterations", type=positive, help="most calls of the agent")
    run.add_argument("--model", help="name of the model, for agents that take one")
    run.add_argument("--sandbox", choices=("bwrap", "auto", "process only"))
    run.add_argument("--metering", metavar="MODE[:FILE]", type=_metering, help=_METERING)
    run.add_argument("--price", action="append", type=_price, metavar="MODEL=IN,OUT", help="dollars per million tokens")
    run.add_argument("--allow-unknown-prices", action="store_true", help="let calls through that cannot be counted")
    run.add_argument("--allow-unmetered", action="store_true", help="charge calls of unknown cost at per_call_usd")
    run.add_argument("--own-changes", action="store_true", help="go on although the project is not committed")
    run.add_argument("--seed", type=seed, default=0)
    run.add_argument("--out", type=path, metavar="FOLDER", help="folder of the run (default out/translations/NAME-N)")
    run.add_argument("--json", type=path, metavar="FILE", help="write the result there too")

    resume = commands.add_parser("resume", help="go on with a run that was interrupted or killed")
    _run_folder(resume)
    resume.add_argument("--json", type=path, metavar="FILE", help="write the result there too")

    for name, help in (
        ("status", "where a run stands"),
        ("report", "write REPORT.md, report.html and the tables of a run again"),
        ("verify-bundle", "verify the candidate of a run again, from its folder alone"),
    ):
        _run_folder(commands.add_parser(name, help=help))

    case = commands.add_parser("case", help="play a counterexample again on a run's candidate")
    case.add_argument("folder", type=path, metavar="RUN")
    case.add_argument("file", type=path, metavar="FILE", help="as in the feedback: cases/NAME.json")

    replay = commands.add_parser("replay", help="run a project with the recorded patches of a run")
    _project(replay)
    replay.add_argument("recording", type=path, metavar="RUN", help="folder with patches/")
    replay.add_argument("--out", type=path, metavar="FOLDER")
    replay.add_argument("--json", type=path, metavar="FILE")

    ablate = commands.add_parser("ablate", help="simulate repairs with all levels, and with level 3 alone")
    ablate.add_argument("projects", type=path, nargs="+", metavar="PROJECT", help="folders with translation.toml")
    ablate.add_argument("--bugs", type=positive, default=12, help="seeded bugs that a candidate begins with (12)")
    ablate.add_argument("--trials", type=positive, default=200, help="simulated runs of each row (200)")
    ablate.add_argument("--episodes", type=positive, help="episodes of level 3 (default: the project's)")
    ablate.add_argument("--seed", type=seed, default=0)
    ablate.add_argument("--json", type=path, metavar="FILE", help="write the result there too")

    commands.add_parser("doctor", help="what is missing on this machine, and how to get it")
    return top


def _metering(text: str) -> str:
    modes = ("live", "record", "replay", "script", "off")
    if text.partition(":")[0] not in modes:
        raise argparse.ArgumentTypeError(f"{text!r} is no mode of the metering proxy; choose one of {', '.join(modes)}")
    return text


def _price(text: str) -> str:
    from translator.metering.prices import PriceError, stated

    try:
        stated(text)
    except PriceError as error:
        raise argparse.ArgumentTypeError(str(error)) from error
    return text


def _project(command: argparse.ArgumentParser) -> None:
    command.add_argument("project", type=path, metavar="PROJECT", help="folder with translation.toml")


def _run_folder(command: argparse.ArgumentParser) -> None:
    command.add_argument("folder", type=path, nargs="?", metavar="RUN", help="default: the latest in out/translations")


def main(arguments: Sequence[str] | None = None) -> int:
    """The exit status."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    return run_command(" ".join(["translator", *given[:1]]), lambda: _main(given))


def _main(arguments: list[str]) -> int:
    options = parser().parse_args(arguments)
    console = Console()
    try:
        return _COMMANDS[options.command](options, console)
    except (TranslationError, StorageError, LedgerError) as error:
        print(f"translator {options.command}: {error}", file=sys.stderr)
        return FAILED


def _init(options: argparse.Namespace, console: Console) -> int:
    from translator import initialising

    if bool(options.plugin) == bool(options.reference):
        raise TranslationError("name one of the two: ENV, or --reference gymnasium:ID")
    if options.plugin:
        if options.set or options.solution:
            raise TranslationError("--set and --solution go with --reference gymnasium:ID")
        written = initialising.create(options.plugin, options.out)
    else:
        kind, _, name = options.reference.partition(":")
        if kind != "gymnasium" or not name:
            raise TranslationError(f"--reference {options.reference!r}: write gymnasium:ID, as gymnasium:Acrobot-v1")
        settings = initialising.settings(options.set or ())
        written = initialising.create_from_gymnasium(name, options.out, settings, options.solution)
    for file in written:
        console.say(f"wrote {file}")
    return 0


def _plan(options: argparse.Namespace, console: Console) -> int:
    from translator import project as projects
    from translator.judging import Judge
    from translator.sources import source_files

    project = projects.load(options.project)
    origin = options.project.parent if options.project.suffix == ".toml" else options.project
    sources = source_files(project, origin)
    with Judge(project, Path("out/divergences")) as judge:
        owned = projects.owners(project, judge.paths())
        for module in projects.order(project.module):
            own = [field for field, owner in owned.items() if owner == module.name]
            after = f" (after {', '.join(module.needs)})" if module.needs else ""
            console.say(f"{module.name}: {', '.join(own)}{after}")
        console.say(f"sources: {', '.join(map(str, sources.values())) or 'none'}")
        console.say(f"budget: {project.budget.usd} USD, {project.budget.iterations} calls")
        if options.preflight:
            outcome = judge.preflight()
            for name, count in outcome.counts.items():
                console.say(f"{name}: {count}")
            for note in outcome.notes:
                console.say(note)
    return 0


def _run(options: argparse.Namespace, console: Console) -> int:
    from translator import starting

    files.check_writable(options.json, "choose another file with --json")
    names = ("usd", "iterations", "model", "sandbox", "allow_unmetered", "metering", "price", "allow_unknown_prices")
    choices = {name: getattr(options, name) for name in names}
    folder, config = starting.prepare(
        options.project, options.out, options.agent, options.seed, choices, options.own_changes
    )
    return _go(folder, config, options, console)


def _replay(options: argparse.Namespace, console: Console) -> int:
    from translator import starting

    files.check_writable(options.json, "choose another file with --json")
    choices: dict[str, Any] = {}
    agent = f"replay:{options.recording}"
    folder, config = starting.prepare(options.project, options.out, agent, 0, choices, own_changes=True)
    return _go(folder, config, options, console)


def _resume(options: argparse.Namespace, console: Console) -> int:
    from translator import starting
    from translator.run import read

    files.check_writable(options.json, "choose another file with --json")
    folder = options.folder or starting.latest_folder()
    return _go(folder, read(folder), options, console)


def _go(folder: Path, config: Any, options: argparse.Namespace, console: Console) -> int:
    from translator import machine, reporting, starting
    from translator.progress import Progress, ending

    with files.alone(folder, "choose another folder with --out", folder=True):
        run = starting.open_run(folder, config)
        try:
            try:
                with Progress(run, console):
                    position = machine.go(run)
            except KeyboardInterrupt:
                last = run.store.last()
                position = replace_state(last[0] if last else states.Position())
            result = reporting.write(run, position)
        finally:
            run.close()
    if options.json:
        files.write_json(options.json, result)
    for line in ending(result):
        console.say(line)
    if position.state == states.ABORTED and position.reason.startswith("interrupted"):
        console.say(f"go on with: {starting.resume_command(folder)}")
        return INTERRUPTED
    return states.EXIT_STATUS[position.state]


def replace_state(position: states.Position) -> states.Position:
    """The position of a run that somebody has stopped; what is on record stays, so that it can go on."""
    import msgspec

    return msgspec.structs.replace(position, state=states.ABORTED, reason="interrupted; resume goes on")


def _status(options: argparse.Namespace, console: Console) -> int:
    from translator import starting
    from translator.ledger import text_of
    from translator.run import ledger_of, read
    from translator.store import Store

    folder = options.folder or starting.latest_folder()
    config = read(folder)
    store = Store(folder / "run.sqlite")
    last = store.last()
    position = last[0] if last else states.Position()
    with ledger_of(folder, config.project) as ledger:
        console.say(f"{folder}: {position.state}, {position.attempt} calls of {config.agent}")
        console.say(f"cost {text_of(ledger.spent)} of {text_of(ledger.cap)} USD, {position.seconds:.0f} s of work")
    if position.failures:
        console.say(f"last failure: {position.failures[0].signature}")
    if position.reason:
        console.say(f"reason: {position.reason}")
    if position.state not in states.TERMINAL:
        console.say(f"go on with: {starting.resume_command(folder)}")
    store.close()
    return 0


def _report(options: argparse.Namespace, console: Console) -> int:
    from translator import reporting, starting

    folder = options.folder or starting.latest_folder()
    with files.alone(folder, "wait until the run has ended", folder=True):
        run = starting.open_run(folder)
        try:
            last = run.store.last()
            result = reporting.write(run, last[0] if last else states.Position())
        finally:
            run.close()
    console.say(f"{result['state']}: {result['report']}")
    return 0


def _verify_bundle(options: argparse.Namespace, console: Console) -> int:
    from translator import starting
    from translator.bundle import verify

    outcome = verify(options.folder or starting.latest_folder())
    for level, verdict in outcome.levels.items():
        console.say(f"{level}: {verdict}")
    for told in (*outcome.violations, *(failure.signature for failure in outcome.failures), *outcome.notes):
        console.say(told)
    console.say(f"sandbox and verifier of this machine, {outcome.seconds:.0f} s: {outcome.verdict}")
    return 0 if outcome.verdict == "pass" and not outcome.violations else 1


def _case(options: argparse.Namespace, console: Console) -> int:
    from translator.bundle import play_case

    told, equal = play_case(options.folder, options.file)
    for line in told:
        console.say(line)
    return 0 if equal else 1


def _ablate(options: argparse.Namespace, console: Console) -> int:
    from msgspec.structs import replace

    from translator import ablation
    from translator import project as projects

    files.check_writable(options.json, "choose another file with --json")
    found = []
    for folder in options.projects:
        project = projects.load(folder)
        if options.episodes:
            project = replace(project, verify=replace(project.verify, episodes=options.episodes))
        done = ablation.ablate(project, bugs=options.bugs, trials=options.trials, seed=options.seed)
        found.append(done)
        for line in [*ablation.table(done), ""]:
            print(line)
    if options.json:
        files.write_json(options.json, found)
    return 0


def _doctor(options: argparse.Namespace, console: Console) -> int:
    from translator.doctor import findings

    del options
    found = findings()
    for one in found:
        console.say(f"{'✓' if one.there else '✗'} {one.what}: {one.told}")
    return 0 if all(one.there or not one.needed for one in found) else 1


_COMMANDS = {
    "init": _init,
    "plan": _plan,
    "run": _run,
    "resume": _resume,
    "status": _status,
    "report": _report,
    "verify-bundle": _verify_bundle,
    "case": _case,
    "replay": _replay,
    "ablate": _ablate,
    "doctor": _doctor,
}
