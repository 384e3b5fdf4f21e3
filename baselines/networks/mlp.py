"""Dense layers, the same initialisation everywhere: orthogonal, as is usual for PPO."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np

ACTIVATIONS: dict[str, Callable[[jax.Array], jax.Array]] = {"tanh": jnp.tanh, "relu": nn.relu, "silu": nn.silu}


def dense(width: int, scale: float = float(np.sqrt(2)), name: str | None = None) -> nn.Dense:
    """A dense layer with orthogonal weights of that gain and zero biases."""
    return nn.Dense(width, kernel_init=nn.initializers.orthogonal(scale), name=name)


class MLP(nn.Module):
    """`[..., D]` to `[..., hidden[-1]]`, activation after every layer."""

    hidden: tuple[int, ...]
    activation: str
    layer_norm: bool = False

    @nn.compact
    def __call__(self, x: jax.Array) -> Any:
        for width in self.hidden:
            x = dense(width)(x)
            if self.layer_norm:
                x = nn.LayerNorm()(x)
            x = ACTIVATIONS[self.activation](x)
        return x
