"""The reference in the place of our environment, in the same training program: for policies to be transferred back."""

from __future__ import annotations

import dataclasses
import os
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.experimental import io_callback

from baselines.lanes import Lanes, LaneState, Outcome
from baselines.networks.play import as_data
from baselines.transfer.reference_env import ReferenceEnv, reference_env
from jaxenv import Environment, struct


@struct.dataclass
class Running(struct.Node):
    """Counters of the contract's auto-reset for the episodes under way, [B] each."""

    returns: jax.Array
    lengths: jax.Array


@dataclasses.dataclass(frozen=True, eq=False)
class ReferenceLanes(Lanes):
    """`count` episodes of the reference, which keeps their state; programs that step it call back to the host.

    What happens depends on the calls made before, so a program may have one such call at a time: no members side by
    side, no devices. `reports` are not known.
    """

    source: ReferenceEnv = dataclasses.field(kw_only=True)

    @property
    def engine(self) -> str:
        """See `Lanes`."""
        return "reference"

    @property
    def on_host(self) -> bool:
        """See `Lanes`."""
        return True

    def close(self) -> None:
        """End the reference's threads."""
        self.source.__exit__(None, None, None)

    def reset(self, key: jax.Array, params: Any) -> LaneState:
        """See `Lanes`; the key decides the reference's seeds."""
        del params
        seeds = jax.random.randint(key, (self.count,), 0, np.iinfo(np.int32).max, np.int32)
        flat = io_callback(self._reset, self._shape(self.env.obs_spec.size), seeds, ordered=True)
        running = Running(jnp.zeros(self.count), jnp.zeros(self.count, jnp.int32))
        keys = jax.random.split(key, self.count)
        return LaneState(as_data(keys), jnp.ones(self.count, jnp.uint32), running, self._obs(flat), self._legal())

    def step(self, state: LaneState, actions: jax.Array, params: Any) -> tuple[LaneState, Outcome]:
        """See `Lanes`."""
        del params
        wide, row = self._shape(self.env.obs_spec.size), self._shape()
        bools = jax.ShapeDtypeStruct((self.count,), bool)
        told = io_callback(self._step, (wide, wide, row, bools, bools), actions, ordered=True)
        obs, final_obs, reward, terminated, truncated = told
        ended = terminated | truncated
        returns = state.env_state.returns + reward
        lengths = state.env_state.lengths + 1
        outcome = Outcome(
            reward=reward,
            terminated=terminated,
            truncated=truncated,
            final_obs=self._obs(final_obs),
            episode_return=jnp.where(ended, returns, 0.0),
            episode_length=jnp.where(ended, lengths, 0),
            reports=(),
        )
        running = Running(jnp.where(ended, 0.0, returns), jnp.where(ended, 0, lengths))
        return LaneState(state.keys, state.clock + 1, running, self._obs(obs), self._legal()), outcome

    def _shape(self, *more: int) -> jax.ShapeDtypeStruct:
        return jax.ShapeDtypeStruct((self.count, *more), jnp.float32)

    def _obs(self, flat: jax.Array) -> Any:
        return jax.vmap(self.env.obs_spec.unflatten)(flat)

    def _legal(self) -> jax.Array | None:
        """Everything: none of the references that can be trained in has illegal actions."""
        return jnp.ones((self.count, self.env.num_actions), bool) if self.env.num_actions else None

    def _reset(self, seeds: Any) -> np.ndarray:
        return self.source.reset(np.asarray(seeds).tolist())

    def _step(self, actions: Any) -> tuple[np.ndarray, ...]:
        step = self.source.step(np.asarray(actions))
        return step.obs, step.final_obs, step.reward, step.terminated, step.truncated


def reference_lanes(env: Environment, count: int) -> ReferenceLanes:
    """Lanes that are open until `close`. `ConfigError` where there is no reference that is fast enough."""
    source = reference_env(env.id, count, threads=os.cpu_count() or 1)
    source.__enter__()
    return ReferenceLanes(env, count, "xla", source=source)
