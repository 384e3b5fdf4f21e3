"""The same play again: from the same keys, with the lanes in another order, and by every backend."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

import jax
import numpy as np

from jaxenv.backends import choose, missing_compiler
from jaxenv.checks.compare import close, holding, same_values
from jaxenv.checks.limits import with_limit
from jaxenv.checks.play import play_lane
from jaxenv.environment import Environment
from jaxenv.rollouts import Transition


def check_reproducible(env: Environment, played: Any, again: Any) -> None:
    """Two runs from the same keys are equal to the last bit."""
    with holding(env, "draw from the keys alone, and keep nothing outside the state"):
        same_values("two runs from the same keys", again, played)


def check_order(env: Environment, played: Any, reordered: Any, order: np.ndarray) -> None:
    """A lane does not depend on its place in the batch; leaves `[T, B, ...]`."""
    with holding(env, "let no rule look at another lane, or at the lane's place in the batch"):
        same_values("lanes in another order", reordered, jax.tree.map(lambda leaf: leaf[:, order], played))


def check_backends(
    env: Environment,
    params: Any,
    limits: np.ndarray,
    keys: jax.Array,
    played: Transition,
    tolerance: float,
    backends: Sequence[str],
    steps: int = 4,
) -> None:
    """The first steps by every other backend, each lane with its own limit: equal integers, floats up to rounding."""

    def lane(key: jax.Array, limit: Any, params: Any) -> Any:
        return play_lane(env, steps, key, with_limit(params, limit))

    others = [backend for backend in backends if backend != "xla"]
    expected = jax.tree.map(lambda leaf: np.moveaxis(leaf[:steps], 0, 1), played)
    for backend in others:
        missing = missing_compiler()
        if missing:
            warnings.warn(f"{env.id}: the backend {backend} is not checked: {missing}", stacklevel=3)
            continue
        found, _ = choose(backend, env).vmap(lane, in_axes=(0, 0, None))(keys, limits.astype(np.int32), params)
        with holding(env, "mend the rule, or take the backend out of spec.backends"):
            close(f"random play by {backend} and by xla", found, expected, tolerance)
