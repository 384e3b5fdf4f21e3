"""Protocol 1: the rows of one section of an environment's bench, with its reference and its peers timed in turns."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import jax
import numpy as np
from jax.experimental.compilation_cache import compilation_cache

from jaxenv.environment import Environment
from jaxenv.rollouts import Policy
from leaderboard import PROTOCOL, compiler, configuration, machine, replay
from leaderboard.beside import BesideXla
from leaderboard.family import bench_of
from leaderboard.peer import PeerSession
from leaderboard.policy import Network
from leaderboard.program import Program
from leaderboard.reference import Session, ratios
from leaderboard.section import MODES
from leaderboard.settings import Settings
from leaderboard.solver import solver_facts

GAIN = 1.05  # the search for the best batch goes on while it gains this
LARGEST_BATCH = 2**20


@dataclasses.dataclass(frozen=True)
class Progress:
    """Progress: `done` samples of the row number `row` of a section; the row has `settings.samples`."""

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
    peers: Sequence[PeerSession],
    publish: Publish,
    report: Report,
) -> None:
    """Measure one section on the cores and devices that this process has. Raises `ReferenceError` and `PeerError`."""
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
        "backend": f"{settings.backend}:{jax.default_backend()}",
        "machine": fingerprint,
        "protocol": PROTOCOL,
        "versions": machine.versions(),
        "commit": commit,
        "dirty": dirty,
        "command": settings.command,
    }
    rows: list[dict[str, Any]] = []
    for batch in _batches(settings, rows, with_peers=bool(peers)):
        report_row = lambda what, done: report(Progress(what, len(rows), done))  # noqa: E731
        with no_compilation_cache():
            if not rows:
                common |= _untimed(env_id, env, params, mode, settings, bool(peers), report_row)
            in_turns = peers if settings.times_peers(batch, len(rows)) else ()
            measured = _measure(env, params, batch, network, settings, [reference, *in_turns], report_row)
        measured["peers_in_turns"] = bool(in_turns)
        rows.append({**common, **measured, "date": datetime.now(UTC).isoformat(timespec="seconds")})
        _finish(rows, reference, peers)
        publish(rows)


def _untimed(
    env_id: str,
    env: Environment,
    params: Any,
    mode: str,
    settings: Settings,
    with_peers: bool,
    report: Callable[[str, int], None],
) -> dict[str, Any]:
    """Facts that a section finds out once: of the solver, of a step's error where there are peers, states to replay."""
    if settings.bare:
        return {"solver": None, "error": None, "probe": None}
    report("the solver", 0)
    facts: dict[str, Any] = {"solver": solver_facts(env, params, settings.xla), "error": None}
    if with_peers:
        report("the error of a step", 0)
        options = compiler.chosen(env, settings.xla, settings.peer_batch)
        measure = bench_of(env_id).error
        facts["error"] = measure(env, settings.peer_batch, options) if measure else None
    facts["probe"] = None
    if mode == MODES[0] and not replay.is_exact(env):
        report("states for a replay", 0)
        facts["probe"] = replay.record(env, settings.backend)
    return facts


def _batches(settings: Settings, rows: list[dict[str, Any]], *, with_peers: bool = False) -> Iterator[int]:
    """Batches to measure; reads the rows made so far. Climbs from the best of the defaults."""
    if settings.batches is not None:
        yield from settings.batches
        return
    yield from settings.default_batches(with_peers)
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
    others: Sequence[Session | PeerSession | None],
    report: Callable[[str, int], None],
) -> dict[str, Any]:
    """One row, without what is common to all. `others` are timed in turns with ours."""
    label = f"batch {batch:,}"
    report(f"{label}: compiling", 0)
    devices = settings.devices or jax.device_count()

    def compiled(backend: str) -> Program:
        options: dict[str, Any] = {"chunk": settings.chunk, "devices": devices, "policy": policy, "xla": settings.xla}
        options["times_start"] = not settings.bare
        return Program(env, params, batch, backend=backend, **options)

    program = compiled(settings.backend)
    beside = settings.beside_xla and settings.backend != "xla"
    xla = BesideXla(lambda: compiled("xla")) if beside else None
    started = time.perf_counter()
    first = program.run()
    first_run_seconds = time.perf_counter() - started
    report(f"{label}: warming up", 0)
    per_run, warmed_up = _warm_up(program, int(first.episodes), 10 * settings.seconds)
    times = max(1, int(np.ceil(settings.seconds / per_run)))
    samples, totals = [], None
    for done in range(settings.samples):
        for other in (*others, xla):  # in turns, so that a slow minute of the machine meets all of them
            if other is not None:
                report(f"{label}: {other.name}", done)
                other.sample(settings.seconds)
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
        "compiler_options": program.compiler_options,
        "median_sps": median,
        "q25": q25,
        "q75": q75,
        "samples": samples,
        "agent_sps": median * env.num_players,
        "xla": xla and xla.summary(median),
        "physics_sps": median * frames if (frames := getattr(env, "frame_skip", None)) else None,
        "noisy": q75 - q25 > 0.1 * median,
        "short": settings.samples < 10 or settings.seconds < 1,
        "trace_seconds": program.trace_seconds,
        "compile_seconds": program.compile_seconds,
        "cached_start_seconds": program.cached_start_seconds,
        "first_run_seconds": first_run_seconds,
        "warmed_up": warmed_up,
        "reset_fraction": episodes / (program.steps_per_run * times * settings.samples),
        "mean_episode_length": episode_steps / episodes if episodes else None,
        "checksum": f"{int(first.checksum):08x}",
        "peak_memory_bytes": (jax.devices()[0].memory_stats() or {}).get("peak_bytes_in_use"),
    }


@contextmanager
def no_compilation_cache() -> Iterator[None]:
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


def _finish(rows: list[dict[str, Any]], session: Session | None, peers: Sequence[PeerSession]) -> None:
    """Figures that depend on the whole run: the others' pooled samples, the ratios, the best row."""
    reference = None if session is None else session.summary()
    fastest = max(row["median_sps"] for row in rows)
    for row in rows:
        row |= {"reference": reference, **ratios(row["median_sps"], reference), "best": row["median_sps"] == fastest}
        row["peers"] = [peer.summary(row["median_sps"]) for peer in peers]
