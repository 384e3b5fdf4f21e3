"""Spaces: what an action or an observation of one player may be."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterator, Mapping
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from jaxenv import pretty


@dataclasses.dataclass(frozen=True)
class Discrete:
    """The integers 0 … n-1."""

    n: int
    dtype: Any = np.int32

    def __post_init__(self) -> None:
        if self.n < 1:
            raise ValueError(f"Discrete: n must be at least 1, got {self.n}")

    @property
    def shape(self) -> tuple[int, ...]:
        return ()

    def sample(self, key: jax.Array) -> jax.Array:
        """Uniform over the values: scalar of `dtype`."""
        return jax.random.randint(key, (), 0, self.n, np.int32).astype(self.dtype)

    def contains(self, x: Any) -> bool:
        """True if `x` is an integer scalar in range. Host side, not for `jit`."""
        x = np.asarray(x)
        return x.shape == () and np.issubdtype(x.dtype, np.integer) and bool(0 <= x < self.n)

    def __repr__(self) -> str:
        return f"Discrete({self.n})"


@dataclasses.dataclass(frozen=True, eq=False)
class Box:
    """Arrays of one shape and dtype with `low <= x <= high`; the bounds are scalars or arrays of that shape."""

    low: Any
    high: Any
    shape: tuple[int, ...] = ()
    dtype: Any = np.float32

    def __post_init__(self) -> None:
        for name, bound in (("low", self.low), ("high", self.high)):
            if np.shape(bound) not in ((), self.shape):
                raise ValueError(f"Box: {name} has shape {np.shape(bound)}; it must be a scalar or have {self.shape}")
        if np.any(np.asarray(self.low) > np.asarray(self.high)):
            raise ValueError(f"Box: low must not exceed high, got {self.low} and {self.high}")

    def sample(self, key: jax.Array) -> jax.Array:
        """Uniform within the bounds; standard normal where a float bound is infinite."""
        if self.dtype == np.bool_:
            return jax.random.bernoulli(key, np.float32(0.5), self.shape)
        if np.issubdtype(self.dtype, np.integer):
            span = np.asarray(self.high, np.float64) - np.asarray(self.low, np.float64) + 1
            offset = jnp.floor(jax.random.uniform(key, self.shape, np.float32) * span.astype(np.float32))
            return (jnp.asarray(self.low, self.dtype) + offset.astype(self.dtype)).astype(self.dtype)
        bounded = np.isfinite(self.low) & np.isfinite(self.high)
        # Drawn in float32 whatever JAX's settings: the same key gives the same numbers.
        low, high = np.where(bounded, self.low, 0), np.where(bounded, self.high, 1)
        uniform = _float32(low) + jax.random.uniform(key, self.shape, np.float32) * _float32(high - low)
        free = jnp.clip(jax.random.normal(key, self.shape, np.float32), _float32(self.low), _float32(self.high))
        return jnp.where(bounded, uniform, free).astype(self.dtype)

    def contains(self, x: Any) -> bool:
        """True if `x` has the shape and dtype and lies within the bounds (NaN does not). Host side, not for `jit`."""
        x = np.asarray(x)
        if x.shape != self.shape or x.dtype != np.dtype(self.dtype):
            return False
        return bool(np.all((x >= self.low) & (x <= self.high)))

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, Box)
            and self.shape == other.shape
            and np.dtype(self.dtype) == np.dtype(other.dtype)
            and np.array_equal(self.low, other.low)
            and np.array_equal(self.high, other.high)
        )

    def __hash__(self) -> int:
        return hash((self.shape, np.dtype(self.dtype), np.asarray(self.low).tobytes(), np.asarray(self.high).tobytes()))

    def __repr__(self) -> str:
        return f"Box({_bound(self.low)}, {_bound(self.high)}, {self.shape}, {np.dtype(self.dtype).name})"


@dataclasses.dataclass(frozen=True, eq=False)
class Struct:
    """Named spaces, for an observation that is a struct or a dict."""

    spaces: Mapping[str, Discrete | Box]

    @property
    def shape(self) -> tuple[int, ...]:
        """The flat length as a shape, as if all fields were raveled and joined."""
        return (sum(math.prod(space.shape) for space in self.spaces.values()),)

    def sample(self, key: jax.Array) -> dict[str, jax.Array]:
        keys = jax.random.split(key, len(self.spaces))
        return {name: space.sample(k) for k, (name, space) in zip(keys, self.spaces.items(), strict=True)}

    def contains(self, x: Any) -> bool:
        """True if `x` (mapping or struct) has every field, each within its space. Host side, not for `jit`."""
        for name, space in self.spaces.items():
            value = x.get(name) if isinstance(x, Mapping) else getattr(x, name, None)
            if value is None or not space.contains(value):
                return False
        return True

    def __getitem__(self, name: str) -> Discrete | Box:
        return self.spaces[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.spaces)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Struct) and list(self.spaces.items()) == list(other.spaces.items())

    def __hash__(self) -> int:
        return hash(tuple(self.spaces.items()))

    def __repr__(self) -> str:
        return pretty.call("Struct", [(name, repr(space)) for name, space in self.spaces.items()])


def _float32(bound: Any) -> np.ndarray:
    return np.asarray(bound, np.float32)


def _bound(bound: Any) -> str:
    """One number if all entries are equal, else the least and the greatest."""
    least, greatest = np.min(bound), np.max(bound)
    return f"{least:g}" if least == greatest else f"{least:g}…{greatest:g}"


Space = Discrete | Box | Struct
