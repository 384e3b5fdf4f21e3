"""Reacher-v5. Reference: ``gymnasium/envs/mujoco/reacher_v5.py``, class ``ReacherEnv``."""

from __future__ import annotations

import dataclasses
import math
from typing import Any

import jax
import jax.numpy as jnp

from cheetahjax.envs.last_evaluation import point_on_link
from cheetahjax.envs.observation import vector
from cheetahjax.envs.planar_env import Advance, Outcome, PlanarEnv, uniform
from cheetahjax.model import REACHER
from cheetahjax.state import PhysicsState
from cheetahjax.step import EnvStep
from jaxenv import ObsSpec, struct
from jaxenv.environment import reads_state

FINGERTIP = (0.11, 0.0)
"""The body ``fingertip`` in the forearm's frame [m]."""
FOREARM = 1
TARGET_RADIUS = 0.2
"""Targets lie within this distance of the shoulder [m]."""
_FIELDS = (
    vector("joint_cosines", 2, "cosine of the upper arm's direction, and of the forearm's angle against it"),
    vector("joint_sines", 2, "the angles' sines"),
    vector("target_position", 2, "place of the target from the shoulder, x and y [m]"),
    vector("joint_rates", 2, "rates of the two angles [rad/s]"),
    vector("target_to_fingertip", 2, "from the target to the fingertip, x and y [m]"),
)


@struct.dataclass
class ReacherParams(struct.Node):
    """Gymnasium's options under its names."""

    reward_dist_weight: Any = 1.0
    reward_control_weight: Any = 1.0
    max_steps_in_episode: Any = 50


@struct.dataclass
class ReacherState(struct.Node):
    """`planar_env.PlanarState`, and where MuJoCo last placed the bodies (see `cheetahjax.step.EnvStep`)."""

    physics: PhysicsState
    time: jax.Array
    target_to_fingertip: jax.Array
    """``[2]``: ``data.body("fingertip").xpos - data.body("target").xpos`` [m]."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Reacher(PlanarEnv[ReacherState, ReacherParams]):
    """A two-link arm, seen from above, that is to bring its fingertip to a target; it never terminates.

    reward = - reward_dist_weight x distance [m] - reward_control_weight x sum of squared actions. Starts stretched out
    along x plus uniform noise within 0.1 rad, with joint rates within 0.005 rad/s and a resting target, uniform in the
    disc of 0.2 m (Gymnasium draws from the square until it hits the disc: the same law).

    The distance is not that of the new state but of the integration's last stage, as in Gymnasium: see
    `cheetahjax.step.EnvStep`.
    """

    task = "Reacher-v5"
    model = REACHER
    params_type = ReacherParams

    frame_skip: int = 2
    reward_dist_weight: float = 1.0
    reward_control_weight: float = 1.0

    @property
    def obs_spec(self) -> ObsSpec:
        return ObsSpec(_FIELDS)

    @reads_state
    def observe(self, state: ReacherState, params: Any) -> dict[str, jax.Array]:
        del params
        qpos, qvel = state.physics.qpos, state.physics.qvel
        values = {
            "joint_cosines": jnp.cos(qpos[:2]),
            "joint_sines": jnp.sin(qpos[:2]),
            "target_position": qpos[2:],
            "joint_rates": qvel[:2],
            "target_to_fingertip": state.target_to_fingertip,
        }
        return {name: value.astype(jnp.float32) for name, value in values.items()}

    def draw_start(self, key: jax.Array, params: Any) -> tuple[jax.Array, jax.Array]:
        del params
        angle_key, rate_key, radius_key, direction_key = jax.random.split(key, 4)
        angles = self.initial_qpos()[:2] + uniform(angle_key, 2, 0.1)
        radius = TARGET_RADIUS * jnp.sqrt(jax.random.uniform(radius_key, (), jnp.float32))
        direction = jax.random.uniform(direction_key, (), jnp.float32, -math.pi, math.pi)
        target = radius * jnp.stack([jnp.cos(direction), jnp.sin(direction)])
        rates = jnp.concatenate([uniform(rate_key, 2, 0.005), jnp.zeros(2, jnp.float32)])
        return jnp.concatenate([angles, target]), rates

    def state_at(self, physics: PhysicsState, time: Any = 0) -> ReacherState:
        return ReacherState(physics, jnp.asarray(time, jnp.int32), self._target_to_fingertip(physics.qpos))

    def state_after(self, step: EnvStep, time: jax.Array) -> ReacherState:
        return ReacherState(step.state, time, self._target_to_fingertip(step.evaluated.qpos))

    def _target_to_fingertip(self, qpos: jax.Array) -> jax.Array:
        # The target's slides read 0 at the shoulder, so its joint positions are its place.
        return point_on_link(self.model, qpos, FOREARM, FINGERTIP) - qpos[2:]

    def outcome(self, before: Any, advance: Advance, action: jax.Array, params: ReacherParams) -> Outcome:
        del before
        x, y = advance.state.target_to_fingertip
        distance = -params.reward_dist_weight * jnp.sqrt(x * x + y * y)
        control = -params.reward_control_weight * jnp.sum(jnp.square(action))
        metrics = {"reward_dist": distance, "reward_ctrl": control}
        return Outcome(distance + control, jnp.zeros((), bool), metrics)
