"""The corridor in JAX."""

import dataclasses
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from corridor.reference import LENGTH, LIMIT
from jaxenv import Environment, EnvSpec, ObsField, ObsSpec, Reference, struct


@struct.dataclass
class CorridorParams:
    """Parameters."""

    max_steps_in_episode: Any = LIMIT


@struct.dataclass
class CorridorState:
    """int32 scalars."""

    place: jax.Array
    time: jax.Array


@dataclasses.dataclass(frozen=True, kw_only=True)
class Corridor(Environment):
    """Walk left (0) or right (1), to the end on the right."""

    @property
    def spec(self):
        return EnvSpec(
            id="corridor/short",
            version="v0",
            players=1,
            dynamics="single",
            information="perfect",
            num_actions=2,
            reward_range=(-0.01, 0.99),
            horizon=LIMIT,
            reference=Reference(name="the author's Walk", version="1.0", licence="MIT"),
        )

    @property
    def obs_spec(self):
        return ObsSpec((ObsField(name="place", dtype=np.int32, low=0, high=LENGTH, meaning="places from the left"),))

    @property
    def default_params(self):
        return CorridorParams()

    def observe(self, state, params):
        del params
        return {"place": state.place}

    def reset_env(self, key, params):
        state = CorridorState(jax.random.randint(key, (), 0, 4, jnp.int32), jnp.int32(0))
        return self.observe(state, params), state

    def step_env(self, key, state, action, params):
        del key
        place = jnp.maximum(state.place + jnp.where(action == 1, 1, -1), 0).astype(jnp.int32)
        state = CorridorState(place, state.time + 1)
        terminated = place == LENGTH
        truncated = (state.time >= params.max_steps_in_episode) & ~terminated
        reward = jnp.where(terminated, jnp.float32(0.99), jnp.float32(-0.01))
        return self.observe(state, params), state, reward, terminated, truncated, {}
