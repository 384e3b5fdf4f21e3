"""InvertedDoublePendulum-v5. Reference: ``gymnasium/envs/mujoco/inverted_double_pendulum_v5.py``, class
``InvertedDoublePendulumEnv``."""

from __future__ import annotations

import dataclasses
from typing import Any

import jax
import jax.numpy as jnp

from cheetahjax.envs.last_evaluation import evaluate, limit_forces, point_on_link
from cheetahjax.envs.observation import scalar, vector
from cheetahjax.envs.planar_env import Advance, Outcome, PlanarEnv, normal, uniform
from cheetahjax.model import INVERTED_DOUBLE_PENDULUM
from cheetahjax.state import PhysicsState
from cheetahjax.step import EnvStep, Evaluation
from jaxenv import ObsSpec, struct
from jaxenv.environment import reads_state

TIP = (0.0, 0.6)
"""The site ``tip`` in the upper pole's frame [m]."""
UPPER_POLE = 1
FALLEN = 1.0
"""Height of the tip [m] at or below which the episode ends; upright it stands at 1.2."""
_BOUND = 10.0
_FIELDS = (
    scalar("cart_position", "place of the cart on its rail [m]"),
    vector("pole_sines", 2, "sine of the lower pole's angle from upright, and of the upper pole's against the lower"),
    vector("pole_cosines", 2, "the angles' cosines"),
    scalar("cart_velocity", "velocity of the cart, clipped [m/s]", bound=_BOUND),
    vector("pole_rates", 2, "rates of the two angles, clipped [rad/s]", bound=_BOUND),
    scalar("cart_limit_force", "force of the rail's ends on the cart, clipped [N]", bound=_BOUND),
)


@struct.dataclass
class InvertedDoublePendulumParams(struct.Node):
    """Gymnasium's options under its names."""

    healthy_reward: Any = 10.0
    reset_noise_scale: Any = 0.1
    max_steps_in_episode: Any = 1000


@struct.dataclass
class InvertedDoublePendulumState(struct.Node):
    """`planar_env.PlanarState`, and what MuJoCo last computed on the way here (see `cheetahjax.step.EnvStep`)."""

    physics: PhysicsState
    time: jax.Array
    tip: jax.Array
    """``[2]``: place of the upper pole's tip, along the rail and upwards [m] (``data.site_xpos[0]``)."""
    cart_limit_force: jax.Array
    """Force of the rail's ends on the cart [N] (``data.qfrc_constraint[0]``)."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class InvertedDoublePendulum(PlanarEnv[InvertedDoublePendulumState, InvertedDoublePendulumParams]):
    """Two poles on a cart, the upper on top of the lower: ``healthy_reward`` for every step but the one in which they
    fall, less penalties for the tip's distance from its highest place and for the poles' rates.

    They fall when the tip is at 1 m or below. Starts upright plus uniform noise within ``reset_noise_scale`` on
    positions, and with normal velocities of that standard deviation.

    The tip and the force in the observation are not those of the new state but of the integration's last stage, as in
    Gymnasium: see `cheetahjax.step.EnvStep`. The rail's ends are so stiff, some 1e5 N/m, that float32 leaves the force
    errors of a few mN where Gymnasium's clip to +-10 N does not hide them.
    """

    task = "InvertedDoublePendulum-v5"
    model = INVERTED_DOUBLE_PENDULUM
    params_type = InvertedDoublePendulumParams

    frame_skip: int = 5
    healthy_reward: float = 10.0
    reset_noise_scale: float = 0.1

    @property
    def obs_spec(self) -> ObsSpec:
        return ObsSpec(_FIELDS)

    @reads_state
    def observe(self, state: InvertedDoublePendulumState, params: Any) -> dict[str, jax.Array]:
        del params
        qpos, angles = state.physics.qpos, state.physics.qpos[1:]
        qvel = jnp.clip(state.physics.qvel, -_BOUND, _BOUND)
        values = {
            "cart_position": qpos[0],
            "pole_sines": jnp.sin(angles),
            "pole_cosines": jnp.cos(angles),
            "cart_velocity": qvel[0],
            "pole_rates": qvel[1:],
            "cart_limit_force": jnp.clip(state.cart_limit_force, -_BOUND, _BOUND),
        }
        return {name: value.astype(jnp.float32) for name, value in values.items()}

    def draw_start(self, key: jax.Array, params: InvertedDoublePendulumParams) -> tuple[jax.Array, jax.Array]:
        position_key, velocity_key = jax.random.split(key)
        qpos = self.initial_qpos() + uniform(position_key, self.model.nv, params.reset_noise_scale)
        return qpos, normal(velocity_key, self.model.nv, params.reset_noise_scale)

    def state_at(self, physics: PhysicsState, time: Any = 0) -> InvertedDoublePendulumState:
        at = evaluate(self.model, physics, jnp.zeros((self.model.nu,), physics.qpos.dtype), self.newton)
        return self._state(physics, jnp.asarray(time, jnp.int32), at)

    def state_after(self, step: EnvStep, time: jax.Array) -> InvertedDoublePendulumState:
        return self._state(step.state, time, step.evaluated)

    def _state(self, physics: PhysicsState, time: jax.Array, at: Evaluation) -> InvertedDoublePendulumState:
        tip = point_on_link(self.model, at.qpos, UPPER_POLE, TIP)
        return InvertedDoublePendulumState(physics, time, tip, limit_forces(self.model, at)[0])

    def outcome(self, before: Any, advance: Advance, action: jax.Array, params: Any) -> Outcome:
        del before, action
        state = advance.state
        x, y = state.tip[0], state.tip[1]
        _, lower, upper = state.physics.qvel
        terminated = y <= FALLEN
        survive = jnp.where(terminated, 0.0, params.healthy_reward)
        distance = -(0.01 * x * x + (y - 2) ** 2)
        velocity = -(1e-3 * lower * lower + 5e-3 * upper * upper)
        metrics = {"reward_survive": survive, "distance_penalty": distance, "velocity_penalty": velocity}
        return Outcome(survive + distance + velocity, terminated, metrics)
