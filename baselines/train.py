"""A run: the outer Python loop over compiled chunks, with everything that users expect around it."""

from __future__ import annotations

import contextlib
import dataclasses
import math
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import jax
import numpy as np
from rich.console import Console

import jaxenv
from baselines import checkpoint as checkpoints
from baselines import devices, metrics
from baselines.checkpoint import Facts
from baselines.config import Config
from baselines.errors import CheckpointError, ConfigError, DivergedError, StorageError
from baselines.loggers import JsonLines, Logger, Terminal, make_folder
from baselines.program import Program, compile_program, make_setup, member_keys
from baselines.state import LearnerState


@dataclasses.dataclass(frozen=True)
class Budget:
    """How long a run is in all, resumed parts included: wall-clock minutes or environment transitions of one member.

    A run by steps is reproducible bit by bit. One by minutes is not: its learning rate follows the clock.
    """

    minutes: float | None = None
    steps: int | None = None

    def __post_init__(self) -> None:
        if (self.minutes is None) == (self.steps is None):
            raise ConfigError("give either --minutes or --steps")
        if not (self.minutes or self.steps or 0) > 0:
            raise ConfigError(f"the budget must be positive, got {self.minutes or self.steps}")

    def updates(self, per_update: int, per_chunk: int) -> int | None:
        """Whole chunks of updates, if the run is counted in steps."""
        if self.steps is None:
            return None
        return math.ceil(self.steps / (per_update * per_chunk)) * per_chunk


@dataclasses.dataclass(frozen=True)
class Request:
    """What `train` is asked for. `folder` is the run's."""

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
    checkpoint_seconds: float = 60.0
    loggers: tuple[Callable[[Path], Logger], ...] = ()
    """Makers of more loggers, given the run's folder."""


@dataclasses.dataclass(frozen=True)
class Result:
    """How a run ended: "done" or "interrupted"."""

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


def train(request: Request, console: Console) -> Result:
    """Run to the end of the budget, or until Ctrl-C, which stops after the present chunk with a checkpoint.

    `DivergedError` when a loss is not finite: the last good checkpoint stays. `StorageError` if not even the last
    checkpoint could be written; `ConfigError`, `CheckpointError` before anything is trained.
    """
    return _Run(request, console).run()


