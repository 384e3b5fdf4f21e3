"""A run of training: the outer Python loop over compiled chunks, its checkpoints, logs and ends."""

from __future__ import annotations

import contextlib
import dataclasses
import math
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jax
import numpy as np
from rich.console import Console

import jaxenv
from baselines import checkpoint as checkpoints
from baselines import devices, host, metrics, run_folder
from baselines.arguments import check_seed
from baselines.checkpoint import Checkpoint, Facts
from baselines.config import Config
from baselines.errors import CheckpointError, ConfigError, DivergedError, StorageError
from baselines.loggers import JsonLines, Logger, Loggers, Terminal
from baselines.policy import TrainedPolicy, load
from baselines.program import Program, compile_program, make_setup, member_keys
from baselines.provenance import made_with
from baselines.sharding import Part
from baselines.state import LearnerState
from jaxenv.commands import files
from jaxenv.commands.interrupts import Interrupt, listening


@dataclasses.dataclass(frozen=True)
class Budget:
    """The length of a run in all, resumed parts included: wall-clock minutes or environment transitions of one member.

    A run by steps is reproducible bit by bit. One by minutes is not: its learning rate follows the clock.
    """

    minutes: float | None = None
    steps: int | None = None

    def __post_init__(self) -> None:
        if (self.minutes is None) == (self.steps is None):
            raise ConfigError(f"--minutes {self.minutes} and --steps {self.steps}: give one of the two")
        if self.minutes is not None and not self.minutes > 0:
            raise ConfigError(f"--minutes {self.minutes}: give a positive number")
        if self.steps is not None and self.steps < 1:
            raise ConfigError(f"--steps {self.steps}: give at least 1")

    def updates(self, per_update: int, per_chunk: int) -> int | None:
        """Whole chunks of updates, if the run is counted in steps."""
        if self.steps is None:
            return None
        return math.ceil(self.steps / (per_update * per_chunk)) * per_chunk


@dataclasses.dataclass(frozen=True)
class Request:
    """The order for `train`. `folder` is the run's."""

    env: str
    config: Config
    budget: Budget
    folder: Path
    seed: int = 0
    members: int = 1
    backend: str = "auto"
    spread: bool = False
    """Over all devices."""
    resume: bool = False
    """Go on with the run in `folder`."""
    checkpoint: int | None = None
    """The checkpoint to go on from; by default the latest one that is whole."""
    checkpoint_seconds: float = 60.0
    loggers: tuple[Callable[[Path], Logger], ...] = ()
    """Makers of more loggers, given the run's folder."""
    part: Part | None = None
    """The shard that this run is, if it is one; `seed` and `members` are its own."""


@dataclasses.dataclass(frozen=True)
class Result:
    """The end of a run; `status` is "done" or "interrupted"."""

    status: str
    state: LearnerState
    program: Program
    folder: Path
    update: int
    steps: int
    seconds: float
    train_sps: float | None
    """Without compiling; None if there was no chunk after the first one."""
    mean_return: list[float | None]


def train(request: Request, console: Console, held: contextlib.ExitStack | None = None) -> Result:
    """Run to the end of the budget, or until Ctrl-C, which stops after the present chunk with a checkpoint.

    A console whose reader has gone stops it likewise. One process at a time writes in a run's folder: this one until
    the run ends, or until `held` is closed.

    `DivergedError` when a loss is not finite: the last good checkpoint stays. `StorageError` if not even the last
    checkpoint could be written; `ConfigError`, `CheckpointError` before anything is trained.
    """
    run = _Run(request, console)
    with contextlib.ExitStack() as own:
        (own if held is None else held).enter_context(_alone(request))
        return run.run()


def _alone(request: Request) -> contextlib.AbstractContextManager[None]:
    if request.resume and not request.folder.is_dir():
        raise CheckpointError(f"{request.folder}: no such folder; give that of a run to --resume")
    mine = request.folder if devices.is_main() else None
    return files.alone(mine, run_folder.REMEDY, folder=True)


