"""Walker2d-v5. Reference: ``gymnasium/envs/mujoco/walker2d_v5.py``, class ``Walker2dEnv``."""

from __future__ import annotations

import dataclasses
from typing import Any

import jax

from cheetahjax.envs.locomotion import Locomotion, within
from cheetahjax.envs.observation import scalar, vector
from cheetahjax.envs.planar_env import Advance, Outcome, uniform
from cheetahjax.model import WALKER2D
from jaxenv import struct

_JOINTS = "right thigh, leg, foot, left thigh, leg, foot"
_BOUND = 10.0


@struct.dataclass
class Walker2dParams(struct.Node):
    """Gymnasium's options under its names; ranges are (lower, upper), both ends excluded."""

    forward_reward_weight: Any = 1.0
    ctrl_cost_weight: Any = 1e-3
    healthy_reward: Any = 1.0
    terminate_when_unhealthy: Any = True
    healthy_z_range: Any = (0.8, 2.0)
    healthy_angle_range: Any = (-1.0, 1.0)
    reset_noise_scale: Any = 5e-3
    max_steps_in_episode: Any = 1000


@dataclasses.dataclass(frozen=True, kw_only=True)
class Walker2d(Locomotion[Walker2dParams]):
    """A two-legged planar walker with six motors; the episode ends when its torso leaves the healthy ranges.

    ``healthy_reward`` is paid in every step whose end is healthy. Velocities are observed clipped to +-10; the healthy
    ranges and the reward use the real ones. Starts at the initial pose plus uniform noise within ``reset_noise_scale``
    on positions and velocities. The physics is that of ``walker2d_v5.xml``, whose feet have equal friction.
    """

    task = "Walker2d-v5"
    model = WALKER2D
    params_type = Walker2dParams
    velocity_bound = _BOUND
    position_fields = (
        scalar("root_x", "distance travelled by the torso since x = 0 [m]"),
        scalar("root_height", "height of the torso's centre [m]"),
        scalar("root_pitch", "pitch of the torso, forwards positive [rad]"),
        vector("joint_angles", 6, f"{_JOINTS} [rad]"),
    )
    velocity_fields = (
        vector("root_velocity", 2, "velocity of the torso, forwards and upwards, clipped [m/s]", bound=_BOUND),
        scalar("root_pitch_rate", "rate of the torso's pitch, clipped [rad/s]", bound=_BOUND),
        vector("joint_rates", 6, f"{_JOINTS}, clipped [rad/s]", bound=_BOUND),
    )

    frame_skip: int = 4
    ctrl_cost_weight: float = 1e-3
    healthy_reward: float = 1.0
    terminate_when_unhealthy: bool = True
    healthy_z_range: tuple[float, float] = (0.8, 2.0)
    healthy_angle_range: tuple[float, float] = (-1.0, 1.0)
    reset_noise_scale: float = 5e-3

    def draw_start(self, key: jax.Array, params: Walker2dParams) -> tuple[jax.Array, jax.Array]:
        position_key, velocity_key = jax.random.split(key)
        qpos = self.initial_qpos() + uniform(position_key, self.model.nv, params.reset_noise_scale)
        return qpos, uniform(velocity_key, self.model.nv, params.reset_noise_scale)

    def outcome(self, before: Any, advance: Advance, action: jax.Array, params: Walker2dParams) -> Outcome:
        moved = super().outcome(before, advance, action, params)
        qpos = advance.state.physics.qpos
        healthy = within(qpos[1], params.healthy_z_range) & within(qpos[2], params.healthy_angle_range)
        return self.survival(moved, advance.state, healthy, params)
