"""Hopper-v5. Reference: ``gymnasium/envs/mujoco/hopper_v5.py``, class ``HopperEnv``."""

from __future__ import annotations

import dataclasses
import math
from typing import Any

import jax
import jax.numpy as jnp

from cheetahjax.envs.locomotion import Locomotion, within
from cheetahjax.envs.observation import scalar, vector
from cheetahjax.envs.planar_env import Advance, Outcome, uniform
from cheetahjax.model import HOPPER
from jaxenv import struct

_JOINTS = "thigh, leg, foot"
_BOUND = 10.0


@struct.dataclass
class HopperParams(struct.Node):
    """Gymnasium's options under its names; ranges are (lower, upper), both ends excluded."""

    forward_reward_weight: Any = 1.0
    ctrl_cost_weight: Any = 1e-3
    healthy_reward: Any = 1.0
    terminate_when_unhealthy: Any = True
    healthy_state_range: Any = (-100.0, 100.0)
    healthy_z_range: Any = (0.7, math.inf)
    healthy_angle_range: Any = (-0.2, 0.2)
    reset_noise_scale: Any = 5e-3
    max_steps_in_episode: Any = 1000


@dataclasses.dataclass(frozen=True, kw_only=True)
class Hopper(Locomotion[HopperParams]):
    """A one-legged planar hopper with three motors; the episode ends when it leaves the healthy ranges.

    ``healthy_state_range`` is for the pitch, the joints' angles and all velocities, unclipped (Gymnasium's
    ``state_vector()[2:]``). ``healthy_reward`` is paid in every step whose end is healthy. Velocities are observed
    clipped to +-10. Starts at the initial pose plus uniform noise within ``reset_noise_scale`` on positions and
    velocities.
    """

    task = "Hopper-v5"
    model = HOPPER
    params_type = HopperParams
    velocity_bound = _BOUND
    position_fields = (
        scalar("root_x", "distance travelled by the torso since x = 0 [m]"),
        scalar("root_height", "height of the torso's centre [m]"),
        scalar("root_pitch", "pitch of the torso, forwards positive [rad]"),
        vector("joint_angles", 3, f"{_JOINTS} [rad]"),
    )
    velocity_fields = (
        vector("root_velocity", 2, "velocity of the torso, forwards and upwards, clipped [m/s]", bound=_BOUND),
        scalar("root_pitch_rate", "rate of the torso's pitch, clipped [rad/s]", bound=_BOUND),
        vector("joint_rates", 3, f"{_JOINTS}, clipped [rad/s]", bound=_BOUND),
    )

    frame_skip: int = 4
    ctrl_cost_weight: float = 1e-3
    healthy_reward: float = 1.0
    terminate_when_unhealthy: bool = True
    healthy_state_range: tuple[float, float] = (-100.0, 100.0)
    healthy_z_range: tuple[float, float] = (0.7, math.inf)
    healthy_angle_range: tuple[float, float] = (-0.2, 0.2)
    reset_noise_scale: float = 5e-3

    def draw_start(self, key: jax.Array, params: HopperParams) -> tuple[jax.Array, jax.Array]:
        position_key, velocity_key = jax.random.split(key)
        qpos = self.initial_qpos() + uniform(position_key, self.model.nv, params.reset_noise_scale)
        return qpos, uniform(velocity_key, self.model.nv, params.reset_noise_scale)

    def outcome(self, before: Any, advance: Advance, action: jax.Array, params: HopperParams) -> Outcome:
        moved = super().outcome(before, advance, action, params)
        qpos, qvel = advance.state.physics.qpos, advance.state.physics.qvel
        bounded = jnp.concatenate((qpos[2:], qvel))
        healthy = (
            jnp.all(within(bounded, params.healthy_state_range))
            & within(qpos[1], params.healthy_z_range)
            & within(qpos[2], params.healthy_angle_range)
        )
        return self.survival(moved, advance.state, healthy, params)
