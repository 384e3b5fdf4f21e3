"""``pokejax quickstart``: play, compare with Showdown, time both, write a replay, train a policy, sum up."""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from families.pokejax_gen1.quickstart import player
from families.pokejax_gen1.quickstart.findings import REMEDY, Compared, Findings
from families.pokejax_gen1.quickstart.player import Player, Sample
from families.pokejax_gen1.quickstart.training import train_and_play
from jaxenv.commands import files
from pokejax.cli.command import EXIT_COULD_NOT, EXIT_DIVERGENCE, EXIT_OK

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress

    from jaxenv import Environment
    from jaxenv.backends import Backend
    from references.showdown.workers import WorkerPool

ENV = "pokejax/gen1randombattle"
FORMAT = "gen1randombattle"
SAMPLES = 5


def run(options: argparse.Namespace) -> int:
    """Run the command; returns the exit status. `files.StorageError` where nothing can be written in its folder."""
    files.check_folder(options.out, REMEDY)
    with files.alone(options.out / "quickstart.json", REMEDY):
        return _run(options)


def _run(options: argparse.Namespace) -> int:
    import jaxenv
    from jaxenv import enable_compilation_cache
    from jaxenv.commands.console import Console
    from leaderboard.program import one_device_per_core

    began = time.perf_counter()
    console = Console(stderr=True)
    cache = enable_compilation_cache()
    one_device_per_core()
    env = jaxenv.make(ENV)
    findings = Findings(env=ENV, seed=options.seed, backend="", cores=1)
    backend = player.chosen_backend(options.backend, env, findings)
    try:
        with console.status("Compiling the engine (half a minute or more, the first time) ..."):
            playing, sample = _compile(findings, env, backend, options, cache)
        with _bars(console) as bars:
            _play(findings, playing, options.episodes, bars)
        _compare(findings, sample, options, console)
        timed = [(playing, findings.ours)]
        if backend.name != "xla":
            with console.status("Compiling XLA's program, to time it beside the kernel ..."):
                timed.append((player.compiled(env, "xla", options.seed), findings.xla))
        _time_all(findings, timed, options.seconds, console)
        if options.train:
            findings.write(options.out / "quickstart.json")
            train_and_play(findings, ENV, options, console, _bars(console))
        findings.seconds = time.perf_counter() - began
        findings.write(options.out / "quickstart.json")
    except (files.StorageError, OSError) as error:
        findings.not_done.append(f"{type(error).__name__}: {error}")
    finally:
        findings.seconds = time.perf_counter() - began
        Console().print(findings.table())
    if findings.compared and findings.compared.divergences:
        return EXIT_DIVERGENCE
    return EXIT_COULD_NOT if findings.not_done else EXIT_OK


def _bars(console: Console) -> Progress:
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    text = TextColumn("{task.description:<24}")
    return Progress(text, BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), console=console)


def _compile(
    findings: Findings, env: Environment, backend: Backend, options: argparse.Namespace, cache: Path | None
) -> tuple[Player, Sample]:
    """The program that plays, and the sample to compare; notes how long both took to compile."""
    import jax

    from families.pokejax_gen1.verify.lockstep import Plan

    before = _programs(cache)
    began = time.perf_counter()
    sample = Sample(player.candidate(ENV, backend), Plan(ENV, options.sample, options.seed))
    playing = player.compiled(env, backend.name, options.seed)
    _ = sample.first
    findings.compile_seconds = time.perf_counter() - began
    findings.compiled_before = bool(before) and _programs(cache) == before
    findings.cores = jax.device_count()
    return playing, sample


def _programs(cache: Path | None) -> frozenset[str]:
    """Files of what has been compiled before: XLA's programs and kernels."""
    from jaxlanes.runtime.cache import cache_folder

    folders = [*([cache] if cache else []), cache_folder()]
    found = (path.name for folder in folders if folder.is_dir() for path in folder.iterdir())
    return frozenset(name for name in found if not name.endswith("-atime"))


def _play(findings: Findings, player: Player, episodes: int, bars: Progress) -> None:
    """Play until so many battles have ended."""
    task = bars.add_task("Playing in JAX", total=episodes)
    began = time.perf_counter()
    while findings.battles < episodes:
        findings.battles += int(player.run().episodes)
        findings.steps += player.steps_per_run
        bars.update(task, completed=min(findings.battles, episodes))
    findings.play_seconds = time.perf_counter() - began


