"""Environments that are learned in seconds and whose right answers are known."""

from __future__ import annotations

import dataclasses
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

import jaxenv
from baselines.config import Config, NetworkConfig, PPOConfig, PQNConfig
from jaxenv import Environment, EnvSpec, ObsField, ObsSpec, struct
from jaxenv.spaces import Box

TINY = PPOConfig(environments=16, horizon=8, epochs=2, minibatches=2, learning_rate=1e-2, entropy_coefficient=0.0)
TINY_CONFIG = Config(
    network=NetworkConfig(hidden=(16,)),
    ppo=TINY,
    pqn=PQNConfig(environments=16, horizon=8, epochs=2, minibatches=2, learning_rate=3e-3),
    updates_per_chunk=4,
)


@struct.dataclass
class Params:
    max_steps_in_episode: Any = 5


@struct.dataclass
class State:
    place: jax.Array
    time: jax.Array


@dataclasses.dataclass(frozen=True, kw_only=True)
class Chain(Environment):
    """Five places in a row; action 1 goes right, 0 goes back to the start; 1 for the right end, where it terminates.

    With `endless`, the reward is 1 for every step and episodes are only ever truncated: the value of any state is
    1 / (1 − discount) for who bootstraps at truncations, and less for who does not.
    """

    endless: bool = False
    version_tag: str = "v0"
    poison: int = 0
    """From that many steps of an episode on, rewards are NaN; 0: never."""

    @property
    def spec(self):
        return EnvSpec(
            id="small/endless" if self.endless else "small/chain", version=self.version_tag, players=1,
            dynamics="single", information="perfect", num_actions=2, reward_range=(0.0, 1.0), horizon=20,
            backends=("xla", "simd"),
        )  # fmt: skip

    @property
    def obs_spec(self):
        return ObsSpec((ObsField(name="place", shape=(5,), low=0, high=1, meaning="where it is, one-hot"),))

    @property
    def default_params(self):
        return Params(5 if self.endless else 20)

    def observe(self, state, params):
        return {"place": (jnp.arange(5) == state.place).astype(jnp.float32)}

    def reset_env(self, key, params):
        state = State(jnp.int32(0), jnp.int32(0))
        return self.observe(state, params), state

    def step_env(self, key, state, action, params):
        place = jnp.where(action == 1, jnp.minimum(state.place + 1, 4), 0)
        state = State(place, state.time + 1)
        terminated = (place == 4) & (not self.endless)
        truncated = (state.time >= params.max_steps_in_episode) & ~terminated
        reward = jnp.where(terminated | self.endless, 1.0, 0.0).astype(jnp.float32)
        if self.poison:
            reward = jnp.where(state.time >= self.poison, jnp.nan, reward)
        return self.observe(state, params), state, reward, terminated, truncated, {"illegal": jnp.bool_(False)}


@dataclasses.dataclass(frozen=True, kw_only=True)
class Recall(Environment):
    """The first observation shows a bit; three steps later the action must name it. Needs a memory."""

    @property
    def spec(self):
        return EnvSpec(
            id="small/recall", version="v0", players=1, dynamics="single", information="imperfect", num_actions=2,
            reward_range=(-1.0, 1.0), horizon=4,
        )  # fmt: skip

    @property
    def obs_spec(self):
        return ObsSpec((ObsField(name="seen", shape=(3,), low=0, high=1, meaning="bit 0, bit 1, time to answer"),))

    @property
    def default_params(self):
        return Params(4)

    def observe(self, state, params):
        shows = (state.time == 0) & (jnp.arange(2) == state.place)
        return {"seen": jnp.append(shows, state.time == 3).astype(jnp.float32)}

    def reset_env(self, key, params):
        state = State(jax.random.bernoulli(key, jnp.float32(0.5)).astype(jnp.int32), jnp.int32(0))
        return self.observe(state, params), state

    def step_env(self, key, state, action, params):
        answers = state.time == 3
        reward = jnp.where(answers, jnp.where(action == state.place, 1.0, -1.0), 0.0).astype(jnp.float32)
        state = State(state.place, state.time + 1)
        info = {"illegal": jnp.bool_(False)}
        return self.observe(state, params), state, reward, answers, jnp.bool_(False), info


@dataclasses.dataclass(frozen=True, kw_only=True)
class Target(Environment):
    """One step: the reward is minus the distance of a continuous action from 0.5 and −0.25."""

    @property
    def spec(self):
        return EnvSpec(
            id="small/target", version="v0", players=1, dynamics="single", information="perfect", num_actions=0,
            reward_range=(-9.0, 0.0), horizon=1,
        )  # fmt: skip

    @property
    def obs_spec(self):
        return ObsSpec((ObsField(name="one", shape=(1,), low=1, high=1, meaning="always 1"),))

    @property
    def default_params(self):
        return Params(1)

    def action_space(self, params=None):
        return Box(-1.0, 1.0, (2,))

    def observe(self, state, params):
        return {"one": jnp.ones(1, jnp.float32)}

    def reset_env(self, key, params):
        state = State(jnp.int32(0), jnp.int32(0))
        return self.observe(state, params), state

    def step_env(self, key, state, action, params):
        reward = -jnp.sum(jnp.abs(action - np.array([0.5, -0.25], np.float32)))
        info = {"illegal": jnp.bool_(False)}
        return self.observe(state, params), state, reward, jnp.bool_(True), jnp.bool_(False), info


@dataclasses.dataclass(frozen=True, kw_only=True)
class Pennies(Environment):
    """Two players choose 0, 1 or 2 at once. 2 is illegal in even rounds; whoever names the higher number wins."""

    @property
    def spec(self):
        return EnvSpec(
            id="small/pennies", version="v0", players=2, dynamics="simultaneous", information="imperfect",
            num_actions=3, reward_range=(-1.0, 1.0), horizon=2, zero_sum=True,
        )  # fmt: skip

    @property
    def obs_spec(self):
        return ObsSpec((ObsField(name="odd", shape=(2,), low=0, high=1, meaning="round, seat"),))

    @property
    def default_params(self):
        return Params(2)

    def observe(self, state, params):
        return {
            "odd": jnp.array([[0, 0], [0, 1]], jnp.float32)
            + jnp.array([[1, 0]], jnp.float32) * state.time.astype(jnp.float32)
        }

    def legal_actions(self, state, params):
        return jnp.ones((2, 3), bool).at[:, 2].set(state.time % 2 == 1)

    def reset_env(self, key, params):
        state = State(jnp.int32(0), jnp.int32(0))
        return self.observe(state, params), state

    def step_env(self, key, state, action, params):
        over = state.time == 1
        sign = jnp.sign(action[0] - action[1]).astype(jnp.float32)
        reward = jnp.where(over, jnp.stack([sign, -sign]), 0.0)
        state = State(state.place, state.time + 1)
        info = {"illegal": jnp.zeros(2, bool)}
        return self.observe(state, params), state, reward, over, jnp.bool_(False), info


for _name, _kwargs in (
    ("chain", {}),
    ("endless", {"endless": True}),
    ("recall", {}),
    ("target", {}),
    ("pennies", {}),
):
    _class = {"endless": "Chain"}.get(_name, _name.capitalize())
    jaxenv.register(f"small/{_name}", f"small_environments:{_class}", _kwargs)
