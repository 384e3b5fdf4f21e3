"""Acrobot-v1 in JAX, after Gymnasium's `gymnasium/envs/classic_control/acrobot.py`."""

from __future__ import annotations

import dataclasses
import math
from typing import Any

import jax
import jax.numpy as jnp

from jaxenv import Environment, EnvSpec, ObsField, ObsSpec, Reference, struct

GRAVITY = 9.8  # m/s²; both links have a mass of 1 kg, a length of 1 m and a moment of inertia of 1 kg m²
TIME_STEP = 0.2  # s
MAX_SPEED_1, MAX_SPEED_2 = 4 * math.pi, 9 * math.pi  # rad/s


@struct.dataclass
class Params:
    """Parameters, which may vary between lanes."""

    max_steps_in_episode: Any = 500


@struct.dataclass
class State:
    """`state`: float32 [4], both angles and their speeds; `time`: int32, steps taken."""

    state: jax.Array
    time: jax.Array


def derivative(state: jax.Array, torque: jax.Array) -> jax.Array:
    """Time derivative of a state [4], by the equations of Sutton and Barto's book."""
    theta1, theta2, speed1, speed2 = state
    cos2, sin2 = jnp.cos(theta2), jnp.sin(theta2)
    d1 = 0.25 + 1.25 + cos2 + 2.0
    d2 = 0.25 + 0.5 * cos2 + 1.0
    phi2 = 0.5 * GRAVITY * jnp.cos(theta1 + theta2 - math.pi / 2)
    phi1 = -0.5 * speed2**2 * sin2 - speed2 * speed1 * sin2 + 1.5 * GRAVITY * jnp.cos(theta1 - math.pi / 2) + phi2
    turn2 = (torque + d2 / d1 * phi1 - 0.5 * speed1**2 * sin2 - phi2) / (1.25 - d2**2 / d1)
    turn1 = -(d2 * turn2 + phi1) / d1
    return jnp.stack([speed1, speed2, turn1, turn2])


def integrate(state: jax.Array, torque: jax.Array) -> jax.Array:
    """One step of the classical Runge–Kutta method."""
    k1 = derivative(state, torque)
    k2 = derivative(state + TIME_STEP / 2 * k1, torque)
    k3 = derivative(state + TIME_STEP / 2 * k2, torque)
    k4 = derivative(state + TIME_STEP * k3, torque)
    return state + TIME_STEP / 6 * (k1 + 2 * k2 + 2 * k3 + k4)


def wrapped(angle: jax.Array) -> jax.Array:
    """The angle within ±π."""
    angle = jnp.where(angle > math.pi, angle - 2 * math.pi, angle)
    return jnp.where(angle < -math.pi, angle + 2 * math.pi, angle)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Acrobot(Environment):
    """Swing the tip of a two-link pendulum up, by a torque of -1, 0 or 1 Nm at the middle joint."""

    @property
    def spec(self) -> EnvSpec:
        """Facts."""
        return EnvSpec(
            id="example/acrobot",
            version="v1",
            players=1,
            dynamics="single",
            information="perfect",
            num_actions=3,
            reward_range=(-1.0, 0.0),
            horizon=500,
            reference=Reference(name="Gymnasium Acrobot-v1", version="1.x", licence="MIT"),
        )

    @property
    def obs_spec(self) -> ObsSpec:
        """Cosine and sine of both angles, and both speeds."""
        meaning = "cos, sin of the first angle; of the second; both speeds, rad/s"
        return ObsSpec((ObsField(name="links", shape=(6,), low=-28.28, high=28.28, meaning=meaning),))

    @property
    def default_params(self) -> Params:
        """Acrobot-v1's time limit."""
        return Params()

    def observe(self, state: State, params: Params) -> dict[str, jax.Array]:
        """The observation."""
        del params
        one, two, speed1, speed2 = state.state
        return {"links": jnp.stack([jnp.cos(one), jnp.sin(one), jnp.cos(two), jnp.sin(two), speed1, speed2])}

    def reset_env(self, key: jax.Array, params: Params) -> tuple[Any, State]:
        """Hanging down, nearly at rest."""
        state = State(jax.random.uniform(key, (4,), jnp.float32, -0.1, 0.1), jnp.int32(0))
        return self.observe(state, params), state

    def step_env(self, key: jax.Array, state: State, action: Any, params: Params) -> Any:
        """One torque; the step that swings the tip above the line costs nothing."""
        del key
        one, two, speed1, speed2 = integrate(state.state, jnp.asarray(action, jnp.float32) - 1)
        speed1, speed2 = (
            jnp.clip(speed1, -MAX_SPEED_1, MAX_SPEED_1),
            jnp.clip(speed2, -MAX_SPEED_2, MAX_SPEED_2),
        )
        state = State(jnp.stack([wrapped(one), wrapped(two), speed1, speed2]), state.time + 1)
        terminated = -jnp.cos(state.state[0]) - jnp.cos(state.state[1] + state.state[0]) > 1.0
        truncated = (state.time >= params.max_steps_in_episode) & ~terminated
        reward = jnp.where(terminated, 0.0, -1.0)
        return self.observe(state, params), state, reward, terminated, truncated, {}
