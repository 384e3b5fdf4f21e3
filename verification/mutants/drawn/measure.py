"""Measure of the verifier by bugs that nobody has chosen: each drawn mutant is run in a process of its own."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import queue
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import families
from verification.mutants.drawn.discover import Targets
from verification.mutants.drawn.pool import Drawn, draw
from verification.mutants.drawn.tree import Tree
from verification.mutants.mutant import MutantError
from verification.mutants.recording import Progress
from verification.plugin import Plugin

CPU_FACTOR, CPU_LEAST = 4.0, 120.0
"""A mutant that takes so many times the original's processor time, and at least so many seconds, hangs."""
WALL_FACTOR = 10.0
"""A trial ends after so many times that limit by the clock, and counts as not run: others may use the machine."""


@dataclass(frozen=True)
class Size:
    """Size of a measurement: how many mutants of which seed, the plan of the levels, and how many at once."""

    count: int
    seed: int
    levels: tuple[str, ...]
    episodes: int
    injected: int
    interactions: int
    choices: dict[str, str] = field(default_factory=dict)
    jobs: int = 2


class ResumeError(ValueError):
    """Results that are not of this measurement."""


def targets_of(plugin: Plugin) -> Targets:
    """Files that decide what the plugin's environment does. `MutantError` if it names no package to change."""
    packages = list(plugin.mutants.packages)
    if plugin.sides.env_id is None and not packages:
        raise MutantError(
            f"{plugin.env} names no package to plant bugs in: it has neither `Sides.env_id` nor `Mutants.packages`"
        )
    asked = {"env": plugin.env, "env_id": plugin.sides.env_id, "packages": packages}
    ran = subprocess.run(
        [sys.executable, "-m", "verification.mutants.drawn.discover", json.dumps(asked)],
        capture_output=True,
        text=True,
        env={
            **os.environ,
            **families.handed_on(),
            "PYTHONPATH": os.pathsep.join(filter(None, [os.getcwd(), *sys.path])),
        },
        check=False,
    )
    if ran.returncode:
        raise MutantError(f"{plugin.env}: its files could not be found: {ran.stderr.strip()[-600:]}")
    return Targets(**json.loads(ran.stdout.strip().splitlines()[-1]))


class Measurement:
    """The drawn mutants of one environment and what became of each. `rows`: by id, in the order in which they ended."""

    def __init__(self, plugin: Plugin, size: Size) -> None:
        self.plugin, self.size = plugin, size
        self.targets = targets_of(plugin)
        self.drawn = draw(self.targets, size.count, size.seed)
        self.rows: dict[str, dict[str, Any]] = {}
        self.original: dict[str, Any] = {}
        self.seconds = 0.0

    @property
    def identity(self) -> dict[str, Any]:
        """Facts that an interrupted measurement and its continuation must share."""
        size = {name: value for name, value in asdict(self.size).items() if name != "jobs"}
        size["levels"] = list(self.size.levels)
        patches = hashlib.sha256("\n".join(one.id for one in self.drawn).encode()).hexdigest()[:16]
        return {"env": self.plugin.env, **size, "mutants_hash": patches}

    def take_over(self, earlier: dict[str, Any]) -> int:
        """Take over the rows of an interrupted measurement; their number. `ResumeError` if it is another one."""
        before = earlier.get("random")
        if not isinstance(before, dict):
            raise ResumeError("it holds no measurement of random mutants")
        for name, value in self.identity.items():
            if before.get(name) != value:
                hint = " (the sources have changed)" if name == "mutants_hash" else ""
                raise ResumeError(
                    f"{name} is {before.get(name)}, this measurement's is {value}{hint}; repeat the first command's "
                    "options, or start anew without --resume"
                )
        known = {one.id for one in self.drawn}
        self.rows = {row["id"]: row for row in earlier["rows"] if row["id"] in known and row["outcome"] != "not run"}
        self.original = before.get("original") or {}
        self.seconds = float(earlier.get("seconds") or 0.0)
        return len(self.rows)

    def run(self, progress: Progress, on_row: Callable[[], None]) -> None:
        """Run the mutants that have no row yet; `on_row` after each. A `MutantError` if the original cannot be run."""
        begin, before = time.monotonic(), self.seconds
        todo = [one for one in self.drawn if one.id not in self.rows]
        if not todo:
            return
        with tempfile.TemporaryDirectory(prefix="mutants-") as folder, _Processes() as processes:
            roots = Path(folder)
            names = [f"tree{number}" for number in range(min(self.size.jobs, len(todo)))]
            packages = [*self.targets.packages]
            trees = [Tree(_made(roots / name), packages) for name in names]
            progress("the original", 0, 1)
            self._run_original(trees[0], processes)
            progress("the original", 1, 1)
            progress("random mutants", len(self.rows), len(self.drawn))
            for one, row in _parallel(trees, todo, lambda tree, one: self._trial(tree, one, processes)):
                self.rows[one.id] = row
                self.seconds = before + time.monotonic() - begin
                progress("random mutants", len(self.rows), len(self.drawn))
                on_row()

    def _run_original(self, tree: Tree, processes: _Processes) -> None:
        """Facts of the unchanged packages: their program, the checks that they pass, and how long those take."""
        found = self._play(tree, None, processes)
        if found["outcome"] == "does not compile":
            raise MutantError(f"{self.plugin.env} cannot be run unchanged: {found['message']}")
        if found["outcome"] == "failed":
            raise MutantError(f"the unchanged {self.plugin.env} could not be run: {found['message']}")
        self.original = {**found, "alarms": alarms_of(found["checks"])}

    def _trial(self, tree: Tree, one: Drawn, processes: _Processes) -> dict[str, Any]:
        with tree.planted(one.edit):
            found = self._play(tree, one, processes)
        edit = one.edit
        return {
            "id": one.id,
            "kind": one.kind,
            "module": edit.module,
            "line": edit.line,
            "place": edit.place,
            "operator": edit.operator,
            "patch": one.patch,
            **{name: value for name, value in found.items() if name not in ("checks", "program")},
        }

    def _play(self, tree: Tree, one: Drawn | None, processes: _Processes) -> dict[str, Any]:
        limit = 0.0 if one is None else max(CPU_LEAST, CPU_FACTOR * self.original["cpu_seconds"])
        job = {
            "env": self.plugin.env,
            "choices": self.size.choices,
            "failures": str(tree.folder / "divergences"),
            "program": None if one is None else self.original.get("program"),
            "ignored": None if one is None else self.original["alarms"],
            "costs": {} if one is None else {check: cost for check, (_, cost) in self.original["checks"].items()},
            "modules": [*self.targets.modules, *self.targets.contract],
            "cpu_seconds": limit,
            **{name: getattr(self.size, name) for name in ("levels", "episodes", "injected", "interactions", "seed")},
        }
        asked, answer = (tree.folder.with_suffix(suffix) for suffix in (".job.json", ".result.json"))
        asked.write_text(json.dumps(job), "utf-8")
        answer.unlink(missing_ok=True)
        begin = time.monotonic()
        ended, said = processes.run(
            [sys.executable, "-m", "verification.mutants.drawn.worker", str(asked), str(answer)],
            tree,
            WALL_FACTOR * limit or None,
        )
        seconds = round(time.monotonic() - begin, 1)
        if answer.exists():
            # Tracebacks name the folder of this run, which tells nobody anything.
            told = answer.read_text("utf-8").replace(f"{tree.folder}/", "")
            return {**json.loads(told), "seconds": seconds}
        if one is None:
            return {"outcome": "failed", "message": said[-800:]}
        if ended is None:
            # By the clock alone a busy machine looks like a mutant that waits: that is no kill.
            return {"outcome": "not run", "message": "no result in time by the clock", "seconds": seconds}
        hangs = ended in (-signal.SIGXCPU, -signal.SIGKILL)
        return {
            "outcome": "killed",
            "level": "time limit" if hangs else self.size.levels[0],
            "check": "time limit" if hangs else "crash",
            "field": "",
            "suspects": [],
            "message": "took too long" if hangs else f"ended with status {ended}: {said[-400:]}",
            "seconds": seconds,
        }


