"""One step of a policy, in training, evaluation and everywhere else."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp

from baselines.normalise import Statistics, normalise


def choose(
    network: Any,
    parameters: Any,
    statistics: Statistics | None,
    key: jax.Array,
    features: jax.Array,
    mask: jax.Array | None,
    carry: Any,
    first: jax.Array,
    *,
    greedy: bool,
) -> tuple[jax.Array, Any]:
    """`(actions [B, ...], carry)` from the network's features `[B, D]`; continuous actions lie within their bounds."""
    x = features if statistics is None else normalise(statistics, features)
    output = network.step(parameters, x, mask, carry, first)
    raw = output.distribution.mode() if greedy else output.distribution.sample(key)
    return network.to_action(raw), output.carry


def value(
    network: Any,
    parameters: Any,
    statistics: Statistics | None,
    features: jax.Array,
    mask: jax.Array | None,
    carry: Any,
    first: jax.Array,
) -> jax.Array:
    """float32[B]: the return that the network expects, from its features `[B, D]`, in the units it was trained on."""
    x = features if statistics is None else normalise(statistics, features)
    return network.step(parameters, x, mask, carry, first).value


def as_key(data: jax.Array) -> jax.Array:
    """A random key from the words that a state holds: checkpoints store plain arrays."""
    return jax.random.wrap_key_data(data)


def as_data(key: jax.Array) -> jax.Array:
    """The words of a random key: uint32 `[..., 2]`."""
    return jnp.asarray(jax.random.key_data(key))
