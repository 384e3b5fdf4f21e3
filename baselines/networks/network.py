"""A network with what stands around it: features from observations, distributions from heads, actions from draws."""

from __future__ import annotations

import dataclasses
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from baselines.config import NetworkConfig
from baselines.errors import ConfigError
from baselines.family import training_of
from baselines.networks.actor_critic import ActorCritic
from baselines.networks.distributions import Categorical, Gaussian, masked_categorical
from jaxenv import Environment, struct
from jaxenv.obs import ObsSpec
from jaxenv.spaces import Box


@struct.dataclass
class Output:
    """Of every row: where actions come from, the value `[...]`, and the memory after it."""

    distribution: Categorical | Gaussian
    value: jax.Array
    carry: Any


@dataclasses.dataclass(frozen=True)
class FlatFeatures:
    """The observation's flat form."""

    spec: ObsSpec

    @property
    def size(self) -> int:
        return self.spec.size

    def __call__(self, obs: Any) -> jax.Array:
        return self.spec.flatten(obs)


@dataclasses.dataclass(frozen=True)
class Network:
    """Pure functions of `parameters`; static and hashed by configuration.

    `module(x, carry, first)` as `ActorCritic`. Leading axes are `[B]` for `step` and `[T, B]` for `unroll`.
    """

    config: NetworkConfig
    module: Any
    features: Any
    """`features(obs) -> float32[..., size]`, not learned."""
    low: tuple[float, ...] | None
    """Bounds of continuous actions, flat; None for discrete ones."""
    high: tuple[float, ...] | None
    action_shape: tuple[int, ...]

    def init(self, key: jax.Array) -> Any:
        x = jnp.zeros((1, 1, self.features.size), jnp.float32)
        return self.module.init(key, x, self.initial_carry(1), jnp.ones((1, 1), bool))["params"]

    def initial_carry(self, batch: int) -> Any:
        """`()` without memory, else zeros `[batch, memory]`."""
        return jnp.zeros((batch, self.config.memory), jnp.float32) if self.config.memory else ()

    def step(self, parameters: Any, x: jax.Array, mask: jax.Array | None, carry: Any, first: jax.Array) -> Output:
        """One step of every row."""
        mask = None if mask is None else mask[None]
        output = self.unroll(parameters, x[None], mask, carry, first[None])
        value, distribution = jax.tree.map(lambda leaf: leaf[0], (output.value, output.distribution))
        return Output(distribution, value, output.carry)

    def unroll(self, parameters: Any, x: jax.Array, mask: jax.Array | None, carry: Any, first: jax.Array) -> Output:
        """`T` steps of every row, from the memory before the first of them."""
        head, value, carry = self.module.apply({"params": parameters}, x, carry, first)
        if self.low is None:
            return Output(masked_categorical(head, mask), value, carry)
        mean, log_std = head
        return Output(Gaussian(mean, jnp.broadcast_to(log_std, mean.shape)), value, carry)

    def to_action(self, raw: jax.Array) -> jax.Array:
        """The environment's action for a draw: int32 `[B]`, or float32 `[B, *shape]` clipped to the bounds."""
        if self.low is None:
            return raw
        clipped = jnp.clip(raw, np.asarray(self.low, np.float32), np.asarray(self.high, np.float32))
        return clipped.reshape(*raw.shape[:-1], *self.action_shape)


def build(env: Environment, config: NetworkConfig) -> Network:
    """The network that `config` describes, for one player of `env`. `ConfigError` if the two do not fit."""
    low = high = None
    shape: tuple[int, ...] = ()
    actions = env.num_actions
    if not actions:
        space = env.action_space()
        if not isinstance(space, Box):
            raise ConfigError(f"{env.id}: no network for the action space {space}")
        shape, actions = space.shape, int(np.prod(space.shape, dtype=int))
        low, high = (
            tuple(np.broadcast_to(bound, shape).astype(float).reshape(-1).tolist()) for bound in (space.low, space.high)
        )
    if config.kind != "mlp":
        own = training_of(env.id).networks
        if config.kind not in own:
            kinds = " or ".join(("mlp", *own))
            raise ConfigError(f'{env.id} has no network of kind "{config.kind}"; use --network.kind {kinds}')
        return own[config.kind](env, config)
    features: Any = FlatFeatures(env.obs_spec)
    return Network(config, ActorCritic(config, actions, low is not None), features, low, high, shape)
