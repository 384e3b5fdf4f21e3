"""A GRU over time that forgets where an episode begins."""

from __future__ import annotations

import flax.linen as nn
import jax
import jax.numpy as jnp


class ResettingGRU(nn.Module):
    """`(carry [B, width], x [T, B, D], first [T, B]) -> (carry, [T, B, width])`; `first` clears a row before its step.

    The inputs' share of all gates is one matrix product over all steps; only the recurrent share runs step by step.
    """

    width: int

    @nn.compact
    def __call__(self, carry: jax.Array, x: jax.Array, first: jax.Array) -> tuple[jax.Array, jax.Array]:
        gates = nn.Dense(3 * self.width, kernel_init=nn.initializers.orthogonal(), name="input")(x)
        recurrent = self.param("recurrent", nn.initializers.orthogonal(), (self.width, 3 * self.width), jnp.float32)
        bias = self.param("recurrent_bias", nn.initializers.zeros, (self.width,), jnp.float32)

        def step(hidden: jax.Array, inputs: tuple[jax.Array, jax.Array]) -> tuple[jax.Array, jax.Array]:
            gate, begins = inputs
            hidden = jnp.where(begins[:, None], 0.0, hidden)
            update_in, reset_in, new_in = jnp.split(gate, 3, axis=-1)
            update_rec, reset_rec, new_rec = jnp.split(hidden @ recurrent, 3, axis=-1)
            update = jax.nn.sigmoid(update_in + update_rec)
            reset = jax.nn.sigmoid(reset_in + reset_rec)
            new = jnp.tanh(new_in + reset * (new_rec + bias))
            hidden = (1 - update) * new + update * hidden
            return hidden, hidden

        return jax.lax.scan(step, carry, (gates, first))
