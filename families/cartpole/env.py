"""CartPole-v1 in JAX, after Gymnasium's `gymnasium/envs/classic_control/cartpole.py`."""

from __future__ import annotations

import dataclasses
import math
from typing import Any

import jax
import jax.numpy as jnp

from jaxenv import Environment, EnvSpec, ObsField, ObsSpec, Reference, struct
from jaxenv.drawing import Box, Drawing, Line, disc

GRAVITY = 9.8  # m/s²
CART_MASS, POLE_MASS = 1.0, 0.1  # kg
HALF_LENGTH = 0.5  # m, from the joint to the pole's centre of mass
FORCE = 10.0  # N
TIME_STEP = 0.02  # s
X_LIMIT = 2.4  # m
THETA_LIMIT = 12 * 2 * math.pi / 360  # rad


@struct.dataclass
class CartPoleParams:
    """Parameters, which may vary between lanes."""

    max_steps_in_episode: Any = 500


@struct.dataclass
class CartPoleState:
    """Float32 scalars, and `time`, the steps taken."""

    x: jax.Array  # m
    x_dot: jax.Array  # m/s
    theta: jax.Array  # rad from upright, positive to the right
    theta_dot: jax.Array  # rad/s
    time: jax.Array  # int32


def integrate(state: CartPoleState, force: jax.Array) -> CartPoleState:
    """One explicit Euler step: positions move by the velocities from before the step."""
    sin, cos = jnp.sin(state.theta), jnp.cos(state.theta)
    total_mass = CART_MASS + POLE_MASS
    push = (force + POLE_MASS * HALF_LENGTH * jnp.square(state.theta_dot) * sin) / total_mass
    inertia = HALF_LENGTH * (4 / 3 - POLE_MASS * jnp.square(cos) / total_mass)
    theta_acceleration = (GRAVITY * sin - cos * push) / inertia
    x_acceleration = push - POLE_MASS * HALF_LENGTH * theta_acceleration * cos / total_mass
    return CartPoleState(
        x=state.x + TIME_STEP * state.x_dot,
        x_dot=state.x_dot + TIME_STEP * x_acceleration,
        theta=state.theta + TIME_STEP * state.theta_dot,
        theta_dot=state.theta_dot + TIME_STEP * theta_acceleration,
        time=state.time + 1,
    )


def fallen(state: CartPoleState) -> jax.Array:
    """bool: the cart or the pole is beyond its limit; exactly at it still stands."""
    return (jnp.abs(state.x) > X_LIMIT) | (jnp.abs(state.theta) > THETA_LIMIT)


@dataclasses.dataclass(frozen=True, kw_only=True)
class CartPole(Environment):
    """Balance a pole on a cart that is pushed left (0) or right (1); one point for every step."""

    @property
    def spec(self) -> EnvSpec:
        """Facts."""
        return EnvSpec(
            id="example/cartpole",
            version="v1",
            players=1,
            dynamics="single",
            information="perfect",
            num_actions=2,
            reward_range=(0.0, 1.0),
            horizon=500,
            reference=Reference(name="Gymnasium CartPole-v1", version="1.x", licence="MIT"),
        )

    @property
    def obs_spec(self) -> ObsSpec:
        """The state, in Gymnasium's order."""
        return ObsSpec(
            (
                ObsField(name="x", low=-4.8, high=4.8, meaning="cart position, m"),
                ObsField(name="x_dot", low=-math.inf, high=math.inf, meaning="cart velocity, m/s"),
                ObsField(name="theta", low=-0.4189, high=0.4189, meaning="pole angle from upright, rad"),
                ObsField(name="theta_dot", low=-math.inf, high=math.inf, meaning="pole angular velocity, rad/s"),
            )
        )

    @property
    def default_params(self) -> CartPoleParams:
        """CartPole-v1's time limit."""
        return CartPoleParams()

    def observe(self, state: CartPoleState, params: CartPoleParams) -> dict[str, jax.Array]:
        """Everything but the time."""
        del params
        return {"x": state.x, "x_dot": state.x_dot, "theta": state.theta, "theta_dot": state.theta_dot}

    def picture(self, state: CartPoleState, params: CartPoleParams) -> Drawing:
        """The cart on its track, 600 pixels for Gymnasium's 4.8 m, and the pole, 1 m long."""
        del params
        scale, floor = 600 / (2 * X_LIMIT), 300.0
        x, theta = 300 + float(state.x) * scale, float(state.theta)
        length = 2 * HALF_LENGTH * scale
        shapes = (
            Line(0, floor, 600, floor, 2, "#90a4ae"),
            Box(x - 25, floor - 30, 50, 30, "#37474f", 4),
            Line(x, floor - 30, x + length * math.sin(theta), floor - 30 - length * math.cos(theta), 10, "#ef6c00"),
            disc(x, floor - 30, 5, "#00838f"),
        )
        return Drawing(600, 340, "#f3f6f8", shapes, "CartPole")

    def reset_env(self, key: jax.Array, params: CartPoleParams) -> tuple[Any, CartPoleState]:
        """Each of the four numbers uniform within ±0.05."""
        x, x_dot, theta, theta_dot = jax.random.uniform(key, (4,), jnp.float32, -0.05, 0.05)
        state = CartPoleState(x, x_dot, theta, theta_dot, jnp.int32(0))
        return self.observe(state, params), state

    def step_env(self, key: jax.Array, state: CartPoleState, action: Any, params: CartPoleParams) -> Any:
        """One push; the step that ends the episode still gives its point."""
        del key
        state = integrate(state, jnp.where(action == 1, FORCE, -FORCE))
        terminated = fallen(state)
        truncated = (state.time >= params.max_steps_in_episode) & ~terminated
        return self.observe(state, params), state, jnp.float32(1), terminated, truncated, {}