def _compare(findings: Findings, sample: Sample, options: argparse.Namespace, console: Console) -> None:
    """Replay the sample in Showdown and write a replay; what cannot be done is noted in the findings."""
    from references.showdown import install, workers

    findings.reference_version = install.VERSION
    try:
        with workers.WorkerPool(findings.cores) as pool:
            _compare_sample(findings, sample, options, pool, console)
    except (install.ReferenceUnavailableError, workers.WorkerFailedError, workers.BadRequestError) as error:
        findings.not_done.append(f"comparing with Showdown: {error}")


def _compare_sample(
    findings: Findings, sample: Sample, options: argparse.Namespace, pool: WorkerPool, console: Console
) -> None:
    from families.pokejax_gen1.verify.lockstep import Sweep
    from families.pokejax_gen1.verify.lockstep import run as lockstep

    plan = sample.plan
    with _bars(console) as bars:
        task = bars.add_task("Comparing with Showdown", total=plan.episodes)
        on_progress: Callable[[Sweep], None] = lambda now: bars.update(task, completed=now.episodes)  # noqa: E731
        sweep = lockstep(sample, plan, pool, options.out / "divergences", on_progress=on_progress)
    missing = plan.episodes - sweep.episodes
    findings.compared = Compared(
        battles=sweep.episodes,
        points=sweep.steps + sweep.episodes,  # each battle is compared before its first choice too
        fields=len(sample.fields),
        divergences=sweep.divergences,
        unverified=missing,
    )
    if not sweep.complete:
        findings.not_done.append(f"comparing {missing} battles: workers of the reference failed")
    if sweep.failures:
        console.print(sweep.summary(), markup=False, highlight=False, soft_wrap=True)
        return  # a replay would differ as well, and the summary says how to play the first failure again
    _write_replay(findings, sample, options, pool)


def _write_replay(findings: Findings, sample: Sample, options: argparse.Namespace, pool: WorkerPool) -> None:
    from families.pokejax_gen1.replay.command import ReplayMismatchError, recorded, write_replay

    lengths = sample.first.lengths
    usual = int(lengths.argsort()[len(lengths) // 2])
    battle = recorded(sample.first, usual, sample.fields, FORMAT)
    command = f"pokejax quickstart --seed {options.seed} --sample {options.sample} --out {options.out}"
    try:
        findings.written += write_replay(battle, pool, options.out / "replay", command)
    except ReplayMismatchError as error:
        findings.not_done.append(f"writing a replay: {error}")


def _time_all(findings: Findings, timed: list[tuple[Player, list[float]]], seconds: float, console: Console) -> None:
    """Time the programs beside Showdown, or alone where there is none. Each appends its samples to its list."""
    from references.showdown import install, workers
    from references.showdown.throughput import throughput_session

    try:
        with throughput_session(findings.cores) as session, _bars(console) as bars:
            _time(timed, (session, findings.reference), seconds, bars)
    except (install.ReferenceUnavailableError, workers.WorkerFailedError, workers.BadRequestError) as error:
        findings.not_done.append(f"timing Showdown: {error}")
        for samples in (findings.reference, *(samples for _, samples in timed)):
            samples.clear()  # in turns with something that failed
        with _bars(console) as bars:
            _time(timed, None, seconds, bars)


def _time(
    timed: list[tuple[Player, list[float]]],
    reference: tuple[Callable[[float], float], list[float]] | None,
    seconds: float,
    bars: Progress,
) -> None:
    """Samples of all in turns, so that a slow moment of the machine meets all."""
    task = bars.add_task("Timing in turns", total=SAMPLES)
    each = seconds / SAMPLES
    for _ in range(SAMPLES):
        if reference:
            session, samples = reference
            samples.append(session(each))
        for program, samples in timed:
            runs, began = 0, time.perf_counter()
            while time.perf_counter() - began < each:
                program.run()
                runs += 1
            samples.append(runs * program.steps_per_run / (time.perf_counter() - began))
        bars.advance(task)
