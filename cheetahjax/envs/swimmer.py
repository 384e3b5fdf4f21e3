"""Swimmer-v5. Reference: ``gymnasium/envs/mujoco/swimmer_v5.py``, class ``SwimmerEnv``."""

from __future__ import annotations

import dataclasses
from typing import Any

import jax
import jax.numpy as jnp

from cheetahjax.envs.locomotion import Locomotion
from cheetahjax.envs.observation import scalar, vector
from cheetahjax.envs.planar_env import Advance, Outcome, uniform
from cheetahjax.model import SWIMMER
from jaxenv import struct


@struct.dataclass
class SwimmerParams(struct.Node):
    """Gymnasium's options under its names."""

    forward_reward_weight: Any = 1.0
    ctrl_cost_weight: Any = 1e-4
    reset_noise_scale: Any = 0.1
    max_steps_in_episode: Any = 1000


@dataclasses.dataclass(frozen=True, kw_only=True)
class Swimmer(Locomotion[SwimmerParams]):
    """Three rods in a viscous fluid, seen from above, with two motors; it never terminates.

    Only the speed along x is rewarded. Starts at the initial pose plus uniform noise within ``reset_noise_scale`` on
    positions and velocities.
    """

    task = "Swimmer-v5"
    model = SWIMMER
    params_type = SwimmerParams
    position_fields = (
        vector("root_position", 2, "place of the front rod's free joint, x and y [m]"),
        scalar("root_angle", "direction of the front rod, from x towards y [rad]"),
        vector("joint_angles", 2, "middle and back rod, each against the one before it [rad]"),
    )
    velocity_fields = (
        vector("root_velocity", 2, "velocity of the front rod's free joint, along x and y [m/s]"),
        scalar("root_angle_rate", "rate of the front rod's direction [rad/s]"),
        vector("joint_rates", 2, "middle and back rod, each against the one before it [rad/s]"),
    )

    frame_skip: int = 4
    ctrl_cost_weight: float = 1e-4
    reset_noise_scale: float = 0.1

    def draw_start(self, key: jax.Array, params: SwimmerParams) -> tuple[jax.Array, jax.Array]:
        position_key, velocity_key = jax.random.split(key)
        qpos = self.initial_qpos() + uniform(position_key, self.model.nv, params.reset_noise_scale)
        return qpos, uniform(velocity_key, self.model.nv, params.reset_noise_scale)

    def outcome(self, before: Any, advance: Advance, action: jax.Array, params: SwimmerParams) -> Outcome:
        moved = super().outcome(before, advance, action, params)
        x, y = advance.state.physics.qpos[0], advance.state.physics.qpos[1]
        place = {
            "y_position": y,
            "y_velocity": advance.displacement[1] / self.dt,
            "distance_from_origin": jnp.sqrt(x * x + y * y),
        }
        return Outcome(moved.reward, moved.terminated, moved.metrics | place)
