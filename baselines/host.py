"""Environments that run on the host (RFC 0002) in the place of ones in JAX: the same programs train and evaluate them.

`make(id)` gives what is known of one, as networks need it; `lanes_of` the batch, whose steps call back to the host.
"""

from __future__ import annotations

import dataclasses
import functools
import statistics
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, cast

import jax
import jax.numpy as jnp
import numpy as np
from jax.experimental import io_callback
from jax.sharding import Mesh

import jaxenv
from baselines.errors import ConfigError
from baselines.family import training_of
from baselines.lanes import Lanes, LaneState, Outcome
from baselines.networks.play import as_data
from jaxenv import Environment, EnvSpec, ObsField, ObsSpec, registry, struct

if TYPE_CHECKING:
    from gymnasium.vector import VectorEnv

_AT_ONCE = 16
"""Steps between two looks at the clock."""


@struct.dataclass
class HostParams(struct.Node):
    """A host environment has its settings from `make`."""

    max_steps_in_episode: Any = 0


@dataclasses.dataclass(frozen=True, kw_only=True)
class HostEnvironment(Environment):
    """Facts about a host environment with one player and discrete actions. It is stepped by `HostLanes` alone."""

    env_id: str

    @property
    def spec(self) -> EnvSpec:
        """As registered."""
        return jaxenv.spec(self.env_id)

    @property
    def obs_spec(self) -> ObsSpec:
        """A field for each entry of the observation's dictionary, or one called "obs"."""
        return _obs_spec(self)

    @property
    def default_params(self) -> HostParams:
        """Of no effect."""
        return HostParams(jnp.int32(self.spec.horizon or 0))

    def vector(self, count: int) -> VectorEnv:
        """`count` environments, with the options that the family trains with."""
        options = training_of(self.env_id).options.get(self.env_id, {})
        return cast("VectorEnv", jaxenv.make(self.env_id, num_envs=count, **options))


@functools.cache
def _obs_spec(env: HostEnvironment) -> ObsSpec:
    made = env.vector(1)
    space: Any = made.single_observation_space
    made.close()
    named = dict(space.spaces) if hasattr(space, "spaces") else {"obs": space}
    return ObsSpec(
        tuple(
            ObsField(
                name=name,
                shape=tuple(box.shape),
                dtype=box.dtype,
                low=float(np.min(box.low)),
                high=float(np.max(box.high)),
                meaning="as the host environment gives it",
            )
            for name, box in named.items()
        )
    )


@struct.dataclass
class Running(struct.Node):
    """Figures of the episodes under way, [B] each."""

    returns: jax.Array
    lengths: jax.Array


@dataclasses.dataclass(frozen=True, eq=False)
class HostLanes(Lanes):
    """`count` episodes that the host keeps; programs that step them call back, once for the whole batch.

    What happens depends on the calls made before: a program has one such call at a time, without members side by side.
    """

    source: Any = dataclasses.field(kw_only=True)

    @property
    def engine(self) -> str:
        """See `Lanes`."""
        return "host"

    @property
    def on_host(self) -> bool:
        """See `Lanes`."""
        return True

    def close(self) -> None:
        """Let go of the environments."""
        self.source.close()

    def reset(self, key: jax.Array, params: Any) -> LaneState:
        """See `Lanes`; the key decides the environments' seed."""
        del params
        seed = jax.random.randint(key, (), 0, np.iinfo(np.int32).max, np.int32)
        obs = io_callback(self._reset, self._shapes(), seed, ordered=True)
        running = Running(jnp.zeros(self.count), jnp.zeros(self.count, jnp.int32))
        keys = as_data(jax.random.split(key, self.count))
        return LaneState(keys, jnp.ones(self.count, jnp.uint32), running, obs, self._legal())

    def step(self, state: LaneState, actions: jax.Array, params: Any) -> tuple[LaneState, Outcome]:
        """See `Lanes`."""
        del params
        row, bools = jax.ShapeDtypeStruct((self.count,), jnp.float32), jax.ShapeDtypeStruct((self.count,), bool)
        shapes = (self._shapes(), self._shapes(), row, bools, bools)
        obs, final_obs, reward, terminated, truncated = io_callback(self._step, shapes, actions, ordered=True)
        ended = terminated | truncated
        returns, lengths = state.env_state.returns + reward, state.env_state.lengths + 1
        outcome = Outcome(
            reward=reward,
            terminated=terminated,
            truncated=truncated,
            final_obs=final_obs,
            episode_return=jnp.where(ended, returns, 0.0),
            episode_length=jnp.where(ended, lengths, 0),
            reports=(),
        )
        running = Running(jnp.where(ended, 0.0, returns), jnp.where(ended, 0, lengths))
        return LaneState(state.keys, state.clock + 1, running, obs, self._legal()), outcome

    def speed(self, seconds: float) -> float:
        """Transitions a second of random play: the median of at least three calls of some steps."""
        env: Any = self.env
        source, rng = env.vector(self.count), np.random.default_rng(0)
        source.reset(seed=0)
        rates: list[float] = []
        end = time.monotonic() + seconds
        while len(rates) < 3 or time.monotonic() < end:
            begin = time.perf_counter()
            for _ in range(_AT_ONCE):
                source.step(rng.integers(0, self.env.num_actions, self.count))
            rates.append(_AT_ONCE * self.count / (time.perf_counter() - begin))
        source.close()
        return statistics.median(rates)

    def _shapes(self) -> Any:
        spec = self.env.obs_spec
        return spec.build({f.name: jax.ShapeDtypeStruct((self.count, *f.shape), f.dtype) for f in spec.fields})

    def _legal(self) -> jax.Array:
        return jnp.ones((self.count, self.env.num_actions), bool)

    def _named(self, obs: Any) -> dict[str, np.ndarray]:
        named = obs if isinstance(obs, Mapping) else {"obs": obs}
        return {name: np.asarray(value) for name, value in named.items()}

    def _reset(self, seed: Any) -> dict[str, np.ndarray]:
        return self._named(self.source.reset(seed=int(seed))[0])

    def _step(self, actions: Any) -> tuple[Any, ...]:
        obs, reward, terminated, truncated, info = self.source.step(np.asarray(actions))
        now, last = self._named(obs), self._named(info.get("final_obs", obs))
        return now, last, np.asarray(reward, np.float32), np.asarray(terminated, bool), np.asarray(truncated, bool)


def make(env_id: str) -> Environment:
    """`jaxenv.make`, or what is known of a host environment. `ConfigError` for one that cannot be trained."""
    if registry.kind_of(env_id) != "host":
        return jaxenv.make(env_id)
    env = HostEnvironment(env_id=env_id)
    if env.spec.players != 1 or not env.spec.num_actions:
        raise ConfigError(f"{env_id}: of host environments only those of one player with discrete actions are trained")
    return env


def lanes_of(
    env: Environment, count: int, backend: str = "auto", reports: tuple[str, ...] = (), mesh: Mesh | None = None
) -> Lanes:
    """A batch of an environment of either kind. `ConfigError` for what a host environment cannot do."""
    if not isinstance(env, HostEnvironment):
        return Lanes(env, count, backend, reports, mesh)
    if mesh is not None:
        raise ConfigError(f"--spread: {env.id} runs on the host, so there is nothing to spread over devices")
    if reports:
        raise ConfigError(f"--reports {' '.join(reports)}: {env.id} runs on the host, whose info is not reported")
    return HostLanes(env, count, "xla", source=env.vector(count))
