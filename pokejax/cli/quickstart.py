"""``pokejax quickstart``: play, compare with Showdown, time both, write a replay, say what was found."""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from pokejax.cli import EXIT_COULD_NOT, EXIT_DIVERGENCE, EXIT_OK
from pokejax.cli.cache import keep_compiled_programs
from pokejax.cli.checkout import in_checkout, require_rich
from pokejax.cli.findings import Compared, Findings

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress

    from verification.candidate import LockstepCandidate, PlayedBattles
    from verification.references.showdown.workers import WorkerPool

ENV = "pokejax/gen1randombattle"
BATCH = 512
SAMPLES = 5


class Player(Protocol):
    """Battles that go on for ever, many at once: `leaderboard.program.Program`, or `_OneDevice`."""

    @property
    def steps_per_run(self) -> int: ...

    def run(self, times: int = 1) -> Any:
        """Go on; returns a `jaxenv.rollout.Summary` of numpy leaves when all of it is done."""
        ...


class _OneDevice:
    """What the wheel alone can do: a rollout on one device."""

    steps_per_run = BATCH * 128

    def __init__(self, env: Any, params: Any, seed: int) -> None:
        import jax

        from jaxenv.rollout import rollout

        self._params = params
        self._rollout = rollout(env, BATCH, self.steps_per_run // BATCH)
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


class _Watched:
    """A candidate whose first batch is kept, to make a replay of one of its battles."""

    def __init__(self, candidate: LockstepCandidate) -> None:
        self._candidate = candidate
        self.fields = candidate.fields
        self.first: PlayedBattles | None = None

    def play(self, seed: int, episodes: int, teams: str, policy: str) -> Iterator[PlayedBattles]:
        """See `LockstepCandidate.play`."""
        for batch in self._candidate.play(seed, episodes, teams, policy):
            self.first = self.first or batch
            yield batch


def run(options: argparse.Namespace) -> int:
    """The command."""
    require_rich()
    from rich.console import Console

    began = time.perf_counter()
    console = Console(stderr=True)
    cache = keep_compiled_programs()
    findings = Findings(env=ENV, seed=options.seed, backend="", cores=1)
    with_reference = in_checkout()
    try:
        player = _compile(findings, options.seed, cache, console, with_reference)
        with _bars(console) as bars:
            _play(findings, player, options.episodes, bars)
        if with_reference:
            _with_reference(findings, player, options, console)
        else:
            findings.not_done.append(
                "comparing with Showdown, timing it and writing a replay: that needs a checkout of the repository, "
                "whose tools drive the real Showdown; this is the installed wheel"
            )
            with _bars(console) as bars:
                _time(findings, player, None, options.seconds, bars)
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


def _compile(findings: Findings, seed: int, cache: Path | None, console: Console, with_tools: bool) -> Player:
    """The program that plays, its compile time noted."""
    import jax

    import jaxenv

    if with_tools:
        from leaderboard.__main__ import one_device_per_core

        one_device_per_core()
    before = _programs(cache)
    began = time.perf_counter()
    with console.status("Compiling the engine (about half a minute, the first time) ..."):
        env = jaxenv.make(ENV)
        params = env.default_params
        if with_tools:
            from leaderboard.program import Program

            player: Player = Program(env, params, BATCH, chunk=None, devices=jax.device_count(), seed=seed)
        else:
            player = _OneDevice(env, params, seed)
        player.run()
    findings.compile_seconds = time.perf_counter() - began
    findings.compiled_before = bool(before) and _programs(cache) == before
    findings.cores = jax.device_count() if with_tools else 1
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


def _with_reference(findings: Findings, player: Player, options: argparse.Namespace, console: Console) -> None:
    """All that needs Showdown; what cannot be done is noted in the findings."""
    from verification.references.showdown import install
    from verification.references.showdown.throughput import throughput_session
    from verification.references.showdown.workers import WorkerPool

    findings.reference_version = install.VERSION
    try:
        with WorkerPool(findings.cores) as pool:
            _compare(findings, options, pool, console)
        with throughput_session(findings.cores) as session, _bars(console) as bars:
            _time(findings, player, session, options.seconds, bars)
    except install.ReferenceUnavailableError as error:
        findings.not_done.append(f"comparing with Showdown and timing it: {error}")


def _compare(findings: Findings, options: argparse.Namespace, pool: WorkerPool, console: Console) -> None:
    from verification import report
    from verification.lockstep import Plan, Sweep
    from verification.lockstep import run as lockstep
    from verification.plugins import load

    candidate = _Watched(load(ENV))
    plan = Plan(ENV, options.sample, options.seed)
    with _bars(console) as bars:
        task = bars.add_task("Comparing with Showdown", total=options.sample)
        on_progress: Callable[[Sweep], None] = lambda now: bars.update(task, completed=now.episodes)  # noqa: E731
        sweep = lockstep(candidate, plan, pool, options.out / "divergences", on_progress=on_progress)
    findings.compared = Compared(
        battles=sweep.episodes,
        # Each battle is compared before its first choice too.
        points=sweep.steps + sweep.episodes,
        fields=len(candidate.fields),
        divergences=len(sweep.failures),
        unverified=plan.episodes - sweep.episodes,
    )
    if not sweep.complete:
        findings.not_done.append(
            f"comparing {plan.episodes - sweep.episodes} battles: a worker of the reference failed"
        )
    if sweep.failures:
        console.print(report.summary(sweep), markup=False, highlight=False, soft_wrap=True)
        return  # the replay would differ as well, and the summary says how to play the first failure again
    _write_replay(findings, candidate, options, pool)


def _write_replay(findings: Findings, candidate: _Watched, options: argparse.Namespace, pool: WorkerPool) -> None:
    from pokejax.cli.replay import ReplayMismatchError, recorded, write_replay

    assert candidate.first is not None
    lengths = candidate.first.lengths
    usual = int(lengths.argsort()[len(lengths) // 2])
    battle = recorded(candidate.first, usual, candidate, ENV.rpartition("/")[2])
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
