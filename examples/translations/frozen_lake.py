"""FrozenLake-v1 without slipping in JAX, after Gymnasium's `gymnasium/envs/toy_text/frozen_lake.py`."""

from __future__ import annotations

import dataclasses
from typing import Any

import jax
import jax.numpy as jnp

from jaxenv import Environment, EnvSpec, ObsField, ObsSpec, Reference, struct

LAKE = ("SFFF", "FHFH", "FFFH", "HFFG")
HOLES = sum(1 << i for i, field in enumerate("".join(LAKE)) if field == "H")  # bit i: a hole in field i
GOAL = 15


@struct.dataclass
class Params:
    """Parameters, which may vary between lanes."""

    max_steps_in_episode: Any = 100


@struct.dataclass
class State:
    """`s`: int32, the field; `time`: int32, steps taken."""

    s: jax.Array
    time: jax.Array


@dataclasses.dataclass(frozen=True, kw_only=True)
class FrozenLake(Environment):
    """Cross a lake of four by four fields: left (0), down (1), right (2), up (3)."""

    @property
    def spec(self) -> EnvSpec:
        """Facts."""
        return EnvSpec(
            id="example/frozen_lake",
            version="v1",
            players=1,
            dynamics="single",
            information="perfect",
            num_actions=4,
            reward_range=(0.0, 1.0),
            horizon=100,
            reference=Reference(name="Gymnasium FrozenLake-v1", version="1.x", licence="MIT"),
        )

    @property
    def obs_spec(self) -> ObsSpec:
        """The field."""
        return ObsSpec((ObsField(name="field", low=0, high=15, meaning="number of the field, row by row"),))

    @property
    def default_params(self) -> Params:
        """FrozenLake-v1's time limit."""
        return Params()

    def observe(self, state: State, params: Params) -> dict[str, jax.Array]:
        """The field."""
        del params
        return {"field": state.s.astype(jnp.float32)}

    def reset_env(self, key: jax.Array, params: Params) -> tuple[Any, State]:
        """In the first field."""
        del key
        state = State(jnp.int32(0), jnp.int32(0))
        return self.observe(state, params), state

    def step_env(self, key: jax.Array, state: State, action: Any, params: Params) -> Any:
        """One field on, unless an edge or an end holds."""
        del key
        row, column = state.s // 4, state.s % 4
        row = jnp.clip(row + (action == 1) - (action == 3), 0, 3)
        column = jnp.clip(column + (action == 2) - (action == 0), 0, 3)
        stays = (HOLES >> state.s & 1 == 1) | (state.s == GOAL)
        s = jnp.where(stays, state.s, row * 4 + column).astype(jnp.int32)
        terminated = (HOLES >> s & 1 == 1) | (s == GOAL)
        reward = jnp.where((s == GOAL) & ~stays, 1.0, 0.0)
        state = State(s, state.time + 1)
        truncated = (state.time >= params.max_steps_in_episode) & ~terminated
        return self.observe(state, params), state, reward, terminated, truncated, {}
