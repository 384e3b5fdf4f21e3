"""Protocol 1: the rows of one section of an environment's bench, with its reference timed in turns."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import jax
import numpy as np
from jax.experimental.compilation_cache import compilation_cache

from jaxenv.environment import Environment
from jaxenv.rollout import Policy
from leaderboard import PROTOCOL, configuration, machine
from leaderboard.policy import Network
from leaderboard.program import Program
from leaderboard.reference import Session, ratios

DEFAULT_BATCHES = (1, 64, 512, 4096)
GAIN = 1.05  # the search for the best batch goes on while it gains this
LARGEST_BATCH = 2**20


@dataclasses.dataclass(frozen=True, kw_only=True)
class Settings:
    """`batches` None means the default ones and a search for the best from there. `devices` None means one per core."""

    batches: tuple[int, ...] | None = None
    samples: int = 10
    seconds: float = 1.0
    chunk: int | None = None
    devices: int | None = None
    command: str = ""

    def __post_init__(self) -> None:
        if self.samples < 1 or self.seconds <= 0:
            raise ValueError(f"samples and seconds must be positive, got {self.samples} and {self.seconds}")
        for batch in self.batches or ():
            if batch < 1:
                raise ValueError(f"a batch must be positive, got {batch}")
            if self.chunk is not None and (self.chunk < 1 or (batch > self.chunk and batch % self.chunk)):
                raise ValueError(f"chunk must be positive and divide the batch, got {self.chunk} for {batch}")


@dataclasses.dataclass(frozen=True)
class Progress:
    """What is being done: `done` samples of the row number `row` of a section; the row has `settings.samples`."""

    label: str
    row: int
    done: int


Publish = Callable[[list[dict[str, Any]]], None]
"""Takes all rows of a section so far, each time one is added."""
Report = Callable[[Progress], None]


def bench(
    env_id: str,
    env: Environment,
    mode: str,
    settings: Settings,
    reference: Session | None,
    publish: Publish,
    report: Report,
) -> None:
    """Measure one section on the cores and devices that this process has. Raises `ReferenceError`."""
    with jax.ensure_compile_time_eval():
        params = env.default_params
    network = Network(env) if mode == "policy_in_loop" else None
    fingerprint = machine.fingerprint()
    commit, dirty = machine.commit()
    common = {
        "env": env_id,
        "env_version": env.version,
        "config": configuration.of(env),
        "mode": mode,
        "policy": network and network.facts(),
        "cores": fingerprint["cores"],
        "backend": f"xla:{jax.default_backend()}",
        "machine": fingerprint,
        "protocol": PROTOCOL,
        "versions": machine.versions(),
        "commit": commit,
        "dirty": dirty,
        "command": settings.command,
    }
    rows: list[dict[str, Any]] = []
    for batch in _batches(settings, rows):
        report_row = lambda what, done: report(Progress(what, len(rows), done))  # noqa: E731
        with _no_compilation_cache():
            measured = _measure(env, params, batch, network, settings, reference, report_row)
        rows.append({**common, **measured, "date": datetime.now(UTC).isoformat(timespec="seconds")})
        _finish(rows, reference)
        publish(rows)


def _batches(settings: Settings, rows: list[dict[str, Any]]) -> Iterator[int]:
    """Batches to measure; reads the rows made so far. Climbs from the best of the defaults."""
    if settings.batches is not None:
        yield from settings.batches
        return
    yield from DEFAULT_BATCHES
    speed = lambda: {row["batch"]: row["median_sps"] for row in rows}  # noqa: E731
    for factor in (2, 0.5):
        while True:
            best = max(speed(), key=speed().__getitem__)
            following = int(best * factor)
            if following in speed() or not 1 <= following <= LARGEST_BATCH:
                break
            yield following
            if speed()[following] < GAIN * speed()[best]:
                break


def _measure(
    env: Environment,
    params: Any,
    batch: int,
    policy: Policy | None,
    settings: Settings,
    reference: Session | None,
    report: Callable[[str, int], None],
) -> dict[str, Any]:
    """One row, without what is common to all."""
    label = f"batch {batch:,}"
    report(f"{label}: compiling", 0)
    devices = settings.devices or jax.device_count()
    program = Program(env, params, batch, chunk=settings.chunk, devices=devices, policy=policy)
    started = time.perf_counter()
    first = program.run()
    first_run_seconds = time.perf_counter() - started
    report(f"{label}: warming up", 0)
    per_run, warmed_up = _warm_up(program, int(first.episodes), 10 * settings.seconds)
    times = max(1, int(np.ceil(settings.seconds / per_run)))
    samples, totals = [], None
    for done in range(settings.samples):
        if reference is not None:  # in turns, so that a slow minute of the machine meets both
            report(f"{label}: reference", done)
            reference.sample(settings.seconds)
        report(label, done)
        started = time.perf_counter_ns()
        summary = program.run(times)
        elapsed = (time.perf_counter_ns() - started) / 1e9
        samples.append(program.steps_per_run * times / elapsed)
        counts = np.array([summary.episodes, summary.episode_steps], np.int64)
        totals = counts if totals is None else totals + counts
    report(label, settings.samples)
    episodes, episode_steps = (0, 0) if totals is None else totals.tolist()
    q25, median, q75 = np.percentile(samples, (25, 50, 75)).tolist()
    return {
        "devices": program.devices,
        "batch": batch,
        "chunk": program.chunk,
        "scan": program.scan,
        "median_sps": median,
        "q25": q25,
        "q75": q75,
        "samples": samples,
        "agent_sps": median * env.num_players,
        "noisy": q75 - q25 > 0.1 * median,
        "short": settings.samples < 10 or settings.seconds < 1,
        "trace_seconds": program.trace_seconds,
        "compile_seconds": program.compile_seconds,
        "first_run_seconds": first_run_seconds,
        "warmed_up": warmed_up,
        "reset_fraction": episodes / (program.steps_per_run * times * settings.samples),
        "mean_episode_length": episode_steps / episodes if episodes else None,
        "checksum": f"{int(first.checksum):08x}",
        "peak_memory_bytes": (jax.devices()[0].memory_stats() or {}).get("peak_bytes_in_use"),
    }


@contextmanager
def _no_compilation_cache() -> Iterator[None]:
    """Compile seconds are a stranger's: nothing compiled in an earlier process helps."""
    before = jax.config.jax_enable_compilation_cache  # type: ignore[attr-defined]
    jax.config.update("jax_enable_compilation_cache", False)
    compilation_cache.reset_cache()  # jax remembers its first look at the setting
    try:
        yield
    finally:
        jax.config.update("jax_enable_compilation_cache", before)
        compilation_cache.reset_cache()


def _warm_up(program: Program, episodes: int, limit: float) -> tuple[float, bool]:
    """Seconds of a run, and whether as many episodes ended as there are lanes."""
    started, runs, fastest = time.perf_counter(), 0, float("inf")
    while runs < 3 or (episodes < program.batch and time.perf_counter() - started < limit):
        begun = time.perf_counter()
        episodes += int(program.run().episodes)
        fastest = min(fastest, time.perf_counter() - begun)
        runs += 1
    return fastest, episodes >= program.batch


def _finish(rows: list[dict[str, Any]], session: Session | None) -> None:
    """What depends on the whole run: the reference's pooled samples, the ratios, which row is best."""
    reference = None if session is None else session.summary()
    fastest = max(row["median_sps"] for row in rows)
    for row in rows:
        row |= {"reference": reference, **ratios(row["median_sps"], reference), "best": row["median_sps"] == fastest}
