"""The suites: what to install, the names of their environments, and how each is played."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp

from jaxlanes.tools.census.playable import Playable, legal, uniform, with_params


@dataclasses.dataclass(frozen=True)
class Suite:
    """`packages`: requirements. `names()` and `make(name)` need them installed."""

    packages: tuple[str, ...]
    names: Callable[[], list[str]]
    make: Callable[[str], Playable]


# ---- Gymnax


def _gymnax_names() -> list[str]:
    import gymnax  # pyright: ignore[reportMissingImports]

    return sorted(gymnax.registered_envs)


def _gymnax(name: str) -> Playable:
    import gymnax  # pyright: ignore[reportMissingImports]

    return with_params(*gymnax.make(name))


# ---- Pgx


def _pgx_names() -> list[str]:
    import pgx  # pyright: ignore[reportMissingImports]

    return sorted(pgx.available_envs())


def _pgx(name: str) -> Playable:
    import pgx  # pyright: ignore[reportMissingImports]
    from pgx.experimental import auto_reset  # pyright: ignore[reportMissingImports]

    env = pgx.make(name)
    play = auto_reset(env.step, env.init)

    def step(key: jax.Array, state: Any) -> tuple[Any, Any]:
        for_action, for_step = jax.random.split(key)
        state = play(state, legal(for_action, state.legal_action_mask), for_step)
        return state, (state.observation, state.rewards, state.terminated, state.truncated)

    return Playable(env.init, step)


# ---- Jumanji


def _jumanji_names() -> list[str]:
    import jumanji  # pyright: ignore[reportMissingImports]

    return sorted(jumanji.registered_environments())


def _jumanji(name: str) -> Playable:
    import jumanji  # pyright: ignore[reportMissingImports]
    from jumanji.wrappers import AutoResetWrapper  # pyright: ignore[reportMissingImports]

    env = AutoResetWrapper(jumanji.make(name))
    spec = env.action_spec

    def step(key: jax.Array, state: Any) -> tuple[Any, Any]:
        if hasattr(spec, "num_values"):
            action = uniform(key, 0, jnp.asarray(spec.num_values), tuple(spec.shape), spec.dtype)
        else:
            action = uniform(key, spec.minimum, spec.maximum, tuple(spec.shape), spec.dtype)
        return env.step(state, action)

    return Playable(lambda key: env.reset(key)[0], step)


# ---- Navix


def _navix_names() -> list[str]:
    import navix  # pyright: ignore[reportMissingImports]

    return sorted(navix.registry())


def _navix(name: str) -> Playable:
    import navix  # pyright: ignore[reportMissingImports]

    env = navix.make(name)

    def step(key: jax.Array, state: Any) -> tuple[Any, Any]:
        action = uniform(key, 0, len(env.action_set), (), jnp.int32)
        after = env.step(state, action)
        return after, (after.observation, after.reward)

    return Playable(env.reset, step)


# ---- XLand-MiniGrid


def _xland_names() -> list[str]:
    import xminigrid  # pyright: ignore[reportMissingImports]

    return sorted(xminigrid.registered_environments())


def _xland(name: str) -> Playable:
    import xminigrid  # pyright: ignore[reportMissingImports]
    from xminigrid.wrappers import GymAutoResetWrapper  # pyright: ignore[reportMissingImports]

    env, params = xminigrid.make(name)
    env = GymAutoResetWrapper(env)

    def step(key: jax.Array, state: Any) -> tuple[Any, Any]:
        action = uniform(key, 0, env.num_actions(params), (), jnp.int32)
        after = env.step(params, state, action)
        return after, (after.observation, after.reward)

    return Playable(lambda key: env.reset(params, key), step)


# ---- JaxMARL


def _jaxmarl_names() -> list[str]:
    import jaxmarl  # pyright: ignore[reportMissingImports]

    return sorted(jaxmarl.registered_envs)


def _jaxmarl(name: str) -> Playable:
    import jaxmarl  # pyright: ignore[reportMissingImports]

    env = jaxmarl.make(name)

    def step(key: jax.Array, state: Any) -> tuple[Any, Any]:
        for_step, *keys = jax.random.split(key, env.num_agents + 1)
        actions = {agent: env.action_space(agent).sample(k) for agent, k in zip(env.agents, keys, strict=True)}
        obs, state, *rest = env.step(for_step, state, actions)
        return state, (obs, *rest)

    return Playable(lambda key: env.reset(key)[1], step)


# ---- Craftax


def _craftax_names() -> list[str]:
    return ["Craftax-Symbolic-v1", "Craftax-Classic-Symbolic-v1"]


def _craftax(name: str) -> Playable:
    from craftax.craftax_env import make_craftax_env_from_name  # pyright: ignore[reportMissingImports]

    env = make_craftax_env_from_name(name, auto_reset=True)
    return with_params(env, env.default_params)


# ---- Brax


def _brax_names() -> list[str]:
    from brax import envs  # pyright: ignore[reportMissingImports]

    return sorted(envs._envs)  # there is no public list


def _brax(name: str) -> Playable:
    from brax import envs  # pyright: ignore[reportMissingImports]

    env = envs.create(name, auto_reset=True)

    def step(key: jax.Array, state: Any) -> tuple[Any, Any]:
        after = env.step(state, uniform(key, -1.0, 1.0, (env.action_size,), jnp.float32))
        return after, (after.obs, after.reward, after.done)

    return Playable(env.reset, step)


SUITES: dict[str, Suite] = {
    "gymnax": Suite(("gymnax==1.0.1", "six"), _gymnax_names, _gymnax),
    "pgx": Suite(("pgx", "setuptools<81"), _pgx_names, _pgx),
    "jumanji": Suite(("jumanji",), _jumanji_names, _jumanji),
    "navix": Suite(("navix",), _navix_names, _navix),
    "xland": Suite(("xminigrid",), _xland_names, _xland),
    "jaxmarl": Suite(("jaxmarl",), _jaxmarl_names, _jaxmarl),
    "craftax": Suite(("craftax",), _craftax_names, _craftax),
    "brax": Suite(("brax",), _brax_names, _brax),
}
"""The suites by their names in the command."""


def versions(suite: str) -> dict[str, str]:
    """The versions of its packages and of JAX, as they are installed."""
    from importlib.metadata import version

    packages = [package.partition("=")[0].partition("<")[0] for package in SUITES[suite].packages]
    return {name: version(name) for name in (*packages, "jax", "jaxlib", "numpy")}
