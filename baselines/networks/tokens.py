"""Features of a game as tokens: rows of figures for each of its things, in one flat vector."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Sequence
from typing import Any, Generic, TypeVar

import jax
import jax.numpy as jnp

from baselines.errors import ConfigError

Tokens = TypeVar("Tokens", bound=Any)
"""A dataclass of parts."""


@dataclasses.dataclass(frozen=True)
class TokenFeatures(Generic[Tokens]):
    """`features(obs) -> float32[..., size]` for one player's observations with any leading axes.

    * `shapes`: the dataclass of parts, with the shape of each: `(tokens, width)`, or `(width,)`.
    * `parts(obs)`: arrays of these shapes, in this order, of one observation, which has a scalar field `turn`.
    """

    shapes: Tokens
    parts: Callable[[Any], Sequence[jax.Array]]

    @property
    def size(self) -> int:
        return sum(map(math.prod, self._shapes))

    def __call__(self, obs: Any) -> jax.Array:
        one = self._one
        for _ in range(obs.turn.ndim):
            one = jax.vmap(one)
        return one(obs)

    def split(self, features: jax.Array) -> Tokens:
        """The parts of flat features `[..., size]`. `ConfigError` for another length."""
        if features.shape[-1] != self.size:
            raise ConfigError(f"features of length {features.shape[-1]}, expected {self.size}")
        found, start = [], 0
        for shape in self._shapes:
            end = start + math.prod(shape)
            found.append(features[..., start:end].reshape(*features.shape[:-1], *shape))
            start = end
        return type(self.shapes)(*found)

    @property
    def _shapes(self) -> tuple[tuple[int, ...], ...]:
        return dataclasses.astuple(self.shapes)

    def _one(self, obs: Any) -> jax.Array:
        return jnp.concatenate([part.reshape(-1).astype(jnp.float32) for part in self.parts(obs)])