class _Run:
    """The mutable side of the loop."""

    def __init__(self, request: Request, console: Console) -> None:
        self.request, self.console = request, console
        self.started = time.monotonic()
        check_seed(request.seed, request.members)
        env = host.make(request.env)
        mesh = devices.mesh(request.config.learner.environments) if request.spread else None
        self.setup = make_setup(env, request.config, request.backend, mesh)
        rival = _rival(request.config.opponents.exploit, env, request.config)
        self.program = compile_program(self.setup, request.members, mesh, rival)
        self.per_update = self.setup.steps_per_update
        self.total = request.budget.updates(self.per_update, request.config.updates_per_chunk)
        self.window = metrics.Window()
        self.update, self.before = 0, 0.0
        self.best: tuple[int | None, float] = (None, -math.inf)
        self.timed_steps, self.timed_seconds = 0, 0.0
        self.saved_at, self.last_save = -1, time.monotonic()
        self.interrupt, self.resumed = Interrupt(), ""

    def _first_state(self) -> LearnerState:
        request = self.request
        keys = member_keys(request.seed, request.members)
        if not request.resume:
            run_folder.check_free(request.folder)
            return self.program.init(keys)
        if self.setup.lanes.on_host:
            where = "in the reference" if request.config.reference else "on the host"
            raise CheckpointError(
                f"{request.folder}: trained {where}, whose state no checkpoint holds; begin a new run"
            )
        found, damaged = run_folder.open_to_resume(request.folder, request.checkpoint)
        state = self.program.init(keys) if found is None else self._restored(found, keys)
        if devices.is_main():
            for line in run_folder.settle(request.folder, found, damaged):
                self._say(line, "yellow")
        self.resumed = "its beginning: there is no checkpoint yet"
        if found is not None:
            done = f"{self.update * self.per_update:,} steps, {self.progress:.0%} of the budget"
            self.resumed = f"update {self.update} ({done}), checkpoint {found.path}"
        return state

    def _restored(self, found: Checkpoint, keys: jax.Array) -> LearnerState:
        request, facts = self.request, found.facts
        found.check_version(self.setup.lanes.env)
        if facts.members != request.members:
            raise CheckpointError(f"{found.path}: has {facts.members} members, not {request.members}")
        template = jax.eval_shape(self.program.init, keys)
        arrays = found.state(template)
        self.update, self.before = facts.update, facts.seconds
        self.saved_at = facts.update
        self.window = metrics.Window.from_json(facts.window)
        self.best = run_folder.best_so_far(request.folder, facts)
        if not request.spread:
            return jax.tree.map(jax.numpy.asarray, arrays)
        where = devices.shardings(devices.mesh(request.config.learner.environments), template)
        return jax.tree.map(
            lambda a, s: jax.make_array_from_callback(a.shape, s, lambda index: a[index]), arrays, where
        )

    @property
    def seconds(self) -> float:
        return self.before + time.monotonic() - self.started

    @property
    def progress(self) -> float:
        if self.total is not None:
            return self.update / self.total
        assert self.request.budget.minutes is not None
        return min(self.seconds / (60 * self.request.budget.minutes), 1.0)

    def run(self) -> Result:
        request = self.request
        self.state = self._first_state()
        loggers = Loggers(self._say)
        status = "done"
        try:
            if devices.is_main():
                self._open(loggers)
            with listening(at_once=False) as self.interrupt:
                while not devices.agreed(self.progress >= 1):
                    self._chunk(loggers)
                    if devices.agreed(self.interrupt.heard):
                        status = "interrupted"
                        break
                    if devices.agreed(time.monotonic() - self.last_save >= request.checkpoint_seconds):
                        self._try_to_save()
        finally:
            self.setup.lanes.close()
            loggers.close()
        if self.saved_at != self.update:
            self._save()
        sps = self.timed_steps / self.timed_seconds if self.timed_steps else None
        return Result(
            status, self.state, self.program, request.folder, self.update, self.update * self.per_update,
            self.seconds, sps, self._means(),
        )  # fmt: skip

    def _open(self, loggers: Loggers) -> None:
        """Write what is known before the first chunk; a folder that cannot be written is noticed here."""
        request = self.request
        run_folder.make(request.folder)
        run_folder.write_config(request.folder, self._facts(), request.backend, made_with(), request.part)
        keep = self.update * self.per_update if request.resume else None
        loggers.add(JsonLines(request.folder / "metrics.jsonl", keep, self._say))
        for make in request.loggers:
            loggers.add(make(request.folder))
        if self.resumed:
            self._say(f"resumed at {self.resumed}")
        loggers.add(Terminal(self.console, request.env.rpartition("/")[2]))

    def _chunk(self, loggers: Loggers) -> None:
        config = self.request.config
        per_update = 1 / self.total if self.total is not None else 0.0
        started = time.monotonic()
        state, figures = self.program.chunk(self.state, self.progress, per_update)
        figures = devices.to_host(figures)
        took = time.monotonic() - started
        try:
            metrics.check_finite(figures, self.update)
        except DivergedError as error:
            kept = run_folder.updates(self.request.folder)
            where = "there was no checkpoint yet"
            if kept:
                where = f"the last good checkpoint is {self.request.folder / 'checkpoints' / str(kept[-1])}"
            raise DivergedError(f"{error}; {where}", error.update) from None
        first = self.timed_steps == 0 and self.timed_seconds == 0
        self.state = state
        self.update += config.updates_per_chunk
        steps = config.updates_per_chunk * self.per_update * self.request.members
        if first:  # compiling is not training
            self.timed_seconds = 1e-9
        else:
            self.timed_steps, self.timed_seconds = self.timed_steps + steps, self.timed_seconds + took
        episodes = figures["episodes"]
        self.window.add(episodes.count.sum(axis=(0, 2)), episodes.returns.sum(axis=(0, 2)))
        row = {
            "update": self.update,
            "steps": self.update * self.per_update,
            "seconds": round(self.seconds, 3),
            "sps": steps / took,
            "progress": self.progress,
            **metrics.summarise(figures, self.setup.seating, self.setup.lanes.reports),
        }
        self.interrupt.heard |= loggers.log(row, self.progress)

    def _means(self) -> list[float | None]:
        return [float(mean) if np.isfinite(mean) else None for mean in self.window.mean()]

    def _say(self, text: str, style: str | None = None) -> None:
        """A line for whoever reads the console; one that cannot be written is no reason to stop."""
        if devices.is_main():
            with contextlib.suppress(OSError, SystemExit):  # Rich's own console exits where a pipe is closed
                self.console.print(text, style=style, soft_wrap=True, highlight=False, markup=False)

    def _try_to_save(self) -> None:
        """A disk that is full now may not be later: the run goes on, and says so."""
        try:
            self._save()
        except StorageError as error:
            self.last_save = time.monotonic()
            self._say(f"{error}. The run goes on and tries again.", "yellow")

    def _save(self) -> None:
        run, state, facts = self.request.folder, devices.to_host(self.state), self._facts()
        checkpoints.write(run / "checkpoints" / str(self.update), state, facts)
        self.best = (facts.best_update, -math.inf if facts.best_return is None else facts.best_return)
        self.saved_at, self.last_save = self.update, time.monotonic()
        if devices.is_main():
            run_folder.keep(run, facts)

    def _facts(self) -> Facts:
        """The facts that a checkpoint holds beside the state, as things stand."""
        request, env, means = self.request, self.setup.lanes.env, self._means()
        known = [mean for mean in means if mean is not None]
        level = float(np.mean(known)) if known else -math.inf
        best = max(self.best, (self.update, level), key=lambda pair: (pair[1], pair[0] or 0))
        return Facts(
            env.id, env.version, request.config, request.seed, request.members, self.update, self.seconds,
            dataclasses.asdict(request.budget), means, self.window.to_json(),
            best[0], best[1] if math.isfinite(best[1]) else None, env.obs_spec.fingerprint,
        )  # fmt: skip


def _rival(exploit: str, env: jaxenv.Environment, config: Config) -> Any:
    """The parameters and statistics of the policy to exploit."""
    if not exploit:
        return None
    policy = load(exploit)
    assert isinstance(policy, TrainedPolicy)
    if policy.env != env.id or policy.network.config != config.network:
        raise ConfigError(f"--opponents.exploit {exploit}: it plays {policy.env} with another network; use the same")
    return policy.parameters, policy.statistics