def alarms_of(checks: Mapping[str, Sequence[Any]]) -> list[str]:
    """Checks that the original fails; one that is inconclusive may still tell a mutant from it."""
    return sorted(check for check, (verdict, *_) in checks.items() if verdict in ("fail", "error"))


def _made(folder: Path) -> Path:
    folder.mkdir()
    return folder


class _Processes:
    """Running trials, all of which end with the block."""

    def __init__(self) -> None:
        self._running: set[subprocess.Popen[str]] = set()
        self._lock = threading.Lock()
        self.closed = False

    def __enter__(self) -> _Processes:
        return self

    def __exit__(self, *error: object) -> None:
        with self._lock:
            self.closed = True
            for process in self._running:
                _end(process)

    def run(self, command: list[str], tree: Tree, seconds: float | None) -> tuple[int | None, str]:
        """(status, or None after the time limit; what it said last)."""
        log = tree.folder.with_suffix(".log")
        with log.open("w") as out:
            with self._lock:
                if self.closed:
                    raise KeyboardInterrupt
                process = subprocess.Popen(
                    command,
                    stdin=subprocess.PIPE,  # whose end tells the trial that this process is gone
                    stdout=out,
                    stderr=subprocess.STDOUT,
                    cwd=tree.folder,
                    env=tree.environment(),
                    start_new_session=True,  # so that its own children can be ended with it
                    text=True,
                )
                self._running.add(process)
            try:
                status: int | None = process.wait(seconds)
            except subprocess.TimeoutExpired:
                status = None
            finally:
                with self._lock:
                    self._running.discard(process)
                _end(process)
        if self.closed:
            raise KeyboardInterrupt
        return status, log.read_text("utf-8", errors="replace")


def _end(process: subprocess.Popen[str]) -> None:
    """End a trial and all that it has started."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    if process.stdin is not None:
        process.stdin.close()


def _parallel(
    trees: list[Tree], todo: list[Drawn], trial: Callable[[Tree, Drawn], dict[str, Any]]
) -> Iterator[tuple[Drawn, dict[str, Any]]]:
    """Each mutant with its row, as they end; one thread for each folder."""
    waiting: queue.SimpleQueue[Drawn] = queue.SimpleQueue()
    for one in todo:
        waiting.put(one)
    done: queue.SimpleQueue[tuple[Drawn, dict[str, Any]] | BaseException] = queue.SimpleQueue()

    def work(tree: Tree) -> None:
        while True:
            try:
                one = waiting.get_nowait()
            except queue.Empty:
                return
            try:
                done.put((one, trial(tree, one)))
            except BaseException as error:
                done.put(error)
                return

    for tree in trees:
        threading.Thread(target=work, args=(tree,), daemon=True).start()
    for _ in todo:
        while True:
            try:
                found = done.get(timeout=0.5)  # short, so that Ctrl-C is heard
                break
            except queue.Empty:
                continue
        if isinstance(found, BaseException):
            raise found
        yield found
