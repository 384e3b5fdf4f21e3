"""Times Pokémon Showdown's own simulator, unmodified, one Node worker per core."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from leaderboard.family import Bench, TrainingSpeed
from leaderboard.reference import Request, Session
from leaderboard.section import Section
from pokejax.common.formats import of_environment


@contextmanager
def session(request: Request) -> Iterator[Session]:
    """Workers that play the environment's format. Installs the reference on first use; ValueError for another mode."""
    from references.showdown.install import VERSION
    from references.showdown.throughput import UNIT, throughput_session

    if request.mode != "env_random_legal":
        raise ValueError(f"Showdown's workers play at random inside Node; there is no {request.mode} for them")
    if (pool := getattr(request.env, "pool", None)) is not None:
        raise ValueError(f"Showdown's workers draw teams of their own, not those of pool={str(pool)!r}")
    with throughput_session(request.cores, format=of_environment(request.env_id).reference) as timer:
        yield Session(name="pokemon-showdown", version=VERSION, cores=request.cores, unit=UNIT, timer=timer)


def _training(lanes: int, seconds: float, backend: str) -> dict[str, Any]:
    from baselines.speed import of_size

    return of_size("pokejax/gen1randombattle", lanes, seconds, backend, network={}, ppo=_PPO)


_PPO = {"horizon": 32, "epochs": 4, "minibatches": 8, "learning_rate": 2.5e-4, "discount": 0.99, "gae_lambda": 0.95}
_TRAINING = TrainingSpeed(name="entity network", env_id="pokejax/gen1randombattle", lanes=4096, measure=_training)
BENCH = Bench(
    sections=(Section(),),
    session=session,
    training=(_TRAINING,),
    recorded=Path(__file__).with_name("recorded.json"),
    best_batch={"xla": 512, "simd": 16384},
)
