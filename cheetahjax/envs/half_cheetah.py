"""HalfCheetah-v5. Reference: ``gymnasium/envs/mujoco/half_cheetah_v5.py``, class ``HalfCheetahEnv``."""

from __future__ import annotations

import dataclasses
from typing import Any

import jax

from cheetahjax.envs.locomotion import Locomotion
from cheetahjax.envs.observation import scalar, vector
from cheetahjax.envs.planar_env import normal, uniform
from cheetahjax.model import HALF_CHEETAH
from jaxenv import struct

_JOINTS = "back thigh, back shin, back foot, front thigh, front shin, front foot"


@struct.dataclass
class HalfCheetahParams(struct.Node):
    """Gymnasium's options under its names."""

    forward_reward_weight: Any = 1.0
    ctrl_cost_weight: Any = 0.1
    reset_noise_scale: Any = 0.1
    max_steps_in_episode: Any = 1000


@dataclasses.dataclass(frozen=True, kw_only=True)
class HalfCheetah(Locomotion[HalfCheetahParams]):
    """A two-legged planar runner of 14 kg with six motors; it never terminates.

    Starts at the initial pose plus uniform noise within ``reset_noise_scale`` on positions, and with normal velocities
    of that standard deviation.
    """

    task = "HalfCheetah-v5"
    model = HALF_CHEETAH
    params_type = HalfCheetahParams
    position_fields = (
        scalar("root_x", "distance travelled by the torso since x = 0 [m]"),
        scalar("root_height", "height of the torso above its initial 0.7 m [m]"),
        scalar("root_pitch", "pitch of the torso, nose down positive [rad]"),
        vector("joint_angles", 6, f"{_JOINTS} [rad]"),
    )
    velocity_fields = (
        vector("root_velocity", 2, "velocity of the torso, forwards and upwards [m/s]"),
        scalar("root_pitch_rate", "rate of the torso's pitch [rad/s]"),
        vector("joint_rates", 6, f"{_JOINTS} [rad/s]"),
    )

    frame_skip: int = 5
    ctrl_cost_weight: float = 0.1
    reset_noise_scale: float = 0.1

    def draw_start(self, key: jax.Array, params: HalfCheetahParams) -> tuple[jax.Array, jax.Array]:
        position_key, velocity_key = jax.random.split(key)
        qpos = self.initial_qpos() + uniform(position_key, self.model.nv, params.reset_noise_scale)
        return qpos, normal(velocity_key, self.model.nv, params.reset_noise_scale)
