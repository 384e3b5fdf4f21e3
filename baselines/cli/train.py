"""`python -m baselines train ENV`."""

from __future__ import annotations

import contextlib
import dataclasses
import sys
import time
from pathlib import Path
from typing import Annotated, Any, Literal

import tyro

import jaxenv
from baselines import devices, run_folder
from baselines.arguments import check_seed
from baselines.checkpoint import Facts
from baselines.cli.closing import Closing, close
from baselines.config import Config
from baselines.errors import CheckpointError, ConfigError
from baselines.family import config_of
from baselines.loggers import TensorBoard, WeightsAndBiases
from baselines.ratings.matches import check_games
from baselines.sharding import Part, of_run
from baselines.train import Budget, Request, train
from jaxenv.commands import files
from jaxenv.commands.console import Console
from jaxenv.shards import Shard, ShardError, parse
from leaderboard.invocation import program


@dataclasses.dataclass(frozen=True)
class Options:
    """Train a policy. A run is a folder with config.json, metrics.jsonl, checkpoints/, and at the end curve.png,
    curve.html and result.json.

    Ctrl-C stops with a checkpoint (exit status 130), and so does a pipe that nobody reads any more. --resume goes on
    from there.
    """

    env: Annotated[str, tyro.conf.Positional, tyro.conf.arg(metavar="ENV")]
    """Id of the environment."""
    minutes: float | None = None
    """Wall-clock minutes of training, compiling included. By default 5. Evaluation and ratings come after them."""
    steps: int | None = None
    """Environment transitions of each member instead; such a run is reproducible bit by bit."""
    seed: int = 0
    """Of initial weights, starts and choices."""
    seeds: int = 1
    """Number of members: runs that are trained together, with the seeds `seed`, `seed + 1`, …"""
    shard: Annotated[str, tyro.conf.arg(metavar="I/N")] = ""
    """Train part I of N of the members alone, as a run of its own; `merge` makes one result of all. No rating table."""
    out: Path | None = None
    """The run's folder; by default runs/ENV/TIME. That of a shard is `shard-I-of-N` in it."""
    resume: Path | None = None
    """Go on with the run in that folder, or from one of its checkpoints (RUN/checkpoints/28); its configuration is
    kept. Checkpoints that come after that one get other names."""
    json: Path | None = None
    """A second file for the result."""
    backend: Literal["auto", "simd", "xla"] = "auto"
    """Compiler of the environments: "simd" makes one kernel by jaxlanes, "xla" leaves them to XLA, "auto" takes the
    kernel where there can be one."""
    spread: bool = False
    """Spread the environments over all devices."""
    coordinator: str = ""
    """HOST:PORT of process 0, to train in several processes; then give --processes and --process."""
    processes: int = 1
    """Number of processes that train together."""
    process: int = 0
    """Number of this one, from 0."""
    eval_episodes: int = 128
    """Episodes of the final evaluation; 0 for none."""
    rating_games: int = 200
    """Games of each pair of players in the final rating table of a game of two, an even number; 0 for none."""
    checkpoint_seconds: float = 60.0
    """Seconds between two checkpoints; the run's end and Ctrl-C write one too."""
    tensorboard: bool = False
    """Write event files of TensorBoard in the run's folder."""
    wandb: str = ""
    """Project of Weights & Biases to log to."""
    config: Annotated[Config, tyro.conf.arg(name="")] = Config()  # noqa: RUF009 (frozen)


