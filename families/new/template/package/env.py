"""A rover that digs ore and carries it to its base: the environment. Its rules stand in `rules.py`."""

from __future__ import annotations

import dataclasses
from typing import Any

import jax
import jax.numpy as jnp

from families.new.template.package.rules import BATTERY, DIG, ROOM, SIZE, RoverState, advance, can_dig, over
from jaxenv import Environment, EnvSpec, ObsField, ObsSpec, Reference, struct

ID = "template/Rover-v0"


@struct.dataclass
class RoverParams:
    """Settings that may differ between lanes."""

    max_steps_in_episode: Any = 60


@dataclasses.dataclass(frozen=True, kw_only=True)
class Rover(Environment):
    """Bring all ore to the base before the battery is empty."""

    @property
    def spec(self) -> EnvSpec:
        """Facts."""
        return EnvSpec(
            id=ID,
            version="v0",
            players=1,
            dynamics="single",
            information="perfect",
            num_actions=4,
            reward_range=(-3.0, 9.0),
            horizon=60,
            reference=Reference(name="the toy reference of the template", version="1", licence="MIT"),
        )

    @property
    def obs_spec(self) -> ObsSpec:
        """Everything but the time."""
        return ObsSpec(
            (
                ObsField(name="place", low=0, high=SIZE - 1, meaning="cell of the rover"),
                ObsField(name="battery", low=0, high=BATTERY, meaning="units left"),
                ObsField(name="cargo", low=0, high=ROOM, meaning="pieces carried"),
                ObsField(name="ore", shape=(SIZE,), low=0, high=2, meaning="pieces in each cell"),
            )
        )

    @property
    def default_params(self) -> RoverParams:
        """The reference's time limit."""
        return RoverParams()

    def legal_actions(self, state: Any, params: RoverParams) -> jax.Array:
        """bool[4]: digging needs ore and room; when the episode is over, everything is allowed."""
        del params
        return jnp.ones(4, bool).at[DIG].set(can_dig(state) | over(state))

    def observe(self, state: Any, params: RoverParams) -> dict[str, jax.Array]:
        """See `obs_spec`."""
        del params
        return {name: getattr(state, name).astype(jnp.float32) for name in ("place", "battery", "cargo", "ore")}

    def reset_env(self, key: jax.Array, params: RoverParams) -> tuple[Any, RoverState]:
        """Any cell, a full battery, 0 to 2 pieces of ore in each cell: none at the base, at least 1 in the last."""
        place_key, ore_key, last_key = jax.random.split(key, 3)
        ore = jax.random.randint(ore_key, (SIZE,), 0, 3, jnp.int32)
        ore = ore.at[0].set(0).at[-1].set(jax.random.randint(last_key, (), 1, 3, jnp.int32))
        place = jax.random.randint(place_key, (), 0, SIZE, jnp.int32)
        state = RoverState(place, jnp.int32(BATTERY), jnp.int32(0), ore, jnp.int32(0))
        return self.observe(state, params), state

    def step_env(self, key: jax.Array, state: Any, action: Any, params: RoverParams) -> Any:
        """One action. An illegal one digs in vain: it takes its battery, and `info["illegal"]` says so."""
        del key
        illegal = ~self.legal_actions(state, params)[action]
        state, reward = advance(state, action)
        terminated = over(state)
        truncated = (state.time >= params.max_steps_in_episode) & ~terminated
        return self.observe(state, params), state, reward, terminated, truncated, {"illegal": illegal}
