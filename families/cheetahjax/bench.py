"""The peers of the planar MuJoCo tasks, and how far our own step is from C's."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

import jax
import numpy as np

from families.cheetahjax.peers import brax_lanes, gymnasium_processes, mjx_lanes
from families.cheetahjax.peers.lanes import draw_action, lane_keys
from jaxenv.environment import Environment
from leaderboard.accuracy import errors
from leaderboard.peer import Peer
from references.mujoco.tasks import record, task_name


def declared(env: Environment) -> tuple[Peer, ...]:
    """Gymnasium and MJX for every task, Brax for the cheetah."""
    tuned = "mjx {}/{}".format(*mjx_lanes.TUNED)
    peers = [
        Peer(
            name="gymnasium",
            modules=("gymnasium", "mujoco"),
            group="test",
            startup_seconds=4,
            open=partial(gymnasium_processes.session, "gymnasium"),
        ),
        _peer("mjx default", 30, mjx_lanes.session, "mujoco.mjx", None),
        _peer(tuned, 20, mjx_lanes.session, "mujoco.mjx", mjx_lanes.TUNED),
    ]
    if task_name(env) == "HalfCheetah-v5":
        peers += [
            _peer(f"brax {backend}", 25, brax_lanes.session, "brax", backend) for backend in ("generalized", "spring")
        ]
    return tuple(peers)


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
