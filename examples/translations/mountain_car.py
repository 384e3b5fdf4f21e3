"""MountainCar-v0 in JAX, after Gymnasium's `gymnasium/envs/classic_control/mountain_car.py`."""

from __future__ import annotations

import dataclasses
from typing import Any

import jax
import jax.numpy as jnp

from jaxenv import Environment, EnvSpec, ObsField, ObsSpec, Reference, struct

FORCE, GRAVITY = 0.001, 0.0025
LEFT, RIGHT, GOAL, MAX_SPEED = -1.2, 0.6, 0.5, 0.07


@struct.dataclass
class Params:
    """Parameters, which may vary between lanes."""

    max_steps_in_episode: Any = 200


@struct.dataclass
class State:
    """`state`: float32 [2], position and velocity; `time`: int32, steps taken."""

    state: jax.Array
    time: jax.Array


@dataclasses.dataclass(frozen=True, kw_only=True)
class MountainCar(Environment):
    """Drive an underpowered car out of a valley: push left (0), not at all (1), or right (2)."""

    @property
    def spec(self) -> EnvSpec:
        """Facts."""
        return EnvSpec(
            id="example/mountain_car",
            version="v0",
            players=1,
            dynamics="single",
            information="perfect",
            num_actions=3,
            reward_range=(-1.0, 0.0),
            horizon=200,
            reference=Reference(name="Gymnasium MountainCar-v0", version="1.x", licence="MIT"),
        )

    @property
    def obs_spec(self) -> ObsSpec:
        """The state."""
        return ObsSpec((ObsField(name="car", shape=(2,), low=-1.2, high=0.6, meaning="position, velocity"),))

    @property
    def default_params(self) -> Params:
        """MountainCar-v0's time limit."""
        return Params()

    def observe(self, state: State, params: Params) -> dict[str, jax.Array]:
        """The state."""
        del params
        return {"car": state.state}

    def reset_env(self, key: jax.Array, params: Params) -> tuple[Any, State]:
        """At rest, somewhere in the valley."""
        position = jax.random.uniform(key, (), jnp.float32, -0.6, -0.4)
        state = State(jnp.stack([position, jnp.float32(0)]), jnp.int32(0))
        return self.observe(state, params), state

    def step_env(self, key: jax.Array, state: State, action: Any, params: Params) -> Any:
        """One push, and the pull of the slope."""
        del key
        position, velocity = state.state
        push = (jnp.asarray(action, jnp.float32) - 1) * FORCE
        velocity = jnp.clip(velocity + push - jnp.cos(3 * position) * GRAVITY, -MAX_SPEED, MAX_SPEED)
        position = jnp.clip(position + velocity, LEFT, RIGHT)
        velocity = jnp.where((position <= LEFT) & (velocity < 0), 0.0, velocity)
        state = State(jnp.stack([position, velocity]), state.time + 1)
        terminated = (position >= GOAL) & (velocity >= 0)
        truncated = (state.time >= params.max_steps_in_episode) & ~terminated
        return self.observe(state, params), state, jnp.float32(-1), terminated, truncated, {}
