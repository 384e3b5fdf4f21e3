"""`python -m baselines train ENV`."""

from __future__ import annotations

import dataclasses
import sys
import time
from pathlib import Path
from typing import Annotated, Any, Literal

import tyro
from rich.console import Console

import jaxenv
from baselines import checkpoint as checkpoints
from baselines import devices
from baselines.cli.closing import Closing, close
from baselines.config import Config
from baselines.errors import CheckpointError, ConfigError
from baselines.family import config_of
from baselines.loggers import TensorBoard, WeightsAndBiases
from baselines.ratings.matches import check_games
from baselines.train import Budget, Request, train


@dataclasses.dataclass(frozen=True)
class Options:
    """Train a policy. Everything lands in a folder: metrics.jsonl, checkpoints/, curve.png, curve.html, result.json.

    Ctrl-C stops with a checkpoint (exit status 130); --resume goes on from there.
    """

    env: Annotated[str, tyro.conf.Positional]
    """Id of the environment."""
    minutes: float | None = None
    """Wall-clock minutes of training, compiling included. By default 5. Evaluation and ratings come after them."""
    steps: int | None = None
    """Environment transitions of each member instead; such a run is reproducible bit by bit."""
    seed: int = 0
    seeds: int = 1
    """Members: so many runs at once, with seeds `seed`, `seed + 1`, …"""
    out: Path | None = None
    """The run's folder; by default runs/ENV/TIME."""
    resume: Path | None = None
    """Go on with the run in that folder; its configuration is kept."""
    json: Path | None = None
    """Write the result there too."""
    backend: Literal["auto", "simd", "xla"] = "auto"
    """What makes the program of the environments: a kernel of jaxlanes where there can be one, or XLA."""
    spread: bool = False
    """Spread the environments over all devices."""
    coordinator: str = ""
    """HOST:PORT of process 0, to train in several processes; then give --processes and --process."""
    processes: int = 1
    process: int = 0
    eval_episodes: int = 128
    """Episodes of the final evaluation; 0 for none."""
    rating_games: int = 200
    """Games of each pair of players in the final rating table of a game of two, an even number; 0 for none."""
    checkpoint_seconds: float = 60.0
    tensorboard: bool = False
    wandb: str = ""
    """Project of Weights & Biases."""
    config: Annotated[Config, tyro.conf.arg(name="")] = Config()  # noqa: RUF009 (frozen)


def main(arguments: list[str]) -> int:
    """The exit status."""
    env_id = next((a for a in arguments if not a.startswith("-") and "/" in a and a in jaxenv.list_envs()), None)
    first = arguments[0] if arguments else ""
    if env_id is None and first and not first.startswith("-"):
        jaxenv.make(first)  # says which ids are close
    default = config_of(env_id) if env_id else Config()
    options = tyro.cli(Options, args=arguments, default=Options(env=env_id or tyro.MISSING, config=default))
    if options.coordinator:
        devices.connect(options.coordinator, options.processes, options.process)
    console = Console(stderr=True) if not sys.stdout.isatty() else Console()
    request = _request(options)
    result = train(request, console)
    return close(Closing(options.eval_episodes, options.rating_games, options.json), request, result, console)


def _request(options: Options) -> Request:
    given = options.minutes is not None or options.steps is not None
    budget = Budget(options.minutes, options.steps) if given else None
    config, seed, members = options.config, options.seed, options.seeds
    if members < 1:
        raise ConfigError(f"--seeds must be at least 1, got {members}")
    if options.rating_games:
        check_games(options.rating_games, "--rating-games")
    if options.resume is not None:
        folder = options.resume
        facts = checkpoints.read_facts(checkpoints.find(folder))
        if facts.env != options.env:
            raise CheckpointError(f"--resume {folder}: that run trains {facts.env}, not {options.env}")
        config, seed, members = facts.config, facts.seed, facts.members
        budget = budget or Budget(**facts.budget)
    else:
        folder = options.out or Path("runs") / options.env.replace("/", "-") / time.strftime("%Y%m%d-%H%M%S")
        if checkpoints.updates(folder):
            raise ConfigError(f"{folder}: holds a run already; go on with it by --resume, or choose another --out")
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
        checkpoint_seconds=options.checkpoint_seconds,
        loggers=tuple(loggers),
    )
