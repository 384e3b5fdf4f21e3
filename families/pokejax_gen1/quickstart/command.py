"""``pokejax quickstart``: play, compare with Showdown, time both, write a replay, train a policy, sum up."""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from families.pokejax_gen1.quickstart.findings import Compared, Findings
from families.pokejax_gen1.quickstart.training import train_and_play
from pokejax.cli import EXIT_COULD_NOT, EXIT_DIVERGENCE, EXIT_OK
from pokejax.cli.cache import keep_compiled_programs
from pokejax.cli.checkout import in_checkout, require_rich

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress

    from families.pokejax_gen1.verify.candidate import LockstepCandidate, PlayedBattles
    from families.pokejax_gen1.verify.sweep import Plan
    from references.showdown.workers import WorkerPool

ENV = "pokejax/gen1randombattle"
FORMAT = "gen1randombattle"
BATCH = 512
SAMPLES = 5


class Player(Protocol):
    """Battles that go on for ever, many at once: `leaderboard.program.Program`, or `_OneDevice`."""

    @property
    def steps_per_run(self) -> int: ...

    def run(self, times: int = 1) -> Any:
        """Go on; returns a `jaxenv.rollouts.Summary` of numpy leaves when all of it is done."""
        ...


class _OneDevice:
    """What the wheel alone can do: a rollout on one device."""

    steps_per_run = BATCH * 128

    def __init__(self, env: Any, params: Any, seed: int) -> None:
        import jax

        from jaxenv.rollouts import rollout

        self._params = params
        self._rollout = rollout(env, BATCH, self.steps_per_run // BATCH, backend="xla")
        self._carry, _ = self._rollout(jax.random.key(seed), params)

    def run(self, times: int = 1) -> Any:
        """See `Player`."""
        import jax
        import numpy as np

        totals = None
        for _ in range(times):
            self._carry, summary = self._rollout(self._carry, self._params)
            totals = summary if totals is None else jax.tree.map(lambda a, b: a + b, totals, summary)
        return jax.tree.map(np.asarray, jax.block_until_ready(totals))


class _Sample:
    """The battles to compare, as a candidate. Made early, its program compiles beside the other one."""

    def __init__(self, plan: Plan) -> None:
        from families.pokejax_gen1.verify.candidate import load

        self.plan = plan
        candidate: LockstepCandidate = load(plan.env)
        self.fields = candidate.fields
        ((policy, seed, episodes),) = plan.shares()
        self._batches = candidate.play(seed, episodes, plan.teams, policy)
        self._first = ThreadPoolExecutor(1, thread_name_prefix="sample").submit(next, self._batches)

    @property
    def first(self) -> PlayedBattles:
        """The first batch."""
        return self._first.result()

    def play(self, seed: int, episodes: int, teams: str, policy: str) -> Iterator[PlayedBattles]:
        """See `LockstepCandidate.play`; it is always the plan that is played."""
        yield self.first
        yield from self._batches


def run(options: argparse.Namespace) -> int:
    """The command."""
    require_rich()
    from rich.console import Console

    began = time.perf_counter()
    console = Console(stderr=True)
    cache = keep_compiled_programs()
    findings = Findings(env=ENV, seed=options.seed, backend="", cores=1)
    sample = None
    try:
        if in_checkout():
            from families.pokejax_gen1.verify.sweep import Plan
            from leaderboard.__main__ import one_device_per_core

            one_device_per_core()
            sample = _Sample(Plan(ENV, options.sample, options.seed))
        player = _compile(findings, options.seed, cache, console, sample)
        with _bars(console) as bars:
            _play(findings, player, options.episodes, bars)
        if sample:
            _with_reference(findings, player, sample, options, console)
        else:
            findings.not_done.append(
                "comparing with Showdown, timing it and writing a replay: that needs a checkout of the repository, "
                "whose tools drive the real Showdown; this is the installed wheel"
            )
        if not findings.ours:
            with _bars(console) as bars:
                _time(findings, player, None, options.seconds, bars)
        if options.train:
            findings.write(options.out / "quickstart.json")
            train_and_play(findings, ENV, options.seed, options.train, options.out, console, _bars(console))
        findings.seconds = time.perf_counter() - began
        findings.write(options.out / "quickstart.json")
    except OSError as error:
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


def _compile(findings: Findings, seed: int, cache: Path | None, console: Console, sample: _Sample | None) -> Player:
    """The program that plays; notes how long it, and the sample's, took to compile."""
    import jax

    import jaxenv

    before = _programs(cache)
    began = time.perf_counter()
    with console.status("Compiling the engine (half a minute or more, the first time) ..."):
        env = jaxenv.make(ENV)
        params = env.default_params
        if sample:
            from leaderboard.program import Program

            player: Player = Program(env, params, BATCH, chunk=None, devices=jax.device_count(), seed=seed)
        else:
            player = _OneDevice(env, params, seed)
        player.run()
        if sample:
            _ = sample.first
    findings.compile_seconds = time.perf_counter() - began
    findings.compiled_before = bool(before) and _programs(cache) == before
    findings.cores = jax.device_count() if sample else 1
    findings.backend = f"xla:{jax.default_backend()}"
    return player


def _programs(cache: Path | None) -> frozenset[str]:
    return frozenset(path.name for path in cache.glob("*-cache")) if cache else frozenset()


def _play(findings: Findings, player: Player, episodes: int, bars: Progress) -> None:
    """Play until so many battles have ended."""
    task = bars.add_task("Playing in JAX", total=episodes)
    began = time.perf_counter()
    while findings.battles < episodes:
        findings.battles += int(player.run().episodes)
        findings.steps += player.steps_per_run
        bars.update(task, completed=min(findings.battles, episodes))
    findings.play_seconds = time.perf_counter() - began


def _with_reference(
    findings: Findings, player: Player, sample: _Sample, options: argparse.Namespace, console: Console
) -> None:
    """All that needs Showdown; what cannot be done is noted in the findings."""
    from references.showdown import install, workers
    from references.showdown.throughput import throughput_session

    findings.reference_version = install.VERSION
    doing = "comparing with Showdown and timing it"
    try:
        with workers.WorkerPool(findings.cores) as pool:
            _compare(findings, sample, options, pool, console)
        doing = "timing Showdown"
        with throughput_session(findings.cores) as session, _bars(console) as bars:
            _time(findings, player, session, options.seconds, bars)
    except (install.ReferenceUnavailableError, workers.WorkerFailedError, workers.BadRequestError) as error:
        findings.not_done.append(f"{doing}: {error}")


def _compare(
    findings: Findings, sample: _Sample, options: argparse.Namespace, pool: WorkerPool, console: Console
) -> None:
    from families.pokejax_gen1.verify.sweep import Sweep
    from families.pokejax_gen1.verify.sweep import run as lockstep

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
        divergences=len(sweep.failures),
        unverified=missing,
    )
    if not sweep.complete:
        findings.not_done.append(f"comparing {missing} battles: workers of the reference failed")
    if sweep.failures:
        console.print(sweep.summary(), markup=False, highlight=False, soft_wrap=True)
        return  # a replay would differ as well, and the summary says how to play the first failure again
    _write_replay(findings, sample, options, pool)


