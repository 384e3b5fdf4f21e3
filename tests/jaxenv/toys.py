"""Two small environments that use every part of the contract."""

from __future__ import annotations

import dataclasses
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from jaxenv import Environment, EnvSpec, ObsField, ObsSpec, struct

PASS = 3


@struct.dataclass
class WalkParams:
    goal: Any = 5
    max_steps_in_episode: Any = 20


@struct.dataclass
class WalkState:
    place: jax.Array
    time: jax.Array


@dataclasses.dataclass(frozen=True, kw_only=True)
class Walk(Environment):
    """One player walks on a line, noisily, from 0 to `goal`; stepping left of 0 is illegal and does nothing."""

    noise: float = 0.1

    @property
    def spec(self):
        return EnvSpec(
            id="toys/walk", version="v0", players=1, dynamics="single", information="perfect", num_actions=2,
            reward_range=(-1.0, 1.0), horizon=20,
        )  # fmt: skip

    @property
    def obs_spec(self):
        return ObsSpec(
            (
                ObsField(name="place", dtype=np.int32, low=0, high=100, meaning="steps from the start"),
                ObsField(name="left", low=0, high=1, meaning="share of the time that is left"),
            )
        )

    @property
    def default_params(self):
        return WalkParams()

    def observe(self, state, params):
        left = 1 - state.time.astype(jnp.float32) / jnp.asarray(params.max_steps_in_episode, jnp.float32)
        return {"place": state.place, "left": left.astype(jnp.float32)}

    def legal_actions(self, state, params):
        ended = (state.place >= params.goal) | (state.time >= params.max_steps_in_episode)
        return jnp.array([True, False]).at[0].set((state.place > 0) | ended).at[1].set(True)

    def reset_env(self, key, params):
        del key
        state = WalkState(jnp.int32(0), jnp.int32(0))
        return self.observe(state, params), state

    def step_env(self, key, state, action, params):
        slip = jax.random.bernoulli(key, jnp.float32(self.noise))
        illegal = (action == 0) & (state.place == 0)
        move = jnp.where(illegal | slip, 0, 2 * action - 1)
        state = WalkState(jnp.maximum(state.place + move, 0), state.time + 1)
        terminated = state.place >= params.goal
        truncated = (state.time >= params.max_steps_in_episode) & ~terminated
        reward = jnp.where(terminated, 1.0, -0.01).astype(jnp.float32)
        return self.observe(state, params), state, reward, terminated, truncated, {"illegal": illegal}


@struct.dataclass
class DuelParams:
    damage: Any = 1
    max_steps_in_episode: Any = 30
    pool: Any = dataclasses.field(default_factory=lambda: np.arange(3, 11, dtype=np.int32))


@struct.dataclass
class DuelState:
    hp: jax.Array  # int32[2]
    dazed: jax.Array  # bool[2]: waits this turn
    time: jax.Array
    damage: jax.Array


@struct.dataclass
class DuelObs:
    hp: jax.Array
    dazed: jax.Array


@dataclasses.dataclass(frozen=True, kw_only=True)
class Duel(Environment):
    """Rock, paper, scissors with hit points; who loses a round is dazed and must pass the next one."""

    autoreset: str = "pool"
    broken: str = ""  # which clause of the contract to break, for the checker's own tests

    @property
    def spec(self):
        return EnvSpec(
            id="toys/duel", version="v0", players=2, dynamics="simultaneous", information="perfect", num_actions=4,
            reward_range=(-1.0, 1.0), horizon=30, no_op=PASS, reward_only_at_end=True, zero_sum=True, tags=("toy",),
        )  # fmt: skip

    @property
    def obs_spec(self):
        high = 5 if self.broken == "bounds" else 100
        return ObsSpec(
            (
                ObsField(name="hp", shape=(2,), low=0, high=high, meaning="hit points: own, theirs"),
                ObsField(name="dazed", shape=(2,), dtype=np.bool_, low=0, high=1, meaning="who passes: own, theirs"),
            ),
            DuelObs,
        )

    @property
    def default_params(self):
        return DuelParams()

    def _ended(self, state):
        return (state.hp <= 0).any()

    def observe(self, state, params):
        mine = lambda x: jnp.stack([x, x[::-1]])  # noqa: E731
        hp = mine(state.hp).astype(jnp.float32)
        return DuelObs(hp * jnp.nan if self.broken == "nan" else hp, mine(state.dazed))

    def to_act(self, state):
        return ~state.dazed | self._ended(state)

    def legal_actions(self, state, params):
        over = self._ended(state) | (state.time >= params.max_steps_in_episode)
        fight = jnp.arange(4) != PASS
        mask = jnp.where(state.dazed[:, None], ~fight, fight)
        if self.broken == "empty mask":
            mask = mask & ~state.dazed[:, None]
        return mask if self.broken == "terminal mask" else mask | over

    def _begin(self, hp, params):
        state = DuelState(jnp.stack([hp, hp]), jnp.zeros(2, bool), jnp.int32(0), jnp.asarray(params.damage, jnp.int32))
        return self.observe(state, params), state

    def reset_env(self, key, params):
        return self._begin(jax.random.randint(key, (), 3, 11, jnp.int32), params)

    def reset_from_pool(self, key, params):
        pool = jnp.asarray(params.pool, jnp.int32)
        return self._begin(pool[jax.random.randint(key, (), 0, pool.shape[0], jnp.int32)], params)

    def step_env(self, key, state, action, params):
        over = self._ended(state)
        illegal = ~self.legal_actions(state, params)[jnp.arange(2), action]
        action = jnp.where(illegal, jnp.where(state.dazed, PASS, 0), action)
        beats = ((action - action[::-1]) % 3 == 1) & (action != PASS) & (action[::-1] != PASS)
        beats = beats | ((action != PASS) & (action[::-1] == PASS))
        hurt = beats[::-1]
        state = DuelState(
            jnp.maximum(state.hp - state.damage * hurt.astype(jnp.int32), 0), hurt, state.time + 1, state.damage
        )
        terminated = self._ended(state)
        truncated = (state.time >= params.max_steps_in_episode) & ~terminated
        if self.broken == "both ends":
            truncated = terminated
        pays = terminated if self.broken == "paid again" else terminated & ~over
        reward = jnp.where(pays, jnp.where(state.hp > 0, 1.0, -1.0), 0.0).astype(jnp.float32)
        if self.broken == "shaped":
            reward = reward + jnp.array([0.5, -0.5], jnp.float32)
        if self.broken == "dtype":
            state = dataclasses.replace(state, time=state.time.astype(jnp.float32))
        return self.observe(state, params), state, reward, terminated, truncated, {"illegal": illegal}
