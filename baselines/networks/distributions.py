"""Distributions that a policy draws its actions from."""

from __future__ import annotations

import math

import jax
import jax.numpy as jnp

from jaxenv import struct

_FORBIDDEN = -1e9
"""Logit of an illegal action: its probability is exactly 0 in float32, and gradients stay finite."""
_LOG_2_PI = math.log(2 * math.pi)


@struct.dataclass
class Categorical:
    """Integers 0 … n-1. `log_probabilities`: float32 `[..., n]`, normalised."""

    log_probabilities: jax.Array

    def sample(self, key: jax.Array) -> jax.Array:
        """int32 `[...]`; never an action of probability 0."""
        # One draw a row and the inverse of the cumulative distribution: a Gumbel variable per action costs n draws.
        cumulated = jnp.cumsum(jnp.exp(self.log_probabilities), axis=-1)
        threshold = jax.random.uniform(key, cumulated.shape[:-1], cumulated.dtype)[..., None] * cumulated[..., -1:]
        return jnp.sum(cumulated <= threshold, axis=-1, dtype=jnp.int32)

    def mode(self) -> jax.Array:
        return jnp.argmax(self.log_probabilities, axis=-1).astype(jnp.int32)

    def log_prob(self, action: jax.Array) -> jax.Array:
        """float32 `[...]`."""
        # A one-hot sum: a gather's gradient is a scatter, which is slow on a CPU.
        chosen = action[..., None] == jnp.arange(self.log_probabilities.shape[-1])
        return jnp.sum(jnp.where(chosen, self.log_probabilities, 0.0), axis=-1)

    def entropy(self) -> jax.Array:
        """float32 `[...]`, in nats."""
        probabilities = jnp.exp(self.log_probabilities)
        return -jnp.sum(jnp.where(probabilities > 0, probabilities * self.log_probabilities, 0.0), axis=-1)


@struct.dataclass
class Gaussian:
    """Independent normal variables; an action is the last axis. Not squashed: actions are clipped where they are used,
    and `log_prob` is that of the draw before."""

    mean: jax.Array
    log_std: jax.Array  # same shape, or broadcast to it

    def sample(self, key: jax.Array) -> jax.Array:
        return self.mean + jnp.exp(self.log_std) * jax.random.normal(key, self.mean.shape, self.mean.dtype)

    def mode(self) -> jax.Array:
        return self.mean

    def log_prob(self, action: jax.Array) -> jax.Array:
        """float32, the last axis summed."""
        scaled = (action - self.mean) * jnp.exp(-self.log_std)
        return jnp.sum(-0.5 * scaled**2 - self.log_std - 0.5 * _LOG_2_PI, axis=-1)

    def entropy(self) -> jax.Array:
        per_dimension = self.log_std + 0.5 * (_LOG_2_PI + 1)
        return jnp.sum(jnp.broadcast_to(per_dimension, self.mean.shape), axis=-1)


def masked_categorical(logits: jax.Array, mask: jax.Array | None) -> Categorical:
    """Over the actions that `mask` (bool, the shape of `logits`) allows; over all without one."""
    if mask is not None:
        logits = jnp.where(mask, logits, _FORBIDDEN)
    return Categorical(jax.nn.log_softmax(logits))
