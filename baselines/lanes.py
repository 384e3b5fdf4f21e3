"""A batch of environments that step together, by XLA or in one kernel of `jaxlanes`."""

from __future__ import annotations

import dataclasses
import functools
import time
from typing import Any

import jax
import jax.numpy as jnp
from jax.sharding import Mesh, PartitionSpec

from baselines.networks.play import as_data, as_key
from jaxenv import Environment, struct
from jaxenv.fingerprint import fingerprint

_IMPORTED = time.time()
AXIS = "data"
"""The mesh's axis over which environments are spread."""


@struct.dataclass
class LaneState(struct.Node):
    """Leaves `[B, ...]`, plain arrays only, so that a checkpoint can hold them."""

    keys: jax.Array  # uint32[B, 2]: constant; the randomness of step t is folded from it
    clock: jax.Array  # uint32[B]: steps taken, the same everywhere
    env_state: Any
    obs: Any
    mask: jax.Array | None  # bool[B, P, A] or [B, A]; None for continuous actions


@struct.dataclass
class Outcome:
    """The outcome of a step before the auto-reset; leaves `[B, ...]`, players on the second axis if there are two."""

    reward: jax.Array
    terminated: jax.Array
    truncated: jax.Array
    final_obs: Any
    episode_return: jax.Array  # of episodes that ended, else 0
    episode_length: jax.Array
    reports: tuple[jax.Array, ...]


@dataclasses.dataclass(frozen=True)
class Lanes:
    """`count` environments. `backend` as for `jaxlanes.vmap`; "auto" is XLA where the environment names no other."""

    env: Environment
    count: int
    backend: str = "auto"
    reports: tuple[str, ...] = ()
    mesh: Mesh | None = None

    @property
    def engine(self) -> str:
        """The backend that `jaxlanes.vmap` is asked for, or "xla"."""
        return self.backend if "simd" in self.env.spec.backends or self.backend == "simd" else "xla"

    @property
    def on_host(self) -> bool:
        """The episodes are kept outside of this process's programs: one member at a time, and nothing to resume."""
        return False

    def close(self) -> None:
        """Let go of what runs outside of this process's programs: nothing here."""

    def reset(self, key: jax.Array, params: Any) -> LaneState:
        """First states and observations."""
        keys = jax.random.split(key, self.count)

        def one(key: jax.Array) -> Any:
            obs, env_state = self.env.reset(jax.random.fold_in(key, 0), params)
            return obs, env_state, self._mask(env_state, params)

        obs, env_state, mask = jax.vmap(one)(keys)
        return LaneState(as_data(keys), jnp.ones(self.count, jnp.uint32), env_state, obs, mask)

    def step(self, state: LaneState, actions: jax.Array, params: Any) -> tuple[LaneState, Outcome]:
        """One transition of all, with auto-reset. `actions`: `[B, P, ...]`, or `[B, ...]` for one player."""
        keys = as_key(state.keys)
        arguments = (keys, state.clock, state.env_state, actions, params)
        env_state, obs, mask, outcome = self._on_all(functools.partial(_step, self), arguments)(*arguments)
        return LaneState(state.keys, state.clock + 1, env_state, obs, mask), outcome

    def _on_all(self, one: Any, arguments: Any) -> Any:
        axes = (0, 0, 0, 0, None)
        if self.engine == "xla":
            return jax.vmap(one, in_axes=axes)
        import jaxlanes

        step = jaxlanes.vmap(one, in_axes=axes, backend=self.engine, fingerprint=self._fingerprint(arguments))
        if self.mesh is None or self.mesh.size == 1:
            return step
        # XLA cannot split a kernel that it does not know: each device runs it on its own lanes.
        spread, same = PartitionSpec(AXIS), PartitionSpec()
        specs = (spread, spread, spread, spread, same)
        return jax.shard_map(step, mesh=self.mesh, in_specs=specs, out_specs=spread, check_vma=False)

    def _fingerprint(self, arguments: Any) -> str | None:
        """As `jaxenv.rollouts`: lets a later run find the kernel without tracing the environment."""
        from jaxlanes.runtime.source_hash import UnknownSourcesError, hash_of

        env = fingerprint(self.env, *arguments)
        try:
            return env and f"baselines.lanes: {self.reports}: {hash_of({'baselines'}, _IMPORTED)}: {env}"
        except UnknownSourcesError:
            return None

    def _mask(self, env_state: Any, params: Any) -> jax.Array | None:
        return self.env.legal_actions(env_state, params) if self.env.num_actions else None


def _step(lanes: Lanes, key: jax.Array, clock: jax.Array, env_state: Any, action: Any, params: Any) -> Any:
    """One environment."""
    key = jax.random.fold_in(key, clock)
    obs, env_state, reward, terminated, truncated, info = lanes.env.step(key, env_state, action, params)
    ended = terminated | truncated
    reports = tuple(jnp.where(ended, _find(info, path), 0).astype(jnp.float32) for path in lanes.reports)
    outcome = Outcome(
        reward.astype(jnp.float32),
        terminated,
        truncated,
        info["final_observation"],
        info["returned_episode_return"].astype(jnp.float32),
        info["returned_episode_length"],
        reports,
    )
    return env_state, obs, lanes._mask(env_state, params), outcome


def _find(info: Any, path: str) -> Any:
    for name in path.split("."):
        info = info[name] if isinstance(info, dict) else getattr(info, name)
    return info
