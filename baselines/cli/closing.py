"""The end of a run: checkpoint and curve first, then the evaluation, then the rating table of a game of two."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jax
from rich.table import Table

from baselines import config as configuration
from baselines import devices, run_folder, sharding
from baselines.provenance import made_with
from baselines.train import Request, Result
from jaxenv.commands import files
from jaxenv.commands.console import Console, bars
from jaxenv.commands.interrupts import INTERRUPTED, leave_closed_pipes, listening


@dataclasses.dataclass(frozen=True)
class Closing:
    """The order for what comes after training: episodes, games of each pair, 0 for none; `json`: a second file."""

    eval_episodes: int
    rating_games: int
    json: Path | None = None


@dataclasses.dataclass
class _Report:
    """`summary` is what `result.json` holds; the rest is shown."""

    summary: dict[str, Any]
    lines: list[str] = dataclasses.field(default_factory=list)
    tables: tuple[Table, ...] = ()
    took: list[str] = dataclasses.field(default_factory=list)


def close(asked: Closing, request: Request, result: Result, console: Console) -> int:
    """Evaluate, rate, write and show; the exit status.

    `result.json` is written before and after each part, so that an interrupt (status 130) costs what comes after it.
    """
    if not devices.is_main():
        return INTERRUPTED if result.status == "interrupted" else 0
    from baselines.plot import plot_runs

    report = _Report(_training(asked, request, result))
    _write(asked, result, report)
    curve = plot_runs([result.folder], result.folder / "curve")
    said, missing = "", "evaluation"
    try:
        if result.status == "interrupted":
            said = f"interrupted: go on with --resume {result.folder}"
        elif not request.spread:
            with listening(at_once=True) as interrupt:
                _evaluate(asked, request, result, console, report)
                _write(asked, result, report)
                interrupt.check()
                missing = "rating table"
                _rate(asked, request, result, console, report, interrupt.check)
                _write(asked, result, report)
    except (KeyboardInterrupt, BrokenPipeError) as error:
        if isinstance(error, BrokenPipeError) and not leave_closed_pipes():
            raise
        _settle()
        said = f"interrupted: checkpoint, curve and result.json are in {result.folder}, without the {missing}"
    _show(console, report, curve, result)
    if said:
        console.print(said, soft_wrap=True, highlight=False, markup=False)
    return INTERRUPTED if said else 0


def _training(asked: Closing, request: Request, result: Result) -> dict[str, Any]:
    env = result.program.setup.lanes.env
    known = [value for value in result.mean_return if value is not None]
    shard = {}
    if request.part:
        made = configuration.to_json(request.config), dataclasses.asdict(request.budget)
        shard = {"shard": sharding.facts(request.part, *made, asked.eval_episodes)}
    return {
        "env": env.id,
        "env_version": env.version,
        "status": result.status,
        "algorithm": request.config.algorithm,
        "seed": request.seed,
        "seeds": request.members,
        "minutes": round(result.seconds / 60, 3),
        "steps": result.steps,
        "train_sps": result.train_sps,
        "env_sps": None,
        "training_mean_return": result.mean_return,
        "mean_return": sum(known) / len(known) if known else None,
        "checkpoint": str(result.folder),
        "evaluation": None,
        "ratings": None,
        **shard,
        "made_with": made_with(),
    }


def _evaluate(asked: Closing, request: Request, result: Result, console: Console, report: _Report) -> None:
    from baselines.cli.evaluate import evaluate_run
    from baselines.speed import env_sps

    began = time.monotonic()
    with console.status("evaluating"):
        report.summary["env_sps"] = env_sps(result.program.setup.lanes)
        if asked.eval_episodes > 0:
            seed = request.part.seed if request.part else request.seed  # the same episodes for all members
            played = evaluate_run(result.folder, asked.eval_episodes, seed, request.backend)
            report.lines = played["lines"]
            report.summary |= {"evaluation": played, "mean_return": played["mean_return"]}
    seconds = time.monotonic() - began
    report.summary["evaluation_seconds"] = round(seconds, 1)
    report.took.append(f"evaluation {report.summary['evaluation_seconds']:.0f} s")


def _rate(
    asked: Closing, request: Request, result: Result, console: Console, report: _Report, check: Callable[[], None]
) -> None:
    from baselines.ratings.of_run import games_in_all, players_of, rate_players

    env = result.program.setup.lanes.env
    if env.num_players != 2 or not asked.rating_games:
        return
    players = players_of(env, result.folder, request.config, result.update, result.state.play.pool)
    with bars(console, transient=True) as bar:
        task = bar.add_task("rating", total=games_in_all(players, asked.rating_games))

        def on_games(done: int) -> None:
            check()
            bar.update(task, completed=done)

        rated = rate_players(
            env,
            players,
            asked.rating_games,
            request.seed,
            request.backend,
            on_games,
        )
    report.tables = rated.tables()
    report.summary["ratings"] = rated.to_json()
    report.took.append(f"ratings {report.summary['ratings']['seconds']:.0f} s ({rated.games} games of each pair)")


def _settle() -> None:
    """Wait for what is being computed: a process that ends under a kernel crashes."""
    with contextlib.suppress(RuntimeError):  # of an array that was given up to the next call
        jax.block_until_ready(jax.live_arrays())


def _write(asked: Closing, result: Result, report: _Report) -> None:
    files.write_json(result.folder / "result.json", report.summary, run_folder.REMEDY)
    if asked.json is not None:
        files.write_json(asked.json, report.summary)


def _show(console: Console, report: _Report, curve: tuple[Path, ...], result: Result) -> None:
    apart = ("evaluation", "ratings", "made_with", "shard")
    shown = {name: value for name, value in report.summary.items() if name not in apart}
    console.print_json(json.dumps(shown))
    for line in report.lines:
        console.print(line, soft_wrap=True, highlight=False, markup=False)
    for table in report.tables:
        console.print("", table)
    took = [f"training {result.seconds / 60:.2f} min", *report.took]
    files = [f"checkpoint {result.folder}", f"curve {' '.join(map(str, curve))}"]
    for line in ("", "took: " + ", ".join(took), *files):
        console.print(line, soft_wrap=True, highlight=False, markup=False)
