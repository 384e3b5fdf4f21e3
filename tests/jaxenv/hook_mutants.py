"""Wrappers of an environment's own hooks with one bug each, for any environment: siblings of the base class's bugs."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from typing import Any

import jax.numpy as jnp
from base_mutants import every_other_time, key_by_place, with_limit


@dataclasses.dataclass(frozen=True)
class HookMutant:
    """`hooks(base)` gives methods of a subclass of the class `base`; `finds`: words that the message must have."""

    id: str
    hooks: Callable[[type], Mapping[str, Any]]
    finds: str
    everywhere: bool = True
    """It changes what every environment does; others change only those whose rules draw, or pay, at such a step."""


def _stepping(change: Callable[..., Any]) -> Callable[[type], Mapping[str, Any]]:
    """`step_env` whose values `change(self, before, params, *values)` gives."""

    def hooks(base: type) -> Mapping[str, Any]:
        def step_env(self: Any, key: Any, state: Any, action: Any, params: Any) -> Any:
            return change(self, state, params, *base.step_env(self, key, state, action, params))  # type: ignore[attr-defined]

        return {"step_env": step_env}

    return hooks


def _given(change: Callable[..., tuple[Any, Any, Any, Any]]) -> Callable[[type], Mapping[str, Any]]:
    """`step_env` that is given what `change(self, key, state, action, params)` makes of its arguments."""

    def hooks(base: type) -> Mapping[str, Any]:
        def step_env(self: Any, key: Any, state: Any, action: Any, params: Any) -> Any:
            return base.step_env(self, *change(self, key, state, action, params))  # type: ignore[attr-defined]

        return {"step_env": step_env}

    return hooks


def _all_ends(self, before, params, obs, state, reward, terminated, truncated, info):
    return obs, state, reward, terminated | truncated, jnp.zeros_like(truncated), info


def _both(self, before, params, obs, state, reward, terminated, truncated, info):
    return obs, state, reward, terminated | truncated, truncated, info


def _stale(self, before, params, obs, state, reward, terminated, truncated, info):
    return self.observe(before, params), state, reward, terminated, truncated, info


def _sometimes(self, before, params, obs, state, reward, terminated, truncated, info):
    return obs, state, reward, terminated, truncated, {**info, **every_other_time(truncated)}


def _limit_pays(self, before, params, obs, state, reward, terminated, truncated, info):
    return obs, state, jnp.where(truncated, reward / 2, reward), terminated, truncated, info


MUTANTS = (
    HookMutant("truncation reported as termination", _stepping(_all_ends), "terminated is"),
    HookMutant("both flags at once", _stepping(_both), "terminated and truncated are both set"),
    HookMutant("observation of before the step", _stepping(_stale), "observation"),
    HookMutant("an entry of info in every other trace", _stepping(_sometimes), "structures differ"),
    HookMutant("a reward that depends on the limit", _stepping(_limit_pays), "the reward and what it was", False),
    HookMutant(
        "truncated one step late",
        _given(lambda self, key, state, action, params: (key, state, action, with_limit(params, 1))),
        "goes on after step",
    ),
    HookMutant(
        "truncated one step early",
        _given(lambda self, key, state, action, params: (key, state, action, with_limit(params, -1))),
        "truncated at step",
    ),
    HookMutant(
        "limit of the default params",
        _given(lambda self, key, state, action, params: (key, state, action, self.default_params)),
        "goes on after step",
    ),
    HookMutant(
        "draws by the lane's place in the batch",
        _given(lambda self, key, state, action, params: (key_by_place(key), state, action, params)),
        "lanes in another order",
        everywhere=False,
    ),
)


def wrapped(env: Any, mutant: HookMutant) -> Any:
    """`env` of a new subclass with the bug."""
    hooks = mutant.hooks(type(env))
    made = type(f"Wrapped{type(env).__name__}", (type(env),), {**hooks, "__module__": __name__})
    made = dataclasses.dataclass(frozen=True, kw_only=True)(made)
    return made(**{field.name: getattr(env, field.name) for field in dataclasses.fields(env) if field.init})
