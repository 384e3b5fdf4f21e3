"""The actor-critic module: torso, optional memory, two heads."""

from __future__ import annotations

from typing import Any

import flax.linen as nn
import jax
import jax.numpy as jnp

from baselines.config import NetworkConfig
from baselines.networks.gru import ResettingGRU
from baselines.networks.mlp import MLP, dense


class ActorCritic(nn.Module):
    """`(x [T, B, D], carry, first [T, B]) -> (head, value [T, B], carry)`.

    The head is logits `[T, B, actions]`, or `(mean [T, B, actions], log_std [actions])` if `continuous`.
    """

    config: NetworkConfig
    actions: int
    continuous: bool

    @nn.compact
    def __call__(self, x: jax.Array, carry: Any, first: jax.Array) -> tuple[Any, jax.Array, Any]:
        config = self.config
        for_actor = MLP(config.hidden, config.activation, config.layer_norm, name="torso")(x)
        if config.memory:
            carry, for_actor = ResettingGRU(config.memory, name="memory")(carry, for_actor, first)
        if config.shared or config.memory:
            for_critic = for_actor
        else:
            for_critic = MLP(config.hidden, config.activation, config.layer_norm, name="critic_torso")(x)
        value = dense(1, 1.0, name="value")(for_critic)[..., 0]
        head = dense(self.actions, config.logit_scale, name="policy")(for_actor)
        if self.continuous:
            initial = nn.initializers.constant(config.initial_log_std)
            return (head, self.param("log_std", initial, (self.actions,), jnp.float32)), value, carry
        return head, value, carry


class QNetwork(nn.Module):
    """`x [..., D] -> Q [..., actions]`; layer norm after every layer keeps PQN stable without a target network."""

    config: NetworkConfig
    actions: int

    @nn.compact
    def __call__(self, x: jax.Array) -> jax.Array:
        features = MLP(self.config.hidden, self.config.activation, layer_norm=True, name="torso")(x)
        return jnp.asarray(dense(self.actions, 1.0, name="q")(features))
