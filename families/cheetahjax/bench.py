"""The bench of the planar MuJoCo tasks: C MuJoCo at its best, other engines, and the distance of our step from C's."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import jax
import numpy as np

from families.cheetahjax.gymnasium_task import record, task_name
from families.cheetahjax.peers import brax_lanes, gymnasium_processes, mjx_lanes
from families.cheetahjax.peers.lanes import draw_action, lane_keys
from jaxenv.environment import Environment
from leaderboard.accuracy import errors
from leaderboard.family import Bench, TrainingSpeed
from leaderboard.peer import Peer
from leaderboard.reference import Request, Session
from leaderboard.replay import Tolerance

_STATES = 256  # recorded states that the reference's lanes begin with


@contextmanager
def session(request: Request) -> Iterator[Session]:
    """Threads that play the environment's model with random controls. ValueError for another mode."""
    from references.mujoco.rollout import throughput_session

    if request.mode != "env_random_legal":
        raise ValueError(f"mujoco.rollout plays open loop; there is no {request.mode} for it")
    task = record(request.env, _STATES)
    with throughput_session(task, request.cores) as timed:
        yield Session(
            name="mujoco.rollout",
            version=timed.version,
            cores=request.cores,
            unit="env steps/s",
            timer=timed.time,
            physics_per_step=task.frame_skip,
            tuning=timed.tuning,
            note=(
                "C MuJoCo computes no observation, reward or termination here, and its actions are drawn beforehand: "
                f"that favours it. Lanes start anew after {task.episode_steps} steps, a random episode's mean length."
            ),
        )


def peers(env: Environment) -> tuple[Peer, ...]:
    """Gymnasium and MJX for every task, Brax for the cheetah."""
    tuned = "mjx {}/{}".format(*mjx_lanes.TUNED)
    found = [
        Peer(
            name="gymnasium",
            modules=("gymnasium", "mujoco"),
            group="tooling",
            startup_seconds=4,
            open=partial(gymnasium_processes.session, "gymnasium"),
        ),
        _peer("mjx default", 30, mjx_lanes.session, "mujoco.mjx", None),
        _peer(tuned, 20, mjx_lanes.session, "mujoco.mjx", mjx_lanes.TUNED),
    ]
    if task_name(env) == "HalfCheetah-v5":
        found += [
            _peer(f"brax {backend}", 25, brax_lanes.session, "brax", backend) for backend in ("generalized", "spring")
        ]
    return tuple(found)


def error(env: Any, batch: int, compiler_options: Mapping[str, Any]) -> dict[str, Any]:
    """One environment step of ours beside C's, on the states that the peers begin with."""
    from cheetahjax.state import PhysicsState

    task, params = record(env, batch), env.default_params
    actions = np.asarray(jax.vmap(lambda key: draw_action(key, 0, task))(lane_keys(batch)))

    def step(qpos, qvel, warmstart, action):
        state = env.state_at(PhysicsState(qpos, qvel, warmstart))
        physics = env.step_env(jax.random.key(0), state, action, params)[1].physics
        return physics.qpos, physics.qvel

    inputs = (task.qpos, task.qvel, task.warmstart, actions)
    qpos, qvel = jax.jit(jax.vmap(step), compiler_options=dict(compiler_options) or None)(*inputs)
    return errors((np.asarray(qpos), np.asarray(qvel)), task.step_in_c(actions), task.engine)


def _peer(name: str, startup_seconds: float, session: Any, module: str, setting: Any) -> Peer:
    return Peer(
        name=name,
        modules=("gymnasium", "mujoco", module),
        group="peers",
        startup_seconds=startup_seconds,
        open=partial(session, name, setting),
    )


def _training(lanes: int, seconds: float, backend: str) -> dict[str, Any]:
    from baselines.speed import of_size

    return of_size("cheetahjax/HalfCheetah-v5", lanes, seconds, backend, network={}, ppo=_PPO)


_PPO = {"horizon": 16, "epochs": 4, "minibatches": 16, "learning_rate": 2.5e-4, "discount": 0.99, "gae_lambda": 0.95}
_TRAINING = tuple(
    TrainingSpeed(name=f"{lanes} lanes", env_id="cheetahjax/HalfCheetah-v5", lanes=lanes, measure=_training)
    for lanes in (32768, 4096)
)
_TOLERANCE = Tolerance(
    absolute=1e-3,
    relative=1e-3,
    why="a physics step in float32 turns rounding of 1e-7 into velocity errors of up to 2e-4, and accelerations are "
    "a thousand times larger",
)
BENCH = Bench(
    session=session,
    peers=peers,
    error=error,
    tolerance=_TOLERANCE,
    training=_TRAINING,
    peer_batches=(32768, 4096),
    recorded=Path(__file__).with_name("recorded.json"),
    best_batch={"xla": 256, "simd": 4096},
)
