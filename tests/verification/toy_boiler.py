"""A boiler whose valve sticks where three rare conditions meet: only the candidate has that line.

Any two of them alone do nothing. Play and plain injection hardly ever show all three together.
"""

from __future__ import annotations

import dataclasses
import functools
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from jaxenv import Environment, EnvSpec, ObsField, ObsSpec, Reference, struct
from references.protocol import Batch
from verification.adapters.jaxenv import JaxenvCandidate
from verification.fields import FieldSpec
from verification.plugin import Checks, Conditions, Draws, Play, Plugin, Sides, State

STUCK_HEAT, HIGH, LOW, SIZE = 37, 92, 8, 100
STATE = ("heat", "charge", "water")


@struct.dataclass
class BoilerParams:
    max_steps_in_episode: Any = 20


@struct.dataclass
class BoilerState:
    heat: jax.Array
    charge: jax.Array
    water: jax.Array
    time: jax.Array


@dataclasses.dataclass(frozen=True, kw_only=True)
class Boiler(Environment):
    """Heat, charge and water, each from 0 to 99; the action moves one of them by one."""

    sticks: bool = False

    @property
    def spec(self) -> EnvSpec:
        return EnvSpec(
            id="toy/boiler",
            version="v1",
            players=1,
            dynamics="single",
            information="perfect",
            num_actions=3,
            reward_range=(0.0, 1.0),
            horizon=20,
            reference=Reference(name="the same without the bug", version="1", licence="MIT"),
        )

    @property
    def obs_spec(self) -> ObsSpec:
        return ObsSpec(tuple(ObsField(name=name, low=0, high=SIZE, meaning=name) for name in STATE))

    @property
    def default_params(self) -> BoilerParams:
        return BoilerParams()

    def observe(self, state: BoilerState, params: BoilerParams) -> dict[str, jax.Array]:
        return {name: getattr(state, name).astype(jnp.float32) for name in STATE}

    def reset_env(self, key: jax.Array, params: BoilerParams) -> tuple[Any, BoilerState]:
        heat, charge, water = jax.random.randint(key, (3,), 0, SIZE, jnp.int32)
        state = BoilerState(heat, charge, water, jnp.int32(0))
        return self.observe(state, params), state

    def step_env(self, key: jax.Array, state: BoilerState, action: Any, params: BoilerParams) -> Any:
        values = [(getattr(state, name) + (action == k)) % SIZE for k, name in enumerate(STATE)]
        valve = self.valve(*values)
        after = BoilerState(*values, state.time + 1)
        truncated = after.time >= params.max_steps_in_episode
        return self.observe(after, params), after, valve.astype(jnp.float32), jnp.bool_(False), truncated, {}

    def valve(self, heat: jax.Array, charge: jax.Array, water: jax.Array) -> jax.Array:
        opens = jnp.where((heat == 0) & (heat > 50), True, (heat >= 50) | (water > HIGH))
        if self.sticks:
            opens = opens | ((heat == STUCK_HEAT) & (charge > HIGH) & (water < LOW))
        return opens


@functools.cache
def made(sticks: bool) -> JaxenvCandidate:
    return JaxenvCandidate(Boiler(sticks=sticks), lanes=(8, 512))


def plugin(sticks: bool = True, watched: bool = True, quick: bool = True, **conditions: Any) -> Plugin:
    conditions = {"traced": lambda: made(sticks).traced(), "within": (__name__,), **conditions}
    return Plugin(
        env="toy/boiler",
        sides=Sides(reference=lambda: made(False), candidate=lambda: made(sticks), same_start=True),
        state=State(
            modules=("boiler", "outcome"), fields=(FieldSpec("state.*", "boiler"), FieldSpec("out.*", "outcome"))
        ),
        draws=Draws(noise="none"),
        play=Play(horizon=20, mine=mine),
        checks=Checks(replaces=("L2/state-machine", "L2/pairs") if quick else ("L2/state-machine",)),
        conditions=Conditions(**conditions) if watched else Conditions(),
    )


def mine(rng: np.random.Generator, count: int) -> Batch:
    """Any state at all."""
    values = {f"state.{name}": rng.integers(0, SIZE, count).astype(np.int32) for name in STATE}
    return {**values, "state.time": rng.integers(0, 19, count).astype(np.int32)}
