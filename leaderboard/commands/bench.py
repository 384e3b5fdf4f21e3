"""`python -m leaderboard bench ENV`: rows of an environment beside its reference and its peers."""

from __future__ import annotations

import argparse
import contextlib
import dataclasses
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from jaxenv import registry
from jaxenv.backends import settle
from jaxenv.commands import files
from jaxenv.commands.arguments import path, positive, seconds
from jaxenv.commands.console import Console
from jaxenv.commands.interrupts import INTERRUPTED, Interrupt, listening
from jaxenv.environment import Environment
from jaxenv.shards import Shard
from jaxenv.shards import argument as shard
from leaderboard import bench as benching
from leaderboard import child, comparison, configuration, machine, peer
from leaderboard.commands import compare, host
from leaderboard.duration import Schedule
from leaderboard.family import Bench, bench_of
from leaderboard.invocation import program
from leaderboard.peer import Peer
from leaderboard.program import one_device_per_core
from leaderboard.records import submission
from leaderboard.report import line, tables
from leaderboard.section import MODES, Section, choose, count
from leaderboard.settings import BACKENDS, Settings
from leaderboard.task import Task

AUTO = "auto"
REMEDY = "choose another file with --json"


def add(bench: argparse.ArgumentParser) -> None:
    """Arguments of the command."""
    bench.add_argument("env", metavar="ENV", help="an environment id, as `jaxenv.list_envs()` names them")
    bench.add_argument(
        "--mode", choices=MODES, help="who chooses the actions (default: each mode that is declared for the reference)"
    )
    bench.add_argument(
        "--cores",
        type=positive,
        metavar="N",
        help="cores for ours and for theirs (default: as declared for the reference)",
    )
    bench.add_argument(
        "--set", action="append", default=[], metavar="FIELD=VALUE", help="configure the environment; may be repeated"
    )
    bench.add_argument(
        "--batch",
        type=positive,
        nargs="+",
        metavar="B",
        help="environments at once (default: the best known)",
    )
    bench.add_argument("--sweep", action="store_true", help="batches 1 64 512 4096, then on from the best of them")
    bench.add_argument("--samples", type=positive, default=10, help="samples of each row (default: %(default)s)")
    bench.add_argument("--seconds", type=seconds, default=1.0, help="least length of a sample (default: %(default)s)")
    bench.add_argument("--chunk", type=positive, help="lanes that run together (default: the whole batch)")
    bench.add_argument("--devices", type=positive, help="devices to split lanes over (default: on a CPU one per core)")
    bench.add_argument(
        "--shard",
        type=shard,
        metavar="I/N",
        help="every N-th row alone, from the I-th on; `merge` makes one file of all",
    )
    bench.add_argument(
        "--compare",
        metavar="COMMIT",
        help="time one row of this checkout and of that commit in turns, no other",
    )
    bench.add_argument("--json", type=path, metavar="OUT", help="write the rows here, after each row")
    bench.add_argument(
        "--backend",
        choices=(AUTO, *BACKENDS),
        default=AUTO,
        help="what makes our program. simd: one kernel. auto: the kernel where the environment has one and a C++ "
        "compiler is found, else XLA, which --chunk and --xla-option ask for (default)",
    )
    bench.add_argument("--no-reference", action="store_true", help="do not time the reference")
    bench.add_argument("--no-peers", action="store_true", help="do not time other engines of the same task")
    bench.add_argument(
        "--peer-batch", type=positive, default=256, metavar="B", help="environments a peer plays at once (%(default)s)"
    )
    bench.add_argument("--xla", action="store_true", help="time XLA's program too, in turns with the kernel")
    bench.add_argument(
        "--xla-option",
        action="append",
        default=[],
        metavar="OPTION=VALUE",
        help="compile ours with this option of XLA, or with 'none'; may be repeated (default: what the env asks for)",
    )


