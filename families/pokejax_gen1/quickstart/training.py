"""The last act of a quickstart: a policy learns the game in JAX, then plays it in the real Showdown."""

from __future__ import annotations

import argparse
import importlib.util
import time
from typing import TYPE_CHECKING, Any

from families.pokejax_gen1.quickstart.findings import Findings, Trained
from leaderboard.invocation import INSTALLED, spelled

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress

    from baselines.policy import Policy
    from jaxenv import Environment

RANDOM_BATTLES = 500
SHOWDOWN_BATTLES = 20
RIVAL = "max_base_power"
"""The policy's opponent in Showdown: always the move with the highest base power."""

_PACKAGES = ("flax", "optax", "orbax")


def missing() -> str:
    """The packages that training needs and that are not installed, with the remedy; "" where there are all."""
    absent = [name for name in _PACKAGES if importlib.util.find_spec(name) is None]
    if not absent:
        return ""
    remedy = "pip install 'pokejax[tools]'" if INSTALLED else "uv sync"
    return f"{', '.join(absent)}: not installed. Remedy: `{remedy}`"


def train_and_play(
    findings: Findings, env_id: str, options: argparse.Namespace, console: Console, bars: Progress
) -> None:
    """Train for `options.train` joint steps, then count wins against random play in JAX and `RIVAL` in Showdown.

    What was done is in `findings.trained`, step by step; what could not be done is named in `findings.not_done`.
    KeyboardInterrupt after Ctrl-C, with a checkpoint of the policy as it was then.
    """
    why_not = missing()
    if why_not:
        findings.not_done.append(f"training a policy: {why_not}")
        return
    import jaxenv
    from baselines.errors import BaselinesError, StorageError

    seed = options.seed
    doing = "training a policy"
    try:
        trained = findings.trained = _train(env_id, options, console)
        if trained.interrupted:
            findings.not_done.append(f"{doing}: interrupted; what it had learned is in {trained.folder}")
            raise KeyboardInterrupt
        from baselines.policy import load

        env, policy = jaxenv.make(env_id), load(trained.folder, 0)
        doing = "playing the trained policy"
        with console.status(f"Playing {RANDOM_BATTLES} battles against random play ..."):
            _against_random(trained, env, policy, seed)
        doing = "playing the trained policy in Showdown"
        with bars:
            _in_showdown(trained, env, policy, seed, findings.cores, bars)
    except (BaselinesError, StorageError, *_reference_errors()) as error:
        findings.not_done.append(f"{doing}: {error}")


def _reference_errors() -> tuple[type[Exception], ...]:
    from references.showdown import install, workers

    return (install.ReferenceUnavailableError, workers.WorkerFailedError, workers.BadRequestError)


def _train(env_id: str, options: argparse.Namespace, console: Console) -> Trained:
    from baselines.family import config_of
    from baselines.train import Budget, Request, train

    folder = options.out / "policy" / time.strftime("%Y%m%d-%H%M%S")
    console.print(f"Training a policy (`{spelled('baselines', 'train', env_id)}`)", highlight=False, soft_wrap=True)
    request = Request(
        env_id, config_of(env_id), Budget(steps=options.train), folder, options.seed, backend=options.backend
    )
    result = train(request, console)
    return Trained(result.folder, result.seconds, result.steps, interrupted=result.status == "interrupted")


def _against_random(trained: Trained, env: Environment, policy: Policy, seed: int) -> None:
    from baselines.evaluate import evaluate
    from baselines.transfer.scripted import random_play

    (played,) = evaluate(env, policy, RANDOM_BATTLES, seed + 1, opponents=[random_play(env)])
    trained.random_battles = len(played.returns)
    trained.random_wins = int((played.returns > 0).sum())


def _in_showdown(trained: Trained, env: Environment, policy: Policy, seed: int, cores: int, bars: Progress) -> None:
    import jax
    import numpy as np

    from baselines.transfer.episodes import play
    from baselines.transfer.game import game
    from baselines.transfer.scripted import scripted, scripted_names

    names = scripted_names(env.id)
    rival = scripted(env, RIVAL if RIVAL in names else names[0])
    playing: Any = game(env.id)
    task = bars.add_task("Playing the real Showdown", total=SHOWDOWN_BATTLES)
    with playing.reference(SHOWDOWN_BATTLES, cores) as arena:
        episodes = play(
            arena,
            [policy, rival],
            playing.starts(SHOWDOWN_BATTLES, seed),
            jax.random.key(seed),
            limit=playing.limit,
            outcome=playing.outcome,
            on_progress=lambda done, steps: bars.update(task, completed=done),
        )
    scores = episodes.valid("outcome")
    trained.rival = rival.name
    trained.showdown = [int(np.sum(scores == score)) for score in (1.0, 0.5, 0.0)]
