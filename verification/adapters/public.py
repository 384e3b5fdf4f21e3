"""The public `step` of an environment, and beside it what the environment's own `step_env` gave within it.

Nothing is computed twice: a subclass of the environment hands the results of `step_env` on through `info`, which
`step` must hand through.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp

from jaxenv import Environment
from jaxenv.autoreset import reset_hook

_SHOWN = "verification.step_env"
_NEAR = 1e-6
"""Two programs' rounding of one and the same reset."""


class Step(NamedTuple):
    """Results of a public step of one environment."""

    state: Any
    """The environment's own state that `step_env` gave, before any reset."""
    next: Any
    """The results of `step`: the next episode's state where one ended."""
    next_obs: Any
    obs: Any
    """`info["final_observation"]`."""
    reward: jax.Array
    terminated: jax.Array
    truncated: jax.Array
    info: dict[str, Any]
    contract: jax.Array
    """bool: all that `step` returned is what the contract makes of `step_env`'s results."""


def shown(env: Environment) -> Any:
    """`env` of a new subclass, whose `step_env` shows its results in `info`. All else is the environment's own."""
    own = type(env)

    def step_env(self: Any, key: Any, state: Any, action: Any, params: Any) -> Any:
        obs, after, reward, terminated, truncated, info = own.step_env(self, key, state, action, params)
        told = {"obs": obs, "state": after, "reward": reward, "terminated": terminated, "truncated": truncated}
        return obs, after, reward, terminated, truncated, {**info, _SHOWN: told}

    return like(env, step_env=step_env)


def like(env: Environment, **methods: Any) -> Any:
    """`env` of a new subclass with these methods, of the same configuration."""
    made = type(type(env).__name__, (type(env),), {**methods, "__module__": __name__})
    made = dataclasses.dataclass(frozen=True, kw_only=True)(made)
    found: Any = object.__new__(made)
    for field in dataclasses.fields(env):
        object.__setattr__(found, field.name, getattr(env, field.name))
    return found


def step(env: Any, key: jax.Array, state: Any, action: Any, params: Any) -> Step:
    """One public step of an environment made by `shown`, from an `AutoResetState`."""
    next_obs, after, reward, terminated, truncated, info = env.step(key, state, action, params)
    own = info[_SHOWN]
    ended = own["terminated"] | own["truncated"]
    begun = reset_hook(env)(jax.random.split(key)[1], params)[1]
    follows = jax.tree.map(lambda new, old: jnp.where(ended, new, old), _plain(begun), _plain(own["state"]))
    follows = _like_keys(own["state"], follows)
    total, length = state.episode_return + reward, state.episode_length + 1
    zero = jnp.zeros_like(total)
    holds = [
        _same(reward, own["reward"]),
        _same((terminated, truncated), (own["terminated"], own["truncated"])),
        ~jnp.any(terminated & truncated),
        _same(info["final_observation"], own["obs"]),
        _same(info["final_legal_actions"], env.legal_actions(own["state"], params)),
        _same(info["returned_episode"], ended),
        _near(after.env_state, follows),
        _near(next_obs, env.observe(follows, params)),
        _same(
            (after.episode_return, after.episode_length), (jnp.where(ended, zero, total), jnp.where(ended, 0, length))
        ),
    ]
    info = {name: value for name, value in info.items() if name != _SHOWN}
    contract = jnp.all(jnp.stack(holds))
    return Step(own["state"], after, next_obs, info["final_observation"], reward, terminated, truncated, info, contract)


def figures(info: Mapping[str, Any]) -> dict[str, Any]:
    """The episode's figures in a step's info, as outcomes."""
    return {
        "ended": jnp.asarray(info["returned_episode"], bool),
        "return": jnp.asarray(info["returned_episode_return"], jnp.float32),
        "length": jnp.asarray(info["returned_episode_length"], jnp.int32),
    }


def _plain(tree: Any) -> Any:
    return jax.tree.map(lambda leaf: jax.random.key_data(leaf) if _is_key(leaf) else leaf, tree)


def _like_keys(tree: Any, plain: Any) -> Any:
    return jax.tree.map(lambda leaf, data: jax.random.wrap_key_data(data) if _is_key(leaf) else data, tree, plain)


def _is_key(leaf: Any) -> bool:
    return bool(jnp.issubdtype(jnp.asarray(leaf).dtype, jax.dtypes.prng_key)) if hasattr(leaf, "dtype") else False


def _same(first: Any, second: Any) -> jax.Array:
    """bool: equal in every leaf, NaN being NaN."""
    return _all(first, second, lambda a, b: (a == b) | ((a != a) & (b != b)))


def _near(first: Any, second: Any) -> jax.Array:
    """bool: equal in every leaf, floats to rounding."""

    def near(a: Any, b: Any) -> Any:
        same = (a == b) | ((a != a) & (b != b))
        return same | (jnp.abs(a - b) <= _NEAR) if jnp.issubdtype(a.dtype, jnp.floating) else same

    return _all(first, second, near)


def _all(first: Any, second: Any, equal: Any) -> jax.Array:
    pairs = zip(jax.tree.leaves(_plain(first)), jax.tree.leaves(_plain(second)), strict=True)
    return jnp.stack([jnp.all(equal(jnp.asarray(a), jnp.asarray(b))) for a, b in pairs]).all()
