"""Protocol 1: rows of throughput of one environment, with its reference timed in turns."""

from __future__ import annotations

import dataclasses
import json
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import jax
import numpy as np
from jax.experimental.compilation_cache import compilation_cache

import jaxenv
from leaderboard import PROTOCOL, machine
from leaderboard.program import Program
from leaderboard.reference import Session, ratios

MODES = ("env_random_legal",)
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
    mode: str = "env_random_legal"
    devices: int | None = None
    command: str = ""

    def __post_init__(self) -> None:
        if self.mode not in MODES:
            raise ValueError(f"mode {self.mode!r} is not built yet; there is {', '.join(MODES)}")
        if self.samples < 1 or self.seconds <= 0:
            raise ValueError(f"samples and seconds must be positive, got {self.samples} and {self.seconds}")
        for batch in self.batches or ():
            if batch < 1:
                raise ValueError(f"a batch must be positive, got {batch}")
            if self.chunk is not None and (self.chunk < 1 or (batch > self.chunk and batch % self.chunk)):
                raise ValueError(f"chunk must be positive and divide the batch, got {self.chunk} for {batch}")


@dataclasses.dataclass(frozen=True)
class Progress:
    """What is being done, for a progress bar: `done` of `total` samples of one batch (or of the reference)."""

    label: str
    done: int
    total: int


def bench(
    env_id: str,
    settings: Settings,
    reference: Session | None,
    out: Path | None = None,
    report: Callable[[Progress], None] = lambda progress: None,
) -> list[dict[str, Any]]:
    """All rows; `out` is rewritten after each. Raises `jaxenv.UnknownEnvironmentError` and `ReferenceError`."""
    env = jaxenv.make(env_id)
    with jax.ensure_compile_time_eval():
        params = env.default_params
    devices = settings.devices or jax.device_count()
    commit, dirty = machine.commit()
    common = {
        "env": env_id,
        "env_version": env.version,
        "mode": settings.mode,
        "backend": f"xla:{jax.default_backend()}",
        "machine": machine.fingerprint(),
        "protocol": PROTOCOL,
        "versions": machine.versions(),
        "commit": commit,
        "dirty": dirty,
        "command": settings.command,
    }
    rows: list[dict[str, Any]] = []
    for batch in _batches(settings, rows):
        with _no_compilation_cache():
            measured = _measure(env, params, batch, settings, devices, reference, report)
        rows.append({**common, **measured, "date": datetime.now(UTC).isoformat(timespec="seconds")})
        _finish(rows, reference)
        if out is not None:
            write(rows, out)
    return rows


def write(rows: list[dict[str, Any]], out: Path) -> None:
    """Replace `out` in one move: a reader, or an interrupt, never sees half a file."""
    out.parent.mkdir(parents=True, exist_ok=True)
    part = out.with_name(out.name + ".part")
    part.write_text(json.dumps({"rows": rows}, indent=1) + "\n")
    os.replace(part, out)


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
    env: jaxenv.Environment,
    params: Any,
    batch: int,
    settings: Settings,
    devices: int,
    reference: Session | None,
    report: Callable[[Progress], None],
) -> dict[str, Any]:
    """One row, without what is common to all."""
    label = f"batch {batch}"
    report(Progress(f"{label}: compiling", 0, settings.samples))
    program = Program(env, params, batch, chunk=settings.chunk, devices=devices)
    started = time.perf_counter()
    first = program.run()
    first_run_seconds = time.perf_counter() - started
    report(Progress(f"{label}: warming up", 0, settings.samples))
    per_run, warmed_up = _warm_up(program, int(first.episodes), 10 * settings.seconds)
    times = max(1, int(np.ceil(settings.seconds / per_run)))
    samples, totals = [], None
    for done in range(settings.samples):
        if reference is not None:  # in turns, so that a slow minute of the machine meets both
            report(Progress(f"{label}: reference", done, settings.samples))
            reference.sample(settings.seconds)
        report(Progress(label, done, settings.samples))
        started = time.perf_counter_ns()
        summary = program.run(times)
        elapsed = (time.perf_counter_ns() - started) / 1e9
        samples.append(program.steps_per_run * times / elapsed)
        counts = np.array([summary.episodes, summary.episode_steps], np.int64)
        totals = counts if totals is None else totals + counts
    report(Progress(label, settings.samples, settings.samples))
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
