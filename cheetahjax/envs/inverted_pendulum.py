"""InvertedPendulum-v5. Reference: ``gymnasium/envs/mujoco/inverted_pendulum_v5.py``, class ``InvertedPendulumEnv``."""

from __future__ import annotations

import dataclasses
from typing import Any

import jax
import jax.numpy as jnp

from cheetahjax.envs.observation import cut, scalar
from cheetahjax.envs.planar_env import Advance, Outcome, PlanarEnv, PlanarState, uniform
from cheetahjax.model import INVERTED_PENDULUM
from jaxenv import ObsSpec, struct
from jaxenv.environment import reads_state

FALLEN = 0.2
"""The pole's angle [rad] beyond which the episode ends."""
_POSITIONS = scalar("cart_position", "place of the cart on its rail [m]"), scalar("pole_angle", "from upright [rad]")
_VELOCITIES = scalar("cart_velocity", "[m/s]"), scalar("pole_rate", "rate of the pole's angle [rad/s]")


@struct.dataclass
class InvertedPendulumParams(struct.Node):
    """Gymnasium's options under its names."""

    reset_noise_scale: Any = 0.01
    max_steps_in_episode: Any = 1000


@dataclasses.dataclass(frozen=True, kw_only=True)
class InvertedPendulum(PlanarEnv[PlanarState, InvertedPendulumParams]):
    """A pole on a cart: 1 for every step but the one in which it falls, whose reward is 0.

    It falls at an angle beyond 0.2 rad, or when the observation is not finite. The control lies within -3 and 3. Starts
    upright plus uniform noise within ``reset_noise_scale`` on positions and velocities.
    """

    task = "InvertedPendulum-v5"
    model = INVERTED_PENDULUM
    params_type = InvertedPendulumParams
    reward_range = (0.0, 1.0)

    frame_skip: int = 2
    reset_noise_scale: float = 0.01

    @property
    def obs_spec(self) -> ObsSpec:
        return ObsSpec(_POSITIONS + _VELOCITIES)

    @reads_state
    def observe(self, state: PlanarState, params: Any) -> dict[str, jax.Array]:
        del params
        return cut(_POSITIONS, state.physics.qpos) | cut(_VELOCITIES, state.physics.qvel)

    def draw_start(self, key: jax.Array, params: InvertedPendulumParams) -> tuple[jax.Array, jax.Array]:
        position_key, velocity_key = jax.random.split(key)
        qpos = self.initial_qpos() + uniform(position_key, self.model.nv, params.reset_noise_scale)
        return qpos, uniform(velocity_key, self.model.nv, params.reset_noise_scale)

    def outcome(self, before: Any, advance: Advance, action: jax.Array, params: Any) -> Outcome:
        del before, action, params
        physics = advance.state.physics
        finite = jnp.all(jnp.isfinite(physics.qpos)) & jnp.all(jnp.isfinite(physics.qvel))
        terminated = ~finite | (jnp.abs(physics.qpos[1]) > FALLEN)
        survive = jnp.where(terminated, 0.0, 1.0)
        return Outcome(survive, terminated, {"reward_survive": survive})
