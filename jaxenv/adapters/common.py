"""Parts that several adapters share: finding the library and the environment, flat observations, seeds."""

from __future__ import annotations

import importlib
import re
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from jaxenv.adapters.single_player import SinglePlayer
from jaxenv.builtin import make
from jaxenv.environment import Environment
from jaxenv.registry import kind_of
from jaxenv.spaces import Box, Discrete

SEEDS = 2**32


class LibraryError(ImportError):
    """The library of an adapter is missing, or its version is not one that the adapter was made for."""


def library(module: str, package: str, minimum: str, below: str = "") -> Any:
    """The module of a library. Raises LibraryError, with the command that helps, unless its version will do."""
    wanted = f"{package}>={minimum}" + (f",<{below}" if below else "")
    remedy = f"pip install '{wanted}'"
    try:
        found = version(package)
    except PackageNotFoundError as error:
        raise LibraryError(f"this adapter needs {package}, which is not installed: {remedy}") from error
    if _numbers(found) < _numbers(minimum) or (below and _numbers(found) >= _numbers(below)):
        raise LibraryError(f"this adapter needs {wanted}, and {package} {found} is installed: {remedy}")
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise LibraryError(f"{package} {found} cannot be imported: {error}; try {remedy}") from error


def environment(env: Environment | str, adapter: str) -> Environment:
    """The environment itself, from an id as well."""
    if isinstance(env, str):
        if kind_of(env) == "host":
            raise TypeError(f"{adapter}: {env} runs on the host, not in JAX. Remedy: make(…) gives a VectorEnv of it")
        env = make(env)
    if not isinstance(env, Environment):
        raise TypeError(f"{adapter}: env must be an id or a jaxenv.Environment, got {env!r}; list_envs() names the ids")
    return env


def one_player(env: Environment | str, adapter: str, opponent: Callable[..., Any] | None = None) -> Environment:
    """The environment for one player; with `opponent`, seat 0 of one for two. Raises ValueError without."""
    env = environment(env, adapter)
    if env.num_players == 1:
        if opponent is not None:
            raise ValueError(f"{adapter}: {env.id} has one player; leave opponent out")
        return env
    if opponent is None:
        raise ValueError(
            f"{adapter}: {env.id} has {env.num_players} players, and the library trains one: give opponent=…, "
            "or wrap it as jaxenv.adapters.SinglePlayer(env, opponent, seat)"
        )
    return SinglePlayer(env, opponent)


def discrete(env: Environment, adapter: str) -> Environment:
    """The environment. Raises ValueError unless its actions are discrete."""
    if not isinstance(env.action_space(), Discrete):
        raise cannot_hold(env, adapter, "a Discrete one")
    return env


def continuous(env: Environment, adapter: str) -> Environment:
    """The environment. Raises ValueError unless its actions are an array of floats."""
    if not isinstance(env.action_space(), Box):
        raise cannot_hold(env, adapter, "a Box")
    return env


def cannot_hold(env: Environment, adapter: str, needed: str) -> ValueError:
    """The error for an action space that a library does not have."""
    return ValueError(
        f"{adapter}: {env.id} has the action space {env.action_space()!r}, and the library needs {needed}. Remedy: "
        "take an adapter whose library has such actions, or give the environment others by a wrapper"
    )


def bounds(env: Environment) -> tuple[np.ndarray, np.ndarray]:
    """float32[D] twice: the least and the greatest value of each place of the flat observation."""
    fields = env.obs_spec.fields
    low = np.concatenate([np.full(field.size, field.low, np.float32) for field in fields])
    high = np.concatenate([np.full(field.size, field.high, np.float32) for field in fields])
    return low, high


def action_bounds(space: Box) -> tuple[np.ndarray, np.ndarray]:
    """Both bounds of a Box in its shape and dtype."""
    low, high = (np.broadcast_to(np.asarray(bound, space.dtype), space.shape) for bound in (space.low, space.high))
    return low, high


def keys_of(seeds: Any) -> jax.Array:
    """Random keys `[N]` from uint32[N]."""
    return jax.vmap(jax.random.key)(jnp.asarray(seeds, jnp.uint32))


def check_seed(seed: Any, where: str) -> int:
    """The seed. Raises TypeError or ValueError unless it is an integer of 32 bits."""
    if isinstance(seed, bool) or not isinstance(seed, int | np.integer):
        raise TypeError(f"{where}: a seed must be an integer, got {seed!r}")
    if not 0 <= seed < SEEDS:
        raise ValueError(f"{where}: a seed must be from 0 to 2**32 - 1, got {seed}")
    return int(seed)


def fresh_seeds(count: int) -> np.ndarray:
    """uint32[count] from the operating system."""
    return np.random.SeedSequence().generate_state(count)


def _numbers(text: str) -> tuple[int, ...]:
    """Leading numbers of a version, of which three are enough to compare."""
    found = [int(part) for part in re.findall(r"\d+", text.partition("+")[0])][:3]
    return tuple(found + [0] * (3 - len(found)))
