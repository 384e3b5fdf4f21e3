"""Times PufferLib's own C Pong, unmodified, compiled for this machine, each thread with games of its own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from leaderboard.family import Bench, TrainingSpeed
from leaderboard.policy import Network
from leaderboard.reference import Request, Session
from leaderboard.replay import Tolerance
from leaderboard.section import Section

if TYPE_CHECKING:
    from references.puffer_pong.throughput import Timer

BUILD = "relaxed"
"""The fastest build that plays the same games: 1.3 to 1.5 times faster than "fast", -O3 -march=native alone."""
_ROUNDS, _TRY_SECONDS = 3, 0.3


@contextmanager
def session(request: Request) -> Iterator[Session]:
    """Threads that play at random inside C, or that take turns between the network, in XLA, and C.

    Fetches and compiles the reference on first use. ValueError for play that PufferLib's Pong does not have.
    """
    from references.puffer_pong.compiler import BUILDS
    from references.puffer_pong.install import VERSION
    from references.puffer_pong.throughput import UNIT, throughput_session

    env: Any = request.env
    if not env.strict:
        raise ValueError("PufferLib's Pong has all its quirks, strict=True; there is no strict=False of it")
    with ExitStack() as stack:
        if request.mode == "policy_in_loop":
            threads, timer = _fastest(stack, env, request.cores)
        else:
            threads = request.cores
            timer = stack.enter_context(
                throughput_session(threads, env.frame_skip, continuous=env.continuous, build=BUILD)
            )
        yield Session(
            name="pufferlib puffer_pong",
            version=VERSION,
            cores=request.cores,
            unit=UNIT,
            timer=timer,
            tuning={"threads": threads, "games per thread": timer.envs, "flags": " ".join(BUILDS[BUILD])},
        )


def _fastest(stack: ExitStack, env: Any, cores: int) -> tuple[int, Timer]:
    """A thread per core, or one thread whose network XLA spreads over the cores: whichever is faster here."""
    from references.puffer_pong.throughput import policy_session

    policy = Network(env).batched()
    timers = {
        threads: stack.enter_context(
            policy_session(threads, env.frame_skip, policy, continuous=env.continuous, build=BUILD)
        )
        for threads in {1, cores}
    }
    speeds = dict.fromkeys(timers, 0.0)
    for _ in range(_ROUNDS if len(timers) > 1 else 0):
        for threads, timer in timers.items():
            speeds[threads] = max(speeds[threads], timer(_TRY_SECONDS))
    threads = max(timers, key=speeds.__getitem__)
    return threads, timers[threads]


def _training(lanes: int, seconds: float, backend: str) -> dict[str, Any]:
    from baselines.speed import of_size

    return of_size("pongjax/puffer_pong", lanes, seconds, backend, network=_GRU, ppo=_PPO)


_GRU = {"hidden": (512, 512), "memory": 512, "shared": True}
"""Two million parameters."""
_PPO = {"horizon": 64, "epochs": 4, "minibatches": 8, "learning_rate": 2.5e-4, "discount": 0.99, "gae_lambda": 0.95}
_TRAINING = TrainingSpeed(name="GRU of 2M parameters", env_id="pongjax/puffer_pong", lanes=4096, measure=_training)
_TOLERANCE = Tolerance(absolute=1e-5, relative=1e-5, why="some additions of float32 for each frame, 8 frames a step")
BENCH = Bench(
    sections=(Section(cores=1), Section(), Section(mode="policy_in_loop")),
    session=session,
    tolerance=_TOLERANCE,
    training=(_TRAINING,),
    recorded=Path(__file__).with_name("recorded.json"),
    best_batch={"xla": 4096, "simd": 4096},
)