def run(arguments: argparse.Namespace, argv: Sequence[str]) -> int:
    """The exit status: 0 done, 2 not possible here, 130 interrupted."""
    console = Console(stderr=True)
    if arguments.env in registry.list_envs(kind="host"):
        return host.run(arguments, console)
    if arguments.compare is not None:
        return _compare(arguments, console)
    rows = _Rows(arguments.json)
    command = program("leaderboard", *argv)
    try:
        with rows.held(), listening(at_once=True) as interrupt:
            _bench(arguments, command, rows, console, interrupt)
        status = 0
    except (*child.CANNOT, child.ChildError, files.StorageError) as error:
        console.print("cannot bench:", style="red", end=" ")
        console.say(str(error))
        status = 2
    except KeyboardInterrupt:
        kept = f"; {count(len(rows.all), 'row')} so far in {arguments.json}" if arguments.json and rows.all else ""
        console.say(f"interrupted{kept}")
        status = INTERRUPTED
    for table in tables(rows.all):
        Console().print(table)
    return status


class _Rows:
    """The rows of all sections; `out` is rewritten with each one."""

    def __init__(self, out: Path | None):
        self._out, self._ended, self._current = out, [], []
        self.shard: dict[str, Any] | None = None

    @contextlib.contextmanager
    def held(self) -> Iterator[None]:
        """Keep other processes from `out` while the block runs.

        Raises files.StorageError where `out` cannot be written: before hours of measuring, not after.
        """
        files.check_writable(self._out, REMEDY)
        with files.alone(self._out, REMEDY):
            yield

    @property
    def all(self) -> list[dict[str, Any]]:
        return self._ended + self._current

    def publish(self, rows: list[dict[str, Any]]) -> None:
        """Replace the rows of the current section."""
        self._current = list(rows)
        if self._out is not None:
            write(self.all, self._out, self.shard)

    def end_section(self) -> int:
        """End the section; returns the number of its rows."""
        ended = len(self._current)
        self._ended, self._current = self.all, []
        return ended


def write(rows: list[dict[str, Any]], out: Path, part: dict[str, Any] | None = None) -> None:
    """Replace `out` in one move: a reader, or an interrupt, never sees half a file. files.StorageError.

    `part`: of the rows of a shard, which are no submission before they are merged.
    """
    data = {"schema": submission.SCHEMA, "kind": "sps", "submitter": submission.UNNAMED, "rows": rows}
    data |= {"shard": part} if part else {}
    files.write(out, submission.text(data), REMEDY)


def _compare(arguments: argparse.Namespace, console: Console) -> int:
    try:
        env = configuration.make(arguments.env, configuration.parse(arguments.set))
        backend = _backend(arguments, env, console)
        batches = arguments.batch or [bench_of(arguments.env).batch(backend)]
        others = ("json", "sweep", "chunk", "cores", "xla", "xla_option", "shard")
        if given := [f"--{name.replace('_', '-')}" for name in others if getattr(arguments, name)]:
            raise ValueError(f"--compare times one row and writes none; leave {' '.join(given)} out")
        if len(batches) > 1:
            raise ValueError(f"--compare times one row; give one --batch, not {len(batches)}")
        return compare.run(arguments, batches[0], backend, console)
    except (*child.CANNOT, comparison.ComparisonError) as error:
        console.print("cannot compare:", style="red", end=" ")
        console.say(str(error))
        return 2


def _backend(arguments: argparse.Namespace, env: Environment, console: Console) -> str:
    """The backend of the whole run. Chunks and XLA's options are only XLA's."""
    if arguments.backend != AUTO:
        return arguments.backend
    if arguments.chunk is not None or arguments.xla_option:
        return "xla"
    one_device_per_core()  # before JAX's backend starts, which choosing does
    backend, missing = settle(AUTO, env.spec.backends)
    if missing:
        console.say(missing)
    return backend