def _write_replay(findings: Findings, sample: _Sample, options: argparse.Namespace, pool: WorkerPool) -> None:
    from families.pokejax_gen1.replay.command import ReplayMismatchError, recorded, write_replay

    lengths = sample.first.lengths
    usual = int(lengths.argsort()[len(lengths) // 2])
    battle = recorded(sample.first, usual, sample.fields, FORMAT)
    command = f"pokejax quickstart --seed {options.seed} --sample {options.sample} --out {options.out}"
    try:
        findings.written += write_replay(battle, pool, options.out / "replay", command)
    except ReplayMismatchError as error:
        findings.not_done.append(f"writing a replay: {error}")


def _time(
    findings: Findings,
    player: Player,
    reference: Callable[[float], float] | None,
    seconds: float,
    bars: Progress,
) -> None:
    """Samples of both in turns, so that a slow moment of the machine meets both."""
    task = bars.add_task("Timing both in turns" if reference else "Timing", total=SAMPLES)
    each = seconds / SAMPLES
    for _ in range(SAMPLES):
        if reference:
            findings.reference.append(reference(each))
        runs, began = 0, time.perf_counter()
        while time.perf_counter() - began < each:
            player.run()
            runs += 1
        findings.ours.append(runs * player.steps_per_run / (time.perf_counter() - began))
        bars.advance(task)
