"""Params with another `max_steps_in_episode`: the limit is data, so that every lane of a batch can have its own."""

from __future__ import annotations

import dataclasses
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np


def limit_of(params: Any) -> int:
    """The limit of unbatched params."""
    limit = np.asarray(params.max_steps_in_episode)
    assert limit.shape == () and limit.dtype.kind in "iuf", (
        f"params.max_steps_in_episode must be one number, got {params.max_steps_in_episode!r}"
    )
    return int(min(float(limit), float(2**31 - 1)))


def with_limit(params: Any, limit: Any) -> Any:
    """The same params with another limit, in the type that the old one has; `limit` may be an array, one a lane."""
    value = jnp.asarray(limit, _narrow(params.max_steps_in_episode).dtype)
    if dataclasses.is_dataclass(params) and not isinstance(params, type):
        return dataclasses.replace(params, max_steps_in_episode=value)
    replace = getattr(params, "_replace", None) or getattr(params, "replace", None)
    assert replace is not None, f"params must be a dataclass or a named tuple, got a {type(params).__name__}"
    return replace(max_steps_in_episode=value)


def staggered(params: Any, batch: int, steps: int) -> tuple[Any, np.ndarray]:
    """Params `[batch, ...]` and int `[batch]`, the limits in them.

    Even lanes keep the limit. Odd lanes have lower ones, each its own, so that some lanes end while others go on, and
    so that a limit that is not read from the lane's own params shows.
    """
    own = limit_of(params)
    short = min(own, max(1, steps // 4))
    limits = np.array([own if lane % 2 == 0 else max(1, short - lane // 2) for lane in range(batch)])
    stacked = jax.tree.map(lambda leaf: jnp.broadcast_to(_narrow(leaf), (batch, *jnp.shape(leaf))), params)
    return with_limit(stacked, limits), limits


def _narrow(leaf: Any) -> jax.Array:
    """An array of a param; of a Python number, traced or not, in 32 bits, whatever `jax_enable_x64` says."""
    found = jax.typeof(leaf)
    if not getattr(found, "weak_type", False):
        return jnp.asarray(leaf)
    return jnp.asarray(leaf, {"i": jnp.int32, "f": jnp.float32}.get(found.dtype.kind))


def row(tree: Any, *index: Any) -> Any:
    """One element of the leading axes of every leaf."""
    return jax.tree.map(lambda leaf: leaf[index], tree)