def _bench(arguments: argparse.Namespace, command: str, rows: _Rows, console: Console, interrupt: Interrupt) -> None:
    env = configuration.make(arguments.env, configuration.parse(arguments.set))
    part, backend = bench_of(arguments.env), _backend(arguments, env, console)
    if arguments.sweep and arguments.batch is not None:
        raise ValueError("--sweep finds the batches itself; leave --batch out, or --sweep")
    settings = Settings(
        batches=None if arguments.sweep else tuple(arguments.batch or (part.batch(backend),)),
        samples=arguments.samples,
        seconds=arguments.seconds,
        chunk=arguments.chunk,
        devices=arguments.devices,
        command=command,
        peer_batch=arguments.peer_batch,
        xla=tuple(arguments.xla_option),
        backend=backend,
        beside_xla=arguments.xla,
    )
    if arguments.shard and arguments.sweep:
        raise ValueError(f"--shard {arguments.shard}: --sweep finds each batch by the one before; give them by --batch")
    name = env.spec.reference.name if env.spec.reference else None
    timed = part.session is not None and not arguments.no_reference
    if not timed and not arguments.no_reference:
        console.print(f"{arguments.env}: no timer for its reference ({name}); going without", soft_wrap=True)
    sections = _possible(choose(part.sections, machine.cores(), mode=arguments.mode, cores=arguments.cores), console)
    batches = {section: settings.batches for section in sections}
    if arguments.shard:
        batches, rows.shard = _own_rows(arguments.shard, sections, settings.batches or ())
        sections = list(batches)
    random_play = [section for section in sections if section.mode == MODES[0]]
    here = _peers(part, env, arguments.no_peers, bool(random_play), console)
    schedule = Schedule(len(sections), settings, timed, here, len(random_play))
    console.print(schedule.prediction(), highlight=False, soft_wrap=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    left = TextColumn("{task.fields[left]}")
    # Seldom redrawn: drawing takes from the cores that are measured.
    with Progress(*columns, left, console=console, refresh_per_second=2) as bar:
        shown = bar.add_task(arguments.env, total=None, left="")
        for section in sections:

            def publish(found: list[dict[str, Any]]) -> None:
                rows.publish(found)
                bar.console.print(line(found[-1]), markup=False, highlight=False, soft_wrap=True)

            def report(now: benching.Progress, label: str = section.label) -> None:
                interrupt.check()
                done, total = schedule.at(now)
                bar.update(
                    shown, description=f"{label}: {now.label}", completed=done, total=total, left=schedule.left()
                )

            task = Task(
                env_id=arguments.env,
                set=tuple(arguments.set),
                mode=section.mode,
                with_reference=timed,
                with_peers=bool(here) and _has_peers_row(settings, batches[section]),
                settings=dataclasses.replace(settings, batches=batches[section]),
            )
            if section.cores == machine.cores():
                task.run(publish, report)
            else:
                assert section.cores is not None
                say = lambda text: bar.console.print(text, markup=False, highlight=False, soft_wrap=True)  # noqa: E731
                child.run(task, section.cores, publish, report, say)
            schedule.end_section(rows.end_section())


def _has_peers_row(whole: Settings, batches: tuple[int, ...] | None) -> bool:
    """True if the peers take their turns with a row of these: a shard need not have it."""
    if batches is None or whole.batches is None:
        return True
    return any(whole.times_peers(batch, whole.batches.index(batch)) for batch in batches)


def _own_rows(
    part: Shard, sections: Sequence[Section], batches: Sequence[int]
) -> tuple[dict[Section, tuple[int, ...] | None], dict[str, Any]]:
    """The sections of a shard with their batches, and what its file says of it. ValueError for a shard without rows."""
    matrix = [(section, batch) for section in sections for batch in batches]
    mine = part.every(matrix)
    if not mine:
        raise ValueError(f"--shard {part}: no row falls to it, there are {count(len(matrix), 'row')}; use fewer shards")
    plan = [f"{section.label}, batch {batch}" for section, batch in matrix]
    found: dict[Section, tuple[int, ...] | None] = {}
    for section, batch in mine:
        found[section] = (*(found.get(section) or ()), batch)
    return found, {**part.to_json(), "plan": plan}


def _peers(part: Bench, env: Environment, unwanted: bool, random_play: bool, console: Console) -> tuple[Peer, ...]:
    """Those that can be timed here; says which ones are left out, and why."""
    declared = () if unwanted else tuple(part.peers(env))
    if declared and not random_play:
        console.print(f"left out: {', '.join(one.name for one in declared)}, which only play at random", soft_wrap=True)
        return ()
    here, lines = peer.installed(declared)
    for text in lines:
        console.print(text, highlight=False, soft_wrap=True)
    return here


def _possible(sections: Sequence[Section], console: Console) -> list[Section]:
    """Those that this system can run; says which ones it cannot."""
    possible = [section for section in sections if section.cores == machine.cores() or child.can_restrict()]
    for section in sections:
        if section not in possible:
            console.print(
                f"left out: {section.label}: this system ({sys.platform}) cannot restrict a process to some of its "
                f"{machine.cores()} cores; Linux can",
                soft_wrap=True,
            )
    if not possible:
        raise ValueError("no section is left to measure on this system")
    return possible
