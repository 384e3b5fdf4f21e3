"""Generalised advantage estimation (Schulman et al. 2016), where the end of an episode may be a truncation."""

from __future__ import annotations

import jax
import jax.numpy as jnp


def advantages(
    reward: jax.Array,
    value: jax.Array,
    terminated: jax.Array,
    truncated: jax.Array,
    final_value: jax.Array,
    last_value: jax.Array,
    discount: float,
    gae_lambda: float,
) -> jax.Array:
    """float32[T, N] from `[T, N]`, and `last_value [N]`: the value after the last step.

    What follows a step is worth nothing where the episode terminated, `final_value` (of the final observation, not of
    the next episode's first one) where it was truncated, and the next row's value elsewhere. Advantages of one episode
    never reach back into another.
    """
    following = jnp.concatenate([value[1:], last_value[None]])
    following = jnp.where(truncated, final_value, following)
    following = jnp.where(terminated, 0.0, following)
    delta = reward + discount * following - value
    decay = discount * gae_lambda * (1.0 - (terminated | truncated))

    def backwards(advantage: jax.Array, row: tuple[jax.Array, jax.Array]) -> tuple[jax.Array, jax.Array]:
        advantage = row[0] + row[1] * advantage
        return advantage, advantage

    return jax.lax.scan(backwards, jnp.zeros_like(last_value), (delta, decay), reverse=True)[1]