class _Run:
    """The mutable side of the loop."""

    def __init__(self, request: Request, console: Console) -> None:
        self.request, self.console = request, console
        self.started = time.monotonic()
        env = jaxenv.make(request.env)
        mesh = devices.mesh(request.config.learner.environments) if request.spread else None
        self.setup = make_setup(env, request.config, request.backend, mesh)
        rival = _rival(request.config.opponents.exploit, env, request.config)
        self.program = compile_program(self.setup, request.members, mesh, rival)
        self.per_update = self.setup.steps_per_update
        self.total = request.budget.updates(self.per_update, request.config.updates_per_chunk)
        self.window = metrics.Window()
        self.update, self.before, self.best = 0, 0.0, -math.inf
        self.timed_steps, self.timed_seconds = 0, 0.0
        self.saved_at, self.last_save = -1, time.monotonic()
        self.state = self._first_state()

    def _first_state(self) -> LearnerState:
        request = self.request
        keys = member_keys(request.seed, request.members)
        if not request.resume:
            return self.program.init(keys)
        found = checkpoints.find(request.folder)
        if request.config.reference:
            raise CheckpointError(
                f"{found}: trained in the reference, whose state no checkpoint holds; begin a new run"
            )
        facts = checkpoints.read_facts(found)
        checkpoints.check_version(found, facts, self.setup.lanes.env)
        if facts.members != request.members:
            raise CheckpointError(f"{found}: has {facts.members} members, not {request.members}")
        template = jax.eval_shape(self.program.init, keys)
        arrays = checkpoints.restore(found, template)
        self.update, self.before = facts.update, facts.seconds
        self.saved_at = facts.update
        means = [mean for mean in facts.mean_return if mean is not None]
        self.best = float(np.mean(means)) if means else -math.inf
        if not self.request.spread:
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
        loggers: list[Logger] = []
        if devices.is_main():
            make_folder(request.folder)
            title = request.env.rpartition("/")[2]
            keep = self.update * self.per_update if request.resume else None
            loggers = [JsonLines(request.folder / "metrics.jsonl", keep)]
            loggers += [make(request.folder) for make in request.loggers]
            loggers.append(Terminal(self.console, title))
        status = "done"
        try:
            with _interruptible() as interrupted:
                while not devices.agreed(self.progress >= 1):
                    self._chunk(loggers)
                    if devices.agreed(interrupted()):
                        status = "interrupted"
                        break
                    if devices.agreed(time.monotonic() - self.last_save >= request.checkpoint_seconds):
                        self._try_to_save()
        finally:
            self.setup.lanes.close()
            for logger in loggers:
                logger.close()
        if self.saved_at != self.update:
            self._save()
        sps = self.timed_steps / self.timed_seconds if self.timed_steps else None
        return Result(
            status, self.state, self.program, request.folder, self.update, self.update * self.per_update,
            self.seconds, sps, self._means(),
        )  # fmt: skip

    def _chunk(self, loggers: list[Logger]) -> None:
        config = self.request.config
        per_update = 1 / self.total if self.total is not None else 0.0
        started = time.monotonic()
        state, figures = self.program.chunk(self.state, self.progress, per_update)
        figures = devices.to_host(figures)
        took = time.monotonic() - started
        try:
            metrics.check_finite(figures, self.update)
        except DivergedError as error:
            kept = checkpoints.updates(self.request.folder)
            where = f"the last good checkpoint is {self.request.folder / 'checkpoints' / str(kept[-1])}" if kept else (
                "there was no checkpoint yet")  # fmt: skip
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
        for logger in loggers:
            logger.log(row, self.progress)

    def _means(self) -> list[float | None]:
        return [float(mean) if np.isfinite(mean) else None for mean in self.window.mean()]

    def _try_to_save(self) -> None:
        """A disk that is full now may not be later: the run goes on, and says so."""
        try:
            self._save()
        except StorageError as error:
            self.last_save = time.monotonic()
            self.console.print(f"[yellow]{error}. The run goes on and tries again.[/]", soft_wrap=True)

    def _save(self) -> None:
        state = devices.to_host(self.state)
        means = self._means()
        known = [mean for mean in means if mean is not None]
        level = float(np.mean(known)) if known else -math.inf
        if devices.is_main():
            request, env = self.request, self.setup.lanes.env
            facts = Facts(
                env.id, env.version, request.config, request.seed, request.members, self.update, self.seconds,
                dataclasses.asdict(request.budget), means,
            )  # fmt: skip
            checkpoints.save(request.folder, state, facts, level >= self.best)
        self.best = max(self.best, level)
        self.saved_at, self.last_save = self.update, time.monotonic()


def _rival(exploit: str, env: jaxenv.Environment, config: Config) -> Any:
    """The parameters and statistics of the policy to exploit."""
    if not exploit:
        return None
    policy = checkpoints.load_policies(Path(exploit), greedy=False, which="latest")[0]
    if policy.env != env.id or policy.network.config != config.network:
        raise ConfigError(f"--opponents.exploit {exploit}: it plays {policy.env} with another network; use the same")
    return policy.parameters, policy.statistics


@contextlib.contextmanager
def _interruptible() -> Iterator[Callable[[], bool]]:
    """The first Ctrl-C is remembered, the second one is a KeyboardInterrupt."""
    asked = False

    def remember(number: int, frame: Any) -> None:
        nonlocal asked
        if asked:
            raise KeyboardInterrupt
        asked = True

    try:
        before = signal.signal(signal.SIGINT, remember)
    except ValueError:  # not the main thread: nobody can interrupt
        yield lambda: False
        return
    try:
        yield lambda: asked
    finally:
        signal.signal(signal.SIGINT, before)
