"""A Q-network that plays ε-greedily, behind the same interface as the actor-critic."""

from __future__ import annotations

import dataclasses
from typing import Any

import jax
import jax.numpy as jnp

from baselines.config import NetworkConfig
from baselines.errors import ConfigError
from baselines.networks.actor_critic import QNetwork
from baselines.networks.distributions import Categorical
from baselines.networks.network import FlatFeatures, Network, Output
from jaxenv import Environment

_WORST = -1e9


@dataclasses.dataclass(frozen=True)
class QPolicy(Network):
    """`parameters` is `{"network": …, "exploration": ε}`; the value of a state is that of its best action."""

    def init(self, key: jax.Array) -> Any:
        network = self.module.init(key, jnp.zeros((1, self.features.size), jnp.float32))["params"]
        return {"network": network, "exploration": jnp.float32(0.0)}

    def q_values(self, parameters: Any, x: jax.Array) -> jax.Array:
        """float32 `[..., actions]`."""
        return self.module.apply({"params": parameters["network"]}, x)

    def unroll(self, parameters: Any, x: jax.Array, mask: jax.Array | None, carry: Any, first: jax.Array) -> Output:
        q = self.q_values(parameters, x)
        legal = jnp.ones(q.shape, bool) if mask is None else mask
        best = jnp.argmax(jnp.where(legal, q, _WORST), axis=-1)
        exploration = parameters["exploration"]
        uniform = legal.astype(q.dtype) / jnp.sum(legal, axis=-1, keepdims=True, dtype=q.dtype)
        greedy = best[..., None] == jnp.arange(q.shape[-1])
        probabilities = exploration * uniform + (1 - exploration) * greedy
        return Output(
            Categorical(jnp.log(jnp.maximum(probabilities, 0.0))), jnp.max(jnp.where(legal, q, _WORST), axis=-1), carry
        )


def build_q(env: Environment, config: NetworkConfig) -> QPolicy:
    """`ConfigError` for an environment with continuous actions or several players."""
    if not env.num_actions or env.num_players != 1:
        raise ConfigError(f"{env.id}: pqn needs discrete actions and one player; use --algorithm ppo")
    return QPolicy(config, QNetwork(config, env.num_actions), FlatFeatures(env.obs_spec), None, None, ())
