"""The clipped surrogate objective with value loss and entropy bonus."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp

from baselines.collect import Transitions
from baselines.config import PPOConfig
from baselines.networks.network import Network, Output
from jaxenv import struct


@struct.dataclass
class Minibatch:
    """`T` steps of `M` rows; leaves `[T, M, ...]`, but `memory` `[M, ...]` before the first step."""

    transitions: Transitions
    advantage: jax.Array
    target: jax.Array  # what the value should be
    memory: Any


def loss(
    network: Network, config: PPOConfig, parameters: Any, batch: Minibatch
) -> tuple[jax.Array, dict[str, jax.Array]]:
    """`(loss, figures)`. Steps with a single legal action decide nothing: only their values are learned from."""
    old = batch.transitions
    output = network.unroll(parameters, old.features, old.mask, batch.memory, old.first)
    weight = jnp.ones_like(old.reward)
    if old.mask is not None:
        weight = (jnp.sum(old.mask, axis=-1) > 1).astype(jnp.float32)
    return objective(config, output, batch, weight)


def objective(
    config: PPOConfig, output: Output, batch: Minibatch, weight: jax.Array
) -> tuple[jax.Array, dict[str, jax.Array]]:
    """The objective of what the network says now; `weight` is 0 where there was nothing to decide."""
    old = batch.transitions
    decided = jnp.maximum(jnp.sum(weight), 1.0)

    def mean(x: jax.Array) -> jax.Array:
        return jnp.sum(x * weight) / decided

    advantage = batch.advantage
    if config.normalise_advantages:
        centre = mean(advantage)
        spread = jnp.sqrt(mean((advantage - centre) ** 2))
        advantage = (advantage - centre) / (spread + 1e-8)
    log_ratio = output.distribution.log_prob(old.action) - old.log_prob
    ratio = jnp.exp(log_ratio)
    clipped = jnp.clip(ratio, 1 - config.clip, 1 + config.clip)
    policy_loss = -mean(jnp.minimum(ratio * advantage, clipped * advantage))
    entropy = mean(output.distribution.entropy())
    value_loss = 0.5 * jnp.mean(_value_errors(config, output.value, old.value, batch.target))
    total = policy_loss + config.value_coefficient * value_loss - config.entropy_coefficient * entropy
    figures = {
        "loss": total,
        "policy_loss": policy_loss,
        "value_loss": value_loss,
        "entropy": entropy,
        "approx_kl": mean(ratio - 1 - log_ratio),  # k3 of Schulman's note: unbiased and never negative
        "clip_fraction": mean((jnp.abs(ratio - 1) > config.clip).astype(jnp.float32)),
    }
    return total, figures


def _value_errors(config: PPOConfig, value: jax.Array, old: jax.Array, target: jax.Array) -> jax.Array:
    errors = (value - target) ** 2
    if not config.clip_value:
        return errors
    near = old + jnp.clip(value - old, -config.clip, config.clip)
    return jnp.maximum(errors, (near - target) ** 2)