def main(arguments: list[str]) -> int:
    """The exit status."""
    known = jaxenv.list_envs(kind=None)
    env_id = next((a for a in arguments if not a.startswith("-") and "/" in a and a in known), None)
    first = arguments[0] if arguments else ""
    if env_id is None and first and not first.startswith("-"):
        jaxenv.spec(first)  # says which ids are close
    default = config_of(env_id) if env_id else Config()
    options = tyro.cli(
        Options,
        args=arguments,
        prog=program("baselines", "train"),
        default=Options(env=env_id or tyro.MISSING, config=default),
    )
    paths = {name: getattr(options, name) for name in ("out", "resume", "json")}
    options = dataclasses.replace(options, **{name: files.path(path) for name, path in paths.items() if path})
    if options.coordinator:
        devices.connect(options.coordinator, options.processes, options.process)
    console = Console(stderr=True) if not sys.stdout.isatty() else Console()
    request = _request(options)
    files.check_writable(options.json, "choose another file with --json")
    with contextlib.ExitStack() as held:
        result = train(request, console, held)
        games = 0 if request.part else options.rating_games  # the other members are not here
        return close(Closing(options.eval_episodes, games, options.json), request, result, console)


def _shard(text: str) -> Shard:
    try:
        return parse(text)
    except ShardError as error:
        raise ConfigError(f"--shard: {error}") from error


def _request(options: Options) -> Request:
    given = options.minutes is not None or options.steps is not None
    budget = Budget(options.minutes, options.steps) if given else None
    config, seed, members, number, part = options.config, options.seed, options.seeds, None, None
    if members < 1:
        raise ConfigError(f"--seeds must be at least 1, got {members}")
    check_seed(seed, members)
    if options.rating_games:
        check_games(options.rating_games, "--rating-games")
    if options.resume is not None:
        folder, number = run_folder.locate(options.resume)
        checkpoint, _ = run_folder.open_to_resume(folder, number)
        facts = run_folder.read_config(folder) if checkpoint is None else checkpoint.facts
        part = of_run(folder)
        _check_kept(options, folder, facts, part)
        config, seed, members = facts.config, facts.seed, facts.members
        budget = budget or Budget(**facts.budget)
    else:
        folder = options.out or Path("runs") / options.env.replace("/", "-") / time.strftime("%Y%m%d-%H%M%S")
        if options.shard:
            part = Part(_shard(options.shard), seed, members)
            seed, members = part.own
            folder /= f"shard-{part.shard.number}-of-{part.shard.of}"
    loggers: list[Any] = [TensorBoard] if options.tensorboard else []
    if options.wandb:
        loggers.append(lambda folder: WeightsAndBiases(folder, options.wandb, {"env": options.env, "seed": seed}))
    return Request(
        env=options.env,
        config=config,
        budget=budget or Budget(minutes=5.0),
        folder=folder,
        seed=seed,
        members=members,
        backend=options.backend,
        spread=options.spread or bool(options.coordinator),
        resume=options.resume is not None,
        checkpoint=number,
        checkpoint_seconds=options.checkpoint_seconds,
        loggers=tuple(loggers),
        part=part,
    )


def _check_kept(options: Options, folder: Path, facts: Facts, part: Part | None) -> None:
    """Refuse what a run that goes on cannot follow: its environment, seeds and configuration are what they were."""
    if facts.env != options.env:
        raise CheckpointError(f"--resume {options.resume}: that run trains {facts.env}, not {options.env}")
    plain = Options(options.env, config=config_of(options.env))
    seed, seeds = (part.seed, part.seeds) if part else (facts.seed, facts.members)
    for name, asked, usual, kept in (
        ("--seed", options.seed, plain.seed, seed),
        ("--seeds", options.seeds, plain.seeds, seeds),
        ("--shard", options.shard, "", str(part.shard) if part else ""),
        ("its settings", options.config, plain.config, facts.config),
    ):
        if asked not in (usual, kept):
            shown = "" if name == "its settings" else f" {asked}"
            raise ConfigError(
                f"--resume {options.resume}: {name}{shown} cannot be changed in a run that goes on; leave it out, or "
                "begin a new run without --resume"
            )
    out = options.out
    if out is not None and part:
        out /= folder.name
    if out is not None and out.absolute() != folder.absolute():
        raise ConfigError(f"--out {options.out}: the run goes on in its own folder, {folder}; leave out --out")
